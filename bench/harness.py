"""What the benchmarks share: figures with targets, tables, `giaoban` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

from giaoban.errors import InvalidRun

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "expansion-gia-nghia-quang-son.toml"
Say = Callable[[str], None]
"""Told what comes next."""


@dataclass(frozen=True)
class Target:
    """A figure with what is wanted of it: `at_least`, or else `at_most`."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is."""
        if self.at_least is not None:
            return self.value >= self.at_least
        assert self.at_most is not None
        return self.value <= self.at_most

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        limits = {"at_least": self.at_least, "at_most": self.at_most}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        return {"what": self.what, "value": self.value, **given, "met": self.met}


class Figures(Protocol):
    """What a part measured."""

    def targets(self) -> list[Target]:
        """What is wanted of it."""

    def to_json(self) -> dict[str, Any]:
        """Keys and values of the report; ratios stand beside the figures they are made of."""

    def show(self, console: Console) -> None:
        """Print it for people."""


def table(title: str, columns: str) -> Table:
    """An empty one; columns stand to the right, those after a `<` to the left: "<what | calls"."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in map(str.strip, columns.split("|")):
        made.add_column(name.removeprefix("<"), justify="left" if name[:1] == "<" else "right")
    return made


def targets_table(targets: list[Target]) -> Table:
    """Return a table of what was measured beside its target."""
    made = table("Targets", "<figure | measured | target | <")
    for one in targets:
        sign = f"≥ {one.at_least:g}" if one.at_least is not None else f"≤ {one.at_most:g}"
        met, style = ("met", "") if one.met else ("NOT MET", "red")
        made.add_row(one.what, f"{one.value:.2f}", sign, met, style=style)
    return made


def command(folder: Path, *words: str) -> list[str]:
    """`giaoban WORDS --json`, with its results in a folder."""
    return [
        sys.executable,
        "-m",
        "giaoban.scenarios.cli.entry",
        *words,
        "--json",
        "--results",
        str(folder),
    ]


def answer(
    folder: Path,
    *words: str,
    begin: Callable[[], None] | None = None,
    codes: Collection[int] = (0, 1),
) -> Any:
    """What `giaoban WORDS --json` says; `begin` is called in its process first.

    `codes`: the exit codes with which it has answered.

    Raises:
        InvalidRun: it came to no answer.
    """
    done = subprocess.run(
        command(folder, *words),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=begin,
    )
    if done.returncode not in codes or not done.stdout:
        said = done.stderr[-2000:]
        raise InvalidRun(f"giaoban {words[0]} ended with {done.returncode}:\n{said}")
    return json.loads(done.stdout)
