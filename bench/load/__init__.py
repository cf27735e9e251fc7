"""Load tests that take minutes."""
