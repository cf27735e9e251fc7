"""Media as real endpoints send it, and the measures taken where it arrives.

Knows nothing of networks' shapes, of MCUs or of scenarios.
"""
