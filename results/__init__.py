"""Answers: what they are (`model`), how they are judged, reported and kept."""

from pathlib import Path

RUNS = Path(__file__).resolve().with_name("runs")
"""Where run folders are made, if nothing else is said."""
