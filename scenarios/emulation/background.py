"""The sender of background traffic, and what counts it where it comes out."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from giaoban.clock import sleep_until
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records.guest import BackgroundCount
from giaoban.scenarios.spec.background import BackgroundPlan, PoissonArrivals
from giaoban.topology.emulation import background_host, namespace
from giaoban.topology.emulation.background_host import BackgroundHost
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.virtual_time import in_virtual_time
from giaoban.traffic.batch import ReceiveBatch, SendBatch, media_socket, sockaddr
from giaoban.traffic.receiver.timestamps import StampClock

REPORT = "background.json"
FIRST_PORT = 41_000
WINDOW_NS = 100_000_000
LEAD_NS = 60_000_000  # as of media: a window is handed over so long before its first packet is due
ROOM = 8192  # packets handed over at once; what a window has beyond that goes in a second batch
BUFFER_BYTES = 256 << 20
HEAD_BYTES = 16  # what is kept of a packet that came: nobody reads it
_COUNTS = TypeAdapter(list[BackgroundCount])
"""How the sender's process tells the conductor's."""


@dataclass
class _Stream:
    plan: BackgroundPlan
    arrivals: PoissonArrivals
    sender: socket.socket
    receiver: socket.socket
    to: Any
    handed: int = 0
    received: int = 0
    overflowed: int = 0
    late: int = 0


def load(plan: Plan, ways: Sequence[BackgroundHost], origin_ns: int, captures: Path) -> None:
    """Send everything at its time, and count what comes, until the plan's end."""
    streams = [
        _open(number, each, way, plan.seed)
        for number, (each, way) in enumerate(zip(plan.background, ways, strict=True))
    ]
    outbox = SendBatch(ROOM, max(each.payload_bytes for each in plan.background))
    inbox = ReceiveBatch(
        1024, HEAD_BYTES, cut_long=True, clock=StampClock(settable=not in_virtual_time())
    )
    for at_ns in range(0, round(plan.end_s * 1e9), WINDOW_NS):
        sleep_until(origin_ns + at_ns - LEAD_NS)
        for stream in streams:
            _send(stream, outbox, origin_ns, at_ns + WINDOW_NS)
            _receive(stream, inbox)
    sleep_until(origin_ns + round(plan.end_s * 1e9))
    for stream in streams:
        _receive(stream, inbox)
    told = [
        BackgroundCount(
            link=s.plan.link,
            direction=s.plan.hop.direction,
            handed=s.handed,
            received=s.received,
            overflowed=s.overflowed,
            late=s.late,
        )
        for s in streams
    ]
    (captures / REPORT).write_bytes(_COUNTS.dump_json(told))


def counted(
    net: ProvinceNet, ways: Sequence[BackgroundHost], captures: Path
) -> tuple[list[BackgroundCount], int]:
    """What the kernel and the sender say of all streams; packets damaged at routers."""
    path = captures / REPORT
    if not ways:
        return [], 0
    told = _COUNTS.validate_json(path.read_bytes())
    path.unlink()
    streams = [
        replace(of, sent=way.sent(), pacer_drops=way.pacer_drops())
        for of, way in zip(told, ways, strict=True)
    ]
    return streams, background_host.damaged(net, ways)


def _open(number: int, plan: BackgroundPlan, way: BackgroundHost, seed: int) -> _Stream:
    port = FIRST_PORT + number
    socks = []
    for (fd, address), dscp in ((way.source, plan.dscp), (way.target, 0)):
        with namespace.inside(fd):
            socks.append(media_socket(address, port, dscp=dscp, buffer_bytes=BUFFER_BYTES))
    to = sockaddr(way.target[1], port)
    sender, receiver = socks
    return _Stream(plan, PoissonArrivals(plan, seed, number), sender, receiver, to)


def _send(stream: _Stream, outbox: SendBatch, origin_ns: int, edge_ns: int) -> None:
    times_ns = origin_ns + stream.arrivals.until(edge_ns)
    for start in range(0, len(times_ns), ROOM):
        part = times_ns[start : start + ROOM]
        stream.late += int(part[0] < time.monotonic_ns())
        lengths = np.full(len(part), stream.plan.payload_bytes)
        outbox.send(stream.sender.fileno(), lengths, part, np.full(len(part), stream.to))
        stream.handed += len(part)


def _receive(stream: _Stream, inbox: ReceiveBatch) -> None:
    while len(got := inbox.receive(stream.receiver.fileno())):
        stream.received += len(got)
        stream.overflowed = max(stream.overflowed, got.overflowed)
