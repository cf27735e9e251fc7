"""What-ifs as an engineer asks them: from the command to its answer."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from giaoban.errors import InvalidRun

ROOT = Path(__file__).resolve().parents[1]
SWEEP = ROOT / "scenarios" / "sweep" / "cables-and-devices.toml"


@dataclass(frozen=True)
class Timing:
    """A command that is timed, how often, and how long it may take."""

    words: tuple[str, ...]
    runs: int
    at_most_s: float

    @property
    def what(self) -> str:
        """As it is typed."""
        return " ".join(("giaoban", *self.words))


TIMED = (
    Timing(("headroom", "--seeds", "0"), 5, 5.0),
    Timing(("headroom",), 3, 30.0),
    Timing(("headroom", "--confirm"), 1, 150.0),
    Timing(("whatif", "--add", "all-2025", "--profile", "720p30-2m", "--confirm"), 1, 240.0),
)


@dataclass(frozen=True)
class Swept:
    """A sweep that began with no point known. `computed_s` is its own word, without loading."""

    points: int
    computed_s: float


@dataclass(frozen=True)
class WhatIfFigures:
    """Seconds of every run of each command, and one sweep."""

    seconds: dict[str, list[float]]
    swept: Swept

    def targets(self) -> list[tuple[str, float, float]]:
        """(what, measured, at most): of several runs the one in the middle."""
        return [
            (
                f"{command.what}, s",
                statistics.median(self.seconds[command.what]),
                command.at_most_s,
            )
            for command in TIMED
        ]

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def measure(folder: Path, say: Callable[[str], None]) -> WhatIfFigures:
    """All figures.

    Raises:
        InvalidRun: a command came to no answer.
    """
    seconds: dict[str, list[float]] = {}
    for command in TIMED:
        taken = seconds.setdefault(command.what, [])
        for number in range(command.runs):
            say(f"{command.what}, run {number + 1} of {command.runs}")
            began_s = time.perf_counter()
            _answer(folder, *command.words)
            taken.append(time.perf_counter() - began_s)
    say(f"sweep of {SWEEP.name}")
    answer = _answer(folder, "sweep", str(SWEEP), "--points", str(folder / "points"))
    return WhatIfFigures(seconds, Swept(answer["computed"], answer["seconds"]))


def show(figures: WhatIfFigures, console: Console) -> None:
    """Print them."""
    for what, taken in figures.seconds.items():
        console.print(f"{what}: {', '.join(f'{s:.2f}' for s in taken)} s", highlight=False)
    swept = figures.swept
    console.print(
        f"giaoban sweep {SWEEP.name}: {swept.points} points in {swept.computed_s:.0f} s, "
        f"{swept.points / swept.computed_s:.1f} a second",
        highlight=False,
    )


def _answer(folder: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "scenarios.cli.entry", *words, "--json"]
    done = subprocess.run(
        [*command, "--results", str(folder / "whatif")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise InvalidRun(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)
