"""What several commands share, and none has to load another for."""

from __future__ import annotations

from pathlib import Path

RUNS = Path(__file__).resolve().parents[2] / "results" / "runs"
"""Where run folders are made, if nothing else is said."""

EXIT_CODES = {"pass": 0, "fail": 1, "invalid": 3}
COLOURS = {"pass": "bold green", "fail": "bold red", "invalid": "bold yellow"}
"""Of verdicts."""
