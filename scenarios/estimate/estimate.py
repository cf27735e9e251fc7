"""A question → an estimated answer: no emulation, no files, in memory.

The streams, their impairments, the device, the conference and the judging are the emulation's own
code with the same seeds; only the network between them is another: exact first-in first-out queues
of whole arrays of packets (`queues`, `transit`) in place of the kernel's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import NamedTuple

from giaoban.clock import SECOND_NS
from giaoban.results.judge.criteria import NO_WORSE
from giaoban.results.judge.off_by import off_by
from giaoban.results.judge.verdict import Judgement
from giaoban.results.judge.worst import Reference
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.off_by import OffBy
from giaoban.results.model.result import Engine, Result
from giaoban.scenarios.estimate.bounds import Bounds
from giaoban.scenarios.estimate.early_stop import EarlyStop
from giaoban.scenarios.estimate.foreseen_losses import failure_by_losses
from giaoban.scenarios.estimate.limits import LEAVE_OUT, check, reasons
from giaoban.scenarios.estimate.media.captures import TraceCache, captures_of, queue_waits
from giaoban.scenarios.estimate.media.media import (
    EstimatedTraffic,
    ResumableMeetings,
    estimate_media,
)
from giaoban.scenarios.estimate.media.sources import StreamCache
from giaoban.scenarios.estimate.network.failing import FailingPaths
from giaoban.scenarios.estimate.network.hop_cache import HopCache
from giaoban.scenarios.estimate.signalling import TimelineCache, signal
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.measure.assemble import (
    Answer,
    assemble,
    criteria_of,
    judged,
    measured_phases,
    of_jitter,
    of_queues,
)
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.fault_impact import Impacts
from giaoban.scenarios.measure.hop_delays import Rebuilt
from giaoban.scenarios.measure.streams import FrameAnalyses
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS, Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.records.guest import BridgeRoutes
from giaoban.sentence import Sentence, joined
from giaoban.topology.convergence.forwarding import KnownRouters
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.routing import shortest_paths

ENGINE = Engine(name="estimate", time="virtual", kernel="none")


def estimate(question: Question, run_id: str | None = None) -> Answer:
    """What an emulation of the question would say, as `assemble` returns it.

    The result's engine has the name "estimate". Nothing is written.

    Args:
        run_id: of the result; None: the scenario's id with "-estimate" behind it.

    Raises:
        InputError: bad thresholds, or something in the scenario that cannot be estimated (an MCU
            without power, say): every such thing is named.
    """
    criteria_of(question)
    check(question)
    name = run_id or f"{question.plan.scenario_id}-estimate"
    with _captures_of(question, _failing(question.plan)) as (captures, rebuilt):
        return assemble(question, captures, ENGINE, name, rebuilt, reference_of(question))


def reference_of(question: Question) -> Reference | None:
    """Return what existing bridges are compared with; None: the first phase."""
    found = _without_new(question)
    return None if found is None else found.reference


class _WithoutNew(NamedTuple):
    """A meeting without the new bridges; `bounds`: with which other figures it is the same."""

    reference: Reference
    bounds: Bounds | None


def _without_new(question: Question, made: StreamCache | None = None) -> _WithoutNew | None:
    """Hold a question's meeting without its new bridges.

    None where there are none, no criterion compares, or something fails on purpose: what a fault
    interrupts is not the same without them.

    Args:
        made: streams of other meetings, which are not made again.
    """
    criteria = criteria_of(question)
    compared = criteria.model_copy(
        update={"criterion": [each for each in criteria.criterion if each.id in NO_WORSE]}
    )
    if question.plan.faults or not compared.criterion or not question.plan.adds_bridges:
        return None
    plan = question.plan.without_new()
    timeline = signal(plan)
    estimated = estimate_media(plan, timeline, question.recordings, made=made)
    try:
        phases = measured_phases(captures_of(plan, timeline, estimated), compared)
        return _WithoutNew(Reference(phases, _drawn(plan)), Bounds.of(plan, timeline, estimated))
    finally:
        estimated.close()


def _drawn(plan: Plan) -> frozenset[tuple[str, str]]:
    """Return the ways over lines that draw what becomes of each packet."""
    lines = {hop for link in plan.network.links if link.loss_pct for hop in link.hops}
    lines |= {line.hop for line in plan.lines if line.what != LineImpairment()}
    routes, mcu = shortest_paths(plan.network), plan.network.mcu.id
    return frozenset(
        (call.bridge, direction)
        for call in plan.calls
        for direction, source, target in (("up", call.bridge, mcu), ("down", mcu, call.bridge))
        if not lines.isdisjoint(routes.path(source, target))
    )


class FailingEstimate(NamedTuple):
    """An estimated answer, and the paths that packets took at the phases' marks, as an emulation's
    guest notes them."""

    answer: Answer
    routes: list[BridgeRoutes]


def estimate_failing(
    question: Question,
    run_id: str,
    made: StreamCache | None = None,
    routers: KnownRouters | None = None,
) -> FailingEstimate:
    """As `estimate`, of a question in which links or routers fail.

    Args:
        made: streams of other questions, which are not made again; `routers`: theirs, which
            need not find their routes again.
    """
    check(question, LEAVE_OUT)
    plan = question.plan
    failing = FailingPaths(plan, routers)
    with _captures_of(question, failing, made) as (captures, rebuilt):
        answer = assemble(question, captures, ENGINE, run_id, rebuilt)
    marks_s = [plan.phases[0].start_s, *(phase.end_s for phase in plan.phases)]
    moments_ns = [math.ceil(at_s) * SECOND_NS + SAMPLE_OFFSET_NS for at_s in marks_s]
    over_time = failing.over_time
    routes = [BridgeRoutes(at / 1e6, over_time.paths_at(plan.network, at)) for at in moments_ns]
    return FailingEstimate(answer, routes)


def estimate_faults(
    question: Question,
    made: StreamCache | None = None,
    routers: KnownRouters | None = None,
) -> list[FaultResult]:
    """Return what the faults of a question do to each bridge; nothing else is measured.

    Args:
        made, routers: as of `estimate_failing`.
    """
    check(question, LEAVE_OUT)
    with _captures_of(question, FailingPaths(question.plan, routers), made) as (captures, _):
        return Impacts(captures, FrameAnalyses(captures)).results(question.scenario)


class EarlyJudgement(NamedTuple):
    """What `judge_early` found.

    `whole`: of the meeting to its end, else of what was held of it. `bounds`: with which other
    figures it would have found the same; None: of none that is known.
    """

    judgement: Judgement
    whole: bool
    bounds: Bounds | None = None


def judge_alone(question: Question) -> Judgement:
    """What `estimate` would say of the criteria, without anything to draw documents from.

    Raises:
        InputError: as `estimate`.
    """
    return judge_early(question, None).judgement


def judge_early(question: Question, past_pct: float | None = 0.0) -> EarlyJudgement:
    """The verdict of `judge_alone` as soon as it is known; what fails is then what did so by then.

    Args:
        past_pct: a meeting that fails is held on until it passes a limit by this share of its
            allowance; None: to its end.

    Raises:
        InputError: as `estimate`.
    """
    if (known := foreseen_failure(question, past_pct)) is not None:
        return known
    held = estimate_meeting(question, past_pct)
    try:
        return judge_meeting(question, held)
    finally:
        held.estimated.close()


def foreseen_failure(question: Question, past_pct: float | None) -> EarlyJudgement | None:
    """Return the verdict of a question whose declared losses decide it; None: they do not.

    Args:
        past_pct: as of `judge_early`.
    """
    if past_pct is None or question.plan.faults:
        return None
    found = failure_by_losses(question.plan, criteria_of(question), past_pct)
    return None if found is None else EarlyJudgement(found, whole=False)


class EstimatedMeeting(NamedTuple):
    """A meeting that was held to its end, or until `early` found it to fail.

    `without_new`: the same without the new bridges, where it is compared with that.
    """

    meeting: Timeline
    estimated: EstimatedTraffic
    early: EarlyStop | None
    without_new: _WithoutNew | None


def estimate_meeting(
    question: Question,
    past_pct: float | None,
    made: StreamCache | None = None,
    known: HopCache | None = None,
    resumable: ResumableMeetings | None = None,
    timelines: TimelineCache | None = None,
) -> EstimatedMeeting:
    """Hold a question's meeting; `past_pct`: as of `judge_early`.

    Args:
        made: streams of other questions, which are not made again; `known`: what queues made of
            what came to them there.
        resumable: meetings of questions that differ in losses and buffers alone.
        timelines: signalling of other questions.

    Raises:
        InputError: as `estimate`.
    """
    criteria = criteria_of(question)
    check(question)
    plan = question.plan
    early = None
    if past_pct is not None and not plan.faults:  # what a fault does is known when it is mended
        early = EarlyStop(plan, criteria, past_pct)
    failing = _failing(plan)
    meeting = None if resumable is None else resumable.timeline_of(plan)
    if meeting is None:
        meeting = (signal if timelines is None else timelines.get)(plan, failing)
    estimated = estimate_media(
        plan,
        meeting,
        question.recordings,
        early,
        failing,
        made,
        known,
        resumable,
        waits=of_queues(criteria),
    )
    fails = early is not None and early.found is not None
    return EstimatedMeeting(
        meeting, estimated, early, None if fails else _without_new(question, made)
    )


def judge_meeting(
    question: Question, held: EstimatedMeeting, known: TraceCache | None = None
) -> EarlyJudgement:
    """Judge a meeting that was held for this question, or for one that differs from it only in what
    is judged.

    Args:
        known: traces of other meetings, which are not measured again.
    """
    plan, (meeting, estimated, early, without_new) = question.plan, held
    if early is not None and early.found is not None:
        return EarlyJudgement(early.found, whole=False)
    criteria = criteria_of(question)
    captures = captures_of(plan, meeting, estimated, known, jitter=of_jitter(criteria))
    reference = None if without_new is None else without_new.reference
    judgement = judged(question, captures, criteria, queue_waits(estimated), reference)
    if early is not None and early.looked and judgement.verdict != "pass":
        # when it was looked at hangs on steps that were done again, of which bounds know nothing
        return EarlyJudgement(judgement, whole=True)
    bounds = Bounds.of(plan, meeting, estimated)
    if without_new is not None and bounds is not None:
        other = without_new.bounds
        bounds = None if other is None else replace(bounds, reference=other)
    return EarlyJudgement(judgement, whole=True, bounds=bounds)


def _failing(plan: Plan) -> FailingPaths | None:
    return FailingPaths(plan) if plan.changes else None


@contextmanager
def _captures_of(
    question: Question, failing: FailingPaths | None, made: StreamCache | None = None
) -> Iterator[tuple[Captures, Rebuilt]]:
    """The meeting held: its captures, and how long packets waited."""
    plan = question.plan
    meeting = signal(plan, failing)
    estimated = estimate_media(plan, meeting, question.recordings, failing=failing, made=made)
    try:
        yield captures_of(plan, meeting, estimated), queue_waits(estimated)
    finally:
        estimated.close()


@dataclass(frozen=True)
class PriorEstimate:
    """What an estimate says of a question that is emulated.

    `refused`: why there is no estimate, else `result` is it. `reference`: what existing bridges of
    the emulation are compared with.
    """

    result: Result | None = None
    refused: Sentence | None = None
    reference: Reference | None = None

    def beside(self, emulated: Answer) -> Answer:
        """An emulation's answer with how far this was off."""
        if self.result is not None:
            told = off_by(emulated.result, self.result)
        else:
            assert self.refused is not None
            told = OffBy(refused=self.refused.en, refused_vi=self.refused.vi)
        return replace(emulated, result=emulated.result.model_copy(update={"estimate": told}))


