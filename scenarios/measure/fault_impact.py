"""Captures → when each fault had its say, and what it did to each bridge."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from giaoban.mcu_sim.media.leg import KINDS
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.interruptions import (
    Edge,
    Gap,
    Spans,
    begun,
    gaps,
    gaps_by,
    merged,
    picture_gaps,
    without,
)
from giaoban.scenarios.measure.streams import FrameAnalyses, streams_of
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.records.events import (
    EndedByMcu,
    EventRecord,
    Joined,
    Left,
    MediaLost,
    Redialled,
)
from giaoban.scenarios.spec.faults.graph import unreachable
from giaoban.scenarios.spec.faults.plan import FaultPlan
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.topology.rerouting import lsa_wait_ms, settled_after_ms
from giaoban.traffic.quality.measure import Trace

MEETING = ("audio", "video")
"""What an interruption is of: slides may stand still for as long as they like."""
CUT_OFF_NS = 1_000_000_000
"""Who has got nothing for longer has lost the meeting
(`giaoban.results.judge.worst.DROPPED_AFTER_MS`)."""
SOON_NS = 100_000_000
"""A gap that begins so soon before or after a change is its doing: packets are up to a frame
apart, and those that are under way were due before it."""
PUT_OUT = "put-out"
"""Why a bridge left whom the control room did not want any longer."""


class FaultWindow(NamedTuple):
    """A fault's own time, in s from the origin: until the next one begins, or the phases are over.

    `over_s`: until it is restored, if that comes first. `edges_s`: when it changed anything.
    """

    start_s: float
    end_s: float
    over_s: float
    edges_s: tuple[float, ...]


class _LongestGap(NamedTuple):
    """The longest gaps that one event made at a bridge, in ns, and of which stream the longest."""

    sound_ns: int
    picture_ns: int
    stream: str | None

    @property
    def both_ms(self) -> float:
        return _ms(max(self.sound_ns, self.picture_ns))


@dataclass(frozen=True)
class _Stream:
    """One of a bridge's streams with its gaps.

    `silent` is when nothing of it came that could be used. `made` are gaps that faults made, in
    which it could not be heard or seen: a picture is away until a frame can be shown again.
    """

    name: str
    kind: str
    index: int
    trace: Trace
    silent: Spans
    made: Sequence[Gap]

    @cached_property
    def under_way_ns(self) -> int:
        """How long its packets are on their way as a rule."""
        arrived = self.trace.arrived
        if not arrived.any():
            return 0
        return int(np.median(self.trace.arrival_ns[arrived] - self.trace.due_ns[arrived]))

    def lost(self, start_ns: int, end_ns: int) -> int:
        """Packets lost on the wire that would have come in [start, end)."""
        edges = np.array([start_ns, end_ns]) - self.under_way_ns
        first, last = np.searchsorted(self.trace.due_ns, edges)
        return int(np.count_nonzero(self.trace.lost[first:last]))


class Impacts:
    """All faults of a run, measured; none of a run without."""

    def __init__(self, captures: Captures, pictures: FrameAnalyses) -> None:
        self._captures, self._pictures = captures, pictures
        plan = captures.plan
        self._origin_ns = captures.origin_ns
        self._end_ns = self._ns(plan.phases[-1].end_s)
        self._times = times(plan)
        # until all routers have their new ways, packets may go round between two of them: that too
        # is an interruption by the fault, also a second after a link was mended
        self._settled_ns = round(settled_after_ms(plan.network.routing) * 1e6)
        self._all_edges = [
            Edge(self._ns(at_s), number, fault.to_s is not None and at_s >= fault.to_s)
            for number, (fault, time) in enumerate(zip(plan.faults, self._times, strict=True))
            for at_s in time.edges_s
        ]
        self._streams: dict[str, list[_Stream]] = (
            {call.bridge: list(self._of(call)) for call in plan.calls} if plan.faults else {}
        )

    def results(self, scenario: Scenario) -> list[FaultResult]:
        """Each fault as the result tells it."""
        plan = self._captures.plan
        start_s = plan.phases[0].start_s
        found = []
        for number, (fault, time, written) in enumerate(
            zip(plan.faults, self._times, scenario.faults, strict=True)
        ):
            words = written.words()
            cut = behind(plan, fault)
            figures = {
                "id": fault.id,
                "kind": fault.kind,
                "target": fault.target,
                "target_id": fault.target_id,
                "direction": fault.direction,
                "at_s": round(fault.at_s - start_s, 6),
                "restored_s": None if fault.to_s is None else round(fault.to_s - start_s, 6),
                "text_en": words.en,
                "text_vi": words.vi,
                "lsa_wait_ms": lsa_wait_ms(plan.network, plan.changes, number),
                "accepted_reason": written.accepted_reason,
                "accepted_reason_vi": written.accepted_reason_vi,
                "bridges": [
                    self._impact(
                        number,
                        fault,
                        call,
                        behind=call.bridge in cut,
                        accepted=written.accepts(call.bridge),
                    )
                    for call in plan.calls
                    if self._is_in(call, time)
                ],
            }
            found.append(FaultResult.model_validate(figures))
        return found

    def undisturbed(self) -> Captures:
        """The captures without what was due while a fault interrupted a stream."""
        traces = list(self._captures.traces)
        for streams in self._streams.values():
            for stream in streams:
                traces[stream.index] = without(stream.trace, _spans(stream.made))
        return replace(self._captures, traces=traces)

    def _of(self, call: CallPlan) -> Iterator[_Stream]:
        gone = away(self._captures, call.bridge)
        for kind, direction, index in streams_of(call, KINDS):
            trace = self._captures.traces[index]
            silent = spans = gaps(trace, gone, self._end_ns)
            if kind != "audio":
                spans = picture_gaps(self._pictures[index], silent, self._end_ns)
            made = gaps_by(spans, self._all_edges, settled_ns=self._settled_ns, soon_ns=SOON_NS)
            made += self._with_a_call(spans, gone, {gap.end_ns for gap in made})
            yield _Stream(f"{kind} {direction}", kind, index, trace, silent, made)

    def _with_a_call(self, spans: Spans, gone: Spans, told: Collection[int]) -> Iterator[Gap]:
        """Holes that a call's end made in a fault's time, however long after its last change: it
        is the fault that a bridge, or the MCU, took it for dead. `told`: ends of gaps that are
        known to be an event's."""
        for start, end in ((int(a), int(b)) for a, b in spans):
            lost = gone[(gone[:, 0] < end) & (gone[:, 1] > start)]
            if end in told or not len(lost):
                continue
            moment = max(start, int(lost[0, 0]))
            edges = [
                Edge(moment, number, fault.to_s is not None and moment >= self._ns(fault.to_s))
                for number, (fault, time) in enumerate(
                    zip(self._captures.plan.faults, self._times, strict=True)
                )
                if self._ns(time.start_s) <= moment < self._ns(time.end_s)
            ]
            if edges:
                yield Gap(moment, end, tuple(edges))

    def _impact(
        self, number: int, fault: FaultPlan, call: CallPlan, *, behind: bool, accepted: bool
    ) -> FaultImpact:
        time = self._times[number]
        start, end, over = (self._ns(s) for s in (time.start_s, time.end_s, time.over_s))
        streams = [s for s in self._streams[call.bridge] if s.kind in MEETING]
        failing, mending = (_longest(streams, number, mends=mends) for mends in (False, True))
        cut_off = False
        for stream in streams:
            spans = begun(stream.silent, start - SOON_NS, end - SOON_NS)
            # packets sent before the restoration may reach the link after it
            open_then = spans[(spans[:, 0] < over) & (spans[:, 1] >= over - SOON_NS)]
            cut_off |= bool(np.any(over - open_then[:, 0] > CUT_OFF_NS))
        gone, back = self._gone(streams, number)
        again_ns, again_after_ns = (
            self._picture_again(streams, number, mends=mends) for mends in (False, True)
        )
        restored_ns = None if fault.to_s is None else self._ns(fault.to_s)
        late = [
            at for at in (again_ns, again_after_ns) if at is not None and at >= (restored_ns or at)
        ]
        return FaultImpact(
            bridge=call.bridge,
            behind=behind,
            accepted=accepted,
            interruption_ms=failing.both_ms,
            interrupted=failing.stream,
            sound_interruption_ms=_ms(failing.sound_ns),
            picture_interruption_ms=_ms(failing.picture_ns),
            restored_interruption_ms=mending.both_ms,
            restored_interrupted=mending.stream,
            restored_sound_interruption_ms=_ms(mending.sound_ns),
            restored_picture_interruption_ms=_ms(mending.picture_ns),
            packets_lost=sum(stream.lost(start, end) for stream in streams),
            cut_off=cut_off,
            gone_ms=gone,
            back_ms=back,
            picture_again_ms=None if again_ns is None else _ms(again_ns - start),
            restored_to_picture_ms=_ms(max(late) - restored_ns)
            if late and restored_ns is not None
            else None,
            redials=len(self._within(mine(self._captures, call.bridge, Redialled), time)),
            call_kept=self._kept(call.bridge, time),
        )

    def _gone(self, streams: list[_Stream], number: int) -> tuple[float | None, float | None]:
        """(gone, back) of what a fault made, in ms after the first phase began; back is None while
        a gap is open."""
        of_it = (h for s in streams for h in s.made if any(e.fault == number for e in h.edges))
        spans = _spans(of_it)
        if not len(spans):
            return None, None
        first_ns = self._ns(self._captures.plan.phases[0].start_s)
        gone, back = int(spans[:, 0].min()), int(spans[:, 1].max())
        return _ms(max(gone - first_ns, 0)), None if back >= self._end_ns else _ms(back - first_ns)

    def _picture_again(self, streams: list[_Stream], number: int, *, mends: bool) -> int | None:
        """When the picture is there again both ways after the longest gap that a fault's failing,
        or its mending, made; None: there was none, or it never is."""
        moments = []
        for stream in streams:
            own = [gap for gap in stream.made if gap.by(number, mends=mends)]
            if stream.kind != "video" or not own:
                continue
            worst = max(own, key=lambda gap: gap.length_ns)
            found = self._pictures[stream.index]
            good = found.decodable & (found.due_ns >= worst.start_ns)
            good &= found.complete_ns <= self._end_ns
            if not good.any():
                return None
            moments.append(int(found.complete_ns[good].min()))
        return max(moments, default=None)

    def _is_in(self, call: CallPlan, time: FaultWindow) -> bool:
        """Whether a bridge is in the meeting when a fault begins, or should be: one that is to dial
        only later was not there to be interrupted."""
        came = [
            e for e in mine(self._captures, call.bridge, Joined, Left) if e.t_ms < time.end_s * 1000
        ]
        if not any(isinstance(e, Joined) for e in came):
            return False
        before = [e for e in came if e.t_ms < time.start_s * 1000]
        if not before and call.dial_s >= time.start_s:
            return False
        last = came[-1]
        return not (
            before and before[-1] is last and isinstance(last, Left) and last.cause == PUT_OUT
        )

    def _kept(self, bridge: str, time: FaultWindow) -> bool:
        """Whether the call of before the fault is still there at the end of its time."""
        plan = self._captures.plan
        off = [o for o in plan.outages if o.host in (bridge, plan.network.mcu.id)]
        if any(time.start_s <= o.from_s < time.end_s for o in off):
            return False
        changed = mine(self._captures, bridge, MediaLost, Joined, Left, EndedByMcu)
        return not self._within(changed, time)

    def _within[E: EventRecord](self, events: Sequence[E], time: FaultWindow) -> list[E]:
        return [e for e in events if time.start_s * 1000 <= e.t_ms < time.end_s * 1000]

    def _ns(self, at_s: float) -> int:
        return self._origin_ns + round(at_s * 1e9)


