"""What was measured before: `bench/history.jsonl`, so that a loss of speed is seen.

One JSON object a line and a run: `measured` (UTC), `commit` (what the program was; null for a
changed tree), `machine` (as `python -m bench --json` tells it) and `targets` (`Target.to_json`).
Nothing writes there by itself: `python -m bench [PART] --append` does, on a machine with nothing
else to do. Figures of two machines say little beside each other, ratios of one run do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.harness import ROOT, Target
from bench.machine import Machine

HISTORY = ROOT / "bench" / "history.jsonl"
SAME_MACHINE = ("cores", "cpu")
"""By these a machine is taken to be the same."""


def append(
    path: Path, about: Machine, targets: Sequence[Target], now: datetime, commit: str | None
) -> None:
    """Write a run's targets down."""
    line = {
        "measured": now.astimezone(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": asdict(about),
        "targets": [target.to_json() for target in targets],
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")


def last_values(path: Path, about: Machine) -> dict[str, float]:
    """Each target's figure when it was measured last on such a machine, by what it is."""
    found: dict[str, float] = {}
    own = asdict(about)
    for line in _lines(path):
        if all(line["machine"].get(name) == own[name] for name in SAME_MACHINE):
            found |= {target["what"]: target["value"] for target in line["targets"]}
    return found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())
