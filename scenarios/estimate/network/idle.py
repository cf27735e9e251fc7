"""A route through a network in which nothing else is under way."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.scenarios.estimate.network.failing import NO_ROUTE, ROUTERS_PASSED, FailingPaths
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.paths import END, Paths
from giaoban.scenarios.estimate.network.queues import propagation_ns
from giaoban.topology.convergence.links import within


class _Route(ABC):
    """One route, on which nothing overtakes."""

    def __init__(self, own_line: LineEnd | None) -> None:
        """`own_line`: what the bridge's own line does to datagrams, which are the first on it."""
        self._own_line = own_line
        self._last_ns = 0

    @abstractmethod
    def transit_end_ns(self, now_ns: int, size: int) -> int | None:
        """When a packet of so many bytes on the wire would be there that leaves now, None if it
        would be lost."""

    def transit_ends_ns(self, sent_ns: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """(n,) the same of packets of one size; `NEVER_NS` of those that would be lost."""
        ends = (self.transit_end_ns(each, size) for each in sent_ns.tolist())
        return np.array([NEVER_NS if end is None else end for end in ends], np.int64)

    def arrival_ns(self, now_ns: int, size: int) -> int | None:
        """When a datagram is there, behind those that left before; None if it is lost, but by what
        its line loses by chance."""
        found = self.transit_end_ns(now_ns, size)
        if found is None:
            return None
        found = self._last_ns = max(found, self._last_ns + 1)
        if self._own_line is not None:
            out_ns = self._own_line.pass_on(np.array([found], np.int64)).out_ns
            found = max([found, *out_ns.tolist()[:1]])
        return found


class IdleRoute(_Route):
    """By its first routes, where nothing fails; what lines may lose by chance is not lost."""

    def __init__(self, paths: Paths, path: int, own_line: LineEnd | None = None) -> None:
        super().__init__(own_line)
        links = [paths.links[hop] for hop in paths.of(path)]
        self._ns_a_byte = sum(8e3 / link.rate_mbps for link in links)
        self._overhead_ns = sum(link.overhead_bytes * 8e3 / link.rate_mbps for link in links)
        self._propagation_ns = sum(round(link.delay_us * 1000) for link in links)

    def transit_end_ns(self, now_ns: int, size: int) -> int:
        """As of any route: never lost."""
        served_ns = round(size * self._ns_a_byte + self._overhead_ns)
        return now_ns + self._propagation_ns + served_ns

    def transit_ends_ns(self, sent_ns: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """As of any route."""
        return sent_ns + self.transit_end_ns(0, size)


class FailingRoute(_Route):
    """By the routes of each moment."""

    def __init__(self, failing: FailingPaths, path: int, own_line: LineEnd | None = None) -> None:
        super().__init__(own_line)
        self._failing, self._path = failing, path
        self._first = int(failing.paths.along[failing.paths.first[path]])

    def transit_end_ns(self, now_ns: int, size: int) -> int | None:
        """As of any route."""
        failing, hop = self._failing, self._first
        for _ in range(ROUTERS_PASSED + 1):
            if within(failing.carrier_down[hop], now_ns):
                return None
            link = failing.paths.links[hop]
            wire_bytes = size + link.overhead_bytes
            now_ns += round(wire_bytes * 8e3 / link.rate_mbps) + propagation_ns(link.delay_us)
            if within(failing.discards[hop], now_ns):
                return None
            hop = failing.after_one(hop, self._path, now_ns)
            if hop == END:
                return now_ns
            if hop == NO_ROUTE:
                return None
        return None
