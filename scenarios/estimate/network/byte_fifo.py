"""One direction of a link whose queue counts bytes, as the emulation builds it.

An htb lets a packet go when those before it are paid for, from a bfifo to the netem that is the
line (`giaoban.topology.emulation.scheduler`): what waits counts, what is being sent does not. The
htb's tokens are nanoseconds (`giaoban.topology.lines.token_bucket`), with a credit of some after a
pause. While nothing is lost whole arrays are served at once (Lindley, 1952), else packet by packet.
"""

from __future__ import annotations

import copy
from collections import deque

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.queues import (
    UNLIMITED,
    Served,
    ServiceRate,
    propagation_ns,
)
from giaoban.topology.lines.buffers import CREDIT_NS
from giaoban.topology.lines.token_bucket import BucketSize
from giaoban.traffic.fifo import bytes_per_s, serialisation_ns


class ByteFifo:
    """The queue and the fibre of one direction; goes on from one call of `serve` to the next."""

    def __init__(self, rate: ServiceRate, delay_us: float, buffer_bytes: int) -> None:
        """`rate`: its limit counts for nothing here. Another one later is not estimated
        (`giaoban.scenarios.estimate.limits`)."""
        self._rate = rate
        self._bucket = BucketSize.of(rate.rate_mbps, 0)
        self._delay_ns = propagation_ns(delay_us)
        self._buffer_bytes = buffer_bytes
        self._paid_ns = 0
        """When all that was let go is paid for."""
        self._free_ns = 0
        """When the line has sent all that was let go."""
        self._waiting: deque[tuple[int, int]] = deque()
        """When each of those that were let in goes, and its bytes; those that are gone may be in
        it."""

    def __deepcopy__(self, memo: dict[int, object]) -> ByteFifo:
        """Only what waits changes."""
        other = copy.copy(self)
        other._waiting = deque(self._waiting)
        return other

    @property
    def equivalent(self) -> tuple[int, int]:
        """See `transit.Server`: no number of packets counts."""
        return 0, UNLIMITED

    def serve(self, came: NDArray[np.int64], size: NDArray[np.int32]) -> Served:
        """Take n packets in order of time, none before the latest of the call before."""
        lost = np.zeros(len(came), np.bool_)
        if not len(came):
            return Served(came, came, came, lost)
        wire = size.astype(np.int64) + self._rate.overhead_bytes
        cost = self._bucket.cost_ns(wire.astype(np.int32))
        goes = self._let_go(came, wire, cost, lost)
        kept = ~lost
        began, out = came.copy(), came.copy()
        if kept.any():
            service = serialisation_ns(wire[kept], bytes_per_s(self._rate.rate_mbps))
            served = np.cumsum(service)
            leaving = goes[kept] - served + service
            leaving[0] = max(int(leaving[0]), self._free_ns)
            np.maximum.accumulate(leaving, out=leaving)
            leaving += served
            self._free_ns = int(leaving[-1])
            began[kept], out[kept] = leaving - service, leaving + self._delay_ns
        return Served(came, began, out, lost)

    def serve_one(self, came_ns: int, size: int) -> tuple[int, int] | None:
        """As `queues.Fifo.serve_one`."""
        served = self.serve(np.array([came_ns], np.int64), np.array([size], np.int32))
        return None if served.lost[0] else (int(served.began_ns[0]), int(served.out_ns[0]))

    def _let_go(
        self,
        came: NDArray[np.int64],
        wire: NDArray[np.int64],
        cost: NDArray[np.int64],
        lost: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """When each of n packets goes from the queue to the line; marks those that are lost."""
        while self._waiting and self._waiting[0][0] <= came[0]:
            self._waiting.popleft()
        paid = np.cumsum(cost)
        before = came - CREDIT_NS - paid + cost
        before[0] = max(int(before[0]), self._paid_ns)
        np.maximum.accumulate(before, out=before)
        before += paid - cost  # when all before it is paid for, or its credit begins
        goes: NDArray[np.int64] = np.maximum(came, np.append(self._paid_ns, (before + cost)[:-1]))
        old = np.array(self._waiting, np.int64).reshape(-1, 2)
        everything = np.concatenate([old[:, 0], goes])
        bytes_until = np.concatenate([[0], np.cumsum(np.concatenate([old[:, 1], wire]))])
        gone = np.minimum(
            np.searchsorted(everything, came, "right"), len(old) + np.arange(len(came))
        )
        there = bytes_until[len(old) + np.arange(len(came))] - bytes_until[gone]
        full = there + wire > self._buffer_bytes
        taken = int(np.argmax(full)) if full.any() else len(came)
        if taken:
            self._waiting.extend(zip(goes[:taken].tolist(), wire[:taken].tolist(), strict=True))
            self._paid_ns = int(before[taken - 1] + cost[taken - 1])
        if taken < len(came):
            self._one_by_one(taken, came, wire, cost, goes, lost)
        while self._waiting and self._waiting[0][0] <= came[-1]:
            self._waiting.popleft()
        return goes

    def _one_by_one(
        self,
        first: int,
        came: NDArray[np.int64],
        wire: NDArray[np.int64],
        cost: NDArray[np.int64],
        goes: NDArray[np.int64],
        lost: NDArray[np.bool_],
    ) -> None:
        """Take packets from the `first` on, which finds no room."""
        waiting, paid_ns = self._waiting, self._paid_ns
        there = sum(octets for _, octets in waiting)
        rows = zip(came[first:].tolist(), wire[first:].tolist(), cost[first:].tolist(), strict=True)
        for i, (now_ns, octets, takes_ns) in enumerate(rows, first):
            while waiting and waiting[0][0] <= now_ns:
                there -= waiting.popleft()[1]
            if there + octets > self._buffer_bytes:
                lost[i] = True
                continue
            goes[i] = max(now_ns, paid_ns)
            paid_ns = max(paid_ns, now_ns - CREDIT_NS) + takes_ns
            waiting.append((int(goes[i]), octets))
            there += octets
        self._paid_ns = paid_ns
