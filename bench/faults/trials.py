"""Many trials in which things fail at random times: does each end, and is every packet found?"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from giaoban.children import Ended, Job, module, run_all

TRIALS = 200
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Trials:
    """What all trials came to.

    Attributes:
        verdicts: how many ended so; `none` for a trial that ended without one.
        unaccounted: trials in which a packet was, or nobody knows.
        failed: those, whole.
    """

    count: int
    verdicts: dict[str, int] = field(default_factory=dict)
    unaccounted: int = 0
    failed: list[dict[str, Any]] = field(default_factory=list)


def measure(say: Callable[[str], None], count: int = TRIALS) -> Trials:
    """Seeds 1 to `count`, side by side on the cores there are."""
    said: dict[str, dict[str, Any]] = {}
    ended: list[Ended] = []

    def on_line(name: str, line: str) -> None:
        if line.startswith("{"):
            said[name] = json.loads(line)

    def on_end(one: Ended) -> None:
        ended.append(one)
        say(f"trial {len(ended)} of {count}")

    jobs = [Job(str(seed), module("bench.faults.trial", str(seed))) for seed in range(1, count + 1)]
    run_all(jobs, at_once=os.cpu_count() or 1, on_line=on_line, on_end=on_end, cwd=ROOT)
    verdicts: Counter[str] = Counter()
    failed = []
    for one in ended:
        trial = said.get(one.name)
        if one.code or trial is None:
            trial = {"seed": int(one.name), "verdict": "none", "reasons": one.tail[-3:]}
        verdicts[trial["verdict"]] += 1
        if trial.get("unaccounted") != 0:
            failed.append(trial)
    return Trials(count, dict(verdicts), len(failed), failed)
