"""What is counted and measured of a network, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from giaoban.sentence import Sentence
from giaoban.topology.lines.qos import PROBE_PACKETS
from giaoban.topology.network import NetLink
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

PROBE_BYTES = 1200
"""Of a packet by which a link is measured, without what is around it."""
PROBE_WIRE_BYTES = PROBE_BYTES + UDP_IP_BYTES + ETHERNET_BYTES
RATE_TOLERANCE_PCT = 2.0
DELAY_TOLERANCE_US = 50.0


def train_packets(link: NetLink) -> int:
    """How many packets measure each direction of a link: a short queue holds no long train, and a
    slow link should not take long."""
    serialisation_s = (PROBE_WIRE_BYTES + link.overhead_bytes) * 8 / (link.rate_mbps * 1e6)
    return max(2, min(PROBE_PACKETS, link.buffer_packets // 2, round(2.0 / serialisation_s)))


@dataclass(frozen=True)
class QueueCount:
    """One direction of a link since it was built; `policed` are what bandwidth profiles dropped."""

    link: str
    direction: str
    sent_packets: int
    queue_drops: int
    line_losses: int
    backlog: int
    policed: int = 0


@dataclass(frozen=True)
class ClassCount:
    """One class of one direction of a link since it was built; part of its `QueueCount`."""

    link: str
    direction: str
    traffic_class: str
    sent_packets: int
    sent_bytes: int
    drops: int
    backlog: int


@dataclass(frozen=True)
class LineCount:
    """One direction of a link's line since it was built.

    What came to its end = passed + lost − duplicated, as soon as nothing is delayed in it any more.
    `damaged` packets came to its end all the same; None: the kernel does not count them.
    """

    link: str
    direction: str
    passed: int
    lost: int
    duplicated: int
    damaged: int | None = None


@dataclass(frozen=True)
class RouterCount:
    """IP packets that all routers sent of themselves, and what became of packets in routers."""

    sent: int
    received: int
    without_route: int
    expired: int


@dataclass(frozen=True)
class Probe:
    """One direction of a link, as asked and as measured.

    `delay_us` is propagation only; `rate_mbps` is infinite where nothing limits the rate.
    """

    link: str
    direction: str
    asked_rate_mbps: float
    rate_mbps: float
    asked_delay_us: float
    delay_us: float
    lost: int

    def fault(self) -> Sentence | None:
        """What is wrong with it, or None."""
        place = Sentence("link {link} {direction}", link=self.link, direction=self.direction)
        if self.lost:
            return Sentence(
                "{place}: {lost} probe {lost:packet|packets} did not arrive",
                place=place,
                lost=self.lost,
            )
        if math.isinf(self.rate_mbps):
            return Sentence(
                "{place}: asked for {asked_rate_mbps:g} Mb/s, measured no limit",
                place=place,
                asked_rate_mbps=self.asked_rate_mbps,
            )
        off = abs(self.rate_mbps / self.asked_rate_mbps - 1) * 100
        if off > RATE_TOLERANCE_PCT:
            return Sentence(
                "{place}: asked for {asked_rate_mbps:g} Mb/s, measured {rate_mbps:.3f} Mb/s",
                place=place,
                asked_rate_mbps=self.asked_rate_mbps,
                rate_mbps=self.rate_mbps,
            )
        if abs(self.delay_us - self.asked_delay_us) > DELAY_TOLERANCE_US:
            return Sentence(
                "{place}: asked for {asked_delay_us:.0f} µs, measured {delay_us:.0f} µs",
                place=place,
                asked_delay_us=self.asked_delay_us,
                delay_us=self.delay_us,
            )
        return None


def damaged(counted: Mapping[str, int]) -> int:
    """Datagrams that ended because a bit of them was not as it was sent.

    A damaged IP header ends at the next node, be it a router; a damaged UDP header or payload at
    the receiver, which finds out when the datagram is read (RFC 1071: one flipped bit is always
    found). Where several lines damage one packet it can pass the checksums and go astray.

    Args:
        counted: of `giaoban.topology.emulation.counters.datagrams`, or the difference of two of
        them.
    """
    of_ip = sum(count for name, count in counted.items() if name.startswith(("Ip", "IP")))
    return of_ip + counted["NoPorts"] + counted["InErrors"] - counted["RcvbufErrors"]
