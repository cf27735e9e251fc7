"""Failures: at random times, many trials; the same again and again on a busy machine.

Does each trial end, and is every packet found? Are the figures the same each time?
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.harness import ROOT, SCENARIO, Say, Target, answer

TRIALS = 200
REPETITIONS = 20
FAILURES = ("cut:dak-song--dak-mil", "silent:gia-nghia--dak-song", "router:r-cu-jut")
BUSY = "while True: pass"


@dataclass(frozen=True)
class Repetitions:
    """How many runs of `giaoban faults` gave how many different answers, at what load."""

    count: int
    different: int
    failures: tuple[str, ...]
    load_1m: float


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


@dataclass(frozen=True)
class FaultFigures:
    """Both."""

    repetitions: Repetitions
    trials: Trials

    def targets(self) -> list[Target]:
        """No packet without an account, one answer."""
        return [
            Target("trials with packets unaccounted for", self.trials.unaccounted, at_most=0),
            Target("different answers to the same failures", self.repetitions.different, at_most=1),
        ]

    def to_json(self) -> dict[str, Any]:
        """`trials` and `repetitions`."""
        return asdict(self)

    def show(self, console: Console) -> None:
        """A line each, and of each trial that failed."""
        tried, repeated = self.trials, self.repetitions
        verdicts = ", ".join(f"{n} {name}" for name, n in sorted(tried.verdicts.items()))
        console.print(
            f"Failures at random times: {tried.count} trials: {verdicts}; "
            f"packets unaccounted for in {tried.unaccounted}",
            highlight=False,
        )
        for trial in tried.failed:
            console.print(f"  seed {trial['seed']}: {trial['verdict']}: {trial['reasons']}")
        console.print(
            f"The same failures ({', '.join(repeated.failures)}) {repeated.count} times at load "
            f"{repeated.load_1m:.1f}: {repeated.different} different answer(s)",
            highlight=False,
        )


def measure(folder: Path, say: Say) -> FaultFigures:
    """Both, one after the other."""
    return FaultFigures(repeat(folder, say), many(say))


def repeat(folder: Path, say: Say) -> Repetitions:
    """Run them beside as many busy loops as there are cores."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        answers = set()
        for number in range(REPETITIONS):
            say(f"repetition {number + 1} of {REPETITIONS}")
            answers.add(_answer(folder / f"repetition-{number}"))
        load_1m = os.getloadavg()[0]
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    return Repetitions(REPETITIONS, len(answers), FAILURES, load_1m)


def _answer(folder: Path) -> str:
    """All that is in the answer but the run's own name."""
    only = [word for failure in FAILURES for word in ("--only", failure)]
    found: dict[str, Any] = answer(folder, "faults", str(SCENARIO), *only)
    del found["run_id"]
    return json.dumps(found, sort_keys=True)


def many(say: Say) -> Trials:
    """Seeds 1 to `TRIALS`, side by side on the cores there are."""
    verdicts: Counter[str] = Counter()
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, trial in enumerate(pool.map(_trial, range(1, TRIALS + 1)), 1):
            say(f"trial {number} of {TRIALS}")
            verdicts[trial["verdict"]] += 1
            if trial.get("unaccounted") != 0:
                failed.append(trial)
    return Trials(TRIALS, dict(verdicts), len(failed), failed)


def _trial(seed: int) -> dict[str, Any]:
    """Return what `bench.faults.trial` measured at a seed."""
    command = [sys.executable, "-m", "bench.faults.trial", str(seed)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    for line in ended.stdout.splitlines():
        if line.startswith("{") and not ended.returncode:
            found: dict[str, Any] = json.loads(line)
            return found
    return {"seed": seed, "verdict": "none", "reasons": ended.stderr.splitlines()[-3:]}
