"""Conduct one emulation from inside: build, probe, run the meeting, count, leave files behind.

`python -m giaoban.scenarios.emulation.guest RUN_FOLDER [CLOCK]`: reads `plan.json`, writes
`captures/` and `events.jsonl`. CLOCK is the library of `giaoban.topology.emulation.router_clock`,
where routers find their ways by themselves.
It measures and does not judge. Progress goes to standard output as lines that begin with
`giaoban.processes.progress.MARK`.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban import sentence
from giaoban.clock import sleep_until
from giaoban.errors import GiaobanError, InvalidRun
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.server import TimedCommand, serve
from giaoban.processes.children import die_with_parent
from giaoban.processes.progress import tell as tell_progress
from giaoban.scenarios.bridge.power import Power
from giaoban.scenarios.emulation import background
from giaoban.scenarios.emulation.bridges import attend
from giaoban.scenarios.emulation.changes import Changes
from giaoban.scenarios.emulation.recorder import Recorder
from giaoban.scenarios.plan.mcu import mcu_config
from giaoban.scenarios.plan.plan import GRACE_S, PLAN, SAMPLE_OFFSET_NS, Plan
from giaoban.scenarios.records import events
from giaoban.scenarios.records.guest import (
    CAPTURES,
    COUNTERS,
    FAULT,
    GUEST,
    LINKS,
    Counters,
    Counts,
    FaultDrops,
    GuestRecord,
    write_routes,
)
from giaoban.sentence import N_, Sentence, joined
from giaoban.topology.counts import Probe, QueueCount
from giaoban.topology.emulation import background_host, counters, namespace, probe
from giaoban.topology.emulation.background_host import BackgroundHost
from giaoban.topology.emulation.failing_network import FailingNetwork
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.virtual_time import in_virtual_time
from giaoban.topology.sandbox import guest_init
from giaoban.traffic import log

START_IN_NS = 1_000_000_000
ORIGIN_GRID_NS = 1_000_000_000
"""A meeting begins on a whole second: how long the building took, which depends on where the
program lies and on what it finds there, is not in any time after it."""
BUILDING_GRID_NS = 100_000_000
"""The network is built from such a moment on. How long the guest took to boot depends on its memory
and on where the program lies; two microseconds of it put timers that were set beside a tick of the
kernel's into another one, and moved packets by a nanosecond.
"""
SAMPLE_S = 1.0


class EmulationRun:
    """A plan, and the folder in which it lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = Plan.model_validate_json((folder / PLAN).read_text(encoding="utf-8"))


def main(folder: Path, clock: Path | None = None) -> int:
    """Run the plan in a folder; exit code 0, or an error's, told in `fault.json`."""
    guest_init.loaded()
    run = EmulationRun(folder)
    try:
        _conduct(run, clock)
    except GiaobanError as error:
        what, install = getattr(error, "what", error.said), getattr(error, "install", "")
        told = {"what": sentence.record(what), "install": sentence.record(install)}
        _write_json(run.folder / FAULT, told)
        return error.exit_code
    return 0


def _conduct(run: EmulationRun, clock: Path | None) -> None:
    if in_virtual_time():
        sleep_until(_next(time.monotonic_ns(), BUILDING_GRID_NS))
    started = time.monotonic()
    tell_progress(N_("building the network"), 0.0)
    plan = run.plan
    impaired = list(dict.fromkeys(line.hop for line in plan.lines))
    with (
        ProvinceNet(plan.network, plan.seed, impaired, may_fail=bool(plan.changes)) as net,
        ExitStack() as stack,
    ):
        ways = background_host.hosts(net, [each.hop for each in plan.background])
        for way in ways:
            stack.callback(way.close)
        built_s = time.monotonic() - started
        tell_progress(N_("measuring the links"), 0.0)
        probes = probe.measure(net)
        faults = [fault for p in probes if (fault := p.fault())]
        if faults:
            raise InvalidRun(joined("\n", faults))
        net.police()
        failing: FailingNetwork | None = None
        if plan.changes:
            links = [change.link for change in plan.changes if change.link is not None]
            failing = FailingNetwork(net, links, clock)
            stack.callback(failing.close)
            tell_progress(N_("waiting for the routers"), 0.0)
            failing.converge()
        _meet(run, net, failing, ways, probes, built_s)


