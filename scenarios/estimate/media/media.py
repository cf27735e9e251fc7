"""A meeting's media: made, carried through the network and received, in steps of time."""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.media.plane import forwarding_step_ns
from giaoban.scenarios.estimate.limits import COARSE_NS, coarse_ns
from giaoban.scenarios.estimate.media.checkpoints import (
    Checkpoint,
    Checkpoints,
    Pace,
    Watching,
    Within,
)
from giaoban.scenarios.estimate.media.feedback import REQUEST, Feedback
from giaoban.scenarios.estimate.media.forwarding import Forwarding
from giaoban.scenarios.estimate.media.fq_model import FqModel, RtcpDeparture, long_before
from giaoban.scenarios.estimate.media.logs import ReceivedLogs, SentLogs
from giaoban.scenarios.estimate.media.meeting_sources import sources_of
from giaoban.scenarios.estimate.media.rtcp import Reports, reports
from giaoban.scenarios.estimate.media.sources import (
    RECENT_PARTS,
    StreamBuffer,
    StreamCache,
    at_first_hop,
)
from giaoban.scenarios.estimate.media.windows import Windows, overtaking_ns
from giaoban.scenarios.estimate.network.batched_transit import BatchedTransit
from giaoban.scenarios.estimate.network.ended import Ended
from giaoban.scenarios.estimate.network.failing import (
    UNTIL_DRAINED_NS,
    FailingPaths,
    FailingTransit,
)
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.hop_cache import HopCache
from giaoban.scenarios.estimate.network.hops import (
    is_steady,
    lines_of,
    other_traffic,
    policers_of,
    servers_of,
)
from giaoban.scenarios.estimate.network.meter import HopCounters, Passages
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.network.paths import END, Paths, find_paths
from giaoban.scenarios.estimate.network.queues import TIMER_NS, rate_of
from giaoban.scenarios.estimate.network.transit import Transit
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.scenarios.spec.background import PoissonArrivals
from giaoban.topology.lines.impairments import RandomLoss
from giaoban.traffic.receiver.feedback import LOOK_NS
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.rtp import ETHERNET_BYTES

UNSETTLED_PACKETS = 200_000
"""So many packets may come before what is only needed at the end is put away."""
SETTLED_NS = 500_000_000
"""So long after a link or a route has changed whatever comes through again has come."""
LONGEST_NS = 8_000_000_000
"""No step is longer that may have to be done again."""
CHANGING = (
    "sources",
    "lines",
    "meter",
    "injected",
    "_transit",
    "_made_ns",
    "_removed",
    "_fq",
    "_others",
    "_feedback",
    "_forwarding",
)
"""What a step of `_MeetingRun` changes."""


@dataclass(frozen=True)
class EstimatedTraffic:
    """What became of a meeting's media.

    Attributes:
        sent: the log of each stream that somebody made.
        received: packets that came to the ends of their paths.
        reports: every RTCP report.
        waited: how long media waited at each hop.
        injected: datagrams that were put on the wire, by flow (flows,).
        lines: hop → what its line took and gave, where it does anything.
        failed: what faults took, where any do.
        unheard: media that came to bridges, or to the MCU, which paid no heed to it, by path.
        equivalent: hop → the least and the highest limit of its queue with which the same would
            have become of all packets.
        last_ns: when the last packet came to the end of its path.
    """

    paths: Paths
    flows: Flows
    sent: SentLogs
    received: ReceivedLogs
    meter: HopCounters
    waited: Passages
    reports: Reports
    injected: NDArray[np.int64]
    lines: dict[int, list[LineEnd]]
    failed: FailingTransit | None
    unheard: NDArray[np.int64]
    equivalent: dict[int, tuple[int, int]]
    last_ns: int

    def close(self) -> None:
        """What is kept in files is measured, and not needed any more."""
        for buffer in (self.sent, self.received, self.waited):
            buffer.close()


