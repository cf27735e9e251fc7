"""The estimate beside ns-3, and its cost against the number of bridges."""
