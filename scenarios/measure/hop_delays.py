"""Captures → how long every packet waited at every hop, rebuilt from measured departures.

Every media packet's way is followed through each queue on its path; how far the rebuilt arrivals
are from the measured ones is returned beside, so that the rebuilding can be trusted or not. RTCP
takes its place in the same queues and is not followed: its share is seen at the arrivals, and is
added where a stream's packets waited the longest. Where a line delays packets by chance, or its
rate changes, where other traffic is, packets wait by class or a queue drops before it is full, this
and what comes after it cannot be rebuilt and is left out; where links fail, nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Self

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.drain import FRAME_BYTES
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.scenarios.records.events import BridgeHealth
from giaoban.scenarios.spec.impairment import LinePlan
from giaoban.topology.lines.qos import by_class
from giaoban.topology.network import Hop
from giaoban.topology.routing import shortest_paths
from giaoban.traffic.fifo import bytes_per_s, departures, serialisation_ns
from giaoban.traffic.quality.measure import Trace

TIED_PACKETS = 3
REPORT_BYTES = 200
"""More than a report with what is around it: 28 + 24 + a name, SRTCP's tag, headers."""


@dataclass(frozen=True)
class Passage:
    """The packets that crossed one hop: when they came to it, and how long they waited (ns)."""

    arrival_ns: NDArray[np.int64]
    wait_ns: NDArray[np.int64]

    def waits_within(self, start_ns: int, end_ns: int) -> NDArray[np.int64]:
        """How long those waited that came in [start, end)."""
        return self.wait_ns[(self.arrival_ns >= start_ns) & (self.arrival_ns < end_ns)]


@dataclass(frozen=True)
class Rebuilt:
    """Queueing at every hop that could be rebuilt.

    Attributes:
        error_us: the largest |rebuilt − measured| end-to-end delay.
        trusted: whether packets that changed places and RTCP explain all such errors.
    """

    passages: Mapping[tuple[str, str], Passage]
    error_us: float
    trusted: bool


class _Flow:
    """One stream's packets on their way: one a datagram, so a duplicated packet is there twice."""

    def __init__(
        self,
        path: tuple[Hop, ...],
        at_ns: NDArray[np.int64],
        size: NDArray[np.int64],
        arrival_ns: NDArray[np.int64],
        first: NDArray[np.bool_],
    ) -> None:
        """Of n packets: when each left, bytes of a frame, when it arrived (-1: it did not), and
        whether it is no copy of the one before."""
        self.path, self.at_ns, self.size = path, at_ns, size
        self.arrived, self.arrival_ns, self.first = arrival_ns >= 0, arrival_ns, first
        self.alive = np.ones(len(at_ns), np.bool_)

    @classmethod
    def of_media(cls, trace: Trace, path: tuple[Hop, ...], around_bytes: int) -> Self:
        which = np.repeat(np.arange(len(trace.due_ns)), trace.copies)
        size, first = trace.size[which] + around_bytes, np.diff(which, prepend=-1) != 0
        return cls(path, trace.leaving_ns[which], size, trace.arrival_ns[which], first)