class EarlyEnd(Watching, Protocol):
    """Who may end a meeting in which packets are lost before its time."""

    def is_due(self, now_ns: int, missed: Iterable[int]) -> bool:
        """Told of every step: which flows missed something in it. Whether to `look` now."""

    def look(self, timeline: Timeline, estimated: EstimatedTraffic) -> bool:
        """At what there is so far: whether that is enough."""


def estimate_media(
    plan: Plan,
    timeline: Timeline,
    recordings: Mapping[str, Recording],
    early: EarlyEnd | None = None,
    failing: FailingPaths | None = None,
    made: StreamCache | None = None,
    known: HopCache | None = None,
    resumable: ResumableMeetings | None = None,
    *,
    waits: bool = True,
) -> EstimatedTraffic:
    """Run a meeting's media through its network, until the plan's end or until `early` has enough.

    Where nothing is lost nobody asks for key frames, and long steps of time are exact. A step in
    which something was lost is done again in steps that are short enough for what follows from it.

    `failing`: the paths of a plan in which links fail. `made`: streams of other meetings, which are
    not made again; `known`: what queues made there of what came to them; `resumable`: some that
    differ from this one in losses and buffers alone. `waits`: whether anybody wants to know how
    long packets waited at each hop.
    """
    begin = partial(
        _MeetingRun,
        timeline=timeline,
        recordings=recordings,
        made=made,
        waits=waits,
    )
    if not plan.watchful:
        if resumable is None or not resumable.loses(plan):
            if waits:
                known = None  # of these it knows nothing
            estimated = begin(plan, known=known, backing=False).run()
            if not estimated.meter.drops.any():
                return estimated
            estimated.close()
            if resumable is not None:
                resumable.lost(plan)
        plan = plan.model_copy(update={"loses": True})
    if failing is not None:
        # what faults take is known in advance: as a rule there is nothing to go back to
        trusting = begin(plan, failing=failing, backing=True, foresees=True)
        with suppress(_LostUnforeseenError):
            return trusting.run()
    if resumable is not None and (resumed := resumable.go_on(plan, early)) is not None:
        return resumed
    run = begin(plan, early=early, failing=failing, backing=True)
    if resumable is not None and run.can_be_resumed and not waits:
        resumable.begin(run, plan)
    return run.run()


@dataclass
class ResumableMeetings:
    """Meetings that differ in losses and buffers alone, and who goes on with any of them."""

    _lost: list[tuple[float, list[int]]] = field(default_factory=list)
    """Of those in which queues lost packets: their ends, and the limits of all queues."""
    _checkpoints: Checkpoints = field(default_factory=Checkpoints)
    _run: _MeetingRun | None = None
    _plan: Plan | None = None

    def lost(self, plan: Plan) -> None:
        """Where nothing else loses any, it was found that a plan's queues lose packets."""
        self._lost.append((plan.end_s, _limits(plan)))

    def loses(self, plan: Plan) -> bool:
        """Whether a plan's queues are known to lose packets: those of another one did, none of
        which was shorter. Up to the first packet that is lost, all go through both alike."""
        limits, steady = _limits(plan), is_steady(plan)
        return any(
            plan.end_s == end_s and (limits == of or (steady and all(map(operator.le, limits, of))))
            for end_s, of in self._lost
        )

    def timeline_of(self, plan: Plan) -> Timeline | None:
        """The signalling of those that end when this plan does."""
        return self._run.timeline if self._run is not None and self._ends_as(plan) else None

    def go_on(self, plan: Plan, early: EarlyEnd | None) -> EstimatedTraffic | None:
        """A meeting from where another one was; None: it is to be held from its beginning."""
        if self._run is None or not self._ends_as(plan):
            return None
        checkpoints = self._checkpoints.up_to(plan, early)
        return self._run.go_on(checkpoints, plan, early) if checkpoints else None

    def begin(self, run: _MeetingRun, plan: Plan) -> None:
        """A meeting is held from its beginning, and others will go on from it."""
        self.close()
        self._run, self._plan = run, plan
        run.checkpoints = self._checkpoints.begin()

    def close(self) -> None:
        """Forget them."""
        if self._run is not None:
            vars(self._run).clear()
        self._checkpoints, self._run = Checkpoints(), None

    def _ends_as(self, plan: Plan) -> bool:
        return self._plan is not None and self._plan.end_s == plan.end_s


