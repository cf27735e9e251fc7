"""The captures that an emulation would have left behind: measures and judging are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.lru_cache import LruCache
from giaoban.scenarios.estimate.meeting import Traffic
from giaoban.scenarios.estimate.sources import NOTHING
from giaoban.scenarios.measure.captures import Captures, is_forwarded, trace_of, trace_of_in_order
from giaoban.scenarios.measure.hop_delays import Passage, Rebuilt
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS
from giaoban.scenarios.records.events import BridgeHealth, McuHealth
from giaoban.scenarios.records.guest import (
    BackgroundCount,
    ChangeMade,
    Counters,
    FaultDrops,
    LineChange,
)
from giaoban.topology.counts import LineCount, QueueCount, RouterCount
from giaoban.traffic.log import RECEIVED
from giaoban.traffic.quality.measure import Trace

MOST_PACKETS = 1_000_000
"""Of so many packets the traces are remembered: some 75 MB."""


class _Traces(Sequence[Trace]):
    """One trace a stream of the plan, made when it is asked for."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._known: LruCache[int, Trace] = LruCache(MOST_PACKETS, lambda t: len(t.due_ns))

    def __len__(self) -> int:
        return len(self._traffic.plan.streams)

    @overload
    def __getitem__(self, index: int) -> Trace: ...

    @overload
    def __getitem__(self, index: slice) -> list[Trace]: ...

    def __getitem__(self, index: int | slice) -> Trace | list[Trace]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._known.get(index, self._trace)

    def _trace(self, index: int) -> Trace:
        plan, stream = self._traffic.plan, self._traffic.plan.streams[index]
        sent = self._traffic.sent.get(index, NOTHING)
        nothing = np.zeros(0, np.int64)
        place, at_ns = self._traffic.came.get(index, (nothing, nothing))
        if len(place) and (np.diff(place) > 0).all() and not is_forwarded(plan, stream):
            return trace_of_in_order(plan, stream, sent, place, at_ns)
        received = np.empty(len(place), RECEIVED)
        for name in ("stream", "timestamp", "size"):
            received[name] = sent[name][place]
        received["sequence"] = sent["sequence"][place] & 0xFFFF
        received["arrival_ns"] = at_ns
        return trace_of(plan, stream, sent, received)


def captures_of(traffic: Traffic) -> Captures:
    """Return the captures of a meeting; its origin is at 0."""
    plan, counters, hops = traffic.plan, traffic.network.counters, traffic.network.ways.hops
    seconds = int(plan.end_s) + 1
    samples = np.empty((seconds, 1 + len(hops)), np.int64)
    samples[:, 0] = np.arange(seconds) * SECOND_NS + SAMPLE_OFFSET_NS
    samples[:, 1:] = np.cumsum(counters.sent_bytes[:, :seconds], axis=1).T
    other = None
    if traffic.network.has_classes:
        other = np.cumsum(counters.other_bytes[:, :seconds], axis=1).T
    return Captures(
        plan=plan,
        origin_ns=0,
        kernel="none",
        traces=_Traces(traffic),
        events=[*traffic.table.events, *_health(traffic)],
        hops=[(hop.link, hop.direction) for hop in hops],
        samples=samples,
        counters=_counters(traffic),
        media_sent=_media_sent(traffic),
        media_received=sum(len(place) for place, _ in traffic.came.values()),
        reports={},
        other=other,
    )


def queue_waits(traffic: Traffic) -> Rebuilt:
    """Return how long media waited at each hop."""
    hops = traffic.network.ways.hops
    passages = {
        (hops[hop].link, hops[hop].direction): Passage(
            np.concatenate([each.arrival_ns for each in parts]),
            np.concatenate([each.wait_ns for each in parts]),
        )
        for hop, parts in traffic.network.counters.waits.items()
    }
    return Rebuilt(passages, 0.0, trusted=True)


def _media_sent(traffic: Traffic) -> int:
    streams = len(traffic.plan.streams)
    return sum(count for flow, count in traffic.injected.items() if flow < streams)


