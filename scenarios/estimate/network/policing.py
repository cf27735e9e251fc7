"""Policers: which packets have tokens, for whole arrays at once.

In the kernel's whole numbers (`giaoban.topology.lines.token_bucket`). A bucket from which nothing
is refused is a queue without loss (Lindley, 1952): it is full again when the packets before have
been paid for at its rate, and a packet has tokens if that is no further off than the bucket is
large.
Only from a packet that has none on packets are looked at one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
