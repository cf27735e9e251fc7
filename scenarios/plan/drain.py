"""How long a network takes to empty after a meeting."""

from __future__ import annotations

import math
from collections.abc import Sequence

from giaoban.errors import InputError
from giaoban.scenarios.spec.impairment import Impairment, LinePlan
from giaoban.topology.lines.qos import by_class, traffic_classes
from giaoban.topology.network import Network
from giaoban.traffic import rtp

FRAME_BYTES = rtp.HEADER_BYTES + 1200 + rtp.UDP_IP_BYTES + rtp.ETHERNET_BYTES  # a full packet
LONGEST_DRAIN_S = 3600.0


def drain_s(
    network: Network, impairments: Sequence[Impairment], lines: Sequence[LinePlan]
) -> float:
    """How long the slowest full queue takes to empty, an impairment's or a fault's bottleneck too.

    A BYE may wait so long on its way up, while the MCU fills the queue down once more.
    """
    classes = 0
    if network.qos is not None and by_class(network.qos):
        classes = sum(each.buffer_packets for each in traffic_classes(network.qos))
    frame_bytes = FRAME_BYTES + max(link.overhead_bytes for link in network.links)

    def held_bytes(packets: int) -> int:
        return max(packets, classes) * frame_bytes

    queues = [(held_bytes(link.buffer_packets), link.rate_mbps * 1e6) for link in network.links]
    for item in impairments:
        if (rate := item.rate) is not None:
            packets = rate.buffer_packets
            held = packets * frame_bytes if item.link is None else held_bytes(packets)
            queues.append((held, rate.kbps * 1e3))
    queues += [
        (held_bytes(k.buffer_packets), k.rate_mbps * 1e6)
        for k in lines
        if k.rate_mbps and k.buffer_packets
    ]
    slowest = max(held * 8 / rate for held, rate in queues)
    if slowest > LONGEST_DRAIN_S:
        raise InputError(
            "a full queue would take {slowest:.0f} s to empty at its rate (allowed: "
            "{longest_drain_s:.0f} s; see buffer_packets, buffer_bytes, buffer_ms, rate_mbps and "
            "rate.kbps)",
            slowest=slowest,
            longest_drain_s=LONGEST_DRAIN_S,
        )
    return math.ceil(slowest * 10) / 10
