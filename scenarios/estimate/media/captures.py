"""What an emulation would have left behind: the captures that are measured and judged.

So everything behind them, measures, validity, verdict, documents, is the emulation's own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.lru_cache import LruCache
from giaoban.scenarios.estimate.media.logs import received_log
from giaoban.scenarios.estimate.media.media import EstimatedTraffic
from giaoban.scenarios.estimate.media.rtcp import ReportsByStream
from giaoban.scenarios.estimate.network.ended import ARRIVAL_DTYPE
from giaoban.scenarios.estimate.network.flows import PER_PATH
from giaoban.scenarios.estimate.spool import as_one
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.measure.captures import (
    Captures,
    is_forwarded,
    trace_of,
    trace_of_in_order,
)
from giaoban.scenarios.measure.hop_delays import Rebuilt
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS, Plan
from giaoban.scenarios.records.events import BridgeHealth, McuHealth
from giaoban.scenarios.records.guest import (
    BackgroundCount,
    ChangeMade,
    Counters,
    FaultDrops,
    LineChange,
)
from giaoban.topology.counts import LineCount, QueueCount, RouterCount
from giaoban.traffic.log import SENT
from giaoban.traffic.quality.measure import Trace

_NOTHING = np.empty(0, SENT)
MOST_PACKETS = 1_000_000
"""Of so many the traces are memoized: some 75 MB."""


class _KnownTrace(NamedTuple):
    of: Hashable
    sent: list[NDArray[np.void]]
    came: list[NDArray[np.void]]
    trace: Trace


class TraceCache:
    """Streams of the meeting that was looked at last, with all that was found of them: many come
    just so in another one."""

    def __init__(self) -> None:
        self._known: dict[int, _KnownTrace] = {}
        self._packets = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(
        self,
        index: int,
        of: Hashable,
        sent: list[NDArray[np.void]],
        came: list[NDArray[np.void]],
        make: Callable[[Trace | None], Trace],
    ) -> Trace:
        """A stream's trace.

        Args:
            of: all that it hangs on beside what was `sent` and `came`, dtypes SENT and
                ARRIVAL_DTYPE, each part by part.
            make: if anything of that was another the last time; of the trace from then, if only
                what came is.
        """
        packets = sum(map(len, sent))
        known = self._known.pop(index, None)
        if known is not None:
            self._packets -= len(known.trace.due_ns)
            if known.of != of or not _all_equal(known.sent, sent, SENT):
                known = None
        if known is None or not _all_equal(known.came, came, ARRIVAL_DTYPE):
            trace = make(None if known is None else known.trace)
            known = _KnownTrace(of, sent, came, trace.memoizing())
        if self._packets + packets <= MOST_PACKETS:
            self._known[index] = known
            self._packets += packets
        return known.trace


def _all_equal(
    some: list[NDArray[np.void]], others: list[NDArray[np.void]], dtype: np.dtype[np.void]
) -> bool:
    """Whether records in parts, which nobody changes, are the same; many parts are the very same.

    Parts that are as long are compared one by one: the first that differs tells.
    """
    if list(map(len, some)) != list(map(len, others)):
        return _equal(as_one(some, dtype), as_one(others, dtype))
    return all(one is other or _equal(one, other) for one, other in zip(some, others, strict=True))


def _equal(one: NDArray[np.void], other: NDArray[np.void]) -> bool:
    """The same of records: they lie at one place, or as bytes, since field by field it takes many
    times as long."""
    if one.shape != other.shape:
        return False
    at_one_place = one.ctypes.data == other.ctypes.data and one.strides == other.strides
    return at_one_place or np.array_equal(_bytes(one), _bytes(other))


def _bytes(records: NDArray[np.void]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(records).view(np.uint8)


class Traces(Sequence[Trace]):
    """Every stream's packets from end to end, matched when they are asked for; those that were
    asked for last are memoized."""

    def __init__(
        self,
        plan: Plan,
        estimated: EstimatedTraffic,
        known: TraceCache | None = None,
        *,
        jitter: bool = True,
    ) -> None:
        """`known`: those of other meetings. `jitter`: whether anybody wants to know it."""
        self._jitter = jitter
        self._plan = plan
        self._estimated = estimated
        self._known = known
        self._found: LruCache[int, Trace] = LruCache(MOST_PACKETS, lambda t: len(t.due_ns))

    def __len__(self) -> int:
        return len(self._plan.streams)

    @overload
    def __getitem__(self, index: int) -> Trace: ...

    @overload
    def __getitem__(self, index: slice) -> list[Trace]: ...

    def __getitem__(self, index: int | slice) -> Trace | list[Trace]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._found.get(index, self._trace)

    def _trace(self, index: int) -> Trace:
        if self._known is None:
            made = self._made(index)
            # where something fails all is measured twice, most of it alike (`undisturbed`)
            return made.memoizing() if self._plan.faults else made
        sent = self._estimated.sent.parts(index)
        came = self._estimated.received.parts(index)
        plan, stream = self._plan, self._plan.streams[index]
        # all that `trace_of` asks of a plan
        of: tuple[Hashable, ...] = stream.kind, stream.direction, plan.meeting.video, self._jitter
        if stream.kind == "audio":
            of += plan.audio.clock_hz, plan.terminal.playout_ms
        return self._known.get(index, of, sent, came, lambda another: self._made(index, another))

    def _made(self, index: int, another: Trace | None = None) -> Trace:
        plan, stream = self._plan, self._plan.streams[index]
        sent = self._estimated.sent.get(index, _NOTHING)
        came = self._estimated.received.of(index)
        number = came["sequence"]
        in_order = bool((number[1:] > number[:-1]).all())
        if len(sent) and len(came) and in_order and not is_forwarded(plan, stream):
            at = number - sent["sequence"][0]
            arrival_ns = came["at_ns"].copy()
            return trace_of_in_order(
                plan, stream, sent, at, arrival_ns, jitter=self._jitter, another=another
            )
        return trace_of(plan, stream, sent, received_log(sent, came))


def captures_of(
    plan: Plan,
    timeline: Timeline,
    estimated: EstimatedTraffic,
    known: TraceCache | None = None,
    *,
    jitter: bool = True,
) -> Captures:
    """The captures of an estimated meeting; its origin is at 0. `known`: traces of other ones.
    `jitter`: whether anybody wants to know it."""
    traces = Traces(plan, estimated, known, jitter=jitter)
    seconds = int(plan.end_s) + 1
    samples = np.empty((seconds, 1 + len(estimated.paths.hops)), np.int64)
    samples[:, 0] = np.arange(seconds) * SECOND_NS + SAMPLE_OFFSET_NS
    samples[:, 1:] = np.cumsum(estimated.meter.sent_bytes[:, :seconds], axis=1).T
    other = estimated.meter.other_bytes
    streams = estimated.flows.streams
    came = estimated.received.counts[:streams].tolist()
    return Captures(
        plan=plan,
        origin_ns=0,
        kernel="none",
        traces=traces,
        events=[*timeline.events, *_health(plan, timeline, estimated)],
        hops=[(hop.link, hop.direction) for hop in estimated.paths.hops],
        samples=samples,
        counters=_counters(plan, estimated),
        media_sent=int(estimated.injected[:streams].sum()),
        media_received=sum(came),
        reports=ReportsByStream(
            plan, timeline, estimated.reports, estimated.sent, estimated.received
        ),
        other=None if other is None else np.cumsum(other[:, :seconds], axis=1).T,
    )


def _counters(plan: Plan, estimated: EstimatedTraffic) -> Counters:
    """What the kernels would have counted."""
    meter, paths, failed = estimated.meter, estimated.paths, estimated.failed
    dropped, policed = (
        np.cumsum(counted, axis=1) for counted in (meter.drops, meter.policed_packets)
    )
    marks = [plan.phases[0].start_s, *(phase.end_s for phase in plan.phases)]
    arrived = estimated.received.counts
    damaged = sum(line.damaged for lines in estimated.lines.values() for line in lines)
    hosts = estimated.flows.streams + PER_PATH * 2 * len(plan.calls)
    of_hosts = np.ones(len(arrived), bool)
    of_hosts[hosts : hosts + len(plan.background)] = False
    background = [
        BackgroundCount(
            link=each.link,
            direction=each.hop.direction,
            handed=int(estimated.injected[hosts + number]),
            sent=int(estimated.injected[hosts + number]),
            received=int(arrived[hosts + number]),
        )
        for number, each in enumerate(plan.background)
    ]
    routers = {node.id for node in plan.network.routers}
    told = list(zip(background, plan.background, strict=True))
    at_hosts = sum(count.received for count, each in told if each.target not in routers)
    at_routers = sum(count.received for count, each in told if each.target in routers)
    return Counters(
        hops=[(hop.link, hop.direction) for hop in paths.hops],
        queues=_queues(estimated, dropped[:, -1], policed[:, -1]),
        classes=[],
        lines=[
            LineCount(
                link=paths.hops[hop].link,
                direction=paths.hops[hop].direction,
                lost=line.lost,
                passed=0,
                duplicated=line.doubled,
                damaged=line.damaged,
            )
            for hop, lines in sorted(estimated.lines.items())
            for line in lines
            if not line.own
        ],
        udp={
            "OutDatagrams": int(estimated.injected[of_hosts].sum()),
            "InDatagrams": int(arrived[of_hosts].sum()) + int(estimated.unheard.sum()) + at_hosts,
            "NoPorts": 0,
            "InErrors": damaged,
            "RcvbufErrors": 0,
            "InCsumErrors": damaged,
            # the kernel counts so what ends with its time to live
            **({} if failed is None else {"IpInHdrErrors": failed.expired}),
        },
        routers=RouterCount(
            sent=0,
            received=at_routers,
            without_route=0 if failed is None else failed.without_route,
            expired=0 if failed is None else failed.expired,
        ),
        fault_drops=[]
        if failed is None
        else [
            FaultDrops(link=hop.link, direction=hop.direction, lost=lost)
            for hop, lost in zip(paths.hops, failed.lost.tolist(), strict=True)
        ],
        pacer_drops=0,
        background=background,
        background_damaged=0,
        at_phase=[
            _queues(estimated, *(of[:, _sample(mark_s)] for of in (dropped, policed)))
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
        changes=[
            ChangeMade.of(change, change.at_s * 1000, change.at_s * 1000) for change in plan.changes
        ],
        probes=[],
    )


def _queues(
    estimated: EstimatedTraffic, drops: NDArray[np.int64], policed: NDArray[np.int64]
) -> list[QueueCount]:
    """All queues; (hops,) what they had dropped by a moment."""
    counted = zip(
        estimated.paths.hops,
        estimated.meter.sent.tolist(),
        drops.tolist(),
        _own_losses(estimated),
        policed.tolist(),
        strict=True,
    )
    return [
        QueueCount(
            link=hop.link,
            direction=hop.direction,
            sent_packets=sent,
            queue_drops=dropped,
            line_losses=lost,
            backlog=0,
            policed=gone,
        )
        for hop, sent, dropped, lost, gone in counted
    ]


def _own_losses(estimated: EstimatedTraffic) -> list[int]:
    """What each hop's own line lost, no impairment of it."""
    lines = (estimated.lines.get(hop, ()) for hop in range(len(estimated.paths.hops)))
    return [sum(line.lost for line in of_hop if line.own) for of_hop in lines]


