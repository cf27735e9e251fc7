"""What-ifs as an engineer asks them: from the command to its answer."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.harness import ROOT, Say, Target, answer, time_answers

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
    Timing(("headroom",), 3, 30.0),
    Timing(("headroom", "--confirm"), 1, 150.0),
    Timing(("whatif", "--add", "all-2025", "--profile", "720p30-2m", "--confirm"), 1, 240.0),
)


@dataclass(frozen=True)
class SweepFigures:
    """A sweep that began with no point known. `computed_s` is its own word, without loading."""

    points: int
    computed_s: float


@dataclass(frozen=True)
class WhatIfFigures:
    """Seconds of every run of each command, and one sweep."""

    seconds: dict[str, list[float]]
    swept: SweepFigures

    def targets(self) -> list[Target]:
        """Of several runs the one in the middle."""
        return [
            Target(
                f"{command.what}, s",
                statistics.median(self.seconds[command.what]),
                at_most=command.at_most_s,
            )
            for command in TIMED
        ]

    def to_json(self) -> dict[str, Any]:
        """`whatif`."""
        return {"whatif": asdict(self)}

    def show(self, console: Console) -> None:
        """Seconds of each run."""
        for what, taken in self.seconds.items():
            console.print(f"{what}: {', '.join(f'{s:.2f}' for s in taken)} s", highlight=False)
        swept = self.swept
        console.print(
            f"giaoban sweep {SWEEP.name}: {swept.points} points in {swept.computed_s:.0f} s, "
            f"{swept.points / swept.computed_s:.1f} a second",
            highlight=False,
        )


def measure(folder: Path, say: Say) -> WhatIfFigures:
    """All figures.

    Raises:
        InvalidRun: a command came to no answer.
    """
    seconds: dict[str, list[float]] = {}
    for command in TIMED:
        seconds[command.what], _ = time_answers(
            folder / "whatif", *command.words, runs=command.runs, say=say
        )
    say(f"sweep of {SWEEP.name}")
    told = answer(folder / "whatif", "sweep", str(SWEEP), "--points", str(folder / "points"))
    return WhatIfFigures(seconds, SweepFigures(told["computed"], told["seconds"]))
