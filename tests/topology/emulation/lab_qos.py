"""In the guest: flows of several classes through one slow link, for `test_qos.py`.

`lab_qos FOLDER` reads FOLDER/cases.json ({name: {network, flows, reshape?}}), a flow being {dscp,
payload, mean_ns, n, poisson}; leaves FOLDER/NAME-FLOW.npz (leaving_ns, arrival_ns) and
FOLDER/counts.json ({name: {queues, classes, udp, pacer_drops, probe_faults, probes}}).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.topology.emulation.lab_wire import BUFFER_BYTES, LEAD_NS, LOST, PORT, count, sleep_until
from topology.emulation import counters, probe
from topology.emulation.mininet_net import ProvinceNet
from topology.emulation.namespace import inside
from topology.network import Hop, Network
from traffic import log
from traffic.batch import (
    ReceiveBatch,
    SendBatch,
    media_socket,
    sockaddr,
)

WINDOW_NS = 200_000_000
WINDOW_PACKETS = 100_000
MOST_BYTES = 1500
DRAIN_NS = 3_000_000_000
ENDS = ("mcu", "b-0")
SLOW = Hop("access-b-0", "r-0", "b-0")
Times = NDArray[np.int64]


def times(flow: dict[str, Any], seed: int) -> Times:
    """(n,) when each packet of a flow leaves: evenly, or as a Poisson process."""
    n, mean_ns = flow["n"], flow["mean_ns"]
    if not flow["poisson"]:
        return np.arange(n) * mean_ns
    gaps_ns = np.random.default_rng(seed).exponential(mean_ns, n)
    return np.cumsum(np.rint(gaps_ns).astype(np.int64))


def carry(
    net: ProvinceNet,
    flows: list[dict[str, Any]],
    agenda: list[tuple[int, Callable[[], None]]],
) -> list[dict[str, Times]]:
    """Send all flows at once from the MCU to the bridge; leaving and arrival of each packet."""
    addresses = [net.network.address(host) for host in ENDS]
    leaving = [times(flow, seed) for seed, flow in enumerate(flows, start=1681)]
    first = np.cumsum([0] + [len(t) for t in leaving])
    arrival_ns = np.full(first[-1], LOST, np.int64)
    with inside(net.namespace("mcu")):
        senders = [
            media_socket(addresses[0], PORT + k, dscp=flow["dscp"], buffer_bytes=BUFFER_BYTES)
            for k, flow in enumerate(flows)
        ]
    with inside(net.namespace("b-0")):
        receiver = media_socket(addresses[1], PORT, dscp=0, buffer_bytes=BUFFER_BYTES)
    outbox = SendBatch(WINDOW_PACKETS, MOST_BYTES)
    inbox = ReceiveBatch(1024, 16, cut_long=True)
    origin_ns = time.monotonic_ns() + 2 * LEAD_NS

    def take() -> None:
        while len(got := inbox.receive(receiver.fileno())):
            if got.overflowed:
                raise OverflowError(f"{got.overflowed} datagrams overflowed the receiver")
            index = np.ascontiguousarray(got.data[:, :4]).view("<u4")[:, 0]
            arrival_ns[index] = got.arrival_ns - origin_ns

    last_ns = max(int(t[-1]) for t in leaving)
    for start_ns in range(0, last_ns + 1, WINDOW_NS):
        sleep_until(origin_ns + start_ns - LEAD_NS)
        for k, (flow, times_ns) in enumerate(zip(flows, leaving, strict=True)):
            a, b = np.searchsorted(times_ns, (start_ns, start_ns + WINDOW_NS))
            numbers = np.arange(first[k] + a, first[k] + b, dtype="<u4")
            outbox.data[: b - a, :4] = numbers[:, None].view(np.uint8)
            outbox.send(
                senders[k].fileno(),
                np.full(b - a, flow["payload"]),
                origin_ns + times_ns[a:b],
                np.full(b - a, sockaddr(addresses[1], PORT)),
            )
        while agenda and agenda[0][0] < start_ns + WINDOW_NS:
            at_ns, change = agenda.pop(0)
            sleep_until(origin_ns + at_ns)
            change()
        take()
    sleep_until(origin_ns + last_ns + DRAIN_NS)
    take()
    for sock in (*senders, receiver):
        sock.close()
    return [
        {"leaving_ns": t, "arrival_ns": arrival_ns[a:b]}
        for t, a, b in zip(leaving, first[:-1], first[1:], strict=True)
    ]


def measure(folder: Path, name: str, case: dict[str, Any]) -> dict[str, Any]:
    network = Network.model_validate(case["network"])
    reshaped = case.get("reshape")
    with ProvinceNet(network, 7, [SLOW] if reshaped else []) as net:
        probes = probe.measure(net)
        before = count(net)
        agenda: list[tuple[int, Callable[[], None]]] = []
        if reshaped:
            agenda = [(reshaped["at_ns"], lambda: net.reshape(SLOW, reshaped["rate_mbps"], 100))]
        for k, arrays in enumerate(carry(net, case["flows"], agenda)):
            log.save(folder / f"{name}-{k}.npz", **arrays)
        found = count(net)
        for key in found["udp"]:
            found["udp"][key] -= before["udp"][key]
        for queue, old in zip(found["queues"], before["queues"], strict=True):
            for key in ("queue_drops", "line_losses"):
                queue[key] -= old[key]
        found["classes"] = [asdict(each) for each in counters.classes(net)]
    found["probe_faults"] = [fault for p in probes if (fault := p.fault())]
    found["probes"] = [asdict(p) for p in probes]
    return found


def main(folder: Path) -> int:
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    counts = {}
    for name, case in cases.items():
        counts[name] = measure(folder, name, case)
        sys.stdout.write(f"{name}\n")
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
