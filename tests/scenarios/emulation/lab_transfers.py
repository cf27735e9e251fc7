"""In the guest: other traffic that is TCP on lines of its own, for `test_transfers.py`.

`lab_transfers FOLDER` reads FOLDER/plan.json: {network, seed, end_s, tcp, probed}; leaves
FOLDER/found.json: {sent, received, pacer_drops, flows: as counted; early_bytes: of each flow in its
first 20 s; dropped: at all lines; drops: at each; waits_ms, probes_lost: of full packets sent
beside the flows of the tables whose numbers are in `probed`, one each 100 ms}.
"""

from __future__ import annotations

import json
import multiprocessing
import select
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from giaoban.clock import sleep_until
from giaoban.scenarios.emulation import tcp
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.spec.background import TcpPlan
from giaoban.topology.emulation import background_host, counters, namespace, order
from giaoban.topology.emulation.background_host import BackgroundHost
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.network import Network

EACH_NS = 100_000_000
EARLY_NS = 20_000_000_000
PORT = 9
FULL_BYTES = 1472
"""Of UDP in a packet of 1,500 bytes."""


def bound(fd: int, address: str) -> socket.socket:
    with namespace.inside(fd):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, PORT))
    return sock


def probe(ways: list[BackgroundHost], origin_ns: int, until_s: float, found: Path) -> None:
    """Send a full packet each way each 100 ms; how long each that came took, in ms, by when it was
    sent, of each way."""
    order.take_turn("background")
    senders = [bound(*way.source) for way in ways]
    receivers = [bound(*way.target) for way in ways]
    waits: list[list[tuple[float, float]]] = [[] for _ in ways]
    for number in range(1, int(until_s * 1e9 / EACH_NS)):
        sleep_until(origin_ns + number * EACH_NS)
        for sender, way in zip(senders, ways, strict=True):
            sender.sendto(time.monotonic_ns().to_bytes(8).ljust(FULL_BYTES), (way.target[1], PORT))
        next_ns = origin_ns + (number + 1) * EACH_NS
        while (left_ns := next_ns - time.monotonic_ns()) > 1_000_000:
            for receiver in select.select(receivers, [], [], left_ns / 1e9 - 1e-3)[0]:
                sent_ns = int.from_bytes(receiver.recv(FULL_BYTES)[:8])
                wait_ns = time.monotonic_ns() - sent_ns
                wait = (sent_ns - origin_ns) / 1e9, wait_ns / 1e6
                waits[receivers.index(receiver)].append(wait)
    found.write_text(json.dumps(waits))


def main(folder: Path) -> int:
    given: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    network = Network.model_validate(given["network"])
    tables = [TcpPlan.model_validate(each) for each in given["tcp"]]
    plan = cast(
        Plan,
        SimpleNamespace(tcp=tables, background=[], seed=given["seed"], end_s=given["end_s"]),
    )
    with ProvinceNet(network, plan.seed) as net:
        net.police()
        tcp.check_kernel(plan)
        ways = background_host.hosts(net, [each.hop for each in tables], answered=True)
        origin_ns = -(-time.monotonic_ns() // 1_000_000_000 + -1) * 1_000_000_000
        context = multiprocessing.get_context("fork")
        last_s = max(each.to_s for each in tables)
        beside = context.Process(
            target=probe,
            args=([ways[n] for n in given["probed"]], origin_ns, last_s, folder / "waits.json"),
        )
        beside.start()
        order.take_turn("tcp")
        transfers = tcp.Transfers(plan, ways, origin_ns)
        transfers.run(EARLY_NS)
        early_bytes = [flow.received for flow in transfers.flows]
        transfers.run(round(last_s * 1e9))
        transfers.end(folder)
        sleep_until(origin_ns + round(plan.end_s * 1e9))
        beside.join()
        counted = tcp.counted(net, ways, folder)
        queues = counters.queues(net)
        waits_ms = json.loads((folder / "waits.json").read_text(encoding="utf-8"))
        probes = int(last_s * 1e9 / EACH_NS) - 1
        found = {
            "sent": counted.sent,
            "received": counted.received,
            "pacer_drops": counted.pacer_drops,
            "flows": [vars_of(flow) for flow in counted.flows],
            "early_bytes": early_bytes,
            "dropped": sum(q.queue_drops + q.line_losses for q in queues),
            "drops": {q.link: q.queue_drops for q in queues if q.direction.startswith("hub->")},
            "probes_lost": probes * len(waits_ms) - sum(map(len, waits_ms)),
            "waits_ms": waits_ms,
        }
        for way in ways:
            way.close()
    (folder / "found.json").write_text(json.dumps(found))
    return 0


def vars_of(flow: object) -> dict[str, Any]:
    """The fields of a record with slots."""
    return {name: getattr(flow, name) for name in type(flow).__dataclass_fields__}  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