def _meet(
    run: EmulationRun,
    net: ProvinceNet,
    failing: FailingNetwork | None,
    ways: Sequence[BackgroundHost],
    probes: list[Probe],
    built_s: float,
) -> None:
    captures = run.folder / CAPTURES
    captures.mkdir(exist_ok=True)
    before = count(net, failing)
    if in_virtual_time():
        # what was read of files to begin with: else the guest takes more memory instead
        Path("/proc/sys/vm/drop_caches").write_text("1", encoding="ascii")
    origin_ns = _next(time.monotonic_ns() + START_IN_NS, ORIGIN_GRID_NS)
    plan = run.plan
    with Recorder(net, plan.pcap, captures) as recorder:
        namespaces = {call.bridge: net.namespace(call.bridge) for call in plan.calls}
        meeting = partial(attend, plan, namespaces, origin_ns, captures)
        crew = [
            _start("mcu", captures, partial(_run_mcu, net, plan, origin_ns, captures)),
            _start("bridges", captures, meeting),
        ]
        if ways:
            load = partial(background.load, plan, ways, origin_ns, captures)
            crew.append(_start("background", captures, load))
        changes = Changes(net, failing, plan.lines, origin_ns)
        changes.plan(plan.changes)
        carried, at_phase = _watch(net, plan, origin_ns, changes, crew, recorder, captures)
    log.save(captures / LINKS, **carried)
    background_counts, damaged = background.counted(net, ways, captures)
    Counters(
        **dict(count(net, failing).since(before)),
        background=background_counts,
        background_damaged=damaged,
        at_phase=at_phase,
        line_changes=changes.of_lines,
        changes=changes.made,
        probes=probes,
    ).write(captures / COUNTERS)
    if failing is not None:
        write_routes(changes.routes, captures)
        failing.check()
    about = GuestRecord(kernel=platform.release(), build_virtual_s=built_s, origin_ns=origin_ns)
    about.write(captures / GUEST)
    _merge_events(captures, run.folder)