def _spans(of: Iterable[Gap]) -> Spans:
    """(k, 2) when at least one of these gaps was open."""
    return merged(np.array([(h.start_ns, h.end_ns) for h in of], np.int64).reshape(-1, 2))


def _longest(streams: Iterable[_Stream], number: int, *, mends: bool) -> _LongestGap:
    """Of the gaps that a fault's failing, or its mending, made; of equals the first."""
    longest, stream = {"audio": 0, "video": 0}, None
    for one in streams:
        length = max((h.length_ns for h in one.made if h.by(number, mends=mends)), default=0)
        if length > max(longest.values()):
            stream = one.name
        longest[one.kind] = max(longest[one.kind], length)
    return _LongestGap(longest["audio"], longest["video"], stream)


def _ms(ns: int) -> float:
    return round(ns / 1e6, 4)


# ------------------------------------------------------------------- when, and without a call


def times(plan: Plan) -> list[FaultWindow]:
    """One for each of the plan's faults; two that begin at once share their time."""
    last_s = plan.phases[-1].end_s
    found = []
    for number, fault in enumerate(plan.faults):
        later = [other.at_s for other in plan.faults if other.at_s > fault.at_s]
        end_s = min([*later, last_s])
        over_s = end_s if fault.to_s is None else min(fault.to_s, end_s)
        found.append(FaultWindow(fault.at_s, end_s, over_s, _edges_s(plan, number)))
    return found


