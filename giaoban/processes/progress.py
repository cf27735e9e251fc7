"""Progress of a piece of work, as lines of a program for the one that started it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with (the work, the share of it that is done, 0 to 1)."""
MARK = "@giaoban "
"""Prefix of a line of progress among all lines of a program."""


def tell(what: str, done: float) -> None:
    """Write a line of progress to standard output."""
    sys.stdout.write(f"{MARK}{json.dumps([what, round(done, 3)])}\n")
    sys.stdout.flush()


def parse(line: str) -> tuple[str, float] | None:
    """Parse a line of progress; return None for any other line."""
    if not line.startswith(MARK):
        return None
    what, done = json.loads(line.removeprefix(MARK))
    return str(what), float(done)
