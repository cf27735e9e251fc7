"""The estimate beside ns-3."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bench import ns3
from bench.estimate.schedule import (
    Schedule,
    SimulatedPassage,
    make_schedule,
    through_estimate,
    through_ns3,
)
from bench.harness import ROOT, Say, Target, table
from bench.inputs import SIZES, write_scenario
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import Question, make_question

THIN_LINK = ROOT / "scenarios" / "expansion-thin-link.toml"
RUNS = 3
TIMES_NS3 = 100.0
DELAY_WITHIN_MS, DELAY_WITHIN_PCT, LOSS_WITHIN_POINTS = 0.2, 5.0, 0.2


@dataclass(frozen=True)
class QueueComparison:
    """One meeting's packets through both networks. Speeds are packets × hops a second of one core.

    `ns3_per_s` is by kind of routing. `whole_s` is what all of the estimate took, from question to
    answer: media, conference and judging included. Delays are compared packet by packet, losses
    in all; ns-3 takes the estimate's paths for it.
    """

    what: str
    packets: int
    packet_hops: int
    estimate_per_s: float
    ns3_per_s: dict[str, float]
    whole_s: float
    delay_ms: float
    delay_off_median_ms: float
    delay_off_p99_ms: float
    delay_p95_off_ms: float
    delay_off_share: float
    lost_pct: float
    lost_ns3_pct: float
    lost_off_points: float

    @property
    def times_ns3(self) -> float:
        """Of the faster of ns-3's ways of routing."""
        return self.estimate_per_s / max(self.ns3_per_s.values())


@dataclass(frozen=True)
class EstimateFigures:
    """Everything that `python -m bench estimate` measured."""

    compared: list[QueueComparison]
    version: str

    def targets(self) -> list[Target]:
        """Return speed and agreement beside ns-3."""
        rows = []
        for one in self.compared:
            of = one.what
            share = f"{of}: delays off, share of what is allowed"
            loss = f"{of}: loss off in points"
            rows += [
                Target(f"{of}: estimate, times ns-3", one.times_ns3, at_least=TIMES_NS3),
                Target(share, one.delay_off_share, at_most=1.0),
                Target(loss, one.lost_off_points, at_most=LOSS_WITHIN_POINTS),
            ]
        return rows

    def to_json(self) -> dict[str, Any]:
        """`estimate`."""
        told = {
            "compared": [asdict(one) | {"times_ns3": one.times_ns3} for one in self.compared],
            "ns3": self.version,
        }
        return {"estimate": told}

    def show(self, console: Console) -> None:
        """Print speed and agreement beside ns-3."""
        rows = table(
            "The estimate beside ns-3: million packets × hops a second of one core",
            "< | packets | estimate | ns-3 static | ns-3 nix | × ns-3 | whole estimate, s",
        )
        for one in self.compared:
            rows.add_row(
                one.what,
                f"{one.packets:,}",
                f"{one.estimate_per_s / 1e6:.2f}",
                *(f"{speed / 1e6:.3f}" for speed in one.ns3_per_s.values()),
                f"{one.times_ns3:.0f}",
                f"{one.whole_s:.2f}",
            )
        console.print(rows)
        rows = table(
            f"The same packets in both (ns-3 {self.version}, static routing)",
            "< | delay ms | off median ms | off p99 ms | p95 of a stream off ms | lost % | "
            "ns-3 lost %",
        )
        for one in self.compared:
            rows.add_row(
                one.what,
                f"{one.delay_ms:.3f}",
                f"{one.delay_off_median_ms:.4f}",
                f"{one.delay_off_p99_ms:.4f}",
                f"{one.delay_p95_off_ms:.4f}",
                f"{one.lost_pct:.3f}",
                f"{one.lost_ns3_pct:.3f}",
            )
        console.print(rows)


def measure(folder: Path, say: Say) -> EstimateFigures:
    """All figures. Raises `MachineLacks` where ns-3 is missing."""
    compared = []
    for size in SIZES:
        say(f"estimate and ns-3: {size.bridges} bridges")
        question = make_question(write_scenario(size, folder))
        compared.append(compare(f"{size.bridges} bridges", question, folder))
    say("estimate and ns-3: a link that is full")
    compared.append(compare("a full link", make_question(THIN_LINK), folder))
    return EstimateFigures(compared, ns3.version())


def compare(what: str, question: Question, folder: Path) -> QueueComparison:
    """The same packets through both. Raises `MachineLacks`."""
    began = time.process_time()
    estimate(question)
    whole_s = time.process_time() - began
    schedule = make_schedule(question)
    ours = [through_estimate(schedule) for _ in range(RUNS)]
    best = max(ours, key=lambda passed: passed.hops_per_s)
    speeds = {
        routing: max(
            through_ns3(schedule, folder, routing, ask=False).hops_per_s for _ in range(RUNS)
        )
        for routing in ns3.ROUTINGS
    }
    theirs = through_ns3(schedule, folder, "static", ask=True)
    return QueueComparison(
        what=what,
        packets=schedule.packets,
        packet_hops=best.packet_hops,
        estimate_per_s=best.hops_per_s,
        ns3_per_s=speeds,
        whole_s=whole_s,
        **agreement(schedule, best, theirs),
    )


def agreement(
    schedule: Schedule, ours: SimulatedPassage, theirs: SimulatedPassage
) -> dict[str, float]:
    """How far apart arrivals and losses are (`QueueComparison`). Delays of what both delivered.

    `delay_p95_off_ms` is the largest difference of any stream's 95th percentile, `delay_off_share`
    the largest as a share of what is allowed: 0.2 ms, or 5 % of ns-3's where that is more.
    """
    n = schedule.packets
    both = (ours.arrival_ns >= 0) & (theirs.arrival_ns >= 0)
    off_ms = np.abs(ours.arrival_ns - theirs.arrival_ns)[both] / 1e6
    p95_off, share, first = 0.0, 0.0, 0
    for _, count in schedule.streams:
        part = slice(first, first + count)
        first += count
        delays = [
            (passed.arrival_ns[part] - schedule.at_ns[part])[passed.arrival_ns[part] >= 0] / 1e6
            for passed in (ours, theirs)
        ]
        if all(map(len, delays)):
            one, other = (float(np.percentile(delay, 95)) for delay in delays)
            p95_off = max(p95_off, abs(one - other))
            allowed = max(DELAY_WITHIN_MS, other * DELAY_WITHIN_PCT / 100)
            share = max(share, abs(one - other) / allowed)
    lost = 100 * float((ours.arrival_ns < 0).sum()) / n
    lost_ns3 = 100 * float((theirs.arrival_ns < 0).sum()) / n
    return {
        "delay_ms": float((theirs.arrival_ns - schedule.at_ns)[both].mean() / 1e6),
        "delay_off_median_ms": float(np.median(off_ms)),
        "delay_off_p99_ms": float(np.percentile(off_ms, 99)),
        "delay_p95_off_ms": p95_off,
        "delay_off_share": share,
        "lost_pct": lost,
        "lost_ns3_pct": lost_ns3,
        "lost_off_points": abs(lost - lost_ns3),
    }