def rebuild(captures: Captures) -> Rebuilt:
    """Follow every media packet through the queues of its path."""
    plan = captures.plan
    if plan.changes:  # ways change while the run goes on, and the routers' own packets are in them
        return Rebuilt({}, 0.0, trusted=False)
    flows = list(_flows(captures))
    users: dict[Hop, list[_Flow]] = {}
    order: TopologicalSorter[Hop] = TopologicalSorter()
    for flow in flows:
        for before, hop in zip((None, *flow.path), flow.path, strict=False):
            users.setdefault(hop, []).append(flow)
            order.add(hop, *([before] if before else []))
    in_order = list(order.static_order())
    blind = _blind(in_order, users, plan.lines, _shared(plan))
    counters = captures.counters
    policed = {(q.link, q.direction) for q in counters.queues if q.policed}
    dropping = {(q.link, q.direction) for q in counters.queues if q.queue_drops}
    losing = {(q.link, q.direction) for q in counters.queues if q.line_losses}
    losing |= policed
    losing |= {(line.link, line.direction) for line in counters.lines if line.lost or line.damaged}
    passages: dict[tuple[str, str], Passage] = {}
    crossing: dict[tuple[int, Hop], tuple[slice, NDArray[np.bool_]]] = {}
    for hop in in_order:
        if hop in blind:
            continue
        link, key = plan.network.link(hop.link), (hop.link, hop.direction)
        through = users[hop]
        if key in dropping:
            # what did not arrive was dropped at the first queue on its way that dropped any
            for flow in through:
                flow.alive = flow.alive & flow.arrived
        arrival = np.concatenate([flow.at_ns[flow.alive] for flow in through])
        size = np.concatenate([flow.size[flow.alive] for flow in through])
        size = size + link.overhead_bytes
        leaving = departures(arrival, size, link.rate_mbps)
        service = serialisation_ns(size, bytes_per_s(link.rate_mbps))
        passages[key] = Passage(arrival, leaving - service - arrival)
        edges = np.cumsum([0] + [int(np.count_nonzero(flow.alive)) for flow in through])
        for flow, a, b in zip(through, edges[:-1], edges[1:], strict=True):
            flow.at_ns[flow.alive] = leaving[a:b] + round(link.delay_us * 1000)
            crossing[id(flow), hop] = slice(a, b), flow.alive
            if key in losing:
                flow.alive = flow.alive & flow.arrived
    bent = blind | {line.hop for line in plan.lines if line.what.jitter is not None}
    errors = []
    trusted = True
    for flow, most_us in zip(flows, _explained_us(captures), strict=True):
        if bent & set(flow.path):
            continue
        behind = np.where(flow.arrived & flow.first, flow.arrival_ns - flow.at_ns, 0)
        errors.append(float(np.abs(behind).max(initial=0)) / 1e3)
        trusted &= errors[-1] <= most_us
        waits = []
        for hop in flow.path:
            part, alive = crossing[id(flow), hop]
            waits.append((passages[hop.link, hop.direction].wait_ns[part], alive))
        longest, alive = max(waits, key=lambda wait: int(wait[0].sum()))
        longest[:] = np.maximum(longest + behind[alive], 0)
    return Rebuilt(passages, max(errors, default=0.0), trusted)


def _flows(captures: Captures) -> Iterator[_Flow]:
    plan = captures.plan
    routes = shortest_paths(plan.network)
    mcu = plan.network.mcu.id
    ends = ((s.bridge, mcu) if s.direction == "up" else (mcu, s.bridge) for s in plan.streams)
    paths = [routes.path(*each) for each in ends]
    for path, found in zip(paths, captures.traces, strict=True):
        yield _Flow.of_media(found, path, around_bytes(plan))


def _blind(
    in_order: Iterable[Hop],
    users: dict[Hop, list[_Flow]],
    lines: Iterable[LinePlan],
    shared: set[Hop],
) -> set[Hop]:
    """Hops whose arrivals are not known, or that do not serve at one rate all the time."""
    bending = {line.hop for line in lines if line.what.jitter or line.what.duplicate}
    blind = shared | {line.hop for line in lines if line.rate_mbps is not None}
    for hop in in_order:
        for flow in users[hop]:
            before = set(flow.path[: flow.path.index(hop)])
            if before & (bending | blind):
                blind.add(hop)
    return blind


def _shared(plan: Plan) -> set[Hop]:
    """Return where packets wait that are not followed, or overtake each other: background,
    classes."""
    shared = {each.hop for each in plan.background}
    if by_class(plan.network.qos):
        routers = {node.id for node in plan.network.routers}
        hops = [hop for link in plan.network.links for hop in link.hops]
        shared |= {hop for hop in hops if hop.source in routers}
    return shared


def _explained_us(captures: Captures) -> list[float]:
    """How wrongly each stream may be rebuilt: its bridge's RTCP, and some packets' order."""
    plan = captures.plan
    slowest_mbps = min(link.rate_mbps for link in plan.network.links)
    overhead = max(link.overhead_bytes for link in plan.network.links)
    tied_bytes, report_bytes = TIED_PACKETS * (FRAME_BYTES + overhead), REPORT_BYTES + overhead
    reports: dict[tuple[str, str], int] = {}
    for h in captures.health:
        if isinstance(h, BridgeHealth):
            reports |= {(h.bridge, "up"): h.rtcp_sent, (h.bridge, "down"): h.rtcp_received}
    return [
        (tied_bytes + reports[s.bridge, s.direction] * report_bytes) * 8 / slowest_mbps
        for s in plan.streams
    ]
