"""Packets on their way through all queues, step by step of time, whole arrays at once.

In each step every hop is served once, in an order in which no packet comes to a hop that was served
already (`Paths.in_order`), so one pass a step is exact.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.line_end import LineEnd
from scenarios.estimate.packets import Packets, joined
from scenarios.estimate.paths import END, Paths
from scenarios.estimate.queues import Served


class Server(Protocol):
    """A queue in front of a fibre."""

    @property
    def holds(self) -> bool:
        """Whether something waits that is served only when it is known what comes after it."""

    def serve(self, packets: Packets, until_ns: int) -> tuple[Packets, Served]:
        """Take packets that come before a moment, none before those of the last call.

        Returns those that were served or lost, some perhaps of an earlier call, and how.
        """


class Meter(Protocol):
    """Counts at a hop."""

    def passed(self, hop: int, packets: Packets, served: Served) -> None:
        """Packets, in the order in which they came, were served or lost at the queue."""


class Transit:
    """All hops of a network with what waits at them."""

    def __init__(
        self,
        paths: Paths,
        way_of: NDArray[np.int32],
        servers: dict[int, Server],
        lines: dict[int, list[LineEnd]],
        meter: Meter,
    ) -> None:
        """`way_of`: of each flow; END for one that ends behind its first hop."""
        self._paths = paths
        self._way_of = way_of
        self._servers = servers
        self._lines = lines
        self._meter = meter
        self._waiting: dict[int, list[Packets]] = {hop: [] for hop in servers}
        self._only_after = paths.only_after if (way_of != END).all() else {}
        """Other traffic leaves the network behind its first hop: then each packet is looked at."""

    def put(self, hop: int, packets: Packets) -> None:
        """Packets that come to a hop at their times, at or after the start of the next `run`."""
        if len(packets.at_ns):
            self._waiting[hop].append(packets)

    def run(self, hops: list[int], until_ns: int) -> Packets:
        """Serve these hops until a moment; what comes out at the ends of ways, now or later."""
        ended: list[Packets] = []
        for hop in hops:
            parts, holds = self._waiting[hop], self._servers[hop].holds
            if not parts and not holds:
                continue
            packets = joined(parts)
            due = packets.at_ns < until_ns
            if due.all():
                self._waiting[hop] = []
            else:
                self._waiting[hop] = [packets.take(~due)]
                packets = packets.take(due)
            if len(packets.at_ns) or holds:
                ended += self._pass(hop, packets, until_ns)
        return joined(ended)

    def _pass(self, hop: int, packets: Packets, until_ns: int) -> list[Packets]:
        packets, served = self._servers[hop].serve(packets, until_ns)
        self._meter.passed(hop, packets, served)
        out_ns = served.out_ns
        if served.lost.any():
            kept = ~served.lost
            packets, out_ns = packets.take(kept), out_ns[kept]
        if lines := self._lines.get(hop, ()):
            order = np.argsort(out_ns, kind="stable")
            packets, out_ns = packets.take(order), out_ns[order]
        for line in lines:
            came = line.pass_on(out_ns)
            packets, out_ns = packets.take(came.which), came.out_ns
        if not len(out_ns):
            return []
        moved = packets._replace(at_ns=out_ns, step=packets.step + np.uint8(1))
        only = self._only_after.get(hop)
        targets = [(only, moved)] if only is not None else self._split(moved)
        ended = []
        for to, part in targets:
            if to == END:
                ended.append(part)
            else:
                self._waiting[to].append(part)
        return ended

    def _split(self, moved: Packets) -> list[tuple[int, Packets]]:
        """Packets by the hop that they cross next, each part in their order."""
        ways = self._way_of[moved.flow]
        after = np.full(len(ways), END, np.int32)
        routed = ways != END
        if routed.all():
            after = self._paths.after(ways, moved.step)
        elif routed.any():
            after[routed] = self._paths.after(ways[routed], moved.step[routed])
        first = int(after[0])
        if (after == first).all():
            return [(first, moved)]
        targets, number = np.unique(after, return_inverse=True)
        # few targets: small numbers, which are sorted in one pass
        order = np.argsort(number.astype(np.uint16), kind="stable")
        edges = np.cumsum(np.bincount(number))[:-1]
        parts = np.split(order, edges)
        return [(int(to), moved.take(part)) for to, part in zip(targets, parts, strict=True)]
