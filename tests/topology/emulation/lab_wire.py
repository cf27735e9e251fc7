"""In the guest: packets from one host to another at given times, and where each of them went."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology.emulation import counters
from topology.emulation.mininet_net import ProvinceNet
from topology.emulation.namespace import inside
from traffic.batch import (
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


def carry(
    net: ProvinceNet,
    source: str,
    target: str,
    after_ns: NDArray[np.int64],
    payload: int,
    drain_s: float,
) -> dict[str, NDArray[np.int64]]:
    """Send one datagram at each time; read until `drain_s` after the last.

    Args:
        after_ns: (n,) ascending, after a moment soon after the call.
        payload: bytes of UDP payload of each, at least 4.

    Returns:
        leaving_ns and arrival_ns, (n,) after that moment; an arrival is LOST if there was none.
    """
    addresses = [net.network.address(host) for host in (source, target)]
    socks = []
    for host, address in zip((source, target), addresses, strict=True):
        with inside(net.namespace(host)):
            socks.append(media_socket(address, PORT, dscp=0, buffer_bytes=BUFFER_BYTES))
    sender, receiver = socks
    outbox, inbox = SendBatch(WINDOW, payload), ReceiveBatch(1024, payload)
    origin_ns = time.monotonic_ns() + 2 * LEAD_NS
    arrival_ns = np.full(len(after_ns), LOST, np.int64)

    def take() -> None:
        while len(got := inbox.receive(receiver.fileno())):
            if got.overflowed:
                raise OverflowError(f"{got.overflowed} datagrams overflowed the receiver")
            index = np.ascontiguousarray(got.data[:, :4]).view("<u4")[:, 0]
            if np.any(arrival_ns[index] != LOST) or len(np.unique(index)) != len(index):
                raise AssertionError("a datagram arrived twice")
            arrival_ns[index] = got.arrival_ns - origin_ns

    with sender, receiver:
        for start in range(0, len(after_ns), WINDOW):
            times_ns = after_ns[start : start + WINDOW]
            n = len(times_ns)
            sleep_until(origin_ns + int(times_ns[0]) - LEAD_NS)
            outbox.data[:n, :4] = np.arange(start, start + n, dtype="<u4")[:, None].view(np.uint8)
            outbox.send(
                sender.fileno(),
                np.full(n, payload),
                origin_ns + times_ns,
                np.full(n, sockaddr(addresses[1], PORT)),
            )
            take()
        sleep_until(origin_ns + int(after_ns[-1] + drain_s * 1e9))
        take()
    return {"leaving_ns": after_ns, "arrival_ns": arrival_ns}


def sleep_until(at_ns: int) -> None:
    """CLOCK_MONOTONIC."""
    time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))


def count(net: ProvinceNet) -> dict[str, Any]:
    """All that the kernel counted since the network was built."""
    return {
        "queues": [asdict(queue) for queue in counters.queues(net)],
        "udp": counters.datagrams(net),
        "pacer_drops": counters.pacer_drops(net),
    }
