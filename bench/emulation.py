"""The emulation's speed: meetings of several sizes beside ns-3, and the default check as a command.

A meeting is timed on the program's own way from a scenario to its documents, stage by stage.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import ns3
from bench.harness import ROOT, SCENARIO, Say, Target, command, table
from bench.inputs import SIZES, Size, write_scenario
from bench.ns3 import Simulation
from bench.processes import PeakMemory
from bench.timed_check import TimedCheck
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.results.model.result import Result
from giaoban.scenarios.emulation.guest import SAMPLE_S
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question

SPEED_TARGETS = {8: 15.0, 71: 1.5}
BUILD_TARGET_S = 40.0  # of the largest network
TIMES_NS3_TARGETS = {8: 1.5, 71: 2.5}
"""Beside ns-3 with the routing that is the faster one for it."""
START_TARGET_S = 1.2
COMMAND_TARGET_S, COMMAND_TARGET_MB = 8.0, 1500.0
LARGEST_TARGET_MB = 500.0


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


def time_meeting(size: Size, folder: Path) -> tuple[Speed, Plan]:
    """Run the meeting in a temporary folder and time it.

    In a process of its own: what this one has done before is not in its memory.

    Raises:
        InvalidRun: it came to no answer, the run was invalid, or not all bridges were in the
            meeting.
    """
    scenario = write_scenario(size, folder)
    said, peak_mb, _ = _run(
        [sys.executable, "-m", "bench.timed_check", str(scenario), str(folder / "runs")],
        f"the check of {size.bridges} bridges",
    )
    timed = TimedCheck.from_json(said)
    plan = make_question(scenario).plan
    packets = _packets(size, Result.read(timed.run))
    marks = _marks(plan, timed.meeting)
    phase = next(phase for phase in plan.phases if phase.name == size.timed)
    inside = [mark for mark in marks if phase.start_s <= mark[0] <= phase.end_s]
    speed = Speed(
        bridges=size.bridges,
        seconds=size.seconds,
        speed=_speed(inside),
        packets_per_s=packets / size.seconds,
        meeting_speed=_speed(marks),
        stages_s={name: round(took, 3) for name, took in timed.stages_s.items()},
        total_s=timed.total_s,
        peak_mb=peak_mb,
    )
    return speed, plan


def _run(words: list[str], what: str) -> tuple[str, float, float]:
    """What a command says, its highest memory in MB, and how long it took in s.

    Raises:
        InvalidRun: it came to no verdict.
        MachineLacks: this machine cannot do it.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            with PeakMemory(process.pid) as memory:
                said, complained = process.communicate()
        except BaseException:
            process.terminate()
            raise
        wall_s = time.perf_counter() - started
    if process.returncode == MachineLacks.exit_code:
        raise MachineLacks("{what} cannot be made here", complained.strip(), what=what)
    if process.returncode not in (0, 1):
        raise InvalidRun(f"{what} ended with {process.returncode}:\n{complained}")
    return said, memory.mb, wall_s


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


@dataclass(frozen=True)
class Command:
    """The default check. `peak_mb`: highest sample of the whole process tree's memory."""

    scenario: str
    meeting_s: float
    verdict: str
    wall_s: float
    peak_mb: float


def time_command(folder: Path) -> Command:
    """Run `giaoban check` with its results in a temporary folder.

    Raises:
        InvalidRun: it did not come to a verdict.
    """
    words = command(folder / "command", "check", str(SCENARIO))
    said, peak_mb, wall_s = _run(words, "the default check")
    result = json.loads(said)
    return Command(
        scenario=SCENARIO.stem,
        meeting_s=sum(phase["seconds"] for phase in result["phases"]),
        verdict=result["verdict"],
        wall_s=wall_s,
        peak_mb=peak_mb,
    )


@dataclass(frozen=True)
class Timed:
    """One size of meeting: all runs of the emulation, and of ns-3 by its kind of routing."""

    bridges: int
    emulation: list[Speed]
    ns3: dict[str, list[Simulation]]

    @property
    def best(self) -> Speed:
        """The fastest run: other work on the machine can only slow one down."""
        return max(self.emulation, key=lambda speed: speed.speed)

    def best_ns3(self, routing: str) -> Simulation:
        """The fastest run of ns-3 with that kind of routing."""
        return max(self.ns3[routing], key=lambda simulation: simulation.speed)


