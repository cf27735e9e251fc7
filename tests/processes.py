"""What runs on this machine, for tests of what a command leaves behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def processes() -> dict[int, tuple[int, int]]:
    """pid → (parent, session) of everything that runs; zombies wait for their parent only."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            found[int(pid)] = (int(fields[1]), int(fields[3]))
    return found


def descendants(process: int, among: Mapping[int, tuple[int, int]]) -> set[int]:
    """All below one, of what `processes` found."""
    found: set[int] = set()
    new = {process}
    while new := {pid for pid, (parent, _) in among.items() if parent in new}:
        found |= new
    return found
