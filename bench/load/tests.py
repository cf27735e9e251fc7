"""Load tests that take minutes: the session establishment rate twice, and 500 bridges held.

Each is `giaoban load` as anybody runs it. Its processes run undisturbed by the machine's other work
where that is allowed (root).
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.harness import Say, Target, answer
from bench.load import sipp as mcu_sipp
from bench.load.sipp import DEVICE, CallRate
from giaoban.processes.children import die_with_parent
from giaoban.scenarios.load.trial import HELD_S

TIMES = 2
TRIAL = ["--bridges", "10", "--rate", "50", "--time", "6", "--media", "none", "--anonymous"]
HELD = 500
HOLD = ["--shape", "hold", "--bridges", str(HELD), "--rate", "8", "--time", "300", "--workers", "2"]
NO_RATE = 99.0
"""What stands for a search that found nothing."""
APART = 1.1
"""Twice the same: no more apart than what the search allows by itself, twice 5 %."""


@dataclass(frozen=True)
class Rate:
    """One search: the rate, how many trials it took, and how far the MCU's core was used."""

    per_s: float | None
    trials: int


@dataclass(frozen=True)
class Held:
    """500 bridges with sound over two workers."""

    verdict: str
    reasons: list[str]
    established: int
    dropped: int
    capacity: int
    setup_p95_ms: float
    media_sent: int
    media_late_pct: float
    mcu_cpu_pct_mean: float
    left: dict[str, int]


@dataclass(frozen=True)
class LoadFigures:
    """All of them; `sipp` are its steps at the same MCU, up to the first that was not clean."""

    rates: list[Rate]
    sipp: list[CallRate]
    held: Held

    @property
    def apart(self) -> float | None:
        """The higher rate over the lower one; None if a search found none."""
        found = [rate.per_s for rate in self.rates if rate.per_s]
        return max(found) / min(found) if len(found) == len(self.rates) else None

    def targets(self) -> list[Target]:
        """Rates that agree, and nobody lost."""
        apart = self.apart or NO_RATE
        return [
            Target("session establishment rates apart, times", apart, at_most=APART),
            Target(f"of {HELD} bridges dropped", self.held.dropped, at_most=0),
        ]

    def to_json(self) -> dict[str, Any]:
        """`loads`."""
        return {"loads": {**asdict(self), "apart": self.apart}}

    def show(self, console: Console) -> None:
        """Rates beside SIPp's, the bridges that were held."""
        found = ", ".join("none" if r.per_s is None else f"{r.per_s:.1f}/s" for r in self.rates)
        clean = [step.rate for step in self.sipp if step.clean]
        first = next((step.rate for step in self.sipp if not step.clean), None)
        apart = "" if self.apart is None else f", {100 * (self.apart - 1):.1f} % apart"
        console.print(f"Session establishment rate by search: {found}{apart}", highlight=False)
        console.print(
            f"SIPp at the same MCU: clean at {max(clean, default=0)}/s, "
            f"{'not at ' + str(first) + '/s' if first else 'and at every rate tried'}",
            highlight=False,
        )
        held = self.held
        console.print(
            f"{HELD} bridges with sound, five minutes, two workers: {held.verdict}, "
            f"{held.established} established, {held.dropped} dropped, left {held.left}, "
            f"set-up 95 % within {held.setup_p95_ms:g} ms, "
            f"MCU {held.mcu_cpu_pct_mean:g} % of a core",
            highlight=False,
        )


def measure(folder: Path, say: Say) -> LoadFigures:
    """All of it, one after another.

    Raises:
        InvalidRun: a test did not come to an end.
        MachineLacks: a program is missing.
    """
    rates = []
    for number in range(TIMES):
        say(f"load: session establishment rate, {number + 1} of {TIMES}")
        rates.append(establishment(folder))
    say("load: SIPp at the same MCU")
    sipp = mcu_sipp.measure(folder, round(1e3 * HELD_S))
    say(f"load: {HELD} bridges for five minutes")
    held = hold(folder)
    return LoadFigures(rates, sipp, held)


def establishment(folder: Path) -> Rate:
    """Search for the rate of `mcu_sim`."""
    said = _load(folder, *TRIAL, "--search", "--device", DEVICE)
    return Rate(said["sessions"]["establishment_rate_per_s"], len(said["search"]))


def hold(folder: Path) -> Held:
    """Hold 500 bridges."""
    said = _load(folder, *HOLD, "--device", DEVICE)
    sessions, mcu = said["sessions"], said["mcu"]
    more = {
        "setup_p95_ms": sessions["setup"]["p95_ms"],
        "mcu_cpu_pct_mean": mcu["cpu_pct_mean"],
        "left": mcu["left"],
    }
    return _picked(Held, said, sessions, said["generator"], more)


def _picked[T](kind: Callable[..., T], *parts: Mapping[str, Any]) -> T:
    """A record of the figures that it names."""
    found: dict[str, Any] = {}
    for part in parts:
        found |= part
    return kind(**{name: found[name] for name in inspect.signature(kind).parameters})


def _load(folder: Path, *words: str) -> Any:
    # an invalid test is told of, too
    return answer(folder / "load", "load", *words, begin=_undisturbed, codes=(0, 1, 3))


def _undisturbed() -> None:
    """This process and all that it starts go before the machine's other work."""
    die_with_parent()
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
