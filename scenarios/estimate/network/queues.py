"""One direction of a link: packets wait, are served at its rate, and take their time on the fibre.

First in, first out, exactly as the emulation's netem does it: a packet is served when it has come
and the one before it is through, and is lost if the queue holds its limit of packets at that
moment, those on the fibre among them. Departures are found for whole arrays at once (Lindley, 1952:
a running maximum over cumulated services); only where a queue is full packets are looked at one by
one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.scenarios.plan.drain import FRAME_BYTES
from giaoban.shallow import shallow_copy
from giaoban.topology.network import NetLink
from giaoban.traffic.fifo import bytes_per_s, serialisation_ns
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

LEAST_BYTES = UDP_IP_BYTES + ETHERNET_BYTES + 8
"""No packet is shorter on the wire."""
TIMER_NS = 1
"""From a packet's moment to when the kernel's timer has let it go."""
UNLIMITED = 1 << 31
"""No queue holds so many packets."""
LEAST_LOOKED_AT = 16
"""Packets looked at one by one once a queue is full; more where that was too few the last time."""
BLOCK = 128
"""So many are made ready at a time to be looked at one by one."""
RESUMED = 1024
"""So many are then tried at once."""
LONGEST_TABLED = 2048
"""Of packets of fewer bytes it is looked up how long they are served."""
COUNTED = 1000
"""Of so many packets or more it is worth while to know exactly how much room they needed: the same
holds then for shorter queues, too."""


def propagation_ns(delay_us: float) -> int:
    """How long a packet takes over a link after its service."""
    return round(delay_us * 1000) + TIMER_NS


@dataclass(frozen=True)
class ServiceRate:
    """From a moment on, ns after the origin: what the link carries and its queue holds.

    `overhead_bytes`: what the rate counts of each frame beside its own bytes.
    """

    from_ns: int
    rate_mbps: float
    limit: int
    overhead_bytes: int = 0

    @property
    def shortest_ns(self) -> int:
        """No packet is served in less."""
        wire_bytes = LEAST_BYTES + self.overhead_bytes
        return max(1, wire_bytes * SECOND_NS // bytes_per_s(self.rate_mbps))

    def __deepcopy__(self, memo: dict[int, object]) -> ServiceRate:
        """It never changes."""
        return self


def rate_from(
    from_ns: int, rate_mbps: float, delay_us: float, buffer_packets: int, overhead_bytes: int = 0
) -> ServiceRate:
    """A link's rate with the limit that its netem has: the buffer, and what is on the fibre."""
    frame_bytes = FRAME_BYTES + overhead_bytes
    in_flight = round(delay_us * 1e-6 * bytes_per_s(rate_mbps) / frame_bytes)
    return ServiceRate(from_ns, rate_mbps, buffer_packets + in_flight, overhead_bytes)


def rate_of(link: NetLink) -> ServiceRate:
    """The same of a link as it is built."""
    return rate_from(0, link.rate_mbps, link.delay_us, link.buffer_packets, link.overhead_bytes)


def service_ns(
    rates: list[ServiceRate], came: NDArray[np.int64], size: NDArray[np.int32]
) -> NDArray[np.int64]:
    """How long each of n packets is served."""
    if rates[0].overhead_bytes:  # of all of them: it is the line's
        size = size + rates[0].overhead_bytes
    if len(rates) == 1:
        return serialisation_ns(size, bytes_per_s(rates[0].rate_mbps))
    per_s = np.array([bytes_per_s(rate.rate_mbps) for rate in rates])
    return serialisation_ns(size, per_s[_now(rates, came)])


