"""Packets through a network whose links and routers fail, each by the routes of its moment.

Routes change at moments (`giaoban.topology.convergence.forwarding`). Between these, where they lead
to their ends without a circle and nothing is under way by older ones, whole arrays are served as
ever (`transit`). Around a change packets may meet older ones on any hop, or go round in a circle:
then they are looked at one by one, in order of time, or where routers tell classes apart in steps
shorter than any fibre.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.hops import ClassBlindFifo
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.network.paths import END, find_paths
from giaoban.scenarios.estimate.network.policing import TokenBucket
from giaoban.scenarios.estimate.network.queues import Served, propagation_ns
from giaoban.scenarios.estimate.network.transit import (
    Cargo,
    Keys,
    Meter,
    Server,
    Transit,
)
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.convergence.forwarding import (
    KnownRouters,
    RoutesOverTime,
    routes_over_time,
)
from giaoban.topology.convergence.links import Edges, within

NO_ROUTE = -2
"""A router has no route for a packet."""
UNTIL_DRAINED_NS = 20_000_000
"""So long after routes have changed packets may be under way by the ones before."""
ROUTERS_PASSED = 63
"""A packet begins with a time to live of 64 (Linux); the router at which it would be nought ends
it."""
PASSED_SHIFT = 48
"""How many routers a packet has passed stands above so many bits of its number."""
NUMBER_MASK = (1 << PASSED_SHIFT) - 1


class FailingPaths:
    """Which hop comes next, at every moment of a plan; hops and paths as `Paths` numbers them."""

    def __init__(self, plan: Plan, known: KnownRouters | None = None) -> None:
        """`known`: routers of other plans."""
        self.over_time: RoutesOverTime = routes_over_time(
            plan.network, plan.changes, plan.seed, plan.end_s, known
        )
        paths = self.paths = find_paths(plan)
        network = plan.network
        number = {hop: place for place, hop in enumerate(paths.hops)}
        mcu = network.mcu.id
        targets = [t for call in plan.calls for t in (mcu, call.bridge)]
        routers = {node.id for node in network.routers}
        self._paths_to: dict[str, list[int]] = {}
        for path, target in enumerate(targets):
            self._paths_to.setdefault(target, []).append(path)
        self._count = len(targets)
        leaving = {
            (hop.source, hop.link): place for hop, place in number.items() if hop.source in routers
        }
        self.at_router = [hop.target if hop.target in routers else None for hop in paths.hops]
        """(hops,) the router at which each hop ends, None for a host."""
        self._moments: dict[str, list[int]] = {}
        self._next: dict[str, list[NDArray[np.int32]]] = {}
        for router in routers:
            row = np.full(self._count + 1, NO_ROUTE, np.int32)
            row[-1] = END  # other traffic ends behind its first hop
            for host, link in self.over_time.at_first.get(router, {}).items():
                row[self._paths_to.get(host, [])] = leaving[router, link]
            self._moments[router], self._next[router] = [], [row]
        for change in self.over_time.changes:
            moments, rows = self._moments[change.router], self._next[change.router]
            if not moments or moments[-1] != change.at_ns:
                moments.append(change.at_ns)
                rows.append(rows[-1].copy())
            to = NO_ROUTE if change.link is None else leaving[change.router, change.link]
            rows[-1][self._paths_to.get(change.host, [])] = to
        self.moments = sorted({at for of in self._moments.values() for at in of})
        """When any route changes."""
        times = self.over_time.times
        self.discards: list[Edges] = [times.discards.get(hop, ()) for hop in paths.hops]
        self.carrier_down: list[Edges] = [
            times.carrier_down.get(hop.link, ()) if hop.source in routers else ()
            for hop in paths.hops
        ]

    def __deepcopy__(self, memo: dict[int, object]) -> FailingPaths:
        """It never changes."""
        return self

    def any_change(self, start_ns: int, end_ns: int) -> bool:
        """Whether a link or a route changes in [start, end)."""
        return bisect_left(self._changes, start_ns) < bisect_left(self._changes, end_ns)

    def next_change_ns(self, at_ns: int) -> int | None:
        """When a link or a route changes next, from a moment on."""
        place = bisect_left(self._changes, at_ns)
        return self._changes[place] if place < len(self._changes) else None

    @cached_property
    def _changes(self) -> list[int]:
        edges = {at for of in (*self.discards, *self.carrier_down) for at in of}
        return sorted(edges | set(self.moments))

    def is_cut(self, path: int, at_ns: int) -> bool:
        """Whether nothing gets through on a path, links and routes being as at a moment."""
        hop = int(self.paths.along[self.paths.first[path]])
        for _ in range(ROUTERS_PASSED + 1):
            if within(self.discards[hop], at_ns):
                return True
            hop = self.after_one(hop, path, at_ns)
            if hop < 0:
                return hop == NO_ROUTE
        return True

    def after(
        self, hop: int, paths: NDArray[np.int32], out_ns: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        """(n,) what comes behind a hop on these paths, for packets that leave it at these moments:
        a hop, `END` or `NO_ROUTE`."""
        router = self.at_router[hop]
        if router is None:
            return np.full(len(paths), END, np.int32)
        moments, rows = self._moments[router], self._next[router]
        if not moments:
            return rows[0][paths]
        first = bisect_right(moments, int(out_ns.min()))
        last = bisect_right(moments, int(out_ns.max()))
        if first == last:
            return rows[first][paths]
        at = np.searchsorted(np.array(moments), out_ns, "right")
        found: NDArray[np.int32] = np.stack(rows[first : last + 1])[at - first, paths]
        return found

    def after_one(self, hop: int, path: int, out_ns: int) -> int:
        """The same for one packet."""
        router = self.at_router[hop]
        if router is None:
            return END
        return int(self._next[router][bisect_right(self._moments[router], out_ns)][path])

    def halves(self, start_ns: int, until_ns: int) -> tuple[list[int], list[int]] | None:
        """All hops in order, those on paths to the MCU and the others; None where packets cross a
        hop both ways, or one that they would not by the routes of the beginning."""
        if self.any_change(start_ns - UNTIL_DRAINED_NS, until_ns):
            return None
        order = self.order_at(start_ns)
        if order is None:
            return None
        up, down = (
            {hop for path in range(first, self._count, 2) for hop in self._hops_of(path, start_ns)}
            for first in (0, 1)
        )
        if up & down:
            return None
        return [hop for hop in order if hop in up], [hop for hop in order if hop not in up]

    def _hops_of(self, path: int, at_ns: int) -> Iterator[int]:
        """What a packet crosses by the routes of a moment; where they lead round in a circle it
        never ends."""
        hop = int(self.paths.along[self.paths.first[path]])
        while hop >= 0:
            yield hop
            hop = self.after_one(hop, path, at_ns)

    def order_at(self, at_ns: int) -> list[int] | None:
        """All hops, each after all from which packets come to it by the routes of a moment; None if
        there is no such order."""
        place = bisect_right(self.moments, at_ns)
        if place not in self._orders:
            self._orders[place] = self._order(at_ns)
        return self._orders[place]

    @cached_property
    def _orders(self) -> dict[int, list[int] | None]:
        return {}

    def _order(self, at_ns: int) -> list[int] | None:
        behind: dict[int, set[int]] = {hop: set() for hop in range(len(self.paths.hops))}
        crossed: set[int] = set()
        for path in range(self._count):
            own: list[int] = []
            for hop in self._hops_of(path, at_ns):
                if hop in own:
                    return None  # packets go round in a circle
                own.append(hop)
            for hop, to in itertools.pairwise(own):
                behind[to].add(hop)
            crossed |= {*own}
        try:
            ordered = list(TopologicalSorter(behind).static_order())
        except CycleError:
            return None
        # what is left on others comes from there
        return sorted(ordered, key=lambda hop: hop in crossed)


class FailingTransit(Transit):
    """As `Transit`, where routes change.

    Attributes:
        lost: (hops,) packets that faults took on each.
        without_route, expired: those that ended at routers.
    """

    def __init__(
        self,
        failing: FailingPaths,
        path_of: NDArray[np.int32],
        servers: dict[int, Server],
        lines: dict[int, list[LineEnd]],
        meter: Meter,
        policers: Mapping[int, TokenBucket] | None = None,
    ) -> None:
        super().__init__(failing.paths, path_of, servers, lines, meter, policers)
        self._only_after = {}
        self._failing = failing
        self._now_ns = 0
        self.lost = np.zeros(len(failing.paths.hops), np.int64)
        self.without_route = self.expired = 0
        links = failing.paths.links
        fibres = [propagation_ns(link.delay_us) for link in links if link.kind == "backbone"]
        self._step_ns = min(fibres, default=UNTIL_DRAINED_NS)
        plain = all(isinstance(one, ClassBlindFifo) for one in servers.values())
        self._one_by_one = plain and not self._policers

    def take_lost(self) -> list[tuple[int, int, int]]:
        return [(at_ns, flow, seq & NUMBER_MASK) for at_ns, flow, seq in super().take_lost()]

    def run(self, hops: list[int], until_ns: int) -> Packets:
        """Serve all hops until a moment. `hops` are all; their order is that of each moment."""
        failing, ended = self._failing, []
        while self._now_ns < until_ns:
            now_ns = self._now_ns
            place = bisect_right(failing.moments, now_ns)
            next_ns = min([until_ns, *failing.moments[place : place + 1]])
            drained_ns = failing.moments[place - 1] + UNTIL_DRAINED_NS if place else 0
            order = failing.order_at(now_ns)
            if order is not None and now_ns >= drained_ns:
                part = super().run(order, next_ns)
            else:
                if order is not None:
                    next_ns = min(next_ns, drained_ns)
                if self._one_by_one:
                    part = self._run_one_by_one(next_ns)
                else:
                    next_ns = min(next_ns, now_ns + self._step_ns)
                    part = super().run(self._any_order, next_ns)
            self._now_ns = next_ns
            ended.append(part)
        found = joined(ended)
        return found._replace(seq=found.seq & NUMBER_MASK)

    def run_half(self, hops: list[int], until_ns: int) -> Packets:
        """Serve these of `FailingPaths.halves`; the other half is to be served up to the same
        moment."""
        self._now_ns = until_ns
        found = super().run(hops, until_ns)
        return found._replace(seq=found.seq & NUMBER_MASK)

    @cached_property
    def _any_order(self) -> list[int]:
        """Up access links, the backbone, down access links: no fibre is crossed within a step."""
        routers = {name for name in self._failing.at_router if name is not None}

        def rank(hop: int) -> int:
            of = self._paths.hops[hop]
            return 1 + (of.target not in routers) - (of.source not in routers)

        return sorted(range(len(self._paths.hops)), key=rank)

    def _pass(
        self, hop: int, keys: Keys, cargo: Cargo, until_ns: int
    ) -> Iterable[tuple[int, Keys]]:
        if carrier_down := self._failing.carrier_down[hop]:
            down = _each_within(carrier_down, cargo.at_ns(keys))
            gone = keys[down]
            self._takes(hop, cargo, cargo.at_ns(gone), cargo.places(gone))
            keys = keys[~down]
        return super()._pass(hop, keys, cargo, until_ns) if len(keys) else ()

    def _onward(
        self, hop: int, places: NDArray[np.int64], out_ns: NDArray[np.int64], cargo: Cargo
    ) -> Iterable[tuple[int, Keys]]:
        if discards := self._failing.discards[hop]:
            gone = _each_within(discards, out_ns)
            self._takes(hop, cargo, out_ns[gone], places[gone])
            places, out_ns = places[~gone], out_ns[~gone]
        if self._failing.at_router[hop] is not None and len(places):
            cargo.seq[places] += 1 << PASSED_SHIFT
            old = cargo.seq[places] >> PASSED_SHIFT > ROUTERS_PASSED
            if old.any():
                self.expired += int(np.count_nonzero(old))
                self._lost += cargo.named(out_ns[old], places[old])
                places, out_ns = places[~old], out_ns[~old]
        for to, part in super()._onward(hop, places, out_ns, cargo):
            if to == NO_ROUTE:
                self.without_route += len(part)
                self._lost += cargo.named(cargo.at_ns(part), cargo.places(part))
            else:
                yield to, part

    def _takes(
        self, hop: int, cargo: Cargo, at_ns: NDArray[np.int64], places: NDArray[np.int64]
    ) -> None:
        """A fault takes packets on a hop."""
        self.lost[hop] += len(places)
        self._lost += cargo.named(at_ns, places)

    def _after(
        self, hop: int, paths: NDArray[np.int32], out_ns: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        return self._failing.after(hop, paths, out_ns)

    def _run_one_by_one(self, until_ns: int) -> Packets:
        """All packets in order of time, whatever hop they come to."""
        failing, lines, path_of = self._failing, self._lines, self._path_of
        agenda: list[tuple[int, int, int, int, int, int]] = []
        count = 0
        for hop, waiting in self._waiting.items():
            if (due := waiting.due(until_ns)) is None:
                continue
            for at_ns, size, flow, seq in zip(*(column.tolist() for column in due), strict=True):
                agenda.append((at_ns, count, hop, size, flow, seq))
                count += 1
        heapq.heapify(agenda)
        passed: dict[int, list[tuple[int, int, int, int, int, bool]]] = {}
        later: dict[int, list[tuple[int, int, int, int]]] = {}
        ended: list[tuple[int, int, int, int]] = []
        while agenda:
            at_ns, _, hop, size, flow, seq = heapq.heappop(agenda)
            if within(failing.carrier_down[hop], at_ns):
                self.lost[hop] += 1
                self._lost.append((at_ns, flow, seq))
                continue
            server = self._servers[hop]
            assert isinstance(server, ClassBlindFifo)
            served = server.serve_one(at_ns, size)
            told = passed.setdefault(hop, [])
            if served is None:
                told.append((at_ns, at_ns, at_ns, size, flow, True))
                self._lost.append((at_ns, flow, seq))
                continue
            began_ns, out_ns = served
            told.append((at_ns, began_ns, out_ns, size, flow, False))
            if within(failing.discards[hop], out_ns):
                self.lost[hop] += 1
                self._lost.append((at_ns, flow, seq))
                continue
            if failing.at_router[hop] is not None:
                seq += 1 << PASSED_SHIFT
                if seq >> PASSED_SHIFT > ROUTERS_PASSED:
                    self.expired += 1
                    self._lost.append((at_ns, flow, seq))
                    continue
            outs = [out_ns]
            for line in lines.get(hop, ()):
                came = line.pass_on(np.array(outs, np.int64))
                outs = came.out_ns.tolist()
            if not outs:
                self._lost.append((at_ns, flow, seq))
            for out_ns in outs:
                to = failing.after_one(hop, int(path_of[flow]), out_ns)
                if to == NO_ROUTE:
                    self.without_route += 1
                    self._lost.append((at_ns, flow, seq))
                elif to == END:
                    ended.append((out_ns, size, flow, seq))
                elif out_ns < until_ns:
                    heapq.heappush(agenda, (out_ns, count, to, size, flow, seq))
                    count += 1
                else:
                    later.setdefault(to, []).append((out_ns, size, flow, seq))
        for hop, rows in passed.items():
            self._tell_meter(hop, rows)
        for hop, rest in later.items():
            self._waiting[hop].put(_packets(rest))
        return _packets(ended)

    def _tell_meter(self, hop: int, rows: Sequence[tuple[int, int, int, int, int, bool]]) -> None:
        came, began, out, size, flow, lost = zip(*rows, strict=True)
        served = Served(
            np.array(came, np.int64),
            np.array(began, np.int64),
            np.array(out, np.int64),
            np.array(lost, np.bool_),
        )
        flows = np.array(flow, np.int32)
        self._meter.passed(hop, np.array(size, np.int32), lambda: flows, served)


def _packets(rows: Sequence[tuple[int, int, int, int]]) -> Packets:
    if not rows:
        return joined([])
    at_ns, size, flow, seq = zip(*rows, strict=True)
    return Packets(
        np.array(at_ns, np.int64),
        np.array(size, np.int32),
        np.array(flow, np.int32),
        np.array(seq, np.int64),
    )


def _each_within(edges: Edges, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) `within` of each moment."""
    found: NDArray[np.bool_] = np.searchsorted(np.array(edges), at_ns, "right") % 2 == 1
    return found
