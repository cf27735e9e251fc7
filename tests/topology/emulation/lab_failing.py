"""In the guest: a ring of four routers in which one link fails again and again, and what arrives.

`lab_failing FOLDER CLOCK` reads cases.json in FOLDER, {name: Case}, and leaves two files of each:
NAME.npz, packets every millisecond from one host to the other, and NAME.json, what was counted.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.scenarios.emulation.changes import Changes
from giaoban.scenarios.emulation.guest import count
from giaoban.topology.changes import NetworkChange
from giaoban.topology.emulation.failing_network import FailingNetwork
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.topology.emulation.routers import Routers
from giaoban.topology.network import Network
from giaoban.traffic import log
from tests.topology.emulation.lab_wire import Flow, carry, sleep_until

EVERY_NS = 1_000_000
PAYLOAD = 200
BEGIN_NS = 500_000_000
ETH_P_ALL = 3
WIRE_TIME_S = 4.0


@dataclass(frozen=True)
class Case:
    """Which way packets go, for how long, and what is done when (seconds after they begin)."""

    network: dict[str, Any]
    source: str
    target: str
    seconds: float
    agenda: list[dict[str, Any]]
    listen: bool = False


def run(folder: Path, name: str, case: Case, clock: Path) -> None:
    network = Network.model_validate(case.network)
    changes = [NetworkChange.model_validate(change) for change in case.agenda]
    with ProvinceNet(network, 1, may_fail=True) as net:
        failing = FailingNetwork(net, {c.link for c in changes if c.link}, clock)
        try:
            failing.converge()
            found: dict[str, Any] = {"paths": failing.paths(), "turns": turns(failing.routers)}
            if case.listen and failing.routers is not None:
                found |= listen(folder, net, failing.routers)
            before = count(net, failing)
            send(folder, name, case, changes, net, failing)
            found["counted"] = count(net, failing).since(before).model_dump()
            found["paths_after"] = failing.paths()
        finally:
            failing.close()
    (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


def turns(routers: Routers | None) -> list[list[tuple[int, int]]]:
    """Of each router's process: of each of its threads the scheduling policy and priority."""
    return [
        [
            (os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority)
            for thread in map(int, os.listdir(f"/proc/{process.pid}/task"))
        ]
        for process in (routers._processes.values() if routers is not None else ())
    ]


def send(
    folder: Path,
    name: str,
    case: Case,
    changes: list[NetworkChange],
    net: ProvinceNet,
    failing: FailingNetwork,
) -> None:
    """Packets from a process of their own; the changes from here."""
    begin_ns = time.monotonic_ns() + BEGIN_NS

    def body() -> None:
        sleep_until(begin_ns)
        flow = Flow(np.arange(round(case.seconds * 1000)) * EVERY_NS, PAYLOAD)
        [carried] = carry(net, case.source, case.target, [flow], 0.2).flows
        np.savez(folder / f"{name}.npz", **carried)

    process = multiprocessing.get_context("fork").Process(target=body)
    process.start()
    agenda = Changes(net, failing, [], begin_ns)
    agenda.plan(changes)
    agenda.timetable.run(begin_ns + round(case.seconds * 1e9))
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"the sender ended with {process.exitcode}")


def listen(folder: Path, net: ProvinceNet, routers: Routers) -> dict[str, str]:
    """What goes over a link for some seconds, in `wire.npz`; what `birdc` answers."""
    with inside(net.namespace("r-0")):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.bind((net.upper("l-0", "r-0") or "", ETH_P_ALL))
    frames, times = [], []
    sock.settimeout(0.2)
    end = time.monotonic() + WIRE_TIME_S
    with sock:
        while time.monotonic() < end:
            try:
                frames.append(sock.recv(2048))
                times.append(time.time_ns())
            except TimeoutError:
                continue
    log.save(
        folder / "wire.npz",
        data=np.frombuffer(b"".join(frames), np.uint8),
        lengths=np.array([len(frame) for frame in frames]),
        times_ns=np.array(times),
    )
    asked = {"neighbours": "show ospf neighbors", "sessions": "show bfd sessions"}
    return {name: routers.ask("r-0", question) for name, question in asked.items()}


def main(folder: Path, clock: Path) -> int:
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    for name, case in cases.items():
        run(folder, name, Case(**case), clock)
    return 0


def as_json(cases: dict[str, Case]) -> str:
    """The text of cases.json."""
    return json.dumps({name: asdict(case) for name, case in cases.items()})


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
