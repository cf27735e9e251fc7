"""All runs that were kept: an index over the run folders, and what can be asked of it."""
