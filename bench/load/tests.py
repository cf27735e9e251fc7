"""Load tests that take minutes: the session establishment rate twice, 500 bridges held, storms.

Each is `giaoban load` as anybody runs it. Its processes run undisturbed by the machine's other work
where that is allowed (root).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.faults import storm
from bench.mcu import sipp as mcu_sipp
from bench.mcu.sipp import DEVICE, CallRate
from giaoban.children import die_with_parent
from giaoban.errors import InvalidRun
from scenarios.load.trial import HELD_S

ROOT = Path(__file__).resolve().parents[2]
TIMES = 2
TRIAL = ["--bridges", "10", "--rate", "50", "--time", "6", "--media", "none", "--anonymous"]
HELD = 500
HOLD = ["--shape", "hold", "--bridges", str(HELD), "--rate", "8", "--time", "300", "--workers", "2"]
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
class Stormed:
    """A redial storm in the emulated province."""

    back_off: str
    verdict: str
    cut_off: int
    back: int
    attempts: int
    half_back_s: float | None
    last_back_s: float | None
    highest_link_peak_pct: float
    queue_drops: int


@dataclass(frozen=True)
class LoadFigures:
    """All of them; `sipp` are its steps at the same MCU, up to the first that was not clean."""

    rates: list[Rate]
    sipp: list[CallRate]
    held: Held
    storms: list[Stormed]

    @property
    def apart(self) -> float | None:
        """The higher rate over the lower one; None if a search found none."""
        found = [rate.per_s for rate in self.rates if rate.per_s]
        return max(found) / min(found) if len(found) == len(self.rates) else None

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {**asdict(self), "apart": self.apart}


def measure(folder: Path, say: Callable[[str], None]) -> LoadFigures:
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
    storms = []
    for back_off in ("none", "random"):
        say(f"load: redial storm in the province, back-off {back_off}")
        storms.append(redial(folder, back_off))
    return LoadFigures(rates, sipp, held, storms)


def establishment(folder: Path) -> Rate:
    """Search for the rate of `mcu_sim`."""
    said = _load(folder, *TRIAL, "--search", "--device", DEVICE)
    return Rate(said["sessions"]["establishment_rate_per_s"], len(said["search"]))


def hold(folder: Path) -> Held:
    """Hold 500 bridges."""
    said = _load(folder, *HOLD, "--device", DEVICE)
    sessions, mcu = said["sessions"], said["mcu"]
    return Held(
        verdict=said["verdict"],
        reasons=said["reasons"],
        established=sessions["established"],
        dropped=sessions["dropped"],
        capacity=sessions["capacity"],
        setup_p95_ms=sessions["setup"]["p95_ms"],
        media_sent=said["generator"]["media_sent"],
        media_late_pct=said["generator"]["media_late_pct"],
        mcu_cpu_pct_mean=mcu["cpu_pct_mean"],
        left=mcu["left"],
    )


def redial(folder: Path, back_off: str) -> Stormed:
    """Cut the ring at the MCU's router, and let 71 bridges come back."""
    scenario = storm.write_scenario(folder)
    said = _load(folder, "--in", str(scenario), "--back-off", back_off)
    what, seen = said["what"], said["storm"]
    return Stormed(
        back_off=back_off,
        verdict=said["verdict"],
        cut_off=seen["cut_off"],
        back=seen["back"],
        attempts=seen["attempts"],
        half_back_s=seen["half_back_s"],
        last_back_s=seen["last_back_s"],
        highest_link_peak_pct=what["highest_link_peak_pct"],
        queue_drops=what["queue_drops"],
    )


def _load(folder: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "scenarios.cli.entry", "load", *words, "--json"]
    done = subprocess.run(
        [*command, "--results", str(folder / "load")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=_undisturbed,
    )
    if not done.stdout:
        raise InvalidRun(f"giaoban load ended with {done.returncode}:\n{done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _undisturbed() -> None:
    """This process and all that it starts go before the machine's other work."""
    die_with_parent()
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
