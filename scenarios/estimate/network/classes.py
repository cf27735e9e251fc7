"""One direction of a link where a router tells packets apart: classes in front of the fibre.

As `giaoban.topology.emulation.scheduler` builds it: when a packet is through, the next one is
chosen, of the strict classes in their order, else in turns (deficit round robin, Shreedhar and
Varghese 1995, as net/sched/sch_ets.c takes them); each class has a buffer of its own. While no two
classes wait at the same time that is one queue, and whole arrays are served at once; else packet by
packet.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.queues import UNLIMITED, Served, ServiceRate, propagation_ns
from giaoban.scenarios.estimate.network.transit import FlowOf
from giaoban.topology.lines.qos import TrafficClass
from giaoban.traffic.fifo import bytes_per_s, serialisation_ns


class Classes:
    """The classes and the fibre of one direction; goes on from one call of `serve` to the next."""

    def __init__(
        self,
        rate: ServiceRate,
        delay_us: float,
        classes: tuple[TrafficClass, ...],
        class_of: NDArray[np.int8],
    ) -> None:
        """`rate`: its limit counts for nothing here. Another one later is not estimated
        (`giaoban.scenarios.estimate.limits`). `class_of`: (flows,) the class of each flow, its
        place in `classes`."""
        self._overhead_bytes = rate.overhead_bytes
        self._per_s = bytes_per_s(rate.rate_mbps)
        self._delay_ns = propagation_ns(delay_us)
        self._class_of = class_of
        self._limits = [each.buffer_packets for each in classes]
        self._quanta = [each.quantum_bytes for each in classes]
        self._free_ns = 0
        self._old = 0
        """So many were let in, and not yet chosen, when the last call ended."""
        self._turns: deque[int] = deque()
        self._deficit = [0] * len(classes)

    @property
    def equivalent(self) -> tuple[int, int]:
        """See `transit.Server`: each class has a buffer of its own."""
        return 0, UNLIMITED

    def serve(
        self, came: NDArray[np.int64], size: NDArray[np.int32], flow_of: FlowOf, until_ns: int
    ) -> tuple[Served, NDArray[np.intp] | None]:
        """Take packets that came, and serve until a moment (see `transit.Server`)."""
        old, n = self._old, len(came)
        size = size + self._overhead_bytes  # which turns are counted by, too
        service = serialisation_ns(size, self._per_s)
        served = np.cumsum(service)
        start = np.maximum(came, self._free_ns) - (served - service)
        leaving = served + np.maximum.accumulate(start)
        began = leaving - service
        lost = np.zeros(n, np.bool_)
        left: list[int] = []
        if not n:
            return Served(came, began, came, lost), None
        of = self._class_of[flow_of()]
        # where a packet comes and all before it are through, a busy period begins
        heads = np.flatnonzero(np.concatenate([[True], came[1:] >= leaving[:-1]]))
        ends = np.append(heads[1:], n)
        mixed = np.logical_or.reduceat(of != np.repeat(of[heads], ends - heads), heads)
        longest = ends - heads > min(self._limits)
        late = began[ends - 1] >= until_ns
        for k in np.flatnonzero(mixed | longest | late | (heads < old)).tolist():
            a, b = int(heads[k]), int(ends[k])
            left = self._one_by_one(
                range(a, b), old, came, service, size, of, began, lost, until_ns
            )
        done = np.ones(n, np.bool_)
        done[left] = False
        if (through := done & ~lost).any():
            self._free_ns = max(self._free_ns, int((began + service)[through].max()))
        self._old = len(left)
        if left:
            came, began, service, lost = came[done], began[done], service[done], lost[done]
        out = np.where(lost, came, began + service) + self._delay_ns
        return Served(came, began, out, lost), np.array(left, np.intp) if left else None

    def _one_by_one(
        self,
        which: range,
        old: int,
        came: NDArray[np.int64],
        service: NDArray[np.int64],
        size: NDArray[np.int32],
        of: NDArray[np.int8],
        began: NDArray[np.int64],
        lost: NDArray[np.bool_],
        until_ns: int,
    ) -> list[int]:
        """Serve one busy period; the packets that wait when the time is over."""
        at = came[which.start : which.stop].tolist()
        takes = service[which.start : which.stop].tolist()
        octets = size[which.start : which.stop].tolist()
        kinds = of[which.start : which.stop].tolist()
        queues: list[deque[int]] = [deque() for _ in self._limits]
        turns, deficit, quanta = self._turns, self._deficit, self._quanta
        first, n = which.start, len(at)
        begin: list[tuple[int, int]] = []
        gone: list[int] = []
        j = max(0, min(old - first, n))  # these were let in before, and have their turns
        for i in range(j):
            queues[kinds[i]].append(i)
        now = max(self._free_ns, at[0]) if first == 0 else at[0]
        while True:
            while j < n and at[j] <= now:
                queue = queues[kinds[j]]
                if len(queue) >= self._limits[kinds[j]]:
                    gone.append(j)
                else:
                    if not queue and quanta[kinds[j]]:
                        turns.append(kinds[j])
                        deficit[kinds[j]] = quanta[kinds[j]]
                    queue.append(j)
                j += 1
            if now >= until_ns:
                break
            chosen = self._choose(queues, octets)
            if chosen is None:
                if j >= n:
                    break
                now = max(now, at[j])
                continue
            begin.append((chosen, now))
            now += takes[chosen]
        for i, start_ns in begin:
            began[first + i] = start_ns
        lost[first + np.array(gone, np.intp)] = True
        waiting = sorted(i for queue in queues for i in queue)
        return [first + i for i in [*waiting, *range(j, n)]]

    def _choose(self, queues: list[deque[int]], octets: list[int]) -> int | None:
        """Which packet goes next; None if none waits."""
        for queue, quantum in zip(queues, self._quanta, strict=True):
            if queue and not quantum:
                return queue.popleft()
        while self._turns:
            kind = self._turns[0]
            length = octets[queues[kind][0]]
            if length <= self._deficit[kind]:
                self._deficit[kind] -= length
                chosen = queues[kind].popleft()
                if not queues[kind]:
                    self._turns.popleft()
                return chosen
            self._deficit[kind] += self._quanta[kind]
            self._turns.rotate(-1)
        return None
