"""How wrong an assumption may be: what one more world costs, all flips, and many drawn worlds."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console

from bench.harness import ROOT, Say, Target, answer, table
from giaoban.scenarios.estimate.estimate import judge_early
from giaoban.scenarios.estimate.reuse import CachingJudge
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.sensitivity.world import Path as WorldPath
from giaoban.scenarios.study.sensitivity.world import World

SCENARIO = "expansion-gia-nghia-quang-son"
WORLDS = 1000
POINT_MS, FLIPS_S, WORLDS_S = 50.0, 60.0, 300.0


class Change(NamedTuple):
    """A figure of the default expansion at some other values."""

    what: str
    path: WorldPath
    values: tuple[float, ...]


CHANGES = (
    Change("a bridge's line: buffer", ("province", "bridges", 1, "buffer_packets"), (120, 90, 60)),
    Change("a bridge's line: rate", ("province", "bridges", 1, "rate_mbps"), (9.0, 8.5, 8.0)),
    Change("a bridge's line: loss", ("province", "bridges", 1, "loss_pct"), (0.005, 0.004, 0.003)),
    Change("the MCU's line: rate", ("province", "mcu", "rate_mbps"), (90.0, 80.0, 70.0)),
    Change("a link on nobody's way: rate", ("province", "links", 3, "rate_mbps"), (80.0, 60.0)),
    Change("the MCU: composing a picture", ("device", "compose_delay", "delay_ms"), (115.0, 110.0)),
    Change("endpoints: decoding", ("profiles", "terminal", "decoding_ms"), (70.0, 75.0, 72.0)),
)


@dataclass(frozen=True)
class Point:
    """Processor time of one world after others, and of the same world from the beginning, ms."""

    what: str
    again_ms: float
    anew_ms: float

    @property
    def ratio(self) -> float:
        """How many times as fast."""
        return self.anew_ms / self.again_ms


@dataclass(frozen=True)
class SensitivityFigures:
    """One world more by kind of change, and the seconds of two commands on all cores."""

    points: list[Point]
    flips_s: float
    flips_estimates: int
    worlds_s: float

    def targets(self) -> list[Target]:
        """Of the points the slowest."""
        slowest = max(self.points, key=lambda point: point.again_ms)
        return [
            Target(f"one world more ({slowest.what}), ms", slowest.again_ms, at_most=POINT_MS),
            Target("all flips of the default expansion, s", self.flips_s, at_most=FLIPS_S),
            Target(f"{WORLDS} drawn worlds with them, s", self.worlds_s, at_most=WORLDS_S),
        ]

    def to_json(self) -> dict[str, Any]:
        """`sensitivity`."""
        points = [{**asdict(point), "ratio": point.ratio} for point in self.points]
        return {"sensitivity": asdict(self) | {"points": points}}

    def show(self, console: Console) -> None:
        """A table, and the seconds."""
        shown = table(
            "One world more, ms of processor time",
            "<figure | after others | from the beginning | ratio",
        )
        for point in self.points:
            shown.add_row(
                point.what,
                f"{point.again_ms:.0f}",
                f"{point.anew_ms:.0f}",
                f"{point.ratio:.1f}",
            )
        console.print(shown)
        console.print(
            f"all flips: {self.flips_s:.0f} s ({self.flips_estimates} worlds); "
            f"with {WORLDS} drawn worlds: {self.worlds_s:.0f} s",
            highlight=False,
        )


def measure(folder: Path, say: Say) -> SensitivityFigures:
    """All figures.

    Raises:
        InvalidRun: a command came to no answer.
    """
    say("one world more")
    points = one_by_one()
    flips_s, flips = _timed(folder, say)
    worlds_s, _ = _timed(folder, say, "--worlds", str(WORLDS))
    return SensitivityFigures(points, flips_s, flips["estimates"], worlds_s)


def one_by_one() -> list[Point]:
    """One world more by kind of change: of several values the one in the middle."""
    world = World.of(make_question(ROOT / "scenarios" / f"{SCENARIO}.toml"))
    judge = CachingJudge()
    judge(world.question())
    points = []
    for change in CHANGES:
        again, anew = [], []
        for value in change.values:
            began_s = time.process_time()
            question = world.put(change.path, value).question()
            judge(question)
            again.append(time.process_time() - began_s)
            began_s = time.process_time()
            judge_early(world.put(change.path, value).question())
            anew.append(time.process_time() - began_s)
        points.append(Point(change.what, 1000 * median(again), 1000 * median(anew)))
    return points


def _timed(folder: Path, say: Say, *more: str) -> tuple[float, dict[str, Any]]:
    """Seconds of an analysis that knows no point, and what it tells."""
    words = ("sensitivity", SCENARIO, *more)
    say(f"giaoban {' '.join(words)}")
    points = folder / f"points{len(more)}"
    began_s = time.perf_counter()
    told = answer(folder / "sensitivity", *words, "--points", str(points))
    return time.perf_counter() - began_s, told
