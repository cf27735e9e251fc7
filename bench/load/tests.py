"""Load tests that take minutes: the highest rate without a failure, and 500 bridges held.

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

RATES = (50, 100, 150, 200, 250, 300, 400, 500)
STEADY = ["--seconds", "6", "--media", "none", "--no-register"]
HELD_S = 0.5
PERIOD_S = 2
"""A bridge calls every so often."""
HELD = 500
HOLD = [
    "--shape",
    "hold",
    "--bridges",
    str(HELD),
    "--rate",
    "8",
    "--seconds",
    "300",
    "--workers",
    "2",
]


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
    """All of them; `sipp` are SIPp's steps at the same MCU, up to the first that was not clean."""

    clean_per_s: int
    """The highest of `RATES` at which no call failed and that was reached."""
    sipp: list[CallRate]
    held: Held

    def targets(self) -> list[Target]:
        """No bridge lost."""
        return [Target(f"of {HELD} bridges dropped", self.held.dropped, at_most=0)]

    def to_json(self) -> dict[str, Any]:
        """`loads`."""
        return {"loads": asdict(self)}

    def show(self, console: Console) -> None:
        """Rates beside SIPp's, the bridges that were held."""
        clean = [step.rate for step in self.sipp if step.clean]
        first = next((step.rate for step in self.sipp if not step.clean), None)
        console.print(f"Calls without a failure: up to {self.clean_per_s}/s", highlight=False)
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
    clean = 0
    for rate in RATES:
        say(f"load: {rate} calls a second")
        if not steady(folder, rate):
            break
        clean = rate
    say("load: SIPp at the same MCU")
    sipp = mcu_sipp.measure(folder, round(1e3 * HELD_S))
    say(f"load: {HELD} bridges for five minutes")
    held = hold(folder)
    return LoadFigures(clean, sipp, held)


def steady(folder: Path, rate: int) -> bool:
    """Return whether calls at this rate all succeed, and the rate is reached."""
    words = ["--bridges", str(rate * PERIOD_S), "--rate", str(rate), "--device", DEVICE]
    said = _load(folder, *STEADY, *words)
    reached = said["sessions"]["attempt_rate_per_s"] >= 0.9 * rate
    return bool(said["verdict"] == "pass" and reached)


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
