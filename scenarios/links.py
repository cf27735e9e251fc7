"""Captures → each link's load, drops and queueing in each phase.

Loads and drops are counted by the kernel. Queueing delays are rebuilt: every media packet's way is
followed from its measured departure through each queue on its path; how far the rebuilt arrivals
are from the measured ones is returned beside, so that the rebuilding can be trusted or not. RTCP
takes its place in the same queues and is not followed: what it took is seen at the arrivals, and is
added where a stream's packets waited the longest.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from mcu_sim.sdp import Suite
from mcu_sim.srtp import TAG_BYTES
from results.model import LinkResult
from scenarios.captures import Captures
from scenarios.plan import FRAME_BYTES, PhasePlan
from topology.network import Hop
from topology.routing import shortest_paths
from traffic.fifo import departures
from traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

TIED_PACKETS = 3
REPORT_BYTES = 200
"""More than a report with what is around it: 28 + 24 + a name, SRTCP's tag, headers."""
SRTP_TAG_BYTES = TAG_BYTES[next(iter(Suite))]  # both ends prefer the first


@dataclass(frozen=True)
class Passage:
    """The packets that crossed one hop: when they came to it, and how long they waited (ns)."""

    arrival_ns: NDArray[np.int64]
    wait_ns: NDArray[np.int64]


@dataclass(frozen=True)
class Rebuilt:
    """Queueing at every hop.

    Attributes:
        error_us: the largest |rebuilt − measured| end-to-end delay.
        trusted: whether packets that changed places and RTCP explain all such errors.
    """

    passages: dict[tuple[str, str], Passage]
    error_us: float
    trusted: bool


def rebuild(captures: Captures) -> Rebuilt:
    """Follow every media packet through the queues of its path."""
    plan = captures.plan
    routes = shortest_paths(plan.network)
    mcu = plan.network.mcu.id
    dropping = {
        (q["link"], q["direction"])
        for q in captures.counters["queues"]
        if q["queue_drops"] or q["line_losses"]
    }
    paths: list[tuple[Hop, ...]] = []
    for stream in plan.streams:
        ends = (stream.bridge, mcu) if stream.direction == "up" else (mcu, stream.bridge)
        paths.append(routes.path(*ends))
    at = [trace.leaving_ns.copy() for trace in captures.traces]
    around = UDP_IP_BYTES + ETHERNET_BYTES + (SRTP_TAG_BYTES if plan.encrypted else 0)
    sizes = [trace.size + around for trace in captures.traces]
    alive = [~trace.impaired for trace in captures.traces]
    users: dict[Hop, list[int]] = {}
    order: TopologicalSorter[Hop] = TopologicalSorter()
    for index, path in enumerate(paths):
        for before, hop in zip((None, *path), path, strict=False):
            users.setdefault(hop, []).append(index)
            order.add(hop, *([before] if before else []))
    passages: dict[tuple[str, str], Passage] = {}
    crossing: dict[tuple[int, Hop], tuple[slice, NDArray[np.bool_]]] = {}
    for hop in order.static_order():
        link = plan.network.link(hop.link)
        key = (hop.link, hop.direction)
        for index in users[hop]:
            if key in dropping:
                # what did not arrive was dropped at the first queue on its way that dropped any
                alive[index] = alive[index] & captures.traces[index].arrived
        arrival = np.concatenate([at[i][alive[i]] for i in users[hop]])
        size = np.concatenate([sizes[i][alive[i]] for i in users[hop]])
        leaving = departures(arrival, size, link.rate_mbps)
        service = np.rint(size * 8e3 / link.rate_mbps).astype(np.int64)
        passages[key] = Passage(arrival, leaving - service - arrival)
        edges = np.cumsum([0] + [int(np.count_nonzero(alive[i])) for i in users[hop]])
        for i, a, b in zip(users[hop], edges[:-1], edges[1:], strict=True):
            at[i][alive[i]] = leaving[a:b] + round(link.delay_us * 1000)
            crossing[i, hop] = slice(a, b), alive[i]
    errors = []
    for index, trace in enumerate(captures.traces):
        behind = np.where(trace.arrived, trace.arrival_ns - at[index], 0)
        errors.append(float(np.abs(behind).max(initial=0)) / 1e3)
        waits = [
            (passages[hop.link, hop.direction].wait_ns[part], mask)
            for hop in paths[index]
            for part, mask in [crossing[index, hop]]
        ]
        longest, mask = max(waits, key=lambda wait: int(wait[0].sum()))
        longest[:] = np.maximum(longest + behind[mask], 0)
    allowed = _explained_us(captures)
    trusted = all(error <= most for error, most in zip(errors, allowed, strict=True))
    return Rebuilt(passages, max(errors, default=0.0), trusted)


def _explained_us(captures: Captures) -> list[float]:
    """How wrongly each stream may be rebuilt: its bridge's RTCP, and some packets' order."""
    plan = captures.plan
    slowest_mbps = min(link.rate_mbps for link in plan.network.links)
    health = {h["bridge"]: h for h in captures.events_of("bridge-health")}
    told = {"up": "rtcp_sent", "down": "rtcp_received"}
    reports = [health[s.bridge][told[s.direction]] for s in plan.streams]
    return [(TIED_PACKETS * FRAME_BYTES + n * REPORT_BYTES) * 8 / slowest_mbps for n in reports]


def links_in(captures: Captures, number: int, rebuilt: Rebuilt) -> list[LinkResult]:
    """Every direction of every link in phase `number`.

    Packets that come to a queue at the same moment may be rebuilt in another order than they were
    served in; if the rebuilt delays are further off than that and RTCP explain, no queueing is
    given.
    """
    phase = captures.plan.phases[number]
    load, peak = _load(captures, phase)
    start_ns = captures.origin_ns + round(phase.start_s * 1e9)
    end_ns = captures.origin_ns + round(phase.end_s * 1e9)
    before, after = captures.counters["at_phase"][number : number + 2]
    results = []
    for row, (link_id, direction) in enumerate(captures.hops):
        passage = rebuilt.passages.get((link_id, direction))
        wait = np.empty(0, np.int64)
        if passage is not None:
            within = (passage.arrival_ns >= start_ns) & (passage.arrival_ns < end_ns)
            wait = passage.wait_ns[within]
        results.append(
            LinkResult(
                id=link_id,
                direction=direction,
                rate_mbps=captures.plan.network.link(link_id).rate_mbps,
                utilisation_pct=round(float(load[row]), 3),
                peak_pct=round(float(peak[row]), 3),
                drops=after[row]["queue_drops"] - before[row]["queue_drops"],
                queue_p99_ms=round(float(np.percentile(wait, 99)) / 1e6, 4)
                if len(wait) and rebuilt.trusted
                else None,
            )
        )
    return results


def utilisation_pct(captures: Captures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(T,) start of each second after the origin, and (T, hops) load in that second."""
    # microseconds between the clock and the counters would show in the sixth digit
    times_s = np.round(captures.samples[:, 0] / 1e9, 3)
    rates = np.array([captures.plan.network.link(link).rate_mbps for link, _ in captures.hops])
    bits = np.diff(captures.samples[:, 1:], axis=0) * 8
    return times_s[:-1], bits / np.diff(times_s)[:, None] / (rates * 1e6) * 100


def _load(captures: Captures, phase: PhasePlan) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(hops,) mean load and load of the worst second, in % of the rate."""
    times_s, percent = utilisation_pct(captures)
    # a sample is taken a moment after its second begins
    within = (times_s >= phase.start_s - 0.01) & (times_s < phase.end_s - 0.01)
    return percent[within].mean(axis=0), percent[within].max(axis=0)
