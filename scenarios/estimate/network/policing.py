"""Bandwidth profiles: which packets have tokens, for whole arrays at once.

In the kernel's whole numbers (`giaoban.topology.lines.token_bucket`). A bucket from which nothing
is refused is a queue without loss (Lindley, 1952): it is full again when the packets before have
been paid for at its rate, and a packet has tokens if that is no further off than the bucket is
large.
Only from a packet that has none on packets are looked at one by one.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.queues import Served
from giaoban.scenarios.estimate.network.transit import FlowOf, Server
from giaoban.topology.lines.bandwidth_profile import LineProfile
from giaoban.topology.lines.token_bucket import BucketSize

ONE_BY_ONE = 64
"""So many packets are looked at by themselves once one has no tokens."""
RESUMED = 512
"""So many are then tried at once, and twice as many as long as all have."""


class TokenBucket:
    """Goes on from one call to the next; full at the beginning."""

    def __init__(self, size: BucketSize) -> None:
        self._size = size
        self._burst_ns = size.burst_ns
        self._full_ns = 0
        """When it would be full again, if no packet came."""

    def conform(self, came: NDArray[np.int64], size: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of n packets have tokens, and take them: in order of time, none before the latest
        of the call before."""
        n, cost = len(came), self._size.cost_ns(size)
        conforming = np.ones(n, np.bool_)
        at, reach = 0, n
        while at < n:
            part = slice(at, at + reach)
            full = self._full_again(came[part], cost[part])
            short = full - came[part] > self._burst_ns
            if not short.any():
                self._full_ns = int(full[-1])
                at, reach = at + len(full), 2 * reach
                continue
            taken = int(np.argmax(short))
            if taken:
                self._full_ns = int(full[taken - 1])
            at += taken
            part = slice(at, at + ONE_BY_ONE)
            conforming[part] = self._one_by_one(came[part].tolist(), cost[part].tolist())
            at, reach = at + ONE_BY_ONE, RESUMED
        return conforming

    def _full_again(self, came: NDArray[np.int64], cost: NDArray[np.int64]) -> NDArray[np.int64]:
        """When it would be full again after each of n packets, if all had tokens."""
        paid = np.cumsum(cost)
        start = came - paid + cost
        start[0] = max(int(came[0]), self._full_ns)
        full: NDArray[np.int64] = np.maximum.accumulate(start) + paid
        return full

    def _one_by_one(self, came: list[int], cost: list[int]) -> list[bool]:
        full_ns, found = self._full_ns, []
        for now_ns, takes_ns in zip(came, cost, strict=True):
            then_ns = (full_ns if full_ns > now_ns else now_ns) + takes_ns
            has = then_ns - now_ns <= self._burst_ns
            if has:
                full_ns = then_ns
            found.append(has)
        self._full_ns = full_ns
        return found


class Policer:
    """The profiles of one direction of a link at one of its ends."""

    def __init__(
        self,
        profiles: Sequence[LineProfile],
        classes: Sequence[str] = (),
        class_of: NDArray[np.int8] | None = None,
    ) -> None:
        """`classes`: their names, in order. `class_of`: (flows,) the place there of each flow's."""
        self._classes = classes
        self._class_of = class_of
        self._of = [
            (each.traffic_class, [TokenBucket(size) for size in each.buckets]) for each in profiles
        ]

    def __deepcopy__(self, memo: dict[int, object]) -> Policer:
        """Only what buckets hold changes."""
        other = copy.copy(self)
        other._of = [(name, [copy.copy(one) for one in buckets]) for name, buckets in self._of]
        return other

    def passing(
        self, came: NDArray[np.int64], size: NDArray[np.int32], flow_of: FlowOf
    ) -> NDArray[np.bool_]:
        """(n,) which packets pass, of n in order of time."""
        found = np.ones(len(came), np.bool_)
        for name, buckets in self._of:
            left = np.arange(len(came))
            if name is not None and self._class_of is not None:
                left = np.flatnonzero(self._class_of[flow_of()] == self._classes.index(name))
            for bucket in buckets:  # red until one of them has tokens
                if not len(left):
                    break
                left = left[~bucket.conform(came[left], size[left])]
            found[left] = False
        return found


class PolicedServer:
    """A queue that only those packets come to which a policer lets pass."""

    def __init__(self, policer: Policer, queue: Server) -> None:
        self._policer = policer
        self._queue = queue
        self._old = 0
        """So many were let pass, and still waited, when the last call ended."""

    @property
    def equivalent(self) -> tuple[int, int]:
        """As the queue's: what comes to it does not hang on it."""
        return self._queue.equivalent

    def serve(
        self, came: NDArray[np.int64], size: NDArray[np.int32], flow_of: FlowOf, until_ns: int
    ) -> tuple[Served, NDArray[np.intp] | None]:
        """Take packets that came, and serve until a moment (see `transit.Server`)."""
        old, n = self._old, len(came)
        passing = np.ones(n, np.bool_)
        passing[old:] = self._policer.passing(came[old:], size[old:], lambda: flow_of()[old:])
        if passing.all():
            served, left = self._queue.serve(came, size, flow_of, until_ns)
            self._old = 0 if left is None else len(left)
            return served, left
        kept = np.flatnonzero(passing)
        served, left = self._queue.serve(came[kept], size[kept], lambda: flow_of()[kept], until_ns)
        self._old = 0 if left is None else len(left)
        waiting = None if left is None else kept[left]
        through = passing if waiting is None else np.delete(passing, waiting)
        times = came if waiting is None else np.delete(came, waiting)
        began, out, lost = times.copy(), times.copy(), np.ones(len(times), np.bool_)
        began[through], out[through], lost[through] = served.began_ns, served.out_ns, served.lost
        return Served(times, began, out, lost, policed=~through), waiting