@dataclass(frozen=True)
class EmulationFigures:
    """Meetings of all sizes, and the default check."""

    sizes: list[Timed]
    command: Command

    def targets(self) -> list[Target]:
        """Speed, beside ns-3's too; how soon the network and a verdict are there."""
        rows = []
        for timed in self.sizes:
            of, best = f"{timed.bridges} bridges", timed.best
            if timed.bridges in SPEED_TARGETS:
                low = SPEED_TARGETS[timed.bridges]
                rows.append(Target(f"{of}, emulated s per s", best.speed, at_least=low))
            if timed.ns3 and timed.bridges in TIMES_NS3_TARGETS:
                ratio = best.speed / max(timed.best_ns3(routing).speed for routing in timed.ns3)
                low = TIMES_NS3_TARGETS[timed.bridges]
                rows.append(Target(f"{of}, times ns-3 (its faster routing)", ratio, at_least=low))
        smallest, largest = self.sizes[0].best, self.sizes[-1].best
        start_s = sum(smallest.stages_s[stage] for stage in ("boot", "build", "probe"))
        start = f"{smallest.bridges} bridges, from the guest's start to the meeting in s"
        built = f"{largest.bridges} bridges, network built in s"
        memory = f"{largest.bridges} bridges, peak memory in MB"
        wall, peak = "default check, command to verdict in s", "default check, peak memory in MB"
        return [
            *rows,
            Target(start, start_s, at_most=START_TARGET_S),
            Target(built, largest.stages_s["build"], at_most=BUILD_TARGET_S),
            Target(memory, largest.peak_mb, at_most=LARGEST_TARGET_MB),
            Target(wall, self.command.wall_s, at_most=COMMAND_TARGET_S),
            Target(peak, self.command.peak_mb, at_most=COMMAND_TARGET_MB),
        ]

    def to_json(self) -> dict[str, Any]:
        """`sizes` and `command`."""
        sizes = [
            {
                "bridges": timed.bridges,
                "emulation": asdict(timed.best),
                "emulation_speeds": [speed.speed for speed in timed.emulation],
                "times_real_time": timed.best.speed,
                "ns3": {
                    routing: {
                        **asdict(timed.best_ns3(routing)),
                        "speeds": [run.speed for run in runs],
                        "times_ns3": timed.best.speed / timed.best_ns3(routing).speed,
                    }
                    for routing, runs in timed.ns3.items()
                },
            }
            for timed in self.sizes
        ]
        return {"sizes": sizes, "command": asdict(self.command)}

    def show(self, console: Console) -> None:
        """Speeds, stages, and what the check said."""
        console.print(self._speeds())
        console.print(self._stages())
        console.print(f"{self.command.scenario}: {self.command.verdict}", highlight=False)

    def _speeds(self) -> Table:
        runs = len(self.sizes[0].emulation)
        rows = table(
            f"Seconds of meeting per second of wall time (best of {runs}; slowest)",
            "bridges | packets/s | best | slowest | × real time | × ns-3 | <what",
        )
        for timed in self.sizes:
            slowest = min(speed.speed for speed in timed.emulation)
            rows.add_row(
                str(timed.bridges),
                f"{timed.best.packets_per_s:,.0f}",
                f"{timed.best.speed:.1f}",
                f"{slowest:.1f}",
                f"{timed.best.speed:.1f}",
                "",
                "this emulation: Linux stack, MCU and SIP included",
            )
            for routing, simulations in timed.ns3.items():
                best = timed.best_ns3(routing)
                slowest = min(simulation.speed for simulation in simulations)
                rows.add_row(
                    "",
                    f"{best.packets_per_s:,.0f}",
                    f"{best.speed:.1f}",
                    f"{slowest:.1f}",
                    f"{best.speed:.1f}",
                    f"{timed.best.speed / best.speed:.2f}",
                    f"ns-3 {best.version}, bare UDP, {routing} routing",
                )
        return rows

    def _stages(self) -> Table:
        columns = " | ".join(("bridges", *self.sizes[0].best.stages_s, "total", "peak MB"))
        rows = table("Where a whole check spends its wall time, in seconds", columns)
        for timed in self.sizes:
            best = timed.best
            rows.add_row(
                str(timed.bridges),
                *(f"{took:.2f}" for took in best.stages_s.values()),
                f"{best.total_s:.1f}",
                f"{best.peak_mb:.0f}",
            )
        return rows


def measure(folder: Path, say: Say, runs: int) -> EmulationFigures:
    """Each size so many times, then the default check.

    Raises:
        InvalidRun: a run was invalid.
        MachineLacks: as `emulate`, or ns-3 is missing.
    """
    sizes = [_time(size, folder, runs, say) for size in SIZES]
    say("the default check")
    return EmulationFigures(sizes, time_command(folder))


def _time(size: Size, folder: Path, runs: int, say: Say) -> Timed:
    """Emulation and ns-3 in turn, so that other work on the machine meets both."""
    timed = Timed(size.bridges, [], {routing: [] for routing in ns3.ROUTINGS})
    for number in range(runs):
        run = folder / f"{size.bridges}-{number}"
        run.mkdir()
        say(f"{size.bridges} bridges, run {number + 1} of {runs}: emulation")
        speed, plan = time_meeting(size, run)
        timed.emulation.append(speed)
        say(f"{size.bridges} bridges, run {number + 1} of {runs}: ns-3")
        for routing, simulations in timed.ns3.items():
            simulations.append(ns3.measure(plan, size, folder, routing))
    return timed