def _next(at_ns: int, grid_ns: int) -> int:
    return -(-at_ns // grid_ns) * grid_ns


def count(net: ProvinceNet, failing: FailingNetwork | None) -> Counts:
    """All counters, while nothing of the routers' own is under way."""
    if failing is None:
        return _counts(net, None)
    failing.pause_routers()
    try:
        return _counts(net, failing)
    finally:
        failing.resume_routers()


def _counts(net: ProvinceNet, failing: FailingNetwork | None) -> Counts:
    queues = counters.queues(net)
    hops = [hop for link in net.network.links for hop in link.hops]
    return Counts(
        hops=[(queue.link, queue.direction) for queue in queues],
        queues=queues,
        classes=counters.classes(net),
        lines=counters.lines(net, failing.discarded if failing else lambda _hop: 0),
        udp=counters.datagrams(net),
        routers=counters.routers(net),
        fault_drops=[
            FaultDrops(link=hop.link, direction=hop.direction, lost=failing.lost(hop))
            for hop in hops
        ]
        if failing is not None
        else [],
        pacer_drops=counters.pacer_drops(net),
    )


def _watch(
    net: ProvinceNet,
    plan: Plan,
    origin_ns: int,
    changes: Changes,
    crew: list[BaseProcess],
    recorder: Recorder,
    captures: Path,
) -> tuple[dict[str, NDArray[np.int64]], list[list[QueueCount]]]:
    """Sample the links each second, change the network as planned, until the crew has ended.

    Returns:
        What links carried (`LINKS`), and the queues' counters at the start of the first phase and
        the end of each.
    """
    meter = counters.LinkMeter(net)
    marks = [plan.phases[0].start_s, *(phase.end_s for phase in plan.phases)]
    at_phase: list[list[QueueCount]] = []
    rows, others = [], []
    count = int(plan.end_s / SAMPLE_S) + 1
    for number in range(count):
        sample_ns = origin_ns + round(number * SAMPLE_S * 1e9) + SAMPLE_OFFSET_NS
        changes.timetable.run(sample_ns)
        sleep_until(sample_ns)
        now_ns = time.monotonic_ns() - origin_ns
        rows.append([now_ns, *meter.read()])
        if (other := meter.read_other()) is not None:
            others.append(other)
        recorder.take()
        while len(at_phase) < len(marks) and number * SAMPLE_S >= marks[len(at_phase)]:
            at_phase.append(counters.queues(net))
            changes.note_routes()
        tell_progress(N_("meeting"), number / count)
        for process in crew:
            if process.exitcode not in (None, 0):
                raise InvalidRun(
                    "the {process} process ended early{last_words}",
                    process=process.name,
                    last_words=_last_words(process, captures),
                )
    for process in crew:
        process.join(plan.end_s)
        if process.exitcode != 0:
            raise InvalidRun(
                "the {process} process failed{last_words}",
                process=process.name,
                last_words=_last_words(process, captures),
            )
    recorder.take()
    meter.close()
    links = {"samples": np.array(rows, np.int64)}
    if others:
        links["other"] = np.array(others)
    return links, at_phase


def _run_mcu(net: ProvinceNet, plan: Plan, origin_ns: int, captures: Path) -> None:
    commands = [
        TimedCommand(
            origin_ns + round(control.at_s * 1e9), control.do, plan.meeting_of_control(control)
        )
        for control in plan.controls
        if control.by == OPERATOR.value
    ]
    mcu = plan.network.mcu.id
    end_ns = origin_ns + round((plan.end_s + 0.5) * 1e9)
    over_ns = origin_ns + round((plan.hang_up_s + GRACE_S) * 1e9)
    config = replace(
        mcu_config(plan, origin_ns),
        end_ns=end_ns,
        over_ns=None if plan.recovery is None else over_ns,
        commands=commands,
        virtual_time=in_virtual_time(),
    )
    with namespace.inside(net.namespace(mcu)):
        power = Power.of(mcu, plan.outages, origin_ns)
        serve(config, captures, list(power.up_times(0, end_ns)), mcu)


def _start(name: str, captures: Path, run: Callable[[], None]) -> BaseProcess:
    """Fork a process of the crew: it shares what is loaded, and dies with this one."""
    us = os.getpid()

    def body() -> None:
        die_with_parent(parent=us)
        try:
            run()
        except Exception as error:
            traceback.print_exc()
            said = str(error) if isinstance(error, GiaobanError) else repr(error)
            (captures / f"{name}.failed").write_text(said, encoding="utf-8")
            sys.exit(1)

    # what is loaded by now stays: looking through it for garbage costs the crew dear
    gc.freeze()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=body, name=name, daemon=True)
    process.start()
    return process


def _last_words(process: BaseProcess, captures: Path) -> str:
    """Why a process of the crew ended, as far as it could say."""
    path = captures / f"{process.name}.failed"
    return (
        Sentence(": {path}", path=path.read_text(encoding="utf-8"))
        if path.is_file()
        else Sentence(" ({exitcode})", exitcode=process.exitcode)
    )


def _merge_events(captures: Path, folder: Path) -> None:
    """One file of all events in order of time; how programs fared comes last."""
    told: list[events.Event] = []
    for name in ("mcu.jsonl", "bridges.jsonl"):
        path = captures / name
        with path.open("rb") as file:
            told += map(events.parse, file)
        path.unlink()
    events.write(events.in_order(told), folder)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
