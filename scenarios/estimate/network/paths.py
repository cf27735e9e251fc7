"""Which directions of links a plan's packets cross, as numbers for arrays.

A hop is one direction of one link, numbered as the network's links are: 2n is a→b of link n, 2n + 1
is b→a. A path is one bridge's packets in one direction: 2n is up from bridge n of the plan's calls
to the MCU, 2n + 1 down to it. Paths are the emulation's static ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.network import Hop, NetLink
from giaoban.topology.routing import shortest_paths

END = -1
"""Behind a path's last hop."""


@dataclass(frozen=True)
class Paths:
    """All paths of a plan.

    Attributes:
        hops: every direction of every link, in order.
        links: of each hop.
        first: (paths,) place of each path's first hop in `along`.
        along: the hops of all paths, one after another, each ended by `END`.
    """

    hops: list[Hop]
    links: list[NetLink]
    first: NDArray[np.int64]
    along: NDArray[np.int32]

    def of(self, path: int) -> list[int]:
        """The hops of a path, in order."""
        found = []
        at = int(self.first[path])
        while (hop := int(self.along[at])) != END:
            found.append(hop)
            at += 1
        return found

    def after(self, hop: int, paths: NDArray[np.int32]) -> NDArray[np.int32]:
        """(n,) the hop that each path crosses behind this one, or `END`; END for the path END."""
        after: NDArray[np.int32] = self._after(hop)[paths]
        return after

    @cached_property
    def only_after(self) -> dict[int, int]:
        """What comes behind a hop, `END` too, where the same comes on every path through it."""
        inner = self.along != END
        behind = np.append(self.along[1:], np.int32(END))
        hops, after = self.along[inner], behind[inner]
        low: dict[int, int] = {}
        high: dict[int, int] = {}
        for hop, to in zip(hops.tolist(), after.tolist(), strict=True):
            low[hop], high[hop] = min(low.get(hop, to), to), max(high.get(hop, to), to)
        return {hop: to for hop, to in low.items() if high[hop] == to}

    @cached_property
    def _behind(self) -> dict[int, NDArray[np.int32]]:
        """Of hops that were asked for: (paths + 1,) what comes behind them on each path."""
        return {}

    def _after(self, hop: int) -> NDArray[np.int32]:
        if hop not in self._behind:
            at = np.flatnonzero(self.along == hop)
            behind = np.full(len(self.first) + 1, END, np.int32)  # at END, the last, END stays
            behind[np.searchsorted(self.first, at, "right") - 1] = self.along[at + 1]
            self._behind[hop] = behind
        return self._behind[hop]

    @cached_property
    def in_order(self) -> list[int]:
        """Every used hop, each after all from which packets come to it.

        There is such an order, however many circles the links form: on the way up the distance to
        the MCU, in delay and then in hops, falls with each hop, and on the way down it grows. So
        no hop is crossed both upwards and downwards, and none comes before itself.
        """
        behind: dict[int, set[int]] = {}
        for path in range(len(self.first)):
            own = self.of(path)
            for before, hop in zip((None, *own), own, strict=False):
                behind.setdefault(hop, set())
                if before is not None:
                    behind[hop].add(before)
        return list(TopologicalSorter(behind).static_order())


def find_paths(plan: Plan) -> Paths:
    """The paths of every bridge of a plan, in the order of its calls."""
    network = plan.network
    routes, mcu = shortest_paths(network), network.mcu.id
    hops = [hop for link in network.links for hop in link.hops]
    number = {hop: place for place, hop in enumerate(hops)}
    first: list[int] = []
    along: list[int] = []
    for call in plan.calls:
        for ends in ((call.bridge, mcu), (mcu, call.bridge)):
            first.append(len(along))
            along += [number[hop] for hop in routes.path(*ends)]
            along.append(END)
    links = [link for link in network.links for _ in link.hops]
    return Paths(hops, links, np.array(first, np.int64), np.array(along, np.int32))
