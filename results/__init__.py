"""Answers: what they are (`model`), how they are judged, reported and kept."""
