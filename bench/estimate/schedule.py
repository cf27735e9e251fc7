"""The same packets through the estimate's queues and through ns-3: how fast, how alike."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx
import numpy as np
from numpy.typing import NDArray

from bench import ns3
from giaoban.scenarios.estimate.meeting import hold
from giaoban.scenarios.estimate.network import Network, Packets
from giaoban.scenarios.estimate.ways import find_ways
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.topology.routing import shortest_paths
from giaoban.traffic.rtp import UDP_IP_BYTES

NS3_FRAMING_BYTES = UDP_IP_BYTES + 2
"""Around a datagram in ns-3: PPP's two bytes are all its point-to-point link adds."""
LINGER_NS = 20_000_000_000
"""So long after the last packet was sent the last one is through."""


@dataclass(frozen=True)
class Schedule:
    """What a meeting's streams send: n packets, stream by stream, each in order of time.

    Attributes:
        streams: index into the plan's streams of each, and how many packets it has.
        at_ns: (n,) when each packet is sent.
        wire: (n,) bytes on the wire, as the estimate counts them.
    """

    plan: Plan
    streams: list[tuple[int, int]]
    at_ns: NDArray[np.int64]
    wire: NDArray[np.int32]

    @property
    def packets(self) -> int:
        """How many."""
        return len(self.at_ns)


@dataclass(frozen=True)
class SimulatedPassage:
    """What became of a schedule's packets, and how long it took.

    Attributes:
        arrival_ns: (n,) when each came, -1 for one that was lost.
        took_s: processor time of the network alone, reading and building not counted; both
            programs use one core.
        packet_hops: links crossed by all packets, were none lost.
    """

    arrival_ns: NDArray[np.int64]
    took_s: float
    packet_hops: int

    @property
    def hops_per_s(self) -> float:
        """Packets × hops a second of processor time."""
        return self.packet_hops / self.took_s


def make_schedule(question: Question) -> Schedule:
    """Return the packets that a meeting's streams send, by estimate."""
    plan = question.plan
    traffic = hold(plan, question.recordings)
    around = around_bytes(plan)
    streams, times, sizes = [], [], []
    for index, sent in sorted(traffic.sent.items(), key=lambda each: each[0]):
        if len(sent):
            order = np.argsort(sent["leaving_ns"], kind="stable")
            streams.append((index, len(sent)))
            times.append(sent["leaving_ns"][order].astype(np.int64))
            sizes.append(sent["size"][order].astype(np.int32) + np.int32(around))
    return Schedule(plan, streams, np.concatenate(times), np.concatenate(sizes))


def through_estimate(schedule: Schedule) -> SimulatedPassage:
    """Carry a schedule through the estimate's network."""
    plan = schedule.plan
    ways = find_ways(plan)
    network = Network(plan, ways)
    row_of = {call.bridge: row for row, call in enumerate(plan.calls)}
    arrival = np.full(schedule.packets, -1, np.int64)
    took_s, crossed, first = 0.0, 0, 0
    parts: tuple[list[Packets], list[Packets]] = ([], [])
    for index, count in schedule.streams:
        stream, part = plan.streams[index], slice(first, first + count)
        first += count
        down = stream.direction == "down"
        path = 2 * row_of[stream.bridge] + down
        at_ns = schedule.at_ns[part]
        flows, places = np.full(count, index, np.int32), np.arange(part.start, part.stop)
        route = ways.route_of(path, at_ns)
        parts[down].append(Packets(at_ns, schedule.wire[part], flows, places, route))
        crossed += count * len(ways.along(path))
    for direction in (0, 1):
        packets = Packets.joined(parts[direction])
        order = ways.order(range(direction, 2 * len(plan.calls), 2))
        began = time.process_time()
        came = network.carry(packets, order)
        took_s += time.process_time() - began
        arrival[packets.place[came.which]] = came.at_ns
    return SimulatedPassage(arrival, took_s, crossed)


def through_ns3(schedule: Schedule, folder: Path, routing: str, *, ask: bool) -> SimulatedPassage:
    """ns-3 with the same network and packets; arrivals are written only if asked for.

    Args:
        routing: one of `ns3.ROUTINGS`. With `nix` packets take ways of the fewest hops, and
            their hops are counted on those.

    Raises:
        MachineLacks: ns-3 or a compiler is missing.
    """
    plan, mcu = schedule.plan, schedule.plan.network.mcu.id
    program = ns3.compiled(folder)
    number = ns3.numbers(plan.network)
    # one packet less waits: ns-3 does not count the one that is being sent
    queues = {link.id: max(1, link.buffer_packets - 1) for link in plan.network.links}
    lines = ns3.network_lines(plan.network, queues)
    for index, count in schedule.streams:
        stream = plan.streams[index]
        source, target = (stream.bridge, mcu) if stream.direction == "up" else (mcu, stream.bridge)
        address = plan.network.address(target)
        lines.append(f"packets {number[source]} {number[target]} {address} {count}")
    text, packets, arrivals = (folder / f"schedule.{end}" for end in ("txt", "packets", "arrivals"))
    text.write_text("\n".join(lines) + "\n", encoding="ascii")
    payload = schedule.wire.astype(np.int64) - NS3_FRAMING_BYTES
    np.stack([schedule.at_ns, payload], axis=1).tofile(packets)
    seconds = str((int(schedule.at_ns.max()) + LINGER_NS) / 1e9)
    command = [str(program), str(text), seconds, routing, ns3.SCHEDULER, str(packets)]
    took = json.loads(ns3.run([*command, str(arrivals)] if ask else command))
    arrival = np.full(schedule.packets, -1, np.int64)
    if ask:
        arrival = np.fromfile(arrivals, np.int64)
    return SimulatedPassage(arrival, float(took["cpu_s"]), _crossed(schedule, routing))


def _crossed(schedule: Schedule, routing: str) -> int:
    """Links that all packets cross together, were none lost."""
    network = schedule.plan.network
    graph: Any = networkx.Graph()
    if routing == "nix":
        graph.add_edges_from((link.a, link.b) for link in network.links)
        fewest = networkx.single_source_shortest_path_length(graph, network.mcu.id)
        hops = {bridge.id: int(fewest[bridge.id]) for bridge in network.bridges}
    else:
        routes = shortest_paths(network)
        hops = {
            bridge.id: len(routes.path(bridge.id, network.mcu.id)) for bridge in network.bridges
        }
    streams = schedule.plan.streams
    return sum(count * hops[streams[index].bridge] for index, count in schedule.streams)
