"""How far a piece of work has come, and how a program tells it to the one that started it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told (what is being done, the share of it that is done, 0 to 1)."""
MARK = "@giaoban "
"""What a line of progress begins with, among all that a program may print."""


def tell(what: str, done: float) -> None:
    """Say it in a line of standard output."""
    sys.stdout.write(f"{MARK}{json.dumps([what, round(done, 3)])}\n")
    sys.stdout.flush()


def told(line: str) -> tuple[str, float] | None:
    """What a line said of it; None: it is about something else."""
    if not line.startswith(MARK):
        return None
    what, done = json.loads(line.removeprefix(MARK))
    return str(what), float(done)
