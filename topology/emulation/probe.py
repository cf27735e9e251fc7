"""Measure what was built before it is used: each link's rate and delay, in both directions.

A train of equal packets crosses one link: the first one's one-way delay is propagation plus its
own serialisation, and the packets come out spaced by the link's rate.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

import numpy as np

from topology.addressing import host
from topology.emulation.mininet_net import ProvinceNet
from topology.emulation.namespace import inside
from topology.network import Hop, NetLink

PROBE_PORT = 9
PAYLOAD_BYTES = 1200
WIRE_BYTES = PAYLOAD_BYTES + 28 + 14
SO_TIMESTAMPNS = 35
MAX_TRAIN = 20
RATE_TOLERANCE_PCT = 2.0
DELAY_TOLERANCE_US = 50.0


@dataclass(frozen=True)
class Probe:
    """One direction of a link, as asked and as measured. `delay_us` is propagation only."""

    link: str
    direction: str
    asked_rate_mbps: float
    rate_mbps: float
    asked_delay_us: float
    delay_us: float
    lost: int

    def fault(self) -> str | None:
        """What is wrong with it, or None."""
        place = f"link {self.link} {self.direction}"
        if self.lost:
            return f"{place}: {self.lost} probe packets did not arrive"
        off = abs(self.rate_mbps / self.asked_rate_mbps - 1) * 100
        if off > RATE_TOLERANCE_PCT:
            return (
                f"{place}: asked for {self.asked_rate_mbps:g} Mb/s, "
                f"measured {self.rate_mbps:.3f} Mb/s"
            )
        if abs(self.delay_us - self.asked_delay_us) > DELAY_TOLERANCE_US:
            return (
                f"{place}: asked for {self.asked_delay_us:.0f} µs, "
                f"measured {self.delay_us:.0f} µs"
            )
        return None


def measure(net: ProvinceNet) -> list[Probe]:
    """Probe every direction of every link, one after another."""
    return [
        _measure_one(net, link, hop) for link in net.network.links for hop in link.hops
    ]


def _measure_one(net: ProvinceNet, link: NetLink, hop: Hop) -> Probe:
    # a lossy line cannot answer for every packet of a train, nor a short queue hold a long one
    count = max(2, min(MAX_TRAIN, link.buffer_packets // 2))
    serialisation_s = WIRE_BYTES * 8 / (link.rate_mbps * 1e6)
    count = max(2, min(count, round(2.0 / serialisation_s)))
    target = host(link.address_of(hop.target))
    with inside(net.namespace(hop.target)):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        receiver.bind((target, PROBE_PORT))
        receiver.settimeout(link.delay_us * 1e-6 + count * serialisation_s + 0.5)
    with inside(net.namespace(hop.source)):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect((target, PROBE_PORT))
    with sender, receiver:
        sent_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        for _ in range(count):
            sender.send(bytes(PAYLOAD_BYTES))
        arrivals = []
        try:
            for _ in range(count):
                _, cmsgs, _, _ = receiver.recvmsg(PAYLOAD_BYTES, 64)
                seconds, nanoseconds = struct.unpack("qq", cmsgs[0][2][:16])
                arrivals.append(seconds * 10**9 + nanoseconds)
        except TimeoutError:
            pass
    lost = 0 if link.loss_pct else count - len(arrivals)
    if len(arrivals) < 2:
        return Probe(hop.link, hop.direction, link.rate_mbps, 0.0, link.delay_us, 0.0, count)
    # on a lossy line the shortest spacing is that of two packets that followed each other
    spacing_ns = float(np.median(np.diff(arrivals)))
    one_ns = WIRE_BYTES * 8e3 / link.rate_mbps
    return Probe(
        link=hop.link,
        direction=hop.direction,
        asked_rate_mbps=link.rate_mbps,
        rate_mbps=WIRE_BYTES * 8e3 / spacing_ns,
        asked_delay_us=link.delay_us,
        delay_us=(arrivals[0] - sent_ns - one_ns) / 1e3,
        lost=lost,
    )
