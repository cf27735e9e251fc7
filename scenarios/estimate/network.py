"""Packets through the network: each hop's queue, line and counters, hop by hop."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.scenarios.estimate.lines import Line, Times, lines_of
from giaoban.scenarios.estimate.queues import (
    Classes,
    Fifo,
    Rate,
    Served,
    Server,
    conforming,
    rate_from,
)
from giaoban.scenarios.estimate.ways import NO_ROUTE, Span, Ways
from giaoban.scenarios.measure.hop_delays import Passage
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS, Plan
from giaoban.topology.lines.qos import by_class, traffic_classes
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_VIDEO

END = -1
"""Behind a route's last hop."""


@dataclass(frozen=True)
class Packets:
    """n packets that leave for their routes.

    Attributes:
        at_ns: (n,) when each leaves.
        frame_bytes: (n,) without what the links' rates count beside.
        flow: (n,) stream of the plan, or behind these a stream of other traffic.
        place: (n,) of the packet in its stream's log.
        route: (n,) see `Ways.routes`.
    """

    at_ns: Times
    frame_bytes: NDArray[np.int32]
    flow: NDArray[np.int32]
    place: NDArray[np.int64]
    route: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[Packets]) -> Packets:
        """Return all of several."""
        if not parts:
            none = np.zeros(0, np.int64)
            few = none.astype(np.int32)
            return cls(none, few, few, none, few)
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


class Arrivals(NamedTuple):
    """Packets, by their places among all (copies of one share it), and when each comes to a hop, or
    to its receiver."""

    which: NDArray[np.intp]
    at_ns: Times

    def take(self, some: NDArray[np.intp] | NDArray[np.bool_]) -> Arrivals:
        """Return some of them."""
        return Arrivals(self.which[some], self.at_ns[some])


