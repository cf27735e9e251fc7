"""The MCU by itself, in real time: what it costs, and how many calls it can take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.harness import Say, Target, table
from bench.mcu import loads, sipp
from bench.mcu import rtpengine as mcu_rtpengine
from bench.mcu.loads import (
    COMPOSING,
    FORWARDING,
    MIXING,
    PAIRS,
    PRESENCE,
    SWITCHED,
    Kind,
    Load,
    Medium,
)
from bench.mcu.sipp import CallRate
from giaoban.traffic.profiles import DEFAULT_PROFILE, load_profiles
from giaoban.traffic.sources.video_model import VideoModel

COST_S, SUSTAINED_S = 10.0, 30.0
ATTEMPTS = 2
"""Of which the better one counts: other work on the machine can only slow one down."""
COSTS: tuple[tuple[Kind, int], ...] = (
    *((MIXING, calls) for calls in (10, 71, 200)),
    *((FORWARDING, viewers + 1) for viewers in (10, 71)),
    (PAIRS, 72),
    (COMPOSING, 71),
)
RELAYED: tuple[tuple[int, Medium], ...] = ((36, "video"), (100, "audio"))
"""Calls of two ends each: as many pictures as the MCU forwards in rooms of two, and 200 sounds."""
WANTED = 71
"""A call for each commune, ward and town of the province."""
TIMES_RTPENGINE = 0.8
CALLS_PER_CPU_S = 1500.0
COMPOSED_LATE_MS = 10.0
NOTE = """\
The server has one core and the load generator the other. "Cores" are shares of one core, "waited"
is the share of the time in which the server was ready to run and did not have its core. Both go
before the machine's other work where that is allowed (to root). Sound is mixed by no other program
of the distribution's packages (Debian 13 has neither FreeSWITCH nor Asterisk, and its baresip
comes without the mixminus module), so mixing has no yardstick.
"""
MORE, FEWER = (95, 120), (48, 32, 16, 8)
"""What is tried once WANTED went well (the device holds 120), and if it did not."""


@dataclass(frozen=True)
class McuFigures:
    """Everything about the MCU that one run measured.

    Attributes:
        costs: what each kind of work took.
        relayed: rtpengine's, at the work that `PAIRS` is, and with sound.
        rates: calls per second, up to the first step that was not clean.
        sustained: what was tried of each kind, in order.
    """

    costs: list[Load]
    relayed: list[Load]
    rtpengine: str
    rates: list[CallRate]
    sustained: list[Load]

    def most_calls(self, kind: Kind) -> int:
        """The most calls of a kind in which nothing was late; 0 if none were tried that low."""
        good = (load.calls for load in self.sustained if load.what == kind.what and load.in_time)
        return max(good, default=0)

    @property
    def highest_rate(self) -> CallRate | None:
        """The fastest clean step."""
        return max((r for r in self.rates if r.clean), key=lambda r: r.rate, default=None)

    @property
    def times_rtpengine(self) -> float:
        """Forwarded packets for each second of processor time, as a part of rtpengine's.

        Both forward the same pictures, each to one receiver.
        """
        ours = next(load for load in self.costs if load.what == PAIRS.what)
        return ours.sent_per_cpu_s / self.relayed[0].sent_per_cpu_s

    @property
    def calls_per_cpu_s(self) -> float:
        """Calls, INVITE to BYE, for each second of processor time: the best clean step's."""
        return max((1000 / r.cpu_ms_a_call for r in self.rates if r.clean), default=0.0)

    def targets(self) -> list[Target]:
        """A call for each commune; forwarding beside rtpengine's, calls, how late pictures are."""
        composed = next(load for load in self.costs if load.what == COMPOSING.what)
        return [
            *(
                Target(f"calls of {kind.what}, none late", self.most_calls(kind), at_least=WANTED)
                for kind in (PRESENCE, SWITCHED)
            ),
            Target(
                "forwarded packets per CPU second, each picture to one receiver, ÷ rtpengine's",
                self.times_rtpengine,
                at_least=TIMES_RTPENGINE,
            ),
            Target("calls per CPU second", self.calls_per_cpu_s, at_least=CALLS_PER_CPU_S),
            Target(
                f"pictures composed for {composed.calls} calls, ms late at the worst",
                composed.worst_late_ms,
                at_most=COMPOSED_LATE_MS,
            ),
        ]

    def to_json(self) -> dict[str, Any]:
        """`mcu`."""

        def with_ratio(load: Load) -> dict[str, Any]:
            return {**asdict(load), "sent_per_cpu_s": load.sent_per_cpu_s}

        told = {
            "costs": [with_ratio(load) for load in self.costs],
            "rtpengine": {
                "version": self.rtpengine,
                "loads": [with_ratio(load) for load in self.relayed],
                "times_rtpengine": self.times_rtpengine,
            },
            "call_rates": [{**asdict(rate), "clean": rate.clean} for rate in self.rates],
            "sustained": [{**asdict(load), "in_time": load.in_time} for load in self.sustained],
        }
        return {"mcu": told}

    def show(self, console: Console) -> None:
        """Three tables."""
        console.print(_costs(self))
        console.print(NOTE, highlight=False)
        console.print(_rates(self))
        console.print(_sustained_table(self))


