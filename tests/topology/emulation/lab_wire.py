"""In the guest: packets from one host to another at given times, and where each of them went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.topology.emulation import counters
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.traffic.batch import (
    ReceiveBatch,
    SendBatch,
    media_socket,
    sockaddr,
)

PORT = 40_000
WINDOW = 8192
LEAD_NS = 20_000_000  # a window is handed to the kernel so long before its first packet is due
BUFFER_BYTES = 128 << 20
LOST = 0
Times = NDArray[np.int64]
Agenda = list[tuple[int, Callable[[], None]]]
"""What is to be done when, in order of time."""


@dataclass(frozen=True)
class Flow:
    """Datagrams of `payload` bytes of UDP payload, at least 4, from one socket.

    `after_ns`: (n,) ascending, after a moment soon after `carry` is called.
    """

    after_ns: Times
    payload: int
    dscp: int = 0


@dataclass
class Carried:
    """What came: of each flow leaving_ns and arrival_ns of the first copy to come, LOST if none
    did, and copies, (n,) each; when each change of the agenda began and ended; how many datagrams
    bore no number of ours."""

    flows: list[dict[str, Times]]
    changes_ns: list[tuple[int, int]] = field(default_factory=list)
    strays: int = 0


def carry(
    net: ProvinceNet,
    source: str,
    target: str,
    flows: Sequence[Flow],
    drain_s: float = 2.0,
    agenda: Sequence[tuple[int, Callable[[], None]]] = (),
) -> Carried:
    """Send all flows at once; read until `drain_s` after the last datagram."""
    addresses = [net.network.address(host) for host in (source, target)]
    first = np.cumsum([0, *(len(flow.after_ns) for flow in flows)])
    due_ns = np.concatenate([flow.after_ns for flow in flows])
    order = np.argsort(due_ns, kind="stable")
    arrival_ns, copies = np.full(len(due_ns), LOST, np.int64), np.zeros(len(due_ns), np.int64)
    most = max(flow.payload for flow in flows)
    outbox, inbox = SendBatch(WINDOW, most), ReceiveBatch(1024, most)
    carried, left = Carried([]), list(agenda)
    with ExitStack() as stack:
        with inside(net.namespace(source)):
            senders = [
                stack.enter_context(
                    media_socket(addresses[0], PORT + k, dscp=f.dscp, buffer_bytes=BUFFER_BYTES)
                )
                for k, f in enumerate(flows)
            ]
        with inside(net.namespace(target)):
            receiver = stack.enter_context(
                media_socket(addresses[1], PORT, dscp=0, buffer_bytes=BUFFER_BYTES)
            )
        origin_ns = time.monotonic_ns() + 2 * LEAD_NS

        def take() -> None:
            while len(got := inbox.receive(receiver.fileno())):
                if got.overflowed:
                    raise OverflowError(f"{got.overflowed} datagrams overflowed the receiver")
                index = np.ascontiguousarray(got.data[:, :4]).view("<u4")[:, 0][::-1]
                # damaged on two lines, in two bits that cancel each other in the checksum
                known = index < len(due_ns)
                carried.strays += int(np.count_nonzero(~known))
                index = index[known]
                new = copies[index] == 0
                arrival_ns[index[new]] = (got.arrival_ns[::-1][known] - origin_ns)[new]
                np.add.at(copies, index, 1)

        for start in range(0, len(order), WINDOW):
            window = order[start : start + WINDOW]
            sleep_until(origin_ns + int(due_ns[window[0]]) - LEAD_NS)
            for k, flow in enumerate(flows):
                mine = window[(window >= first[k]) & (window < first[k + 1])]
                n = len(mine)
                outbox.data[:n, :4] = mine.astype("<u4")[:, None].view(np.uint8)
                outbox.send(
                    senders[k].fileno(),
                    np.full(n, flow.payload),
                    origin_ns + due_ns[mine],
                    np.full(n, sockaddr(addresses[1], PORT)),
                )
            while left and left[0][0] < due_ns[window[-1]]:
                at_ns, change = left.pop(0)
                sleep_until(origin_ns + at_ns)
                began_ns = time.monotonic_ns() - origin_ns
                change()
                carried.changes_ns.append((began_ns, time.monotonic_ns() - origin_ns))
            take()
        sleep_until(origin_ns + int(due_ns.max() + drain_s * 1e9))
        take()
    for k, flow in enumerate(flows):
        part = slice(first[k], first[k + 1])
        carried.flows.append(
            {
                "leaving_ns": flow.after_ns,
                "arrival_ns": arrival_ns[part],
                "copies": copies[part],
            }
        )
    return carried


def sleep_until(at_ns: int) -> None:
    """CLOCK_MONOTONIC."""
    time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))


def count(net: ProvinceNet) -> dict[str, Any]:
    """All that the kernel counted since the network was built."""
    return {
        "queues": [asdict(queue) for queue in counters.queues(net)],
        "lines": [asdict(line) for line in counters.lines(net)],
        "classes": [asdict(each) for each in counters.classes(net)],
        "udp": counters.datagrams(net),
        "pacer_drops": counters.pacer_drops(net),
    }
