"""Failures at random times, again and again, and storms."""
