"""The figures of one run: as tables for people, as one JSON object for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import whatif
from bench.command import Command
from bench.encodings import report as encodings_report
from bench.encodings.study import Encodings
from bench.estimate import report as estimate_report
from bench.estimate.compare import EstimateFigures
from bench.faults import report as faults_report
from bench.faults.repetitions import Repetitions
from bench.faults.trials import Trials
from bench.load import report as load_report
from bench.load.tests import LoadFigures
from bench.machine import Machine
from bench.mcu import report as mcu_report
from bench.mcu.run import McuFigures
from bench.meeting import Speed
from bench.ns3 import Simulation
from bench.stream import report as stream_report
from bench.stream.compare import StreamFigures
from bench.whatif import WhatIfFigures

SCHEMA = "giaoban.bench/1"
SPEED_TARGETS = {8: 15.0, 71: 1.5}
BUILD_TARGET_S = 40.0  # of the largest network
COMMAND_TARGET_S, COMMAND_TARGET_MB = 60.0, 1500.0


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
class Report:
    """Everything that one `python -m bench` measured: the emulation, the MCU, encodings,
    streams, failures, load tests, the estimate, what-ifs, or all.

    `sizes` is empty and `command` None if the emulation was left out.
    """

    machine: Machine
    sizes: list[Timed]
    command: Command | None
    mcu: McuFigures | None
    encodings: Encodings | None
    streams: StreamFigures | None
    trials: Trials | None = None
    repetitions: Repetitions | None = None
    loads: LoadFigures | None = None
    estimated: EstimateFigures | None = None
    asked: WhatIfFigures | None = None

    def targets(self) -> list[dict[str, Any]]:
        """Each target with what was measured: {what, value, at_least or at_most, met}."""
        rows: list[dict[str, Any]] = []
        for timed in self.sizes:
            if timed.bridges in SPEED_TARGETS:
                low = SPEED_TARGETS[timed.bridges]
                what = f"{timed.bridges} bridges, emulated s per s"
                rows.append(_target(what, timed.best.speed, at_least=low))
            for routing in timed.ns3:
                ratio = timed.best.speed / timed.best_ns3(routing).speed
                what = f"{timed.bridges} bridges, times ns-3 ({routing} routing)"
                rows.append(_target(what, ratio, at_least=1.0))
        for largest in self.sizes[-1:]:
            what = f"{largest.bridges} bridges, network built in s"
            rows.append(_target(what, largest.best.stages_s["build"], at_most=BUILD_TARGET_S))
        if self.command is not None:
            what = "default check, command to verdict in s"
            rows.append(_target(what, self.command.wall_s, at_most=COMMAND_TARGET_S))
            what = "default check, peak memory in MB"
            rows.append(_target(what, self.command.peak_mb, at_most=COMMAND_TARGET_MB))
        if self.mcu is not None:
            for what, value, low in self.mcu.targets():
                rows.append(_target(what, value, at_least=low))
        if self.streams is not None:
            for what, value, least, most in self.streams.targets():
                rows.append(_target(what, value, at_least=least, at_most=most))
        if self.trials is not None:
            what = "trials with packets unaccounted for"
            rows.append(_target(what, self.trials.unaccounted, at_most=0))
        if self.repetitions is not None:
            what = "different answers to the same failures"
            rows.append(_target(what, self.repetitions.different, at_most=1))
        if self.loads is not None:
            for what, value, most in load_report.targets(self.loads):
                rows.append(_target(what, value, at_most=most))
        if self.estimated is not None:
            for what, value, least, most in self.estimated.targets():
                rows.append(_target(what, value, at_least=least, at_most=most))
        if self.asked is not None:
            for what, value, most in self.asked.targets():
                rows.append(_target(what, value, at_most=most))
        return rows

    def to_json(self) -> dict[str, Any]:
        """A JSON object; ratios stand beside the figures that they are made of."""
        return {
            "schema": SCHEMA,
            "machine": asdict(self.machine),
            "sizes": [
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
            ],
            "command": None if self.command is None else asdict(self.command),
            "mcu": None if self.mcu is None else self.mcu.to_json(),
            "encodings": None if self.encodings is None else self.encodings.to_json(),
            "streams": None if self.streams is None else self.streams.to_json(),
            "trials": None if self.trials is None else asdict(self.trials),
            "repetitions": None if self.repetitions is None else asdict(self.repetitions),
            "loads": None if self.loads is None else self.loads.to_json(),
            "estimate": None if self.estimated is None else self.estimated.to_json(),
            "whatif": None if self.asked is None else self.asked.to_json(),
            "targets": self.targets(),
        }

    def show(self, console: Console) -> None:
        """The machine, and tables of what was measured."""
        machine = self.machine
        console.print(
            f"{machine.cores} cores, {machine.cpu}, Linux {machine.kernel}, "
            f"Python {machine.python}, load {machine.load_1m} at the start\n"
            f"one system call: {machine.host_call_us:.2f} µs on this machine, "
            f"{machine.guest_call_us:.0f} µs in the guest; "
            f"guest boots to Python in {machine.guest_boot_s:.2f} s\n",
            highlight=False,
        )
        if self.sizes:
            console.print(self._speeds())
            console.print(self._stages())
        if self.mcu is not None:
            mcu_report.show(self.mcu, console)
        if self.encodings is not None:
            encodings_report.show(self.encodings, console)
        if self.streams is not None:
            stream_report.show(self.streams, console)
        faults_report.show(self.trials, self.repetitions, console)
        if self.loads is not None:
            load_report.show(self.loads, console)
        if self.estimated is not None:
            estimate_report.show(self.estimated, console)
        if self.asked is not None:
            whatif.show(self.asked, console)
        if self.targets():
            console.print(self._targets())

    def _speeds(self) -> Table:
        runs = len(self.sizes[0].emulation)
        table = _table(f"Seconds of meeting per second of wall time (best of {runs}; slowest)")
        for name in ("bridges", "packets/s", "best", "slowest", "× real time", "× ns-3"):
            table.add_column(name, justify="right")
        table.add_column("what")
        for timed in self.sizes:
            slowest = min(speed.speed for speed in timed.emulation)
            table.add_row(
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
                table.add_row(
                    "",
                    f"{best.packets_per_s:,.0f}",
                    f"{best.speed:.1f}",
                    f"{slowest:.1f}",
                    f"{best.speed:.1f}",
                    f"{timed.best.speed / best.speed:.2f}",
                    f"ns-3 {best.version}, bare UDP, {routing} routing",
                )
        return table

    def _stages(self) -> Table:
        table = _table("Where a whole check spends its wall time, in seconds")
        table.add_column("bridges", justify="right")
        for name in (*self.sizes[0].best.stages_s, "total", "peak MB"):
            table.add_column(name, justify="right")
        for timed in self.sizes:
            best = timed.best
            table.add_row(
                str(timed.bridges),
                *(f"{took:.2f}" for took in best.stages_s.values()),
                f"{best.total_s:.1f}",
                f"{best.peak_mb:.0f}",
            )
        return table

    def _targets(self) -> Table:
        command = self.command
        verdict = "" if command is None else f" ({command.scenario}: {command.verdict})"
        table = _table(f"Targets{verdict}")
        table.add_column("figure")
        for name in ("measured", "target"):
            table.add_column(name, justify="right")
        table.add_column("")
        for row in self.targets():
            sign = "≥" if "at_least" in row else "≤"
            limit = row.get("at_least", row.get("at_most"))
            met = "met" if row["met"] else "NOT MET"
            style = "" if row["met"] else "red"
            table.add_row(row["what"], f"{row['value']:.2f}", f"{sign} {limit:g}", met, style=style)
        return table


def _target(
    what: str, value: float, *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    row: dict[str, Any] = {"what": what, "value": value}
    if at_least is not None:
        return {**row, "at_least": at_least, "met": value >= at_least}
    assert at_most is not None
    return {**row, "at_most": at_most, "met": value <= at_most}


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
