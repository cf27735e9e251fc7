"""The evidence of a run: what it was made from and what it found, with a sum over everything."""