def _sample(at_s: float) -> int:
    """The number of the first sample at or after a moment."""
    return int(-(-at_s // 1))


def _health(
    plan: Plan, timeline: Timeline, estimated: EstimatedTraffic
) -> list[McuHealth | BridgeHealth]:
    """How the programs would have fared."""
    flows = estimated.flows

    def of(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
        """By path, datagrams of SIP and of RTCP: each bridge's up, and after it its down."""
        firsts = [flows.signalling(path) for path in range(2 * len(plan.calls))]
        return [(int(counts[n]), int(counts[n + 1 : n + PER_PATH].sum())) for n in firsts]

    unheard_by = estimated.unheard.tolist()
    sent, received = of(estimated.injected), of(estimated.received.counts)
    bridges = [
        BridgeHealth(
            bridge=call.bridge,
            sip_sent=up[0],
            rtcp_sent=up[1],
            sip_received=down[0],
            rtcp_received=down[1],
            starved=0,
            stray=0,
            overflowed=0,
            unheard=unheard,
            unsendable=0,
        )
        for call, up, down, unheard in zip(
            plan.calls,
            sent[::2],
            received[1::2],
            unheard_by[1::2],
            strict=True,
        )
    ]
    mcu = McuHealth(
        sip_sent=sum(sip for sip, _ in sent[1::2]),
        rtcp_sent=sum(rtcp for _, rtcp in sent[1::2]),
        sip_received=sum(sip for sip, _ in received[::2]),
        rtcp_received=sum(rtcp for _, rtcp in received[::2]),
        calls_left=timeline.calls_left,
        units_left=timeline.units_left,
        starved=0,
        stray=0,
        overflowed=0,
        unheard=sum(unheard_by[::2]),
        unsendable=0,
    )
    return [mcu, *bridges]


def queue_waits(estimated: EstimatedTraffic) -> Rebuilt:
    """How long media waited at each hop: known here, where an emulation has to rebuild it."""
    return Rebuilt(estimated.waited, 0.0, trusted=True)
