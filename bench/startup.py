"""How long somebody waits for what computes nothing: `giaoban --help`, and a word at Tab."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from bench.harness import ROOT, Say, Target, table
from giaoban.errors import InvalidRun
from giaoban.scenarios.cli.entry import COMPLETE

TIMES = 9
AT_MOST_S = 0.3
ASKED: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "giaoban --help": (("--help",), {}),
    "completion of an option": (
        (),
        {COMPLETE: "complete_bash", "COMP_WORDS": "giaoban check --est", "COMP_CWORD": "2"},
    ),
}


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
        InvalidRun: a command failed, or said nothing.
    """
    say("startup")
    return StartupFigures(
        {
            what: [_seconds(words, more) for _ in range(TIMES + 1)][1:]
            for what, (words, more) in ASKED.items()
        }
    )


def _seconds(words: tuple[str, ...], more: Mapping[str, str]) -> float:
    began_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "giaoban.scenarios.cli.entry", *words],
        capture_output=True,
        cwd=ROOT,
        env=os.environ | more,
        check=False,
    )
    took_s = time.perf_counter() - began_s
    if done.returncode or not done.stdout:
        raise InvalidRun(f"giaoban {' '.join(words)} ended with {done.returncode} and said nothing")
    return took_s
