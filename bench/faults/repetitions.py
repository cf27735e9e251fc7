"""The same failures again and again while the machine is kept busy: the same figures each time?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPETITIONS = 20
SCENARIO = Path(__file__).parents[2] / "scenarios/expansion-gia-nghia-quang-son.toml"
FAILURES = ("cut:dak-song--dak-mil", "silent:gia-nghia--dak-song", "router:r-cu-jut")
BUSY = "while True: pass"


@dataclass(frozen=True)
class Repetitions:
    """How many runs of `giaoban faults` gave how many different answers, at what load."""

    count: int
    different: int
    failures: tuple[str, ...]
    load_1m: float


def measure(folder: Path, say: Callable[[str], None]) -> Repetitions:
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
    command = [sys.executable, "-m", "scenarios.cli.entry", "faults", str(SCENARIO), "--json"]
    for failure in FAILURES:
        command += ["--only", failure]
    command += ["--results", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"giaoban faults ended with {done.returncode}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    del answer["run_id"]
    return json.dumps(answer, sort_keys=True)