def _limits(plan: Plan) -> list[int]:
    return [rate_of(link).limit for link in plan.network.links]


class _LostUnforeseenError(Exception):
    """Packets were lost in a step that was taken to lose none."""


class _MeetingRun:
    """One way through a meeting."""

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        recordings: Mapping[str, Recording],
        early: EarlyEnd | None = None,
        failing: FailingPaths | None = None,
        made: StreamCache | None = None,
        known: HopCache | None = None,
        *,
        backing: bool,
        foresees: bool = False,
        waits: bool = True,
    ) -> None:
        """
        Args:
            backing: it can go back where something is lost.
            foresees: it takes for granted that packets are lost only around faults, and keeps
                nothing to go back to; raises `_LostUnforeseenError` where they are not.
            known: what queues made of what came to them in other meetings, where there is no going
                back.
        """
        self._foresees = foresees
        self.checkpoints: list[Checkpoint] | None = None
        """Where it is to be kept between steps, if anybody wants it to."""
        self._undone: Within | None = None
        """Of steps that were undone."""
        self._plan = plan
        self._early = early
        self._end_ns = round(plan.end_s * 1e9)
        self.paths = find_paths(plan) if failing is None else failing.paths
        self._failing = failing
        self.flows = Flows.of(plan)
        self.timeline = timeline
        windows = self._windows = Windows.of(plan)
        self.meter = HopCounters(
            overhead_bytes=np.array([link.overhead_bytes for link in self.paths.links], np.int64),
            seconds=int(plan.end_s) + 1,
            streams=self.flows.streams,
            from_ns=round(plan.phases[0].start_s * 1e9) if waits else NEVER_NS,
            other=other_traffic(plan, self.paths, self.flows),
        )
        self.lines = lines_of(plan, self.paths)
        self._waited = Passages(self.paths.hops)
        self._order = list(self.paths.in_order)
        self._transit: Transit | BatchedTransit
        path_of = self.flows.path_of
        self._forwards = plan.meeting.video == "switched" or plan.content is not None
        if is_steady(plan) and not (backing and self._forwards):
            waited = None if backing else self._waited
            self._transit = BatchedTransit(
                self.paths, path_of, self.meter, waited, self.lines, known
            )
        else:
            servers = servers_of(plan, self.paths, self.flows)
            policers = policers_of(self.paths)
            used = set(self._order)
            self._order += [hop for hop in servers if hop not in used]
            if failing is None:
                self._transit = Transit(
                    self.paths, path_of, servers, self.lines, self.meter, policers
                )
            else:
                self._transit = FailingTransit(
                    failing, path_of, servers, self.lines, self.meter, policers
                )
        self._first_hop = [self.paths.of(path)[0] for path in range(2 * len(plan.calls))]
        self.sources = sources_of(plan, timeline, windows, recordings, made)
        self._backing = backing
        self._coarse_ns = coarse_ns(plan)
        if backing and failing is None:  # where links fail it is known when anything may be lost
            self._coarse_ns = min(self._coarse_ns, LONGEST_NS)
        # where steps are short, pictures take turns at being made for several; sound does not: of
        # many packets that leave at one moment, the first is that of the first call
        turns = 1 if backing else max(1, COARSE_NS // self._coarse_ns)
        self._made_ns = {
            index: 0 if plan.streams[index].kind == "audio" else -(index % turns) * self._coarse_ns
            for index in self.sources
        }
        self.reports = reports(plan, timeline, windows)
        self._sent = SentLogs(self.flows.streams)
        self._received = ReceivedLogs(self.flows, len(self.reports))
        self._unsettled = 0
        self._around = around_bytes(plan)
        self._removed: list[tuple[int, int, int]] = []
        """Packets that an injector took away: when, stream and sequence number."""
        self._unheard = np.zeros(2 * len(plan.calls), np.int64)
        self._overtaking_ns = overtaking_ns(plan)
        self._fq = FqModel(self.flows, self.reports, partial(_handed_ns, plan, windows))
        self._last_ns = 0
        self._control: list[RtcpDeparture] = []
        """RTCP that is to be put on its way."""
        self.injected = np.zeros(len(self.flows.path_of), np.int64)
        self._put_known()
        self._others = [
            PoissonArrivals(each, plan.seed, number) for number, each in enumerate(plan.background)
        ]
        self._feedback = Feedback(
            plan, timeline, self.flows, self.sources, self._buffer_of, self._wanted
        )
        self._forwarding = Forwarding(plan, timeline, self.sources, self._ask)
        ups = {hop for path in range(0, 2 * len(plan.calls), 2) for hop in self.paths.of(path)}
        self._up = [hop for hop in self._order if hop in ups]
        self._down = [hop for hop in self._order if hop not in ups]
        self._hop_number = {hop: place for place, hop in enumerate(self.paths.hops)}

    def run(self) -> EstimatedTraffic:
        """All of it; without `backing` up to the step in which something was lost."""
        if self._backing:
            self._run_back_and_forth()
        else:
            for start_ns in range(0, self._end_ns, self._coarse_ns):
                until_ns = min(start_ns + self._coarse_ns, self._end_ns)
                for ended in self._step(start_ns, until_ns):
                    self._stands(ended)
                if self.meter.drops.any():
                    break
        return self._estimated()

    def _estimated(self) -> EstimatedTraffic:
        """All that there is."""
        self._settle()
        estimated = self._so_far()
        if self.checkpoints is None:
            # its parts know it: without this all of it would stay until it is looked for
            vars(self).clear()
        return estimated

    def _so_far(self) -> EstimatedTraffic:
        """What is settled."""
        return EstimatedTraffic(
            paths=self.paths,
            flows=self.flows,
            sent=self._sent,
            received=self._received,
            meter=self.meter,
            waited=self._waited,
            reports=self.reports,
            injected=self.injected,
            lines=self.lines,
            failed=self._transit if isinstance(self._transit, FailingTransit) else None,
            unheard=self._unheard,
            equivalent=self._transit.equivalent,
            last_ns=self._last_ns,
        )

    def _run_back_and_forth(self, last: Checkpoint | None = None) -> None:
        """Steps as long as nothing is lost in them that anybody would ask for again; `last`: from
        where it goes on, if not from the beginning.

        As long as it was quiet the last time, so long a step is tried; where it turns out not to
        be, it is done again up to the look before the first loss, and then from that look to the
        next, where the loss is known to be. A step from one look to the next is always exact.
        """
        pace = Pace(0, 0, self._coarse_ns, -1) if last is None else last.pace
        now_ns, quiet_since_ns, tried_ns, lost_ns = pace
        while now_ns < self._end_ns:
            if last is None:
                self._feedback.look(now_ns)
            last = None  # it has looked already
            saved: dict[str, Any] = {}
            while True:
                until_ns = min(now_ns + tried_ns, self._end_ns, self._calm_until_ns(now_ns))
                if lost_ns >= now_ns:
                    until_ns = min(until_ns, _look_before(lost_ns, now_ns))
                quiet = self._feedback.is_quiet(now_ns, self._is_cut)
                quiet = quiet and not self._is_delicate(now_ns, until_ns)
                if not quiet:
                    until_ns = min(now_ns + LOOK_NS, self._end_ns)
                long = until_ns > now_ns + LOOK_NS
                if long and not self._foresees:
                    saved = saved or self._copied(self._changing())
                    self._keep(Pace(now_ns, quiet_since_ns, tried_ns, lost_ns), saved)
                came = self._step(now_ns, until_ns)
                missed = self._take_missed(now_ns)
                if missed and long and self._foresees:
                    self._so_far().close()
                    raise _LostUnforeseenError
                if not missed or not long:
                    break
                saved = self._undo(saved)
                lost_ns = min(at_ns for at_ns, _ in missed.values())
                tried_ns = max(LOOK_NS, (tried_ns - LOOK_NS) // LOOK_NS * LOOK_NS)
            self._feedback.missed({flow: seq for flow, (_, seq) in missed.items()}, now_ns)
            for ended in came:
                self._feedback.came(ended.packets)
                self._stands(ended)
            if self._early is not None and self._early.is_due(until_ns, missed):
                self._settle()
                if self._early.look(self.timeline, self._so_far()):
                    return
            if missed:
                tried_ns = max(LOOK_NS, now_ns - quiet_since_ns)
            elif quiet:
                tried_ns = until_ns - quiet_since_ns
            if missed or not quiet:
                quiet_since_ns = until_ns
            now_ns, tried_ns = until_ns, min(max(tried_ns, 2 * LOOK_NS), self._coarse_ns)
            if self._foresees:  # nothing is lost where it is quiet
                tried_ns = self._coarse_ns

    def _calm_until_ns(self, now_ns: int) -> int:
        """The last look before anything is under way that the next change of a link or a route may
        take."""
        change_ns = None if self._failing is None else self._failing.next_change_ns(now_ns)
        if change_ns is None:
            return self._end_ns
        calm_ns = change_ns - UNTIL_DRAINED_NS - now_ns
        return now_ns + max(LOOK_NS, calm_ns // LOOK_NS * LOOK_NS)

    def _stands(self, ended: Ended) -> None:
        """What came to the ends of paths in a step that is not gone back to."""
        self._last_ns = max(self._last_ns, ended.last_ns)
        self._unsettled += len(ended.packets.at_ns)
        heard = self._without_unheard(ended.packets)
        self._received.add(ended if heard is ended.packets else Ended(heard))
        if self._unsettled > UNSETTLED_PACKETS:
            self._settle()

    def _without_unheard(self, ended: Packets) -> Packets:
        """Without media that came to a bridge, or to the MCU, which paid no heed to it."""
        for path, from_ns, to_ns in self.timeline.unheard:
            unheard = (ended.at_ns >= from_ns) & (ended.at_ns < to_ns)
            if unheard.any():
                number, down = divmod(path, 2)
                call = self._plan.calls[number]
                streams = list((call.down if down else call.up).values())
                unheard &= np.isin(ended.flow, streams)
                self._unheard[path] += int(np.count_nonzero(unheard))
                ended = ended.take(~unheard)
        return ended

    def _settle(self) -> None:
        """Put away what is only needed when all is over."""
        if self._backing:
            buffer = {index: source.buffer for index, source in self.sources.items()}
            self._sent.settle(buffer, RECENT_PARTS)
        self._sent.settle(self._forwarding.buffer, RECENT_PARTS)
        self._waited.settle(self.meter.waits)
        self._unsettled = 0

    def _step(self, start_ns: int, until_ns: int) -> list[Ended]:
        """Everything from one moment to another; what came to the ends of paths."""
        for index, source in self.sources.items():
            if self._made_ns[index] < until_ns:
                self._made_ns[index] = self._settled_ns(index, until_ns)
                source.advance(self._made_ns[index])
                self._put_made(index, source.buffer)
                if not self._backing:
                    self._sent.settle({index: source.buffer})
        self._take_requests()
        self._put_reports(start_ns, until_ns)
        self._put_others(until_ns)
        if not self._forwards:
            return self._run(self._order, until_ns)
        if self._failing is None:
            run, halves = self._run, (self._up, self._down)
        else:
            assert isinstance(self._transit, FailingTransit)
            found = self._failing.halves(start_ns, until_ns)
            if found is None:
                return _ended(self._forward_in_slices(start_ns, until_ns))
            run, halves = self._run_half, found
        # what goes up is there before what goes down is made of it: no hop is crossed both ways
        up, down = halves
        ups = run(up, until_ns)
        self._forward(joined([ended.packets for ended in ups]), start_ns, until_ns)
        return ups + run(down, until_ns)

    def _run(self, hops: list[int], until_ns: int) -> list[Ended]:
        if isinstance(self._transit, BatchedTransit):
            return self._transit.run_all(until_ns)
        return _ended(self._transit.run(hops, until_ns))

    def _run_half(self, hops: list[int], until_ns: int) -> list[Ended]:
        assert isinstance(self._transit, FailingTransit)
        return _ended(self._transit.run_half(hops, until_ns))

    def _forward(self, came: Packets, start_ns: int, until_ns: int) -> None:
        """What comes to the MCU until a moment goes on."""
        self._forwarding.run(came, start_ns, until_ns)
        for index, buffer in self._forwarding.buffer.items():
            self._put_made(index, buffer)
        self._put_control()

    def _forward_in_slices(self, start_ns: int, until_ns: int) -> Packets:
        """Where a hop may be crossed both ways: from one wake-up of the MCU's loop, or change of
        who is watched, to the next. What is forwarded in one leaves in a later one."""
        step_ns = forwarding_step_ns(self._plan.device.forward_delay_ms)
        ended, now_ns = [], start_ns
        while now_ns < until_ns:
            self._forwarding.begin(now_ns)
            self._put_control()
            next_ns = min((now_ns // step_ns + 1) * step_ns, until_ns)
            next_ns = self._forwarding.next_turn_ns(now_ns, next_ns)
            part = self._transit.run(self._order, next_ns)
            self._forward(part, now_ns, next_ns)
            ended.append(part)
            now_ns = next_ns
        return joined(ended)

    def _changing(self) -> dict[str, Any]:
        """What a step changes."""
        return {name: vars(self)[name] for name in CHANGING}

    def _copied(self, state: dict[str, Any]) -> dict[str, Any]:
        """A state, to go back to it or to go on from it. What never changes is shared."""
        timeline = self.timeline
        shared = [self, self._plan, timeline, self.paths, self.flows, self._windows]
        shared += [*timeline.bridge_legs, *timeline.mcu_legs, *self._plan.streams]
        if not self._forwards:
            shared.append(self._forwarding)
        memo: dict[int, Any] = {id(one): one for one in shared}
        return copy.deepcopy(state, memo)

    def _undo(self, saved: dict[str, Any]) -> dict[str, Any]:
        """Go back; what is left of what was saved."""
        if self.checkpoints is None:
            vars(self).update(saved)
            return {}
        self._undone = self._within()
        vars(self).update(self._copied(saved))
        return saved

    def _within(self) -> Within:
        """With which buffers and losses it would have come here just so."""
        assert isinstance(self._transit, BatchedTransit)
        within = Within.of(self._transit.equivalent, self.lines)
        return within if self._undone is None else within.and_within(self._undone)

    def _keep(self, pace: Pace, saved: dict[str, Any]) -> None:
        """So that others can go on from here."""
        if self.checkpoints is None or not (self._sent.in_memory and self._received.in_memory):
            return
        early = None if self._early is None else self._early.copy()
        self.checkpoints.append(Checkpoint(pace, self._within(), saved, self._standing(), early))

    def _standing(self) -> dict[str, Any]:
        """What stands of all steps so far, for others to add to."""
        return {
            "_sent": self._sent.copy(),
            "_received": self._received.copy(),
            "_unsettled": self._unsettled,
            "_unheard": self._unheard.copy(),
            "_last_ns": self._last_ns,
        }

    @property
    def can_be_resumed(self) -> bool:
        """Whether another meeting can go on from where this one was."""
        return isinstance(self._transit, BatchedTransit) and not self._plan.lines

    def go_on(
        self, checkpoints: list[Checkpoint], plan: Plan, early: EarlyEnd | None
    ) -> EstimatedTraffic:
        """Go on from the last of some checkpoints with the losses and buffers of another plan."""
        last = checkpoints.pop()
        vars(self).update(last.standing)
        vars(self).update(self._standing())
        vars(self).update(self._copied(last.changing))
        self.checkpoints, self._undone, self._early = checkpoints, last.within, early
        if early is not None:
            early.go_on_from(last.early)
        assert isinstance(self._transit, BatchedTransit)
        links = [link for link in plan.network.links for _ in link.hops]
        self._transit.limit(links)
        for hop, lines in self.lines.items():
            for line in lines:
                line.lose(RandomLoss(p=links[hop].loss_pct / 100))
        self._run_back_and_forth(last)
        return self._estimated()

    def _take_missed(self, now_ns: int) -> dict[int, tuple[int, int]]:
        """What was lost since this was asked for, on the way or by injection, of streams for which
        somebody asks again, and of RTCP, which may ask: flow → when its first packet was, and the
        number of its last. Where nothing gets through at all nobody notices what is lost before
        anything does."""
        missed: dict[int, tuple[int, int]] = {}
        counts: dict[int, bool] = {}
        """Of a flow."""
        for at_ns, flow, seq in [*self._transit.take_lost(), *self._removed]:
            if seq >= REQUEST:
                self._feedback.request_lost(seq)
            if flow not in counts:
                counts[flow] = self._feedback.asks_for(flow) and not self._is_cut(flow, now_ns)
            if counts[flow]:
                first_ns, last = missed.get(flow, (at_ns, seq))
                missed[flow] = min(first_ns, at_ns), max(last, seq)
        self._removed.clear()
        return missed

    def _is_cut(self, flow: int, now_ns: int) -> bool:
        """Whether nothing of a flow gets through, a while before and after a moment."""
        failing, path = self._failing, int(self.flows.path_of[flow])
        if failing is None or path == END or failing.any_change(now_ns - SETTLED_NS, now_ns):
            return False
        return failing.is_cut(path, now_ns)

    def _is_delicate(self, start_ns: int, until_ns: int) -> bool:
        """Whether packets may come out of order, so that one that is late seems lost for a while,
        or are forwarded, so that key frames are asked for without a loss; or a link fails."""
        if start_ns < self._overtaking_ns[1] and self._overtaking_ns[0] < until_ns:
            return True
        failing = self._failing
        if failing is not None and failing.any_change(start_ns - SETTLED_NS, until_ns):
            return True
        shown = self._plan.content
        if (
            shown is not None
            and start_ns < (shown.to_s + 1) * 1e9
            and shown.from_s * 1e9 < until_ns
        ):
            return True
        return self._plan.meeting.video == "switched"

    def _settled_ns(self, index: int, until_ns: int) -> int:
        """Up to when nothing that may still happen changes what a source makes."""
        if not self._backing and self._coarse_ns < COARSE_NS:
            return self._made_ns[index] + COARSE_NS
        stream = self._plan.streams[index]
        if stream.kind == "audio":
            return until_ns + COARSE_NS
        windows, now_ns = self._windows, until_ns - 1
        if stream.direction == "up":
            return max(until_ns, windows.camera_made_ns(now_ns - now_ns % LOOK_NS))
        return max(until_ns, windows.composed_made_ns(now_ns - now_ns % LOOK_NS))

    def _put_reports(self, start_ns: int, until_ns: int) -> None:
        self._control += self._fq.alone(until_ns)
        self._put_control()
        self._fq.forget(start_ns)

    def _put_control(self) -> None:
        """RTCP that waits for no packet of media."""
        self._put_departures(sorted(self._control))
        self._control.clear()

    def _take_requests(self) -> None:
        asked = self._feedback.take_requests()
        self._take_control([self._fq.unexpected(*each) for each in asked])

    def _take_control(self, departures: list[RtcpDeparture]) -> None:
        """RTCP that is to leave just before a packet of media goes first, what waits for none at
        the next `_put_control`."""
        self._put_departures(each for each in departures if each.since_ns is None)
        self._control += [each for each in departures if each.since_ns is not None]

    def _put_departures(self, departures: Iterable[RtcpDeparture]) -> None:
        by_hop: dict[int, list[RtcpDeparture]] = {}
        for each in departures:
            hop = self._first_hop[int(self.flows.path_of[each.flow])]
            by_hop.setdefault(hop, []).append(each)
        for hop, own in by_hop.items():
            at_ns, _, flows, sizes, numbers = zip(*own, strict=True)
            came_ns, flow = np.array(at_ns, np.int64) + TIMER_NS, np.array(flows, np.int32)
            np.add.at(self.injected, flow, 1)
            packets = Packets(came_ns, np.array(sizes, np.int32), flow, np.array(numbers, np.int64))
            self._transit.put(hop, packets)

    def _buffer_of(self, index: int) -> StreamBuffer | None:
        """What was sent lately of a stream, made or forwarded."""
        source = self.sources.get(index)
        return self._forwarding.buffer.get(index) if source is None else source.buffer

    def _wanted(self, row: int, kind: Kind, now_ns: int) -> None:
        self._forwarding.wanted(row, kind, now_ns)

    def _ask(self, row: int, kind: Kind, now_ns: int) -> None:
        self._feedback.ask_bridge(row, kind, now_ns, now_ns)
        self._take_requests()

    def _put_made(self, index: int, buffer: StreamBuffer) -> None:
        """What was made goes to the first hop of its path."""
        for part in buffer.fresh:
            leaving_ns = part.leaving_ns
            if part.once:
                packets = part.at_first_hop(index, self._around)
            else:
                copies = part.log["copies"]
                for one in part.log[copies == 0]:
                    self._removed.append((int(one["due_ns"]), index, int(one["sequence"])))
                which = np.repeat(np.arange(len(copies)), copies)
                leaving_ns, size = leaving_ns[which], part.size[which] + np.int32(self._around)
                packets = at_first_hop(index, leaving_ns, size, part.sequence[which])
            # before the packet that they wait for: what leaves at one moment goes in the order in
            # which it is put
            self._take_control(self._fq.media(index, leaving_ns))
            self._put(index, packets)
        buffer.fresh.clear()

    def _put_known(self) -> None:
        """Signalling: nothing that happens changes it."""
        known: dict[int, list[tuple[int, int]]] = {}
        for message in self.timeline.messages:
            flow = self.flows.signalling(message.path)
            known.setdefault(flow, []).append((message.at_ns, message.size))
        for flow, sent in known.items():
            at_ns, size = np.array(sent, np.int64).T
            packets = at_first_hop(flow, at_ns, size.astype(np.int32), np.arange(len(sent)))
            self._put(flow, packets)

    def _put_others(self, until_ns: int) -> None:
        for number, (each, arrivals) in enumerate(
            zip(self._plan.background, self._others, strict=True)
        ):
            at_ns = arrivals.until(until_ns)
            size = np.full(len(at_ns), each.packet_bytes + ETHERNET_BYTES, np.int32)
            flow = self.flows.background(number)
            hop = self._hop_number[each.hop]
            numbers = np.zeros(len(at_ns), np.int64)
            self._put(flow, at_first_hop(flow, at_ns, size, numbers), hop)

    def _put(self, flow: int, packets: Packets, hop: int | None = None) -> None:
        self.injected[flow] += len(packets.at_ns)
        if hop is None:
            hop = self._first_hop[int(self.flows.path_of[flow])]
        self._transit.put(hop, packets)


def _ended(packets: Packets) -> list[Ended]:
    return [Ended(packets)] if len(packets.at_ns) else []


def _look_before(at_ns: int, now_ns: int) -> int:
    """The last look by a moment, counted from now on: the next one at the soonest."""
    return now_ns + max(1, (at_ns - now_ns) // LOOK_NS) * LOOK_NS


def _handed_ns(plan: Plan, windows: Windows, index: int, made_ns: int) -> int:
    """Up to when a stream's packets are handed over by a moment at which a report is made."""
    stream = plan.streams[index]
    forwarded = stream.kind == "content" or plan.meeting.video == "switched"
    if stream.direction == "up":
        made = windows.audio_made_ns if stream.kind == "audio" else windows.camera_made_ns
        return made(made_ns)
    if stream.kind == "audio" or forwarded:
        return long_before(index, made_ns)
    return windows.composed_made_ns(made_ns)
