"""A meeting's packets: planned, carried up, mixed or passed on, carried down, received.

Where packets are lost, receivers ask for key frames; then all is worked out again with these, in at
most `PASSES` passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.calls import Timetable, timetable
from giaoban.scenarios.estimate.feedback import Feedback
from giaoban.scenarios.estimate.forwarding import Arrived, forward, forwarded_kinds
from giaoban.scenarios.estimate.network import Network, Packets, within
from giaoban.scenarios.estimate.sources import NOTHING, Media, Sent
from giaoban.scenarios.estimate.ways import Ways, find_ways
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.scenarios.spec.background import PoissonArrivals
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.rtp import ETHERNET_BYTES

PASSES = 3


@dataclass
class Traffic:
    """Packets of a meeting, as they were sent and as they arrived.

    Attributes:
        sent: log of each stream; `came`: (place in the log, when it came) of what was received.
        injected, received: packets of each flow, put on the wire and come to its end.
        unheard: packets that came to a device that takes none, by path.
    """

    plan: Plan
    table: Timetable
    network: Network
    sent: dict[int, Sent] = field(default_factory=dict)
    came: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    injected: dict[int, int] = field(default_factory=dict)
    received: dict[int, int] = field(default_factory=dict)
    unheard: dict[int, int] = field(default_factory=dict)

    @property
    def loses(self) -> bool:
        """Return whether queues lost packets."""
        return bool(self.network.counters.drops.any())

    def arrived(self, index: int) -> Arrived:
        """Return the packets of a stream that arrived."""
        place, at_ns = self.came.get(index, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
        return Arrived.of(self.sent.get(index, NOTHING), place, at_ns)


def hold(
    plan: Plan,
    recordings: Mapping[str, Recording],
    known: dict[object, Sent] | None = None,
) -> Traffic:
    """Hold a plan's meeting.

    Args:
        known: streams of the same plan that were made in another meeting.
    """
    ways = find_ways(plan)
    table = timetable(plan, ways)
    network = Network(plan, ways)
    media = Media(plan, table, recordings, {} if known is None else known)
    feedback = Feedback(plan, table, network, media)
    keys: dict[int, set[int]] = {}
    for _ in range(PASSES):
        traffic = _pass(plan, ways, table, network, media, keys)
        came = {index: traffic.arrived(index) for index in range(len(plan.streams))}
        wanted = feedback.requests(came, traffic.sent)
        if wanted == keys:
            return traffic
        keys = wanted
    for index, moments in feedback.answers.items():
        traffic.sent[index] = _with_keys(traffic.sent[index], moments)
    return traffic


def _with_keys(sent: Sent, moments: list[int]) -> Sent:
    """Return a stream whose first pictures after these moments are key frames: after the last pass
    those that are still asked for are taken to be as large as the pictures in their places."""
    found, due_ns = sent.copy(), sent["due_ns"]
    starts = np.flatnonzero(np.r_[True, np.diff(sent["timestamp"].astype(np.int64)) != 0])
    for at_ns in moments:
        place = int(np.searchsorted(due_ns[starts], at_ns))
        if place < len(starts):
            end = starts[place + 1] if place + 1 < len(starts) else len(sent)
            found["key"][starts[place] : end] = True
    return found


def _pass(
    plan: Plan,
    ways: Ways,
    table: Timetable,
    network: Network,
    media: Media,
    keys: Mapping[int, set[int]],
) -> Traffic:
    """Carry all packets once, with key frames from these moments on."""
    network.begin()
    traffic = Traffic(plan, table, network)
    up = [s.index for s in plan.streams if s.direction == "up"]
    down = [s.index for s in plan.streams if s.direction == "down"]
    orders = [ways.order(range(first, 2 * len(plan.calls), 2)) for first in (0, 1)]
    own = {hop for order in orders for hop in order}
    others = [_others(plan, ways, number) for number in range(len(plan.background))]
    hops = [ways.routes[ways.others[number]][0] for number in range(len(plan.background))]
    upwards = [each for each, hop in zip(others, hops, strict=True) if hop in orders[0]]
    downwards = [each for each, hop in zip(others, hops, strict=True) if hop not in orders[0]]
    orders[1] += sorted({*hops} - own)
    for each in others:
        if len(each.flow):
            traffic.injected[int(each.flow[0])] = len(each.flow)
    for index in up:
        traffic.sent[index] = media.stream(index, keys.get(index, ()))
    _carry(traffic, up, upwards, orders[0])
    forwarded = {
        kind: forward(plan, table, kind, traffic.arrived) for kind in forwarded_kinds(plan)
    }
    for index in down:
        kind = plan.streams[index].kind
        if kind in forwarded:
            traffic.sent[index] = forwarded[kind].get(index, NOTHING)
        else:
            traffic.sent[index] = media.stream(index, keys.get(index, ()))
    _carry(traffic, down, downwards, orders[1])
    return traffic


def _others(plan: Plan, ways: Ways, number: int) -> Packets:
    """Return the packets of a stream of other traffic."""
    each = plan.background[number]
    at_ns = PoissonArrivals(each, plan.seed, number).until(round(each.to_s * 1e9))
    n = len(at_ns)
    return Packets(
        at_ns,
        np.full(n, each.packet_bytes + ETHERNET_BYTES, np.int32),
        np.full(n, len(plan.streams) + number, np.int32),
        np.arange(n),
        np.full(n, ways.others[number], np.int32),
    )


def _carry(traffic: Traffic, streams: list[int], others: list[Packets], order: list[int]) -> None:
    """Carry streams of one direction, and note the packets that arrive."""
    plan, network = traffic.plan, traffic.network
    row_of = {call.bridge: row for row, call in enumerate(plan.calls)}
    around, parts = around_bytes(plan), list(others)
    for index in streams:
        planned, log = plan.streams[index], traffic.sent[index]
        path = 2 * row_of[planned.bridge] + (planned.direction == "down")
        place = np.repeat(np.arange(len(log)), log["copies"])
        at_ns = log["leaving_ns"][place].astype(np.int64)
        n = traffic.injected[index] = len(place)
        parts.append(
            Packets(
                at_ns,
                (log["size"][place] + np.int32(around)).astype(np.int32),
                np.full(n, index, np.int32),
                place,
                network.ways.route_of(path, at_ns),
            )
        )
    packets = Packets.joined(parts)
    came = network.carry(packets, order)
    flows = packets.flow[came.which]
    by_flow = np.lexsort((came.at_ns, flows))
    counts = np.bincount(flows)
    ends = np.cumsum(counts)
    for flow in np.flatnonzero(counts).tolist():
        of = by_flow[ends[flow] - counts[flow] : ends[flow]]
        traffic.received[flow] = len(of)
        if flow >= len(plan.streams):
            continue
        planned = plan.streams[flow]
        path = 2 * row_of[planned.bridge] + (planned.direction == "down")
        heard = ~within(came.at_ns[of], traffic.table.deaf.get(path, []))
        traffic.unheard[path] = traffic.unheard.get(path, 0) + int(np.count_nonzero(~heard))
        of = of[heard]
        traffic.came[flow] = packets.place[came.which[of]], came.at_ns[of]
