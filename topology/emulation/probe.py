"""Measure what was built before it is used: each link's rate and delay, in both directions.

A train of equal, numbered packets crosses one link: they come out spaced by the link's rate, and
the first one's one-way delay is propagation plus its own serialisation.
"""

from __future__ import annotations

import math
import socket
import struct

import numpy as np

from giaoban.errors import InvalidRun
from giaoban.topology.addressing import host
from giaoban.topology.counts import PROBE_BYTES, PROBE_WIRE_BYTES, Probe, train_packets
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.topology.network import Hop, NetLink

PROBE_PORT = 9
SO_TIMESTAMPNS, SO_TIMESTAMPING = 35, 37
# linux/net_tstamp.h: SOF_TIMESTAMPING_TX_SCHED, _SOFTWARE and _OPT_TSONLY
STAMP_BEFORE_QUEUE = 1 << 8 | 1 << 4 | 1 << 11
ATTEMPTS = 5


def measure(net: ProvinceNet) -> list[Probe]:
    """Probe every direction of every link, one after another.

    In real time a busy machine can spoil a probe, never better it: a direction that fails is
    probed again, a few times, and the best attempt counts.
    """
    return [_best(net, link, hop) for link in net.network.links for hop in link.hops]


def _best(net: ProvinceNet, link: NetLink, hop: Hop) -> Probe:
    attempts = []
    for _ in range(ATTEMPTS):
        attempts.append(_measure_one(net, link, hop))
        if attempts[-1].fault() is None:
            return attempts[-1]
    return min(attempts, key=lambda p: (p.lost, p.fault() is not None, p.delay_us))


def _measure_one(net: ProvinceNet, link: NetLink, hop: Hop) -> Probe:
    wire_bytes = PROBE_WIRE_BYTES + link.overhead_bytes
    serialisation_s = wire_bytes * 8 / (link.rate_mbps * 1e6)
    count = train_packets(link)
    target = host(link.address_of(hop.target))
    with inside(net.namespace(hop.target)):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        receiver.bind((target, PROBE_PORT))
        receiver.settimeout(link.delay_us * 1e-6 + count * serialisation_s + 0.5)
    with inside(net.namespace(hop.source)):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, STAMP_BEFORE_QUEUE)
        sender.connect((target, PROBE_PORT))
    with sender, receiver:
        for number in range(count):
            sender.send(number.to_bytes(PROBE_BYTES, "little"))
        numbers, arrivals = [], []
        try:
            for _ in range(count):
                data, stamp_ns = _stamped(receiver, SO_TIMESTAMPNS, 0)
                numbers.append(int.from_bytes(data, "little"))
                arrivals.append(stamp_ns)
        except TimeoutError:
            pass
        _, sent_ns = _stamped(sender, SO_TIMESTAMPING, socket.MSG_ERRQUEUE)
    if len(arrivals) < 2:
        return Probe(hop.link, hop.direction, link.rate_mbps, 0.0, link.delay_us, 0.0, count)
    # a lossy line may have lost some before the first and between two that arrived
    spacing_ns = float(np.median(np.diff(arrivals) / np.diff(numbers)))
    one_ns = wire_bytes * 8e3 / link.rate_mbps
    return Probe(
        link=hop.link,
        direction=hop.direction,
        asked_rate_mbps=link.rate_mbps,
        rate_mbps=wire_bytes * 8e3 / spacing_ns if spacing_ns > 0 else math.inf,
        asked_delay_us=link.delay_us,
        delay_us=(arrivals[0] - sent_ns - numbers[0] * spacing_ns - one_ns) / 1e3,
        lost=0 if link.loss_pct else count - len(arrivals),
    )


def _stamped(sock: socket.socket, kind: int, flags: int) -> tuple[bytes, int]:
    """The next message and the kernel's time stamp of it: when it came, or entered the first queue.

    What comes from the error queue is the whole frame that was sent, cut to PROBE_BYTES.
    """
    data, messages, _, _ = sock.recvmsg(PROBE_BYTES, 256, flags)
    stamps = [
        stamp for level, type_, stamp in messages if (level, type_) == (socket.SOL_SOCKET, kind)
    ]
    if not stamps:
        raise InvalidRun("this kernel does not time-stamp packets")
    seconds, nanoseconds = struct.unpack("qq", stamps[0][:16])
    return data, int(seconds * 10**9 + nanoseconds)
