"""Which user is which bridge: numbers that are given out and come back. Pure but for the clock."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping


class NumberPool:
    """Numbers from 0 for each kind of user, the smallest that is free first.

    `limits`: how many of a kind there may be; `per_s`: how many may be taken a second, of all
    kinds (None: any number).
    """

    def __init__(self, limits: Mapping[str, int], per_s: float | None = None) -> None:
        self._limits = dict(limits)
        self._every_s = 1 / per_s if per_s else 0.0
        self._next_s = 0.0
        self._free: defaultdict[str, list[int]] = defaultdict(list)
        self._taken: defaultdict[str, int] = defaultdict(int)

    def take(self, kind: str) -> int | None:
        """A number; None: there are as many as there may be."""
        if self._free[kind]:
            return heapq.heappop(self._free[kind])
        number = self._taken[kind]
        if number >= self._limits.get(kind, 0):
            return None
        self._taken[kind] += 1
        return number

    def limit(self, kind: str) -> int:
        """How many of a kind there may be."""
        return self._limits.get(kind, 0)

    def give_back(self, kind: str, number: int) -> None:
        """Its user has left."""
        heapq.heappush(self._free[kind], number)

    def wait_s(self, now_s: float) -> float:
        """For how long whoever takes one now has to wait, so that they do not come too fast."""
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + self._every_s
        return at_s - now_s
