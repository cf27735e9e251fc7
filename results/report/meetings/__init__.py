"""Answers about meetings in words: of one, of a calendar, and of those that a check is tried in."""
