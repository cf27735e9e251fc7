"""The hops that each call's packets cross, and from when on they take other hops after a failure.

A hop is one direction of one link: 2n is a→b of the network's link n, 2n + 1 is b→a. A path is one
bridge's packets in one direction: 2n goes up from bridge n of the plan's calls to the MCU, 2n + 1
comes down.

Routers are not simulated. Each detects a failure, computes and installs its routes after delays
that follow from the province's timers, with phases drawn from the run's seed. A path changes in one
moment, when the last router on the new way has installed it: until then packets are lost on the
failed link. Loops between routers and interruptions by a mended link are not modelled.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.errors import InputError
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.changes import NetworkChange
from giaoban.topology.model import Routing
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.topology.routing import Routes, shortest_paths

MS_NS = 1_000_000
FLOOD_NS = MS_NS
"""From an LSA's origination to its arrival at other routers: a few hops of fibre, about a
millisecond in the default province."""
NO_ROUTE = 0
"""Number of the empty route, for a path that does not exist at the moment."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Ways:
    """All ways of a plan's packets.

    Attributes:
        hops: every direction of every link, in order; `links`: the link of each.
        routes: distinct sequences of hops; the first is empty.
        by_path: of each path (from_ns, route), in order of time, the first from the beginning.
        others: route of each stream of other traffic, which ends behind its link.
        dark: hop → spans in which what arrives at its end is lost.
        carrier_down: hop → spans in which its router sends nothing into it.
    """

    hops: list[Hop]
    links: list[NetLink]
    routes: list[tuple[int, ...]]
    by_path: list[list[tuple[int, int]]]
    others: list[int]
    dark: Mapping[int, list[Span]]
    carrier_down: Mapping[int, list[Span]]

    def route_of(self, path: int, at_ns: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return (n,) the routes that packets take which leave at these moments."""
        changes = self.by_path[path]
        if len(changes) == 1:
            return np.full(len(at_ns), changes[0][1], np.int32)
        starts = np.array([from_ns for from_ns, _ in changes])
        routes = np.array([route for _, route in changes], np.int32)
        return routes[np.searchsorted(starts, at_ns, "right") - 1]

    def along(self, path: int) -> tuple[int, ...]:
        """Return the hops that a path begins with."""
        return self.routes[self.by_path[path][0][1]]

    def delay_ns(self, path: int, wire_bytes: int) -> int:
        """Return how long a packet takes through the idle network."""
        return sum(
            round(link.delay_us * 1e3 + (wire_bytes + link.overhead_bytes) * 8e3 / link.rate_mbps)
            for link in (self.links[hop] for hop in self.along(path))
        )

    @cached_property
    def _dead(self) -> dict[int, list[Span]]:
        return {}

    def dead(self, path: int) -> list[Span]:
        """Return the spans in which no packet gets through on a path, in order and apart."""
        if path not in self._dead:
            self._dead[path] = merged(self._find_dead(path))
        return self._dead[path]

    def _find_dead(self, path: int) -> Iterator[Span]:
        changes = self.by_path[path]
        ends = [from_ns for from_ns, _ in changes[1:]] + [NEVER_NS]
        for (start, route), end in zip(changes, ends, strict=True):
            if route == NO_ROUTE:
                yield start, end
            for hop in self.routes[route]:
                for a, b in (*self.dark.get(hop, ()), *self.carrier_down.get(hop, ())):
                    if max(a, start) < min(b, end):
                        yield max(a, start), min(b, end)

    def alive(self, path: int, at_ns: int) -> bool:
        """Return whether a packet that leaves now gets through."""
        return not any(a <= at_ns < b for a, b in self.dead(path))

    def order(self, paths: range) -> list[int]:
        """Return the hops of these paths, each after all from which packets come to it.

        Routes of different moments may follow each other in a circle: such hops come as they are
        found, and the caller goes round again.
        """
        behind: dict[int, set[int]] = {}
        for route in {route for path in paths for _, route in self.by_path[path]}:
            for before, hop in zip((None, *self.routes[route]), self.routes[route], strict=False):
                behind.setdefault(hop, set())
                if before is not None:
                    behind[hop].add(before)
        found: dict[int, None] = {}
        while behind.keys() - found.keys():
            waiting = [hop for hop in behind if hop not in found]
            free = [hop for hop in waiting if behind[hop] <= found.keys()]
            found |= dict.fromkeys(free or waiting[:1])
        return list(found)


def find_ways(plan: Plan) -> Ways:
    """Return the ways of a plan's packets."""
    network = plan.network
    hops = [hop for link in network.links for hop in link.hops]
    number = {hop: place for place, hop in enumerate(hops)}
    links = [link for link in network.links for _ in link.hops]
    mcu = network.mcu.id
    ends = [e for c in plan.calls for e in ((c.bridge, mcu), (mcu, c.bridge))]
    routes: dict[tuple[int, ...], int] = {(): NO_ROUTE}

    def route(of: Routes, path: int) -> int:
        try:
            found = tuple(number[hop] for hop in of.path(*ends[path]))
        except InputError:
            found = ()
        return routes.setdefault(found, len(routes))

    now = shortest_paths(network)
    by_path = [[(0, route(now, path))] for path in range(len(ends))]
    states = _LinkStates.of(network, plan.changes)
    for changed in _rerouted(network, plan.changes, states, plan.seed):
        later = shortest_paths(network.without(changed.failed))
        for path, (_, target) in enumerate(ends):
            new = route(later, path)
            if new == by_path[path][-1][1]:
                continue
            routers = [hops[hop].source for hop in list(routes)[new][1:]]
            turned = [r for r in routers if _first(now, r, target) != _first(later, r, target)]
            at_ns = max((changed.installed_ns[r] for r in turned), default=changed.first_ns)
            by_path[path].append((max(at_ns, by_path[path][-1][0] + 1), new))
        now = later
    others = [routes.setdefault((number[each.hop],), len(routes)) for each in plan.background]
    return Ways(
        hops=hops,
        links=links,
        routes=list(routes),
        by_path=by_path,
        others=others,
        dark={number[hop]: spans for hop, spans in states.dark.items()},
        carrier_down={
            number[hop]: spans
            for link, spans in states.carrier_down.items()
            for hop in network.link(link).hops
            if hop.source != mcu and network.node(hop.source).kind != "bridge"
        },
    )


def _first(routes: Routes, router: str, target: str) -> str | None:
    """Return the link by which a router sends what is for a host."""
    try:
        return routes.path(router, target)[0].link
    except (InputError, IndexError):
        return None


@dataclass(frozen=True)
class _LinkStates:
    """Effects of a plan's changes on links: see `Ways`; `carrier_down` is by link."""

    dark: dict[Hop, list[Span]]
    carrier_down: dict[str, list[Span]]

    @classmethod
    def of(cls, network: Network, changes: Sequence[NetworkChange]) -> _LinkStates:
        routing = network.routing
        seen_ns = 0 if routing is None else routing.seen_after_ms * MS_NS
        dark: dict[Hop, list[tuple[int, int]]] = {}
        down: dict[str, list[tuple[int, int]]] = {}
        for change in changes:
            at_ns = round(change.at_s * 1e9)
            if change.do in ("link-down", "link-up"):
                step = 1 if change.do == "link-down" else -1
                link = network.link(change.link or "")
                down.setdefault(link.id, []).append((at_ns, step))
                for hop in link.hops:
                    dark.setdefault(hop, []).append((at_ns, step))
            elif change.do in ("discard", "forward"):
                step = 1 if change.do == "discard" else -1
                dark.setdefault(change.hop, []).append((at_ns, step))
        seen = {
            link: [(a + seen_ns, b) for a, b in _held(steps) if a + seen_ns < b]
            for link, steps in down.items()
        }
        return cls({hop: _held(steps) for hop, steps in dark.items()}, seen)


def _held(steps: list[tuple[int, int]]) -> list[Span]:
    """Return the spans in which at least one of several faults holds."""
    spans: list[Span] = []
    holding, since = 0, 0
    for at_ns, step in sorted(steps):
        if not holding:
            since = at_ns
        holding += step
        if not holding:
            spans.append((since, at_ns))
    if holding:
        spans.append((since, NEVER_NS))
    return merged(spans)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same times in order, of which those that overlap or touch are one."""
    found: list[Span] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], b)
        else:
            found.append((a, b))
    return found


@dataclass(frozen=True)
class _Rerouted:
    """A change that routers take in: which backbone links are out of use from then on, and from
    when on each router forwards accordingly."""

    failed: list[str]
    installed_ns: dict[str, int]

    @property
    def first_ns(self) -> int:
        return min(self.installed_ns.values())


def _rerouted(
    network: Network,
    changes: Sequence[NetworkChange],
    states: _LinkStates,
    seed: int,
) -> Iterator[_Rerouted]:
    """Yield the changes that routers take in, in order of time; none where routes are static."""
    routing = network.routing
    backbone = {link.id for link in network.links if link.kind == "backbone"}
    edges = sorted(
        {
            (at_ns, hop.link, at_ns == b)
            for hop, spans in states.dark.items()
            if hop.link in backbone
            for a, b in spans
            for at_ns in (a, b)
            if at_ns < NEVER_NS
        }
    )
    if routing is None or routing.protocol == "static":
        return
    timers = _Timers(routing, random.Random(f"{seed} routing"))
    lit = {change.link for change in changes if change.do == "link-down"}
    failed: list[str] = []
    for at_ns, link_id, mends in edges:
        link = network.link(link_id)
        failed = [each for each in failed if each != link_id]
        if not mends or any(
            a <= at_ns < b for hop in link.hops for a, b in states.dark.get(hop, ())
        ):
            failed.append(link_id)
        ends = [end for end in (link.a, link.b) if not _stopped(changes, end, at_ns)]
        routers = [node.id for node in network.routers]
        installed = timers.installed(at_ns, ends, routers, mends=mends, seen=link_id in lit)
        yield _Rerouted(list(failed), installed)


def _stopped(changes: Sequence[NetworkChange], router: str, at_ns: int) -> bool:
    """Return whether a router's process is dead at a moment."""
    own = [c for c in changes if c.router == router and round(c.at_s * 1e9) <= at_ns]
    return bool(own) and max(own, key=lambda c: c.at_s).do == "stop-router"


class _Timers:
    """The delays of a province's routers."""

    def __init__(self, routing: Routing, rng: random.Random) -> None:
        self._routing, self._rng = routing, rng
        self._phase_ns: dict[str, int] = {}

    def installed(
        self, at_ns: int, ends: Sequence[str], routers: Sequence[str], *, mends: bool, seen: bool
    ) -> dict[str, int]:
        """Return when each router forwards by a change at the `ends` of a link.

        A link is out of use as soon as one end withdraws it, and in use when both list it (RFC 2328
        §16.1). `seen`: its light went out, which its ends see.
        """
        routing = self._routing
        if routing.protection_ms is not None:
            return dict.fromkeys(routers, at_ns + routing.protection_ms * MS_NS)
        noticed = {end: at_ns + self._noticed_ns(mends=mends, seen=seen) for end in ends}
        flooded = {end: self._tick(end, own_ns) for end, own_ns in noticed.items()}
        by_all = max if mends else min
        known_ns = by_all(flooded.values(), default=at_ns) + FLOOD_NS
        install_ns = routing.installed_after_ms * MS_NS
        return {
            r: (flooded[r] if r in flooded and not mends else self._tick(r, known_ns)) + install_ns
            for r in routers
        }

    def _noticed_ns(self, *, mends: bool, seen: bool) -> int:
        routing = self._routing
        assert routing.hello_ms is not None
        assert routing.dead_ms is not None
        if mends:
            return self._draw(0, routing.hello_ms)
        if seen:
            return routing.seen_after_ms * MS_NS
        if routing.bfd_interval_ms is not None and routing.bfd_multiplier is not None:
            longest = routing.bfd_interval_ms * routing.bfd_multiplier
            return self._draw(longest - routing.bfd_interval_ms, longest)
        return self._draw(routing.dead_ms - routing.hello_ms, routing.dead_ms)

    def _draw(self, low_ms: float, high_ms: float) -> int:
        return round(self._rng.uniform(low_ms, high_ms) * MS_NS)

    def _tick(self, router: str, at_ns: int) -> int:
        """Return when a router takes in a change that it learns of now."""
        assert self._routing.spf_ms is not None
        every_ns = self._routing.spf_ms * MS_NS
        if router not in self._phase_ns:
            self._phase_ns[router] = self._rng.randrange(every_ns)
        phase_ns = self._phase_ns[router]
        return phase_ns - (phase_ns - at_ns) // every_ns * every_ns