def measure(folder: Path, say: Say) -> McuFigures:
    """All of it, one after another; `say` is told what comes next.

    Raises:
        MachineLacks: a program is missing.
        InvalidRun: a call was refused or lost.
    """
    profiles = load_profiles()
    model = profiles.video_model(profiles.pick(DEFAULT_PROFILE))
    costs = []
    for kind, calls in COSTS:
        say(f"MCU: {calls} calls, {kind.what}")
        costs.append(loads.measure(kind, calls, model, COST_S))
    say("rtpengine")
    relayed = [
        mcu_rtpengine.measure(calls, medium, model, COST_S, folder) for calls, medium in RELAYED
    ]
    say("MCU: calls per second")
    rates = sipp.measure(folder)
    sustained = []
    for kind in (PRESENCE, SWITCHED):
        sustained += _sustained(kind, model, say)
    return McuFigures(costs, relayed, mcu_rtpengine.version(), rates, sustained)


def _sustained(kind: Kind, model: VideoModel, say: Say) -> list[Load]:
    def attempt(calls: int) -> Load:
        for left in reversed(range(ATTEMPTS)):
            say(f"MCU: {calls} calls, {kind.what}, for {SUSTAINED_S:g} s")
            load = loads.measure(kind, calls, model, SUSTAINED_S)
            if load.in_time or not left:
                break
        return load

    tried = [attempt(WANTED)]
    up = tried[0].in_time
    for calls in MORE if up else FEWER:
        tried.append(attempt(calls))
        if tried[-1].in_time is not up:
            break
    return tried


def _costs(figures: McuFigures) -> Table:
    columns = "calls | packets/s in | out | cores | waited | out per CPU second | <what"
    rows = table("What the MCU's work costs, and rtpengine's", columns)
    for load in figures.costs:
        rows.add_row(*_cost(load), load.what)
    for load in figures.relayed:
        rows.add_row(*_cost(load), f"rtpengine {figures.rtpengine}: {load.what}")
    rows.add_row(
        *("",) * 5,
        f"× {figures.times_rtpengine:.2f}",
        "this MCU to rtpengine, each picture to one receiver",
    )
    return rows


def _cost(load: Load) -> list[str]:
    return [
        str(load.calls),
        f"{load.received_per_s:,.0f}",
        f"{load.sent_per_s:,.0f}",
        f"{load.cpu:.2f}",
        f"{load.waited:.1%}",
        f"{load.sent_per_cpu_s:,.0f}",
    ]


def _rates(figures: McuFigures) -> Table:
    best = figures.highest_rate
    highest = (
        "none was clean"
        if best is None
        else f"the highest with none failed or sent again: {best.rate}"
    )
    columns = "a second | reached | calls | failed | sent again | CPU ms a call | cores"
    rows = table(f"Calls per second, INVITE to BYE, by SIPp ({highest})", columns)
    for rate in figures.rates:
        rows.add_row(
            str(rate.rate),
            f"{rate.reached:.0f}",
            str(rate.calls),
            str(rate.failed),
            str(rate.repeated),
            f"{rate.cpu_ms_a_call:.2f}",
            f"{rate.cpu:.2f}",
            style="" if rate.clean else "red",
        )
    return rows


def _sustained_table(figures: McuFigures) -> Table:
    rows = table(
        "Calls of G.711 and 2 Mb/s both ways in one meeting: what was late",
        "calls | s | cores | waited | late | worst ms | heard late | overflowed | <what",
    )
    for load in figures.sustained:
        rows.add_row(
            str(load.calls),
            f"{load.seconds:.0f}",
            f"{load.cpu:.2f}",
            f"{load.waited:.1%}",
            str(load.late),
            f"{load.worst_late_ms:.1f}",
            str(load.late_heard),
            str(load.overflowed),
            load.what,
            style="" if load.in_time else "red",
        )
    return rows
