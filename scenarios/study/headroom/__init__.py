"""Headroom: how many more bridges fit, and what is in the way of more."""
