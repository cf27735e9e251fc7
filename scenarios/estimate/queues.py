"""Queues in front of a link, for whole arrays of packets at once.

A packet is served when it has come and the one before it is through (Lindley 1952): departures are
a running maximum over cumulated services. Where a queue is full, or classes wait side by side,
packets are taken one by one until it is empty again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.plan.drain import FRAME_BYTES
from giaoban.topology.lines.qos import TrafficClass
from giaoban.topology.lines.token_bucket import BucketSize
from giaoban.traffic.fifo import bytes_per_s, serialisation_ns

Times = NDArray[np.int64]
TRIED = 1 << 14
"""So many packets are tried at once after a queue was full, and twice as many each time."""


class Rate(NamedTuple):
    """From a moment on: the rate of a link, and how many packets its queue holds."""

    from_ns: int
    mbps: float
    limit: int


def rate_from(
    from_ns: int, mbps: float, delay_us: float, buffer_packets: int, overhead_bytes: int
) -> Rate:
    """Return a link's rate; its limit counts what is on the fibre too, as netem's does."""
    in_flight = round(delay_us * 1e-6 * bytes_per_s(mbps) / (FRAME_BYTES + overhead_bytes))
    return Rate(from_ns, mbps, buffer_packets + in_flight)


@dataclass(frozen=True)
class Served:
    """Fates of n packets in order of arrival.

    Attributes:
        began_ns: (n,) when the service of each began.
        out_ns: (n,) when each is at the far end.
        lost: (n,) found the queue full.
    """

    began_ns: Times
    out_ns: Times
    lost: NDArray[np.bool_]


class Server(Protocol):
    """One direction of a link; goes on from one call to the next."""

    def serve(self, came: Times, wire_bytes: Times, of_class: NDArray[np.int8]) -> Served:
        """Take n packets in order of time."""


class Fifo:
    """One queue, first in, first out."""

    def __init__(self, rates: Sequence[Rate], delay_us: float) -> None:
        """`rates`: in order of time, the first from the beginning on."""
        self._rates = rates
        self._delay_ns = round(delay_us * 1000)
        self._inside = np.zeros(0, np.int64)
        """When each packet in the queue or on the fibre is at the far end."""
        self._free_ns = 0

    def serve(self, came: Times, wire_bytes: Times, of_class: NDArray[np.int8]) -> Served:
        """See `Server`."""
        n, now = len(came), np.zeros(len(came), np.intp)
        if len(self._rates) > 1:
            now = np.searchsorted([rate.from_ns for rate in self._rates], came, "right") - 1
        per_s = np.array([bytes_per_s(rate.mbps) for rate in self._rates])[now]
        limit = np.array([rate.limit for rate in self._rates])[now]
        service = serialisation_ns(wire_bytes, per_s)
        leaving, lost = np.empty(n, np.int64), np.zeros(n, np.bool_)
        at, reach = 0, n
        while at < n:
            part = slice(at, min(n, at + reach))
            leaving[part] = _leaving(came[part], service[part], self._free_ns)
            taken = self._take(came[part], service[part], leaving[part], limit[part])
            at += taken
            if at == part.stop:
                reach *= 2
                continue
            at = self._one_by_one(at, came, service, limit, leaving, lost)
            reach = TRIED
        return Served(leaving - service, leaving + self._delay_ns, lost)

    def _take(self, came: Times, service: Times, leaving: Times, limit: Times) -> int:
        """Take packets up to the first one that finds the queue full; return how many."""
        out, n = leaving + self._delay_ns, len(came)
        inside = self._inside[self._inside > came[0]]
        everything = np.concatenate([inside, out])
        # were all as short as the shortest, so many could be there: nearly always there is room
        shortest_ns = max(1, int(service.min()))
        if int((out - came).max()) // shortest_ns + 1 >= int(limit.min()):
            there = len(inside) + np.arange(n) - np.searchsorted(everything, came, "right")
            full = there >= limit
            n = int(np.argmax(full)) if full.any() else n
        if n:
            self._free_ns = int(leaving[n - 1])
            everything = everything[: len(inside) + n]
            self._inside = everything[everything > came[n - 1]]
        return n

    def _one_by_one(
        self,
        first: int,
        came: Times,
        service: Times,
        limit: Times,
        leaving: Times,
        lost: NDArray[np.bool_],
    ) -> int:
        """Take packets from the `first` on until the queue is empty; return the next one's place.

        Each loss makes room for the next packets.
        """
        there, free_ns, i = deque(self._inside.tolist()), self._free_ns, first
        for i in range(first, len(came)):
            now_ns = int(came[i])
            while there and there[0] <= now_ns:
                there.popleft()
            if i > first and free_ns <= now_ns:
                break
            if len(there) >= limit[i]:
                lost[i], leaving[i] = True, now_ns + service[i]
                continue
            free_ns = max(free_ns, now_ns) + int(service[i])
            there.append(free_ns + self._delay_ns)
            leaving[i] = free_ns
        else:
            i = len(came)
        self._inside, self._free_ns = np.array(there, np.int64), free_ns
        return i


def _leaving(came: Times, service: Times, free_ns: int) -> Times:
    """Return when each of n packets is through, if none of them is lost."""
    served = np.cumsum(service)
    start = came - served + service
    start[0] = max(int(came[0]), free_ns)
    leaving: Times = np.maximum.accumulate(start) + served
    return leaving


class Classes:
    """A router's end with classes: strict ones in their order, else deficit round robin (Shreedhar
    and Varghese 1995), each with a buffer of its own."""

    def __init__(self, mbps: float, delay_us: float, classes: Sequence[TrafficClass]) -> None:
        self._per_s = bytes_per_s(mbps)
        self._delay_ns = round(delay_us * 1000)
        self._limits = [each.buffer_packets for each in classes]
        self._quanta = [each.quantum_bytes for each in classes]

    def serve(self, came: Times, wire_bytes: Times, of_class: NDArray[np.int8]) -> Served:
        """See `Server`; nothing is kept from one call to the next."""
        n = len(came)
        service = serialisation_ns(wire_bytes, self._per_s)
        leaving, lost = _leaving(came, service, 0), np.zeros(n, np.bool_)
        # a busy period begins where a packet comes and all before it are through
        heads = np.flatnonzero(np.r_[True, came[1:] >= leaving[:-1]])
        ends = np.append(heads[1:], n)
        mixed = np.logical_or.reduceat(of_class != np.repeat(of_class[heads], ends - heads), heads)
        for k in np.flatnonzero(mixed | (ends - heads > min(self._limits))).tolist():
            part = slice(int(heads[k]), int(ends[k]))
            leaving[part], lost[part] = self._one_by_one(
                came[part].tolist(),
                service[part].tolist(),
                wire_bytes[part].tolist(),
                of_class[part].tolist(),
            )
        return Served(leaving - service, leaving + self._delay_ns, lost)

    def _one_by_one(
        self, came: list[int], service: list[int], wire_bytes: list[int], kinds: list[int]
    ) -> tuple[list[int], list[bool]]:
        """Serve one busy period: when each packet is through, and which are lost."""
        n, j, now = len(came), 0, came[0]
        leaving, lost = [at + takes for at, takes in zip(came, service, strict=True)], [False] * n
        queues: list[deque[int]] = [deque() for _ in self._limits]
        turns: deque[int] = deque()
        deficit = list(self._quanta)
        while j < n or any(queues):
            while j < n and came[j] <= now:
                kind = kinds[j]
                if len(queues[kind]) >= self._limits[kind]:
                    lost[j] = True
                else:
                    if not queues[kind] and self._quanta[kind]:
                        turns.append(kind)
                        deficit[kind] = self._quanta[kind]
                    queues[kind].append(j)
                j += 1
            chosen = self._choose(queues, turns, deficit, wire_bytes)
            if chosen is None:
                if j < n:
                    now = max(now, came[j])
                continue
            now += service[chosen]
            leaving[chosen] = now
        return leaving, lost

    def _choose(
        self,
        queues: list[deque[int]],
        turns: deque[int],
        deficit: list[int],
        wire_bytes: list[int],
    ) -> int | None:
        """Return the packet that goes next; None if none waits."""
        for queue, quantum in zip(queues, self._quanta, strict=True):
            if queue and not quantum:
                return queue.popleft()
        while turns:
            kind = turns[0]
            if wire_bytes[queues[kind][0]] <= deficit[kind]:
                chosen = queues[kind].popleft()
                deficit[kind] -= wire_bytes[chosen]
                if not queues[kind]:
                    turns.popleft()
                return chosen
            deficit[kind] += self._quanta[kind]
            turns.rotate(-1)
        return None


def conforming(
    bucket: BucketSize, came: Times, frame_bytes: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return which of n packets in order of time have tokens in a bucket that is full at first.

    A bucket that refuses none is a queue without loss: it is full again when the packets before
    have been paid for. From one without tokens on packets are taken one by one until it is full.
    """
    cost = bucket.cost_ns(frame_bytes)
    found = np.ones(len(came), np.bool_)
    full_ns, at = 0, 0
    while at < len(came):
        part = slice(at, at + TRIED)
        full = _leaving(came[part], cost[part], full_ns)
        short = full - came[part] > bucket.burst_ns
        taken = int(np.argmax(short)) if short.any() else len(full)
        if taken:
            full_ns = int(full[taken - 1])
        at += taken
        if taken == len(full):
            continue
        while at < len(came):
            then_ns = max(full_ns, int(came[at])) + int(cost[at])
            found[at] = then_ns - came[at] <= bucket.burst_ns
            if found[at]:
                full_ns = then_ns
            at += 1
            if at < len(came) and full_ns <= came[at]:
                break
    return found
