"""A way through a network in which nothing else is under way."""

from __future__ import annotations

from bisect import bisect_right

from giaoban.scenarios.estimate.network.failing import NOWHERE, ROUTERS_PASSED, FailingPaths
from giaoban.scenarios.estimate.network.paths import END, Paths
from giaoban.scenarios.estimate.network.queues import way_ns


class IdleWay:
    """One way by its first routes, where nothing fails."""

    def __init__(self, paths: Paths, way: int) -> None:
        links = [paths.links[hop] for hop in paths.of(way)]
        self._ns_a_byte = sum(8e3 / link.rate_mbps for link in links)
        self._propagation_ns = sum(round(link.delay_us * 1000) for link in links)
        self._last_ns = 0

    def arrival_ns(self, now_ns: int, size: int) -> int | None:
        """When a datagram of so many bytes on the wire is there; none overtakes another."""
        self._last_ns = max(self.passes_ns(now_ns, size), self._last_ns + 1)
        return self._last_ns

    def passes_ns(self, now_ns: int, size: int) -> int:
        """When a packet would be there that leaves now; one that a line may lose is not lost."""
        return now_ns + self._propagation_ns + round(size * self._ns_a_byte)


class FailingWay:
    """One way by the routes of each moment."""

    def __init__(self, failing: FailingPaths, way: int) -> None:
        self._failing, self._way = failing, way
        self._first = int(failing.paths.along[failing.paths.first[way]])
        self._last_ns = 0

    def arrival_ns(self, now_ns: int, size: int) -> int | None:
        """When a datagram is there, None if it is lost; none overtakes another."""
        found = self.passes_ns(now_ns, size)
        if found is not None:
            found = self._last_ns = max(found, self._last_ns + 1)
        return found

    def passes_ns(self, now_ns: int, size: int) -> int | None:
        """When a packet would be there that leaves now, None if it would be lost."""
        failing, hop = self._failing, self._first
        for _ in range(ROUTERS_PASSED + 1):
            if bisect_right(failing.unlit[hop], now_ns) % 2:
                return None
            link = failing.paths.links[hop]
            now_ns += round(size * 8e3 / link.rate_mbps) + way_ns(link.delay_us)
            if bisect_right(failing.swallows[hop], now_ns) % 2:
                return None
            hop = failing.after_one(hop, self._way, now_ns)
            if hop == END:
                return now_ns
            if hop == NOWHERE:
                return None
        return None
