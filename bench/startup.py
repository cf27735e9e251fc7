"""The start of the program: `giaoban --help`."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from bench.harness import ROOT, Say, Target, table
from giaoban.errors import InvalidRun

TIMES = 9
AT_MOST_S = 0.3
HELP = "giaoban --help"


@dataclass(frozen=True)
class StartupFigures:
    """Seconds from the command to its end, each time, by what was asked."""

    seconds: dict[str, list[float]]

    def targets(self) -> list[Target]:
        """Of each the median."""
        return [
            Target(f"{what}, s", median(took), at_most=AT_MOST_S)
            for what, took in self.seconds.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """`startup`."""
        return {"startup": asdict(self)}

    def show(self, console: Console) -> None:
        """A table."""
        shown = table("Commands that compute nothing, s", "<command | median | most")
        for what, took in self.seconds.items():
            shown.add_row(what, f"{median(took):.2f}", f"{max(took):.2f}")
        console.print(shown)


def measure(_folder: Path, say: Say) -> StartupFigures:
    """All figures; the first time, when what is kept is made, does not count.

    Raises:
        InvalidRun: the command failed, or printed no line.
    """
    say("startup")
    return StartupFigures({HELP: [_seconds() for _ in range(TIMES + 1)][1:]})


def _seconds() -> float:
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "giaoban.scenarios.cli.entry", "--help"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    took_s = time.perf_counter() - began_s
    if done.returncode or not done.stdout:
        raise InvalidRun(f"{HELP} ended with {done.returncode}")
    return took_s