@dataclass
class Counters:
    """What the kernels would have counted at h hops.

    Attributes:
        sent_bytes, drops, policed: (h, samples) between one sample and the next: bytes as the rate
            counts them, packets lost at full queues, packets lost by bandwidth profiles.
        other_bytes: those of `sent_bytes` of the last class, at ends with classes.
        sent: (h,) packets served; `dark`: (h,) lost by faults.
        waits: hop → how long media waited there.
        without_route: packets of paths that do not exist.
    """

    sent_bytes: NDArray[np.int64]
    other_bytes: NDArray[np.int64]
    drops: NDArray[np.int64]
    policed: NDArray[np.int64]
    sent: NDArray[np.int64]
    dark: NDArray[np.int64]
    waits: dict[int, list[Passage]] = field(default_factory=dict)
    without_route: int = 0

    @classmethod
    def of(cls, hops: int, seconds: int) -> Counters:
        """Return counters that have counted nothing."""
        samples = np.zeros((hops, seconds + 1), np.int64)
        sent_bytes, other_bytes, drops, policed = (samples.copy() for _ in range(4))
        sent, dark = np.zeros(hops, np.int64), np.zeros(hops, np.int64)
        return cls(sent_bytes, other_bytes, drops, policed, sent, dark)

    def at(self, at_ns: Times) -> Times:
        """Return the first sample after each moment."""
        last = self.drops.shape[1] - 1
        return np.clip((at_ns - SAMPLE_OFFSET_NS) // SECOND_NS + 1, 0, last)


class Network:
    """The network of a plan. The fates that its lines draw stay from one pass to the next."""

    def __init__(self, plan: Plan, ways: Ways) -> None:
        self._plan, self.ways = plan, ways
        self.lines: dict[int, list[Line]] = lines_of(plan, ways.hops)
        self._streams = len(plan.streams)
        codes = [DSCP_AUDIO if s.kind == "audio" else DSCP_VIDEO for s in plan.streams]
        codes += [each.dscp for each in plan.background]
        qos = plan.network.qos
        self._classes = traffic_classes(qos) if qos is not None and by_class(qos) else ()
        self._class_of = np.full(len(codes), len(self._classes) - 1, np.int8)
        for number, each in enumerate(self._classes):
            self._class_of[np.isin(codes, each.dscps)] = number
        self._routers = {node.id for node in plan.network.routers}
        self._from_ns = round(plan.phases[0].start_s * 1e9)
        self.begin()

    def begin(self) -> None:
        """Begin a pass: nothing was counted."""
        self.counters = Counters.of(len(self.ways.hops), int(self._plan.end_s) + 1)

    @property
    def has_classes(self) -> bool:
        """Whether routers' ends have classes."""
        return bool(self._classes)

    def carry(self, packets: Packets, order: list[int]) -> Arrivals:
        """Take packets to the ends of their routes, hop by hop in this order; return those that
        came, in no particular order."""
        routes = self.ways.routes
        after = {hop: np.full(len(routes), END, np.int32) for route in routes for hop in route}
        first = np.full(len(routes), END, np.int32)
        for number, route in enumerate(routes):
            first[number] = route[0] if route else END
            for hop, to in itertools.pairwise(route):
                after[hop][number] = to
        there = np.flatnonzero(packets.route != NO_ROUTE)
        self.counters.without_route += len(packets.route) - len(there)
        waiting: dict[int, list[Arrivals]] = {}
        ended: list[Arrivals] = []

        def send(some: Arrivals, to: NDArray[np.int32]) -> None:
            for hop in (np.flatnonzero(np.bincount(to - END)) + END).tolist():
                part = some if (to == hop).all() else some.take(to == hop)
                (ended if hop == END else waiting.setdefault(hop, [])).append(part)

        if len(there):
            send(Arrivals(there, packets.at_ns[there]), first[packets.route[there]])
        servers: dict[int, Server] = {}
        while waiting:
            for hop in order:
                if hop not in waiting:
                    continue
                came = joined(waiting.pop(hop))
                came = came.take(np.argsort(came.at_ns, kind="stable"))
                server = servers.setdefault(hop, self._server(hop))
                passed = self._cross(hop, server, came, packets)
                if len(passed.at_ns):
                    send(passed, after[hop][packets.route[passed.which]])
        return joined(ended)

    def _cross(self, hop: int, server: Server, came: Arrivals, packets: Packets) -> Arrivals:
        """Take packets in order of time over one hop."""
        ways, counters = self.ways, self.counters
        if spans := ways.carrier_down.get(hop):
            down = within(came.at_ns, spans)
            counters.dark[hop] += np.count_nonzero(down)
            came = came.take(~down)
        if not len(came.at_ns):
            return came
        link = ways.links[hop]
        wire_bytes = packets.frame_bytes[came.which].astype(np.int64) + link.overhead_bytes
        flow = packets.flow[came.which]
        served = server.serve(came.at_ns, wire_bytes, self._class_of[flow])
        self._count(hop, came, wire_bytes, flow, served)
        out = Arrivals(came.which, served.out_ns)
        if served.lost.any():
            out = out.take(~served.lost)
        if isinstance(server, Classes):
            out = out.take(np.argsort(out.at_ns, kind="stable"))
        if spans := ways.dark.get(hop):
            dark = within(out.at_ns, spans)
            counters.dark[hop] += np.count_nonzero(dark)
            out = out.take(~dark)
        if (profile := link.profile_of(ways.hops[hop].source)) is not None:
            passes = conforming(profile.bucket, out.at_ns, packets.frame_bytes[out.which])
            np.add.at(counters.policed[hop], counters.at(out.at_ns[~passes]), 1)
            out = out.take(passes)
        for line in self.lines.get(hop, ()):
            which, out_ns = line.pass_on(out.at_ns)
            out = Arrivals(out.which[which], out_ns)
        return out

    def _count(
        self,
        hop: int,
        came: Arrivals,
        wire_bytes: NDArray[np.int64],
        flow: NDArray[np.int32],
        served: Served,
    ) -> None:
        counters, kept = self.counters, ~served.lost
        lost = not kept.all()
        if lost:
            np.add.at(counters.drops[hop], counters.at(came.at_ns[served.lost]), 1)
        counters.sent[hop] += np.count_nonzero(kept)
        at, weights = counters.at(served.out_ns), wire_bytes
        if lost:
            weights = np.where(kept, wire_bytes, 0)
        width = counters.sent_bytes.shape[1]
        counters.sent_bytes[hop] += np.bincount(at, weights, width).astype(np.int64)
        if self._classes and self.ways.hops[hop].source in self._routers:
            last = len(self._classes) - 1
            others = np.where(self._class_of[flow] == last, weights, 0)
            counters.other_bytes[hop] += np.bincount(at, others, width).astype(np.int64)
        media = kept & (flow < self._streams) & (came.at_ns >= self._from_ns)
        waited = served.began_ns[media] - came.at_ns[media]
        counters.waits.setdefault(hop, []).append(Passage(came.at_ns[media], waited))

    def _server(self, hop: int) -> Server:
        link, source = self.ways.links[hop], self.ways.hops[hop].source
        if self._classes and source in self._routers:
            return Classes(link.rate_mbps, link.delay_us, self._classes)
        return Fifo(self._rates(hop), link.delay_us)

    def _rates(self, hop: int) -> list[Rate]:
        """Return the link's rate, and those of impairments while they last."""
        link, overhead = self.ways.links[hop], self.ways.links[hop].overhead_bytes

        def own(from_ns: int) -> Rate:
            return rate_from(from_ns, link.rate_mbps, link.delay_us, link.buffer_packets, overhead)

        rates = [own(0)]
        for line in self._plan.lines:
            if line.hop == self.ways.hops[hop] and line.rate_mbps is not None:
                buffer = line.buffer_packets or link.buffer_packets
                from_ns = round(line.from_s * 1e9)
                rates.append(rate_from(from_ns, line.rate_mbps, link.delay_us, buffer, overhead))
                if line.to_s is not None:
                    rates.append(own(round(line.to_s * 1e9)))
        return sorted(rates, key=lambda rate: rate.from_ns)


def joined(parts: Sequence[Arrivals]) -> Arrivals:
    """Return all of several."""
    if not parts:
        return Arrivals(np.zeros(0, np.intp), np.zeros(0, np.int64))
    which, at_ns = zip(*parts, strict=True)
    return Arrivals(np.concatenate(which), np.concatenate(at_ns))


def within(at_ns: Times, spans: list[Span]) -> NDArray[np.bool_]:
    """Return (n,) which moments lie in spans that are in order and apart."""
    edges = np.array(spans, np.int64).reshape(-1)
    inside: NDArray[np.bool_] = np.searchsorted(edges, at_ns, "right") % 2 == 1
    return inside
