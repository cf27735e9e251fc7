"""A document as a sealed PDF."""
