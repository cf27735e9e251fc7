"""Provinces from and to other people's formats: CSV and GraphML.

A reader makes a `Draft`: what a file gives, with its place in it. `complete` fills in what no file
gave, each figure marked as an assumption, and makes a `Province` of it that is checked whole.
"""
