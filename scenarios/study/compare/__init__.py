"""Inputs before and after a change, judged side by side."""
