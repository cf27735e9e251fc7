"""A network's queues served level by level, all hops of a level at once.

A hop's level is how many hops at the most come before it on any path, so no packet goes from one
hop to another of its level. The packets' order is that of `transit.Transit`, to the nanosecond and
where several come at one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.ended import Ended
from giaoban.scenarios.estimate.network.hop_cache import HopCache, KnownPass, KnownStep
from giaoban.scenarios.estimate.network.meter import HopCounters, Passages, QueueWaits
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.packets import Packets, PendingPackets, joined
from giaoban.scenarios.estimate.network.paths import END, Paths
from giaoban.scenarios.estimate.network.queues import Batch, BatchedFifo, BatchServed, rate_of
from giaoban.scenarios.estimate.network.transit import Cargo, Keys, in_order
from giaoban.shallow import shallow_copy
from giaoban.topology.network import NetLink


class _HopLevel:
    """Some hops, in the order of their numbers.

    Attributes:
        hops: (k,) their numbers.
        place: (paths,) of the hop here that each path crosses: its place in `hops`, else `nowhere`.
        nowhere: no place.
        turn: (k,) the hops in the order in which `Transit` takes them.
        after: (paths,) the level that a path crosses behind this one, else END.
        only_after: that of all paths that cross this one, if it is the same.
    """

    def __init__(self, hops: list[int], paths: Paths, levels: int) -> None:
        """`levels`: so many are there in all."""
        self.hops = np.array(sorted(hops), np.int64)
        small = np.min_scalar_type(len(hops))  # the smaller, the sooner they are sorted
        self.nowhere = len(hops)
        self.place: NDArray[Any] = np.full(len(paths.first), self.nowhere, small)
        self.after: NDArray[Any] = np.full(len(paths.first), END, np.min_scalar_type(-levels))
        self.only_after: int | None = None
        self.turn = np.empty(len(hops), small)
        self.turn[np.searchsorted(self.hops, hops)] = np.arange(len(hops))
        links = [paths.links[hop] for hop in self.hops.tolist()]
        rates = [rate_of(link) for link in links]
        self.queues = BatchedFifo(rates, [link.delay_us for link in links])
        self.waiting = PendingPackets()

    def __deepcopy__(self, memo: dict[int, object]) -> _HopLevel:
        """What is never changed is shared."""
        other = shallow_copy(self)
        other.queues = copy.deepcopy(self.queues, memo)
        other.waiting = copy.deepcopy(self.waiting, memo)
        return other


class BatchedTransit:
    """All hops of a network with what waits at them; as `Transit`, for all of them at once."""

    def __init__(
        self,
        paths: Paths,
        path_of: NDArray[np.int32],
        meter: HopCounters,
        waited: Passages | None,
        lines: Mapping[int, list[LineEnd]] | None = None,
        known: HopCache | None = None,
    ) -> None:
        """`path_of`: of each flow; all have one. Rates never change. `waited` is told how long
        media waits; None: the meter is, since steps may be undone. `lines`: as of `Transit`.
        `known`: what hops made of what came to them in other meetings; each is served by itself
        then, which takes longer where steps are short, and nobody is told how long anything waits
        or what was carried in short windows."""
        self._path_of = path_of
        self._meter, self._waited = meter, waited
        self._lines = dict(lines or {})
        self._lost: list[tuple[int, int, int]] = []
        self._known = known
        self._setting = paths.along.tobytes() + path_of.tobytes(), meter.sent_bytes.shape[1]
        self._now_ns = 0
        self._level_of = level_of(paths) if known is None else _each_its_own(paths)
        self._parts: list[Sequence[int]] = [range(1 + max(self._level_of.values()))]
        """Levels by their numbers, of no two parts any on one path."""
        if known is not None:
            self._parts = parts_of(paths, self._level_of)
        by_level: dict[int, list[int]] = {}
        for hop in paths.in_order:
            by_level.setdefault(self._level_of[hop], []).append(hop)
        self._levels = [_HopLevel(by_level[n], paths, len(by_level)) for n in range(len(by_level))]
        for path in range(len(paths.first)):
            own = paths.of(path)
            numbers = [self._level_of[hop] for hop in own]
            for hop, n, after in zip(own, numbers, [*numbers[1:], END], strict=True):
                level = self._levels[n]
                level.place[path] = np.searchsorted(level.hops, hop)
                level.after[path] = after
        for level in self._levels:
            after_any = np.unique(level.after[level.place != level.nowhere]).tolist()
            level.only_after = after_any[0] if len(after_any) == 1 else None

    def __deepcopy__(self, memo: dict[int, object]) -> BatchedTransit:
        """What is never changed is shared."""
        other = shallow_copy(self)
        memo[id(self)] = other
        for name in ("_meter", "_lines", "_levels"):
            setattr(other, name, copy.deepcopy(getattr(self, name), memo))
        other._lost = list(self._lost)
        return other

    def take_lost(self) -> list[tuple[int, int, int]]:
        """As `Transit.take_lost`."""
        lost, self._lost = self._lost, []
        return lost

    def put(self, hop: int, packets: Packets) -> None:
        """Packets that come to a hop at their times, at or after the start of the next `run`."""
        if len(packets.at_ns):
            self._levels[self._level_of[hop]].waiting.put(packets)

    @property
    def equivalent(self) -> dict[int, tuple[int, int]]:
        """Hop → the least and the highest limit of its queue with which the same would have come
        of all packets."""
        return {
            hop: limits
            for level in self._levels
            for hop, limits in zip(level.hops.tolist(), level.queues.equivalent, strict=True)
        }

    def limit(self, links: Sequence[NetLink]) -> None:
        """From now on queues hold as much as links say that differ in nothing else; `links`: of all
        hops."""
        for level in self._levels:
            level.queues.limit([rate_of(links[hop]) for hop in level.hops.tolist()])

    def run(self, _hops: list[int], until_ns: int) -> Packets:
        """Serve all hops until a moment; what comes out at the ends of paths, now or later."""
        return joined([ended.packets for ended in self.run_all(until_ns)])

    def run_all(self, until_ns: int) -> list[Ended]:
        """As `run`; what was known is what it was then, each hop's by itself."""
        since_ns, self._now_ns = self._now_ns, until_ns
        ended: list[Ended] = []
        for place, numbers in enumerate(self._parts):
            due = [(n, parts) for n in numbers if (parts := self._due(n, until_ns))]
            if not due:
                continue
            cargo = Cargo([part for _, parts in due for part in parts])
            coming: dict[int, list[Keys]] = {n: [] for n in numbers}
            for n, parts in due:
                coming[n].append(cargo.next_keys(sum(len(part.at_ns) for part in parts)))
            del due  # the cargo has them
            if self._known is None:
                ended += self._run_unknown(cargo, coming, until_ns)
            else:
                step = self._known.step((*self._setting, place, since_ns, until_ns), cargo)
                ended += self._run_known(step, coming, until_ns)
        return ended

    def _run_unknown(
        self, cargo: Cargo, coming: dict[int, list[Keys]], until_ns: int
    ) -> list[Ended]:
        """Serve levels; `coming`: what comes to each."""
        ended: list[Keys] = []
        path = self._path_of[cargo.flow]
        for n in coming:
            level, keys = self._levels[n], in_order(coming[n])
            coming[n] = []
            if len(keys) and (end := cargo.before(keys, until_ns)) < len(keys):
                level.waiting.put(cargo.packets(keys[end:]))
                keys = keys[:end]
            if len(keys):
                for to, moved in self._pass(level, keys, cargo, path):
                    (ended if to == END else coming[to]).append(moved)
        return [Ended(cargo.packets(np.concatenate(ended)))] if ended else []

    def _run_known(
        self, step: KnownStep, coming: dict[int, list[Keys]], until_ns: int
    ) -> list[Ended]:
        """The same; what is known of a step is not found again."""
        cargo = step.cargo
        path = self._path_of[cargo.flow]
        ended: list[Ended] = []
        for n in coming:
            parts, coming[n] = coming[n], []
            if not parts:
                continue
            level, keys = self._levels[n], step.in_order(n, parts)
            end = cargo.before(keys, until_ns) if len(keys) else 0
            if end < len(keys):
                level.waiting.put(cargo.packets(keys[end:]))
            if not end:
                continue
            for to, moved in self._pass_known(n, keys, end, step, path):
                if to == END:
                    ended.append(step.ended(n, moved))
                else:
                    coming[to].append(moved)
        return ended

    def _pass_known(
        self, n: int, keys: Keys, end: int, step: KnownStep, path: NDArray[np.int32]
    ) -> Iterable[tuple[int, Keys]]:
        """As `_pass`, of the first so many of these keys at a level's only hop."""
        level = self._levels[n]
        hop, queue = int(level.hops[0]), level.queues.only
        known = step.passes.get(n)
        if known is not None and known.is_of(keys, end, queue):
            level.queues.resume_only(known.after)
            self._meter.sent[hop] += end
            self._meter.sent_bytes[hop] += known.sent_bytes
            return known.moved
        before, sent_bytes = queue, self._meter.sent_bytes[hop].copy()
        moved = list(self._pass(level, keys[:end], step.cargo, path))
        after = level.queues.only
        if hop in self._lines or after.loses:
            step.passes.pop(n, None)
            return moved
        if known is not None:
            moved = known.shared(moved)
        carried = self._meter.sent_bytes[hop] - sent_bytes
        step.passes[n] = KnownPass(keys, end, before, after, moved, carried)
        return moved

    def _due(self, n: int, until_ns: int) -> list[Packets]:
        """What comes to a level: hop by hop, of each in the order in which it was put."""
        level = self._levels[n]
        parts = level.waiting.due_parts(until_ns)
        if not parts or len(level.hops) == 1:
            return parts
        packets = joined(parts)
        turn = level.turn.take(level.place.take(self._path_of.take(packets.flow)))
        return [packets.take(np.argsort(turn, kind="stable"))]

    def _pass(
        self, level: _HopLevel, keys: Keys, cargo: Cargo, path: NDArray[np.int32]
    ) -> Iterable[tuple[int, Keys]]:
        """Serve a level: what goes on, by the level that it crosses next."""
        places = cargo.places(keys)
        hops, first = _FIRST, _FIRST
        if len(level.hops) > 1:
            hop = level.place.take(path.take(places))
            order = np.argsort(hop, kind="stable")
            keys, places = keys.take(order), places.take(order)
            counts = np.bincount(hop)
            hops = np.flatnonzero(counts)
            first = np.cumsum(counts)[hops] - counts[hops]
        came_ns, size = cargo.at_ns(keys), cargo.size.take(places)
        batch = Batch(came_ns, size, hops, first)
        through = level.queues.serve(batch)
        out_ns, lost = through.out_ns, through.lost
        if lost is not None:
            hop = np.repeat(hops, batch.counts)
            self._meter.dropped(level.hops[hop[lost]], came_ns[lost])
            self._lost += cargo.named(came_ns[lost], places[lost])
            kept = ~lost
            if not kept.any():
                return ()
            places, out_ns = places[kept], out_ns[kept]
            batch = _batch(came_ns[kept], size[kept], hop[kept])
            through = BatchServed(through.began_ns[kept], out_ns, None)
        self._tell_waits(
            level,
            batch,
            self._meter.passed_all(level.hops, batch, through, lambda: cargo.flow[places]),
        )
        if any(own in self._lines for own in level.hops[batch.hops].tolist()):
            places, out_ns = self._along_lines(level, batch, places, out_ns, cargo)
            if not len(places):
                return ()
        moved = cargo.keys(out_ns, places)
        if level.only_after is not None:
            return ((level.only_after, moved),)
        after = level.after.take(path.take(places))
        order = np.argsort(after, kind="stable")
        after, moved = after.take(order), moved.take(order)
        edges = np.flatnonzero(after[1:] != after[:-1]) + 1
        targets = after[np.append(0, edges)].tolist()
        return zip(targets, np.split(moved, edges), strict=True)

    def _tell_waits(
        self,
        level: _HopLevel,
        batch: Batch,
        waits: tuple[NDArray[np.void], NDArray[np.int64]] | None,
    ) -> None:
        """How long media waited, of each hop of the batch so many."""
        if waits is None or not len(waits[0]):
            return
        waited, counts = waits
        hops = level.hops[batch.hops]
        if self._waited is not None:
            self._waited.add_all(waited, hops, counts)
            return
        for hop, part in zip(hops.tolist(), np.split(waited, np.cumsum(counts)[:-1]), strict=True):
            if len(part):
                own = self._meter.waits.setdefault(hop, QueueWaits())
                own.add(part["came_ns"], part["wait_ns"])

    def _along_lines(
        self,
        level: _HopLevel,
        batch: Batch,
        places: NDArray[np.int64],
        out_ns: NDArray[np.int64],
        cargo: Cargo,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which packets come out of the lines behind the queues, hop by hop, and when."""
        came, all_same = [], True
        for place, begin, end in zip(
            batch.hops.tolist(), batch.first.tolist(), (batch.last + 1).tolist(), strict=True
        ):
            own, at_ns = places[begin:end], out_ns[begin:end]
            for line in self._lines.get(int(level.hops[place]), ()):
                through = line.pass_on(at_ns)
                if through.which is None:
                    continue
                all_same = False
                if len(through.which) < len(own) or line.doubled:
                    self._lost += cargo.named(*(np.delete(a, through.which) for a in (at_ns, own)))
                own, at_ns = own[through.which], through.out_ns
            came.append((own, at_ns))
        if all_same:
            return places, out_ns
        own_of_all, at_ns_of_all = zip(*came, strict=True)
        return np.concatenate(own_of_all), np.concatenate(at_ns_of_all)


_FIRST = np.zeros(1, np.intp)
"""The place of the only hop, and that of its first packet."""


def _batch(came_ns: NDArray[np.int64], size: NDArray[np.int32], hop: NDArray[Any]) -> Batch:
    """Packets at these hops (whole numbers), in the order of these."""
    first = np.append(0, np.flatnonzero(hop[1:] != hop[:-1]) + 1)
    return Batch(came_ns, size, hop[first].astype(np.intp), first)


def _each_its_own(paths: Paths) -> dict[int, int]:
    """Used hop → its place in the order in which hops are served: no two are of one level."""
    return {hop: place for place, hop in enumerate(paths.in_order)}


def parts_of(paths: Paths, level_of: Mapping[int, int]) -> list[Sequence[int]]:
    """Levels in their order, such that no path crosses those of two parts: what goes up and what
    goes down, in most networks. Where the one is another, nothing of the other is."""
    parts: list[set[int]] = []
    for path in range(len(paths.first)):
        own = {level_of[hop] for hop in paths.of(path)}
        apart = [part for part in parts if part.isdisjoint(own)]
        own.update(*(part for part in parts if not part.isdisjoint(own)))
        parts = [*apart, own]
    return [sorted(part) for part in parts]


def level_of(paths: Paths) -> dict[int, int]:
    """Used hop → how many come before it at the most on any path."""
    after: dict[int, set[int]] = {hop: set() for hop in paths.in_order}
    along = paths.along.tolist()
    for hop, to in pairwise(along):
        if hop != END and to != END:
            after[hop].add(to)
    level = dict.fromkeys(paths.in_order, 0)
    for hop in paths.in_order:
        for to in after[hop]:
            level[to] = max(level[to], level[hop] + 1)
    return level
