"""Packets on their way through all queues, step by step of time, whole arrays at once.

In each step every hop is served once, in an order in which no packet comes to a hop that was served
already (`Paths.in_order`), so one pass a step is exact.

Within a step a packet is one integer, its key: when it comes, and behind that its place in the
step's cargo. Sorting keys brings what comes to a hop in order of time, and nothing else of a packet
is moved from hop to hop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.packets import Packets, PendingPackets, joined
from giaoban.scenarios.estimate.network.paths import END, Paths
from giaoban.scenarios.estimate.network.policing import TokenBucket
from giaoban.scenarios.estimate.network.queues import Served

Keys = NDArray[np.int64]
FlowOf = Callable[[], NDArray[np.int32]]
"""(n,) the flow of each packet: looked up only where packets are told apart."""


class Server(Protocol):
    """A queue in front of a fibre."""

    @property
    def equivalent(self) -> tuple[int, int]:
        """See `BatchedTransit.equivalent`."""

    def serve(
        self, came_ns: NDArray[np.int64], size: NDArray[np.int32], flow_of: FlowOf, until_ns: int
    ) -> tuple[Served, NDArray[np.intp] | None]:
        """Serve packets that come before a moment.

        First are those that the last call left, then new ones in order of time. Returns what became
        of those that are through or lost, and the places of those that still wait and may be
        overtaken by what comes later; None if no packet is.
        """


class Meter(Protocol):
    """Counts at a hop."""

    def passed(self, hop: int, size: NDArray[np.int32], flow_of: FlowOf, served: Served) -> None:
        """Packets, in the order in which they came, were served or lost at the queue."""

    def policed(self, hop: int, at_ns: NDArray[np.int64]) -> None:
        """Packets were dropped by a bandwidth profile at these moments."""


class Transit:
    """All hops of a network with what waits at them."""

    def __init__(
        self,
        paths: Paths,
        path_of: NDArray[np.int32],
        servers: dict[int, Server],
        lines: dict[int, list[LineEnd]],
        meter: Meter,
        policers: Mapping[int, TokenBucket] | None = None,
    ) -> None:
        """`path_of`: of each flow; END for one that ends behind its first hop. `policers`: of hops
        at whose far end a carrier polices."""
        self._paths = paths
        self._path_of = path_of
        self._servers = servers
        self._lines = lines
        self._meter = meter
        self._policers = dict(policers or {})
        self._waiting = {hop: PendingPackets() for hop in servers}
        """What comes to a hop in a later step."""
        self._left: dict[int, Packets] = {}
        """What came to a hop, and waits where later packets may overtake it."""
        self._only_after = paths.only_after if (path_of != END).all() else {}
        """Other traffic leaves the network behind its first hop: then each packet is looked at."""
        self._lost: list[tuple[int, int, int]] = []

    @property
    def equivalent(self) -> dict[int, tuple[int, int]]:
        """As `BatchedTransit.equivalent`."""
        return {hop: server.equivalent for hop, server in self._servers.items()}

    def take_lost(self) -> list[tuple[int, int, int]]:
        """Packets that were lost since this was asked for: when, flow and sequence number of
        each."""
        lost, self._lost = self._lost, []
        return lost

    def put(self, hop: int, packets: Packets) -> None:
        """Packets that come to a hop at their times, at or after the start of the next `run`."""
        if len(packets.at_ns):
            self._waiting[hop].put(packets)

    def run(self, hops: list[int], until_ns: int) -> Packets:
        """Serve these hops until a moment; what comes out at the ends of paths, now or later."""
        old = [(hop, self._left.pop(hop)) for hop in hops if hop in self._left]
        due = [
            (hop, part) for hop in hops if (part := self._waiting[hop].due(until_ns)) is not None
        ]
        if not old and not due:
            return joined([])
        cargo = Cargo([part for _, part in [*old, *due]])
        left = {hop: cargo.next_keys(len(part.at_ns)) for hop, part in old}
        coming: dict[int, list[Keys]] = {hop: [] for hop in (*self._waiting, END)}
        for hop, part in due:
            coming[hop].append(cargo.next_keys(len(part.at_ns)))
        del old, due  # the cargo has them
        for hop in hops:
            keys = in_order(coming[hop])
            if len(keys) and (end := cargo.before(keys, until_ns)) < len(keys):
                self._waiting[hop].put(cargo.packets(keys[end:]))
                keys = keys[:end]
            if hop in left:
                keys = np.concatenate([left[hop], keys])
            coming[hop] = []
            if len(keys):
                for to, moved in self._pass(hop, keys, cargo, until_ns):
                    coming[to].append(moved)
        ended = coming.pop(END)
        for hop, parts in coming.items():  # served in another call
            for keys in parts:
                self._waiting[hop].put(cargo.packets(keys))
        return cargo.packets(np.concatenate(ended)) if ended else joined([])

    def _pass(
        self, hop: int, keys: Keys, cargo: Cargo, until_ns: int
    ) -> Iterable[tuple[int, Keys]]:
        """Serve a hop: what goes on, by the hop that it crosses next."""
        places = cargo.places(keys)
        served, left = self._servers[hop].serve(
            cargo.at_ns(keys), cargo.size[places], lambda: cargo.flow[places], until_ns
        )
        if left is not None:
            self._left[hop] = cargo.packets(keys[left])
            places = np.delete(places, left)
        self._meter.passed(hop, cargo.size[places], lambda: cargo.flow[places], served)
        out_ns = served.out_ns
        if served.lost.any():
            self._lost += cargo.named(served.came_ns[served.lost], places[served.lost])
            places, out_ns = places[~served.lost], out_ns[~served.lost]
        return self._onward(hop, places, out_ns, cargo)

    def _onward(
        self, hop: int, places: NDArray[np.int64], out_ns: NDArray[np.int64], cargo: Cargo
    ) -> Iterable[tuple[int, Keys]]:
        """What comes out of a line goes on, by the hop that it crosses next."""
        lines, policer = self._lines.get(hop, ()), self._policers.get(hop)
        if lines or policer is not None:
            order = np.argsort(out_ns, kind="stable")
            places, out_ns = places[order], out_ns[order]
        for line in lines:
            if policer is not None and not line.own:  # it sees packets before an impairment does
                places, out_ns = self._police(hop, policer, places, out_ns, cargo)
                policer = None
            came = line.pass_on(out_ns)
            if came.which is None:
                continue
            if len(came.which) < len(places) or line.doubled:
                self._lost += cargo.named(*(np.delete(a, came.which) for a in (out_ns, places)))
            places, out_ns = places[came.which], came.out_ns
        if policer is not None:
            places, out_ns = self._police(hop, policer, places, out_ns, cargo)
        if not len(out_ns):
            return ()
        moved = cargo.keys(out_ns, places)
        only = self._only_after.get(hop)
        if only is not None:
            return ((only, moved),)
        return self._split(hop, moved, self._after(hop, self._path_of[cargo.flow[places]], out_ns))

    def _police(
        self,
        hop: int,
        policer: TokenBucket,
        places: NDArray[np.int64],
        out_ns: NDArray[np.int64],
        cargo: Cargo,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The packets that a carrier takes in, and when."""
        passing = policer.conform(out_ns, cargo.size[places])
        if passing.all():
            return places, out_ns
        self._meter.policed(hop, out_ns[~passing])
        self._lost += cargo.named(out_ns[~passing], places[~passing])
        return places[passing], out_ns[passing]

    def _split(self, hop: int, moved: Keys, after: NDArray[np.int32]) -> Iterable[tuple[int, Keys]]:
        """Packets by the hop that they cross next, each part in their order."""
        # numbers of 16 bits are sorted in one pass
        small = len(self._paths.hops) < 1 << 16
        order = np.argsort(after.astype(np.uint16) if small else after, kind="stable")
        sorted_after = after[order]
        edges = np.flatnonzero(sorted_after[1:] != sorted_after[:-1]) + 1
        targets = sorted_after[np.append(0, edges)].tolist()
        return zip(targets, np.split(moved[order], edges), strict=True)

    def _after(
        self, hop: int, paths: NDArray[np.int32], _out_ns: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        """(n,) what comes behind a hop for packets that leave it on these paths, at these times."""
        return self._paths.after(hop, paths)


class Cargo:
    """What is under way in one step: n packets, each at a place."""

    def __init__(self, parts: list[Packets]) -> None:
        """`parts`: at least one packet."""
        everything = joined(parts)
        at_ns, self.size, self.flow, self.seq = everything
        first_ns = int(at_ns.min())
        self._base_ns = first_ns - first_ns % SECOND_NS  # that of nearly the same cargo is the same
        self._bits = len(at_ns).bit_length()
        self._mask = (1 << self._bits) - 1
        self._all = self.keys(at_ns, np.arange(len(at_ns)))
        self._next = 0

    def is_like(self, other: Cargo) -> bool:
        """Whether keys of either say the same of packets of the other."""
        return self._base_ns == other._base_ns and all(
            np.array_equal(one, another)
            for one, another in (
                (self.flow, other.flow),
                (self.seq, other.seq),
                (self.size, other.size),
            )
        )

    def next_keys(self, many: int) -> Keys:
        """Of the parts, so many packets after another."""
        first = self._next
        self._next += many
        return self._all[first : self._next]

    def keys(self, at_ns: NDArray[np.int64], places: NDArray[np.int64]) -> Keys:
        """Of packets at moments. Raises `OverflowError` for moments too far apart to be sorted."""
        keys = at_ns - self._base_ns
        if int(keys.max()) >> (63 - self._bits):
            raise OverflowError(f"{len(self.size)} packets within {keys.max()} ns")
        keys <<= self._bits
        keys |= places
        return keys

    def at_ns(self, keys: Keys) -> NDArray[np.int64]:
        """Their moments."""
        at_ns = keys >> self._bits
        at_ns += self._base_ns
        return at_ns

    def places(self, keys: Keys) -> NDArray[np.int64]:
        """Their places."""
        return keys & self._mask

    def named(
        self, at_ns: NDArray[np.int64], places: NDArray[np.int64]
    ) -> list[tuple[int, int, int]]:
        """Moment, flow and sequence number of each."""
        columns = at_ns, self.flow[places], self.seq[places]
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def before(self, keys: Keys, until_ns: int) -> int:
        """How many of keys in order are before a moment."""
        last_ns = (int(keys[-1]) >> self._bits) + self._base_ns
        if last_ns < until_ns:
            return len(keys)
        return int(np.searchsorted(keys, (until_ns - self._base_ns) << self._bits))

    def packets(self, keys: Keys) -> Packets:
        """Packets at their moments."""
        places = self.places(keys)
        return Packets(self.at_ns(keys), self.size[places], self.flow[places], self.seq[places])


def in_order(parts: list[Keys]) -> Keys:
    """All of them, sorted."""
    if not parts:
        return np.zeros(0, np.int64)
    if len(parts) == 1:
        [keys] = parts
        # from one queue they come in order
        return keys if (keys[1:] >= keys[:-1]).all() else np.sort(keys)
    keys = np.concatenate(parts)
    # what comes at one moment: in the order in which it was put. Each part is in order, or nearly,
    # and only a merge sort makes use of that: it takes a seventh of the time
    keys.sort(kind="stable")
    return keys