def limits_of(rates: list[ServiceRate], came: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the queue holds when each of n packets comes."""
    if len(rates) == 1:
        return np.broadcast_to(np.int64(rates[0].limit), len(came))
    return np.array([rate.limit for rate in rates])[_now(rates, came)]


def _now(rates: list[ServiceRate], came: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of the rates it is when each of n packets comes."""
    starts = np.array([rate.from_ns for rate in rates])
    return np.maximum(np.searchsorted(starts, came, "right") - 1, 0)


@dataclass(frozen=True)
class Served:
    """What became of n packets.

    Attributes:
        came_ns: (n,) when it came.
        began_ns: (n,) when its service began (less its arrival: how long it waited).
        out_ns: (n,) when it is at the far end.
        lost: (n,) found the queue full, or did not come to it.
    """

    came_ns: NDArray[np.int64]
    began_ns: NDArray[np.int64]
    out_ns: NDArray[np.int64]
    lost: NDArray[np.bool_]


class Fifo:
    """The queue and the fibre of one direction; goes on from one call of `serve` to the next."""

    def __init__(self, rates: list[ServiceRate], delay_us: float) -> None:
        """`rates`: in order of time, the first from the beginning on."""
        self._rates = rates
        self._least = min(rate.limit for rate in rates)
        self._shortest_ns = min(rate.shortest_ns for rate in rates)
        self._delay_ns = propagation_ns(delay_us)
        self._inside = np.zeros(0, np.int64)
        """When each packet that is in the queue or on the fibre will be at the far end."""
        self._free_ns = 0
        self._room = 0
        """With so much room nothing else would have come of any packet so far."""
        self._loses = False

    def __deepcopy__(self, memo: dict[int, object]) -> Fifo:
        """No array that it holds is ever changed."""
        return shallow_copy(self)

    def resume(self, inside_ns: NDArray[np.int64], free_ns: int) -> None:
        """Go on with packets inside that will be at the far end at these moments, in order, and a
        line that is busy until then."""
        self._inside, self._free_ns = inside_ns, free_ns

    @property
    def free_ns(self) -> int:
        """When the service of all that was taken has ended."""
        return self._free_ns

    @property
    def equivalent(self) -> tuple[int, int]:
        """The least and the highest limit with which the same would have come of all packets, as
        far as that is known: nothing is of a queue whose rate changes."""
        if len(self._rates) > 1:
            return UNLIMITED, 0
        return (self._least, self._least) if self._loses else (self._room, UNLIMITED)

    def serve(self, came: NDArray[np.int64], size: NDArray[np.int32]) -> Served:
        """Take n packets in order of time, none before the latest of the call before.

        Args:
            came: (n,) when they came.
            size: (n,) bytes on the wire.
        """
        n = len(came)
        lost = np.zeros(n, np.bool_)
        if not n:
            return Served(came, came, came, lost)
        service = service_ns(self._rates, came, size)
        leaving = self._leaving(came, service)
        if len(self._inside) + n <= self._least:  # there is room, were all of them to stay
            self._room = max(self._room, len(self._inside) + n)
            out = leaving + self._delay_ns
            self._keep(came, leaving, out)
            leaving -= service
            return Served(came, leaving, out, lost)
        limit = limits_of(self._rates, came)
        at = self._take(came, leaving, limit)
        least = LEAST_LOOKED_AT
        while at < n:
            self._loses = True
            at = self._one_by_one(at, least, came, service, limit, leaving, lost)
            # on with many at once, and twice as many as long as none is lost
            reach, since = RESUMED, at
            while at < n:
                part = slice(at, at + reach)
                leaving[part] = self._leaving(came[part], service[part])
                taken = self._take(came[part], leaving[part], limit[part])
                at, reach = at + taken, 2 * reach
                if taken < len(came[part]):
                    break
            least = LEAST_LOOKED_AT if at - since > 2 * least else 2 * least
        return Served(came, leaving - service, leaving + self._delay_ns, lost)

    def serve_one(self, came_ns: int, size: int) -> tuple[int, int] | None:
        """One packet, as `serve` takes many: when its service begins, and when it is at the far
        end; None if it finds the queue full."""
        rate = self._rates[0]
        if len(self._rates) > 1:
            rate = [each for each in self._rates if each.from_ns <= came_ns or each is rate][-1]
        if len(self._inside) >= rate.limit:
            self._inside = self._inside[self._inside > came_ns]
            if len(self._inside) >= rate.limit:
                return None
        began_ns = max(came_ns, self._free_ns)
        wire_bytes = size + rate.overhead_bytes
        self._free_ns = began_ns + wire_bytes * SECOND_NS // bytes_per_s(rate.rate_mbps)
        out_ns = self._free_ns + self._delay_ns
        self._inside = np.append(self._inside, out_ns)
        return began_ns, out_ns

    def _leaving(self, came: NDArray[np.int64], service: NDArray[np.int64]) -> NDArray[np.int64]:
        """When each of n packets would have been served, if none of them were lost."""
        served = np.cumsum(service)
        leaving = came - served  # in place from here on: new arrays cost more than the arithmetic
        leaving += service
        leaving[0] = max(int(came[0]), self._free_ns)
        np.maximum.accumulate(leaving, out=leaving)
        leaving += served
        return leaving

    def _take(
        self, came: NDArray[np.int64], leaving: NDArray[np.int64], limit: NDArray[np.int64]
    ) -> int:
        """How many of n packets come before the first one that finds no room: those are taken."""
        out = leaving + self._delay_ns
        longest_ns = int((out - came).max())
        # so many could be there at the most, were they all as short as packets can be
        n = len(came)
        most = longest_ns // self._shortest_ns
        if most < int(limit.min()) - 1:
            self._room = max(self._room, most + 2)
        else:
            inside = self._inside[self._inside > came[0]]
            everything = np.concatenate([inside, out])
            there = len(inside) + np.arange(n) - np.searchsorted(everything, came, "right")
            is_full = there >= limit
            if is_full.any():
                n = int(np.argmax(is_full))
            if n:
                self._room = max(self._room, int(there[:n].max()) + 1)
        if n:
            self._keep(came[:n], leaving[:n], out[:n])
        return n

    def _keep(
        self, came: NDArray[np.int64], leaving: NDArray[np.int64], out: NDArray[np.int64]
    ) -> None:
        """What was taken, at least one packet, is inside until it is out."""
        self._free_ns = int(leaving[-1])
        last = came[-1]
        still, old = out[np.searchsorted(out, last, "right") :], self._inside
        if len(old):
            still = np.concatenate([old[np.searchsorted(old, last, "right") :], still])
        self._inside = still

    def _one_by_one(
        self,
        first: int,
        least: int,
        came: NDArray[np.int64],
        service: NDArray[np.int64],
        limit: NDArray[np.int64],
        leaving: NDArray[np.int64],
        lost: NDArray[np.bool_],
    ) -> int:
        """Take packets from the `first` on, which finds no room, until an eighth is free again.

        Each loss makes room for the next packets, so only here a packet is looked at by itself.
        At least so many are. Returns the place of the next one.
        """
        delay_ns = self._delay_ns
        there = deque(self._inside.tolist())
        free_ns = self._free_ns
        left: list[int] = []
        gone: list[int] = []
        enough = first + least
        for i, (now_ns, takes_ns, most) in enumerate(_rows(first, came, service, limit), first):
            while there and there[0] <= now_ns:
                there.popleft()
            if len(there) >= most:
                gone.append(i)
                left.append(now_ns)
                continue
            if i >= enough and 8 * len(there) <= 7 * most:
                break
            free_ns = (free_ns if free_ns > now_ns else now_ns) + takes_ns
            there.append(free_ns + delay_ns)
            left.append(free_ns)
        leaving[first : first + len(left)] = left
        lost[gone] = True
        self._inside, self._free_ns = np.array(there, np.int64), free_ns
        return first + len(left)


def _rows(first: int, *columns: NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
    """From a place on, one after another: as many are converted as are looked at, or a few more."""
    for at in range(first, len(columns[0]), BLOCK):
        yield from zip(*(column[at : at + BLOCK].tolist() for column in columns), strict=True)


@dataclass(frozen=True)
class Batch:
    """n packets of several hops, in the order of these, and of each in the order of time.

    Attributes:
        came_ns: (n,) when each came.
        size: (n,) bytes on the wire.
        hops: (k,) numbers of those hops to which any came, within the level.
        first: (k,) place of each hop's first packet.
    """

    came_ns: NDArray[np.int64]
    size: NDArray[np.int32]
    hops: NDArray[np.intp]
    first: NDArray[np.intp]

    @cached_property
    def last(self) -> NDArray[np.intp]:
        """(k,) place of each hop's last packet."""
        last = np.empty_like(self.first)
        last[:-1], last[-1] = self.first[1:], len(self.came_ns)
        last -= 1
        return last

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """(k,) packets of each hop."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class BatchServed:
    """What became of n packets.

    Attributes:
        began_ns: (n,) when its service began.
        out_ns: (n,) when it is at the far end.
        lost: (n,) found the queue full; None: none of them did.
    """

    began_ns: NDArray[np.int64]
    out_ns: NDArray[np.int64]
    lost: NDArray[np.bool_] | None


def _each(numbers: NDArray[np.int64], counts: NDArray[np.intp]) -> NDArray[np.int64] | np.int64:
    """(k,) numbers of hops → (n,) of their packets; where all hops have one, that."""
    first: np.int64 = numbers[0]
    return first if (numbers == first).all() else np.repeat(numbers, counts)


@lru_cache(maxsize=64)
def _services_ns(rates_per_s: tuple[int, ...]) -> NDArray[np.int64]:
    """How long a packet of so many bytes, up to `LONGEST_TABLED`, is served at each rate."""
    sizes = np.arange(LONGEST_TABLED)
    tabled = np.concatenate([serialisation_ns(sizes, per_s) for per_s in rates_per_s])
    tabled.flags.writeable = False
    return tabled


class FifoState(NamedTuple):
    """A queue as it stands: all that it hangs on what it makes of packets. `inside`: (n,) int64, as
    bytes, when each packet that is there will be at the far end."""

    rate: ServiceRate
    delay_us: float
    free_ns: int
    last_ns: int
    inside: bytes
    room: int
    loses: bool


class BatchedFifo:
    """Queues and fibres of several hops; goes on from one call of `serve` to the next."""

    def __init__(self, rates: list[ServiceRate], delays_us: list[float]) -> None:
        """Of each hop: its rate and limit, which never change, and its delay."""
        self._rates, self._delays_us = rates, delays_us
        self._shortest_ns = np.array([rate.shortest_ns for rate in rates], np.int64)
        self._per_s = np.array([bytes_per_s(rate.rate_mbps) for rate in rates])
        tabled, row = np.unique(self._per_s, return_inverse=True)
        self._services_ns = _services_ns(tuple(tabled.tolist()))
        self._tabled_from = row * LONGEST_TABLED
        self._overhead_bytes = np.array([rate.overhead_bytes for rate in rates], np.int32)
        self._any_overhead = bool(self._overhead_bytes.any())
        self._limit = np.array([rate.limit for rate in rates], np.int64)
        self._delay_ns = np.array([propagation_ns(delay_us) for delay_us in delays_us], np.int64)
        self._free_ns = np.zeros(len(rates), np.int64)
        self._last_ns = np.full(len(rates), np.iinfo(np.int64).min)
        """When the last packet came to each."""
        self._inside = np.zeros(0, np.int64)
        """When each packet that is in a queue or on a fibre will be at the far end, hop by hop."""
        self._inside_of = np.zeros(0, np.intp)
        self._room = np.zeros(len(rates), np.int64)
        """With so much room at each nothing would have been lost so far."""
        self._loses = np.zeros(len(rates), np.bool_)

    def __deepcopy__(self, memo: dict[int, object]) -> BatchedFifo:
        """What is never changed is shared."""
        other = shallow_copy(self)
        for name in ("_free_ns", "_last_ns", "_room", "_loses"):
            setattr(other, name, getattr(self, name).copy())
        return other

    @property
    def equivalent(self) -> list[tuple[int, int]]:
        """Of each hop, as `Fifo.equivalent`."""
        each = zip(self._room.tolist(), self._limit.tolist(), self._loses.tolist(), strict=True)
        return [(limit, limit) if loses else (room, UNLIMITED) for room, limit, loses in each]

    def limit(self, rates: list[ServiceRate]) -> None:
        """From now on each holds as much as is said here; the rates are as they were."""
        self._rates = rates
        self._limit = np.array([rate.limit for rate in rates], np.int64)

    @property
    def only(self) -> FifoState:
        """The queue, where there is one alone."""
        [rate], [delay_us] = self._rates, self._delays_us
        return FifoState(
            rate=rate,
            delay_us=delay_us,
            free_ns=int(self._free_ns[0]),
            last_ns=int(self._last_ns[0]),
            inside=self._inside.tobytes(),
            room=int(self._room[0]),
            loses=bool(self._loses[0]),
        )

    def resume_only(self, state: FifoState) -> None:
        """Go on as a queue that stood so; its rate and delay are those of this one."""
        self._free_ns[0], self._last_ns[0] = state.free_ns, state.last_ns
        self._room[0], self._loses[0] = state.room, state.loses
        self._inside = np.frombuffer(state.inside, np.int64)
        self._inside_of = np.zeros(len(self._inside), np.intp)

    def serve(self, batch: Batch) -> BatchServed:
        """Take packets, none before the latest of the call before at the same hop."""
        came, hops, first, counts = batch.came_ns, batch.hops, batch.first, batch.counts
        service = self._service_ns(batch)
        served = np.cumsum(service)
        leaving = came - served
        leaving += service
        before = served[first] - service[first]  # of the hops before
        leaving[first] = np.maximum(came[first], self._free_ns[hops]) - before
        if len(hops) > 1:  # each hop's numbers lie above those of all before it
            waiting = np.maximum(came[batch.last], self._free_ns[hops]).max() - came[first].min()
            apart = int(waiting) + int((served[batch.last] - before).max()) + 1
            lifted = np.repeat(np.arange(len(hops)) * apart + before, counts)
            leaving += lifted
            np.maximum.accumulate(leaving, out=leaving)
            leaving -= lifted
        else:
            np.maximum.accumulate(leaving, out=leaving)
        leaving += served
        out = leaving + _each(self._delay_ns[hops], counts)
        lost: NDArray[np.bool_] | None = None
        overfull = [(k, self._resumed(int(hops[k]))) for k in self._full(batch, out)]
        self._free_ns[hops] = np.maximum(self._free_ns[hops], leaving[batch.last])
        self._last_ns[hops] = came[batch.last]
        still = out > _each(self._last_ns[hops], counts)
        old = self._inside > self._last_ns[self._inside_of]
        leaving -= service
        for k, queue in overfull:  # in place of what was found as if there were room
            hop, part = int(hops[k]), slice(int(first[k]), int(first[k] + counts[k]))
            alone = queue.serve(came[part], batch.size[part])
            leaving[part], out[part] = alone.began_ns, alone.out_ns
            lost = np.zeros(len(came), np.bool_) if lost is None else lost
            lost[part] = alone.lost
            self._loses[hop] = True
            self._free_ns[hop] = queue.free_ns
            still[part] = ~alone.lost & (alone.out_ns > self._last_ns[hop])
        self._inside = np.concatenate([self._inside[old], out[still]])
        self._inside_of = np.concatenate([self._inside_of[old], np.repeat(hops, counts)[still]])
        return BatchServed(leaving, out, lost)

    def _service_ns(self, batch: Batch) -> NDArray[np.int64]:
        """(n,) how long each packet is served."""
        size, hops, counts = batch.size, batch.hops, batch.counts
        if self._any_overhead:
            size = size + np.repeat(self._overhead_bytes[hops], counts)
        if int(size.max()) >= LONGEST_TABLED:
            return serialisation_ns(size, np.repeat(self._per_s[hops], counts))
        return self._services_ns.take(size + _each(self._tabled_from[hops], counts))

    def _resumed(self, hop: int) -> Fifo:
        """One of the queues as it stands, by itself."""
        queue = Fifo([self._rates[hop]], self._delays_us[hop])
        inside = self._inside[self._inside_of == hop]
        queue.resume(inside, int(self._free_ns[hop]))
        return queue

    def _full(self, batch: Batch, out: NDArray[np.int64]) -> list[int]:
        """The hops, by their places in the batch, at which a packet finds as many as its queue may
        hold."""
        hops = batch.hops
        near = batch.counts >= COUNTED
        if not near.all():
            longest_ns = np.maximum.reduceat(out - batch.came_ns, batch.first)
            # so many could be there at the most: all that there are, were they as short as can be
            most = longest_ns // self._shortest_ns[hops] + 2
            there = np.bincount(self._inside_of, minlength=len(self._room))[hops] + batch.counts
            most = np.minimum(most, there)
            near = (most > self._limit[hops]) | ((most > self._room[hops]) & near)
            far = hops[~near]
            self._room[far] = np.maximum(self._room[far], most[~near])
        found = []
        for k in np.flatnonzero(near).tolist():
            hop, part = int(hops[k]), slice(int(batch.first[k]), int(batch.last[k]) + 1)
            came = batch.came_ns[part]
            inside = self._inside[(self._inside_of == hop) & (self._inside > came[0])]
            room, limit = int(self._room[hop]), int(self._limit[hop])
            needed = _room_needed(inside, out[part], came, min(room, limit))
            if needed > limit:
                found.append(k)
            else:
                self._room[hop] = max(room, needed)
        return found


def _room_needed(
    inside_ns: NDArray[np.int64], out_ns: NDArray[np.int64], came_ns: NDArray[np.int64], enough: int
) -> int:
    """The room that n packets would have needed for none to be lost; `enough`: if that is not more
    than this, this.

    A packet finds so many inside if the one that came so many before it has not got out yet.

    Args:
        inside_ns: in order, when those get out that were inside before.
        out_ns, came_ns: (n,) in order, when each gets out, and when it came.
    """
    inside, n = len(inside_ns), len(came_ns)

    def finds(many: int) -> bool:
        """Whether any of them finds so many inside."""
        if many < n and (out_ns[: n - many] > came_ns[many:]).any():
            return True
        before = inside_ns[max(0, inside - many) :][:n]
        first = max(0, many - inside)
        return bool((before[: n - first] > came_ns[first : first + len(before)]).any())

    if enough > 0 and (enough > inside + n or not finds(enough)):
        return enough
    low = max(enough, 0)  # so many are found, or none are asked for
    high = max(1, 2 * low)
    while high < inside + n and finds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle < inside + n and finds(middle) else (low, middle)
    return high
