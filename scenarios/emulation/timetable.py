"""What is to be done to the network at which moment, while its owner sleeps."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from giaoban.clock import sleep_until


class Timetable:
    """Actions in order of time; of those due at one moment, the ones of smaller order first."""

    def __init__(self) -> None:
        self._agenda: list[tuple[int, int, int, Callable[[int], None]]] = []
        self._count = 0

    def add(self, at_ns: int, order: int, action: Callable[[int], None]) -> None:
        """`action` is called at `at_ns` of CLOCK_MONOTONIC, and told that moment."""
        heapq.heappush(self._agenda, (at_ns, order, self._count, action))
        self._count += 1

    def run(self, until_ns: int) -> None:
        """Sleep from action to action, until there is none before `until_ns`."""
        while self._agenda and self._agenda[0][0] < until_ns:
            at_ns, _, _, action = heapq.heappop(self._agenda)
            sleep_until(at_ns)
            action(at_ns)
