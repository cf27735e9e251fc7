"""The annex as a sealed PDF."""
