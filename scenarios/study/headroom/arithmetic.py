"""How many more calls fit on links, by arithmetic: their busiest seconds. Pure.

Every further call at a router adds the same mean load and the same variance to the links on its
way, so what `static_loads` says of one call more tells what it says of any number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from giaoban.mcu_sim.fit import MOST
from giaoban.scenarios.estimate.static import WORST_SECOND, LinkLoad, StaticLoads

Hop = tuple[str, str]
"""(link, direction)."""


@dataclass(frozen=True)
class Load:
    """A load in Mb/s, and the variance of its seconds in (Mb/s)²."""

    mean: float
    variance: float

    def peak(self) -> float:
        """Its busiest second, as `static_loads` has it."""
        return self.mean + WORST_SECOND * math.sqrt(max(0.0, self.variance))

    def plus(self, other: Load, times: int) -> Load:
        return Load(self.mean + times * other.mean, self.variance + times * other.variance)


@dataclass(frozen=True)
class Growth:
    """Loads now, and what one more call at each router adds.

    `now` and `rates` are by hop, `added` by router and hop: only hops on the way of its calls.
    `own`: the busiest second of a new bridge's own line, in % of its rate, the same for all.
    """

    now: Mapping[Hop, Load]
    rates: Mapping[Hop, float]
    added: Mapping[str, Mapping[Hop, Load]]
    own_pct: float

    def peak_pct(self, hop: Hop, calls: Mapping[str, int]) -> float:
        """A hop's busiest second with so many more calls at each router."""
        load = self.now[hop]
        for router, count in calls.items():
            if hop in self.added[router]:
                load = load.plus(self.added[router][hop], count)
        return 100 * load.peak() / self.rates[hop]


def growth(
    before: StaticLoads, with_one: Mapping[str, StaticLoads], own: Callable[[Hop], bool]
) -> Growth:
    """From the loads without and with one call more at each router.

    Args:
        own: whether a hop is of a new bridge's own line.
    """
    now = {_hop(load): _load(load) for load in before.links}
    rates = {_hop(load): load.rate_mbps for load in before.links}
    added: dict[str, dict[Hop, Load]] = {}
    own_pct = 0.0
    for router, after in with_one.items():
        added[router] = {}
        for load in after.links:
            hop = _hop(load)
            if own(hop):
                own_pct = max(own_pct, load.peak_pct)
                continue
            one = _load(load)
            more = Load(one.mean - now[hop].mean, one.variance - now[hop].variance)
            if more.mean > 1e-9:
                added[router][hop] = more
    return Growth(now, rates, added, own_pct)


def spread(routers: Sequence[str], count: int) -> dict[str, int]:
    """So many calls at the routers in turn."""
    whole, rest = divmod(count, len(routers))
    return {router: whole + (number < rest) for number, router in enumerate(routers)}


def room_on_links(
    growth: Growth, routers: Sequence[str], limit_pct: float
) -> list[tuple[int, Hop]]:
    """For each hop that the calls cross: how many more fit, at these routers in turn, the fewest
    first; hops that would carry `MOST` are left out. Ties go by name.

    A new bridge's own line is not among them: see `Growth.own_pct`.
    """
    found = []
    for hop in sorted({hop for router in routers for hop in growth.added[router]}):
        more = most(lambda n, hop=hop: growth.peak_pct(hop, spread(routers, n)) <= limit_pct)  # type: ignore[misc]
        if more is not None:
            found.append((more, hop))
    return sorted(found)


def room_of_link(growth: Growth, hop: Hop, limit_pct: float) -> int | None:
    """How many more calls go over one hop; None: none goes there, or `MOST` would fit."""
    crossing = [router for router, hops in growth.added.items() if hop in hops]
    if not crossing:
        return None
    return most(lambda n: growth.peak_pct(hop, {crossing[0]: n}) <= limit_pct)


def most(fits: Callable[[int], bool]) -> int | None:
    """The largest number that fits, where every smaller one fits too; 0 if none does, None if
    `MOST` fits."""
    if fits(MOST):
        return None
    low, high = 0, 1
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _hop(load: LinkLoad) -> Hop:
    return load.link, load.direction


def _load(load: LinkLoad) -> Load:
    return Load(load.mean_mbps, ((load.peak_mbps - load.mean_mbps) / WORST_SECOND) ** 2)