def prior_estimate(question: Question) -> PriorEstimate:
    """The estimate of a question that is emulated, too. Raises `InputError` for thresholds."""
    if found := reasons(question.plan):
        return PriorEstimate(refused=joined("; ", found))
    with _captures_of(question, _failing(question.plan)) as (captures, rebuilt):
        return _prior_of(question, captures, rebuilt)


def _prior_of(question: Question, captures: Captures, rebuilt: Rebuilt) -> PriorEstimate:
    name, reference = f"{question.plan.scenario_id}-estimate", reference_of(question)
    answer = assemble(question, captures, ENGINE, name, rebuilt, reference)
    if reference is not None:
        reference = replace(reference, with_new=answer.judged[0.0])
    return PriorEstimate(answer.result, reference=reference)


class Foreseen(NamedTuple):
    """What an estimate says before an emulation.

    Attributes:
        question: to be emulated, its plan says whether packets are lost.
        prior: `prior_estimate` of the question that was asked, to be called once; where packets
            could be foreseen, the meeting is held already.
    """

    question: Question
    prior: Callable[[], PriorEstimate]


@contextmanager
def foreseen(question: Question) -> Iterator[Foreseen]:
    """As `with_losses_foreseen`, and the meeting that was held for it may be looked at; when this
    is left it is not needed any more, but by whoever looks at it just then."""
    plan = question.plan
    if plan.watchful or reasons(plan):
        yield Foreseen(question, partial(prior_estimate, question))
        return
    held = ExitStack()
    captures, rebuilt = held.enter_context(_captures_of(question, _failing(plan)))
    closes = Lock()  # taken once, by whoever closes what is held: another thread may read it yet

    def prior() -> PriorEstimate:
        nonlocal captures, rebuilt
        if not closes.acquire(blocking=False):
            raise RuntimeError("the meeting that was held is closed")
        try:
            return _prior_of(question, captures, rebuilt)
        finally:
            del captures, rebuilt  # what is measured takes no room
            held.close()

    try:
        loses = any(queue.queue_drops for queue in captures.counters.queues)
        yield Foreseen(_losing(question) if loses else question, prior)
    finally:
        if closes.acquire(blocking=False):
            held.close()


def with_losses_foreseen(question: Question) -> Question:
    """A question that is to be emulated, whose plan says whether packets are lost, by estimate,
    since then devices look more often. What cannot be estimated says it itself."""
    with foreseen(question) as told:
        return told.question


def _losing(question: Question) -> Question:
    return replace(question, plan=question.plan.model_copy(update={"loses": True}))