def _counters(traffic: Traffic) -> Counters:
    """Return what the kernels would have counted."""
    plan, counted, network = traffic.plan, traffic.network.counters, traffic.network
    hops, streams = network.ways.hops, len(traffic.plan.streams)
    drops, policed = (np.cumsum(of, axis=1) for of in (counted.drops, counted.policed))
    marks = [plan.phases[0].start_s, *(phase.end_s for phase in plan.phases)]
    lines = [(hops[hop], line) for hop, of in sorted(network.lines.items()) for line in of]
    damaged = sum(line.damaged for _, line in lines)
    background = [
        BackgroundCount(
            link=each.link,
            direction=each.hop.direction,
            handed=traffic.injected.get(streams + number, 0),
            sent=traffic.injected.get(streams + number, 0),
            received=traffic.received.get(streams + number, 0),
        )
        for number, each in enumerate(plan.background)
    ]
    routers = {node.id for node in plan.network.routers}
    told = list(zip(background, plan.background, strict=True))
    media_came = sum(count for flow, count in traffic.received.items() if flow < streams)
    return Counters(
        hops=[(hop.link, hop.direction) for hop in hops],
        queues=_queues(traffic, drops[:, -1], policed[:, -1]),
        classes=[],
        lines=[
            LineCount(
                link=hop.link,
                direction=hop.direction,
                lost=line.lost,
                passed=0,
                duplicated=line.doubled,
                damaged=line.damaged,
            )
            for hop, line in lines
            if not line.own
        ],
        udp={
            "OutDatagrams": _media_sent(traffic),
            "InDatagrams": media_came + sum(c.received for c, b in told if b.target not in routers),
            "NoPorts": 0,
            "InErrors": damaged,
            "RcvbufErrors": 0,
            "InCsumErrors": damaged,
        },
        routers=RouterCount(
            sent=0,
            received=sum(c.received for c, b in told if b.target in routers),
            without_route=counted.without_route,
            expired=0,
        ),
        fault_drops=[
            FaultDrops(link=hop.link, direction=hop.direction, lost=lost)
            for hop, lost in zip(hops, counted.dark.tolist(), strict=True)
            if plan.changes
        ],
        pacer_drops=0,
        background=background,
        background_damaged=0,
        at_phase=[
            _queues(traffic, *(of[:, int(-(-mark_s // 1))] for of in (drops, policed)))
            for mark_s in marks
        ],
        line_changes=[
            LineChange(
                link=line.link,
                direction=line.hop.direction,
                begins=begins,
                due_ms=at_s * 1e3,
                t_ms=at_s * 1e3,
            )
            for line in plan.lines
            for begins, at_s in ((True, line.from_s), (False, line.to_s))
            if at_s is not None
        ],
        changes=[ChangeMade.of(each, each.at_s * 1000, each.at_s * 1000) for each in plan.changes],
        probes=[],
    )


def _queues(
    traffic: Traffic, drops: NDArray[np.int64], policed: NDArray[np.int64]
) -> list[QueueCount]:
    """Return all queues, with (hops,) what they had dropped by a moment."""
    network = traffic.network
    return [
        QueueCount(
            link=hop.link,
            direction=hop.direction,
            sent_packets=int(network.counters.sent[number]),
            queue_drops=int(drops[number]),
            line_losses=sum(line.lost for line in network.lines.get(number, ()) if line.own),
            backlog=0,
            policed=int(policed[number]),
        )
        for number, hop in enumerate(network.ways.hops)
    ]


def _health(traffic: Traffic) -> list[McuHealth | BridgeHealth]:
    """Return how the programs would have fared; signalling and RTCP are not estimated."""
    well: dict[str, Any] = dict.fromkeys((*_COUNTED, "starved", "stray", "overflowed"), 0)
    unheard, table = traffic.unheard, traffic.table
    bridges = [
        BridgeHealth(bridge=call.bridge, unheard=unheard.get(2 * row + 1, 0), **well)
        for row, call in enumerate(traffic.plan.calls)
    ]
    at_mcu = sum(count for path, count in unheard.items() if path % 2 == 0)
    left: dict[str, Any] = {"calls_left": table.calls_left, "units_left": table.units_left}
    return [McuHealth(unheard=at_mcu, **well, **left), *bridges]


_COUNTED = ("unsendable", "rtcp_sent", "rtcp_received", "sip_sent", "sip_received")
