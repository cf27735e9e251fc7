"""Time the sandbox: the program's own way from a scenario to its documents, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.inputs import Size, write_scenario
from bench.processes import PeakMemory
from giaoban.errors import InvalidRun
from results.model.result import Result
from scenarios.emulation.engine import EngineName
from scenarios.emulation.guest import SAMPLE_S
from scenarios.plan.plan import Plan
from scenarios.spec.question import make_question
from scenarios.study.check import check

MEETING = "meeting"
STAGES = {
    "planning": "plan",
    "booting the guest": "boot",
    "building the network": "build",
    "measuring the links": "probe",
    MEETING: MEETING,
    "measuring": "measure",
    "drawing": "draw",
    "typesetting": "annex",
}
"""What the program says it does → what it is called here. "save" is the end of the guest."""


class Stopwatch:
    """The program's progress with the host's time of each report."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.stages: dict[str, float] = {}
        self.meeting: list[tuple[float, float]] = []
        """(fraction of the meeting that is done, host time in s) of each report."""
        self._stage = ""
        self._since = clock()

    def __call__(self, what: str, done: float) -> None:
        """A report of progress."""
        now = self._clock()
        if what == MEETING:
            self.meeting.append((done, now))
        if what == "measuring" and self.meeting:
            # the meeting's last report comes with its last second, then the guest winds up
            self._switch("save", self.meeting[-1][1])
        self._switch(what, now)

    def finish(self) -> None:
        """The last stage ends now."""
        self._switch("", self._clock())

    def _switch(self, what: str, at: float) -> None:
        if what == self._stage:
            return
        if self._stage:
            name = STAGES.get(self._stage, self._stage)
            self.stages[name] = self.stages.get(name, 0.0) + at - self._since
        self._stage, self._since = what, at


@dataclass(frozen=True)
class Speed:
    """A timed meeting.

    Attributes:
        speed: emulated seconds per wall second while all bridges are in the meeting.
        packets_per_s: packets that crossed the network per emulated second of that phase.
        meeting_speed: the same over the whole meeting, calls set up and ended included.
        stages_s: wall seconds of each stage, in order.
        total_s: from reading the scenario to the finished run folder.
    """

    bridges: int
    seconds: float
    speed: float
    packets_per_s: float
    meeting_speed: float
    stages_s: dict[str, float]
    total_s: float
    peak_mb: float


def measure(size: Size, folder: Path) -> tuple[Speed, Plan]:
    """Run the meeting in a temporary folder and time it.

    Raises:
        InvalidRun: the run was invalid, or not all bridges were in the meeting.
        MachineLacks: as `emulate`.
    """
    watch = Stopwatch()
    started = time.perf_counter()
    watch("planning", 0.0)
    question = make_question(write_scenario(size, folder))
    with PeakMemory() as memory:
        outcome = check(
            question,
            engine=EngineName.SANDBOX,
            root=folder / f"runs-{size.bridges}",
            now=datetime.now(),
            progress=watch,
            seeds=0,
        )
    watch.finish()
    total_s = time.perf_counter() - started
    packets = _packets(size, outcome.result)
    marks = _marks(question.plan, watch.meeting)
    phase = next(phase for phase in question.plan.phases if phase.name == size.timed)
    inside = [mark for mark in marks if phase.start_s <= mark[0] <= phase.end_s]
    speed = Speed(
        bridges=size.bridges,
        seconds=size.seconds,
        speed=_speed(inside),
        packets_per_s=packets / size.seconds,
        meeting_speed=_speed(marks),
        stages_s={name: round(took, 3) for name, took in watch.stages.items()},
        total_s=total_s,
        peak_mb=memory.mb,
    )
    return speed, question.plan


def _packets(size: Size, result: Result) -> int:
    """Media packets put on the wire in the timed phase, both directions."""
    phase = next(phase for phase in result.phases if phase.name == size.timed)
    present = [bridge for bridge in phase.bridges if bridge.streams]
    if result.verdict == "invalid" or len(present) != size.bridges:
        raise InvalidRun(
            f"{len(present)} of {size.bridges} bridges in the meeting: {'; '.join(result.reasons)}"
        )
    return sum(stream.packets_sent for bridge in present for stream in bridge.streams)


def _marks(plan: Plan, reports: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """(emulated second, host time in s) of each report of the meeting: there is one a second."""
    count = int(plan.end_s / SAMPLE_S) + 1
    return [(round(done * count) * SAMPLE_S, at) for done, at in reports]


def _speed(marks: list[tuple[float, float]]) -> float:
    """Emulated seconds per wall second from the first mark to the last."""
    (from_s, from_at), (to_s, to_at) = marks[0], marks[-1]
    return (to_s - from_s) / (to_at - from_at)