def behind(plan: Plan, fault: FaultPlan) -> set[str]:
    """The bridges that nothing can keep in the meeting when a fault begins.

    What has failed before and is not back yet counts with it: of two that begin together, too.
    """
    links: set[str] = set()
    nodes: set[str] = set()
    for number, other in enumerate(plan.faults):
        if other.at_s <= fault.at_s < _back_s(plan, number):
            links |= set(other.links)
            nodes |= set(other.nodes)
    return unreachable(plan.network, links, nodes)


def away(captures: Captures, bridge: str) -> Spans:
    """(k, 2) when a bridge had no call that should have had one, in ns of CLOCK_MONOTONIC.

    From when its power or the MCU's goes, it hears nothing any more, or the MCU lets it go, until
    the MCU has it again, at the latest until the phases are over.
    """
    plan = captures.plan
    last_ms = plan.phases[-1].end_s * 1000
    hosts = (bridge, plan.network.mcu.id)
    lost = [o.from_s * 1000 for o in plan.outages if o.host in hosts]
    lost += [e.t_ms for e in mine(captures, bridge, MediaLost)]
    lost += [e.t_ms for e in mine(captures, bridge, Left) if e.cause != PUT_OUT]
    back = [e.t_ms for e in mine(captures, bridge, Joined)]
    spans = [
        (at_ms, min((t for t in back if t > at_ms), default=last_ms))
        for at_ms in lost
        if at_ms < last_ms
    ]
    ns = np.rint(np.array(spans, np.float64).reshape(-1, 2) * 1e6).astype(np.int64)
    return merged(ns + captures.origin_ns)


def mine[E: EventRecord](captures: Captures, bridge: str, *kinds: type[E]) -> list[E]:
    """The events of these kinds about a bridge."""
    return [e for e in captures.events_of(*kinds) if e.bridge == bridge]


def _edges_s(plan: Plan, number: int) -> tuple[float, ...]:
    """When a fault took anything away or gave it back."""
    found = [change.at_s for change in plan.changes if change.fault == number]
    for outage in plan.outages:
        if outage.fault == number:
            found += [outage.from_s, *([] if outage.to_s is None else [outage.to_s])]
    return tuple(sorted(set(found)))


def _back_s(plan: Plan, number: int) -> float:
    """When all that a fault took away is there again: what has to boot is back later."""
    ends = [o.to_s for o in plan.outages if o.fault == number]
    ends.append(plan.faults[number].to_s)
    return max(math.inf if end is None else end for end in ends)
