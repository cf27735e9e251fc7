"""Provinces from and to other formats: CSV tables and GraphML.

A reader makes a `Draft` of a file. `complete` adds assumed figures and returns a valid `Province`.
"""
