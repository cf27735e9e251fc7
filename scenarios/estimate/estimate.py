"""A question → an estimated answer: no emulation, no files, in memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from giaoban.clock import SECOND_NS
from giaoban.results.judge.criteria import NO_WORSE
from giaoban.results.judge.off_by import off_by
from giaoban.results.judge.verdict import Judgement
from giaoban.results.judge.worst import Reference
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.off_by import OffBy
from giaoban.results.model.result import Engine, Result
from giaoban.scenarios.estimate.captures import captures_of, queue_waits
from giaoban.scenarios.estimate.limits import LEAVE_OUT, check, reasons
from giaoban.scenarios.estimate.meeting import Traffic, hold
from giaoban.scenarios.estimate.sources import Sent
from giaoban.scenarios.estimate.ways import Ways
from giaoban.scenarios.measure.assemble import (
    Answer,
    assemble,
    criteria_of,
    judged,
    measured_phases,
)
from giaoban.scenarios.measure.fault_impact import Impacts
from giaoban.scenarios.measure.streams import FrameAnalyses
from giaoban.scenarios.plan.plan import SAMPLE_OFFSET_NS, Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.records.guest import BridgeRoutes
from giaoban.sentence import Sentence, joined
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.routing import shortest_paths

ENGINE = Engine(name="estimate", time="virtual", kernel="none")
Known = dict[object, Sent]
"""Streams of a plan, which its meeting without the new bridges has too."""


def estimate(question: Question, run_id: str | None = None) -> Answer:
    """Return an estimate of an emulation's answer; its engine has the name "estimate".

    Args:
        run_id: of the result; None: the scenario's id with "-estimate" behind it.

    Raises:
        InputError: bad thresholds, or something in the scenario that cannot be estimated.
    """
    criteria_of(question)
    check(question)
    known: Known = {}
    traffic = hold(question.plan, question.recordings, known)
    return _answer(question, traffic, known, run_id)


def _answer(
    question: Question, traffic: Traffic, known: Known, run_id: str | None = None
) -> Answer:
    name = run_id or f"{question.plan.scenario_id}-estimate"
    reference = reference_of(question, known)
    captures, waits = captures_of(traffic), queue_waits(traffic)
    return assemble(question, captures, ENGINE, name, waits, reference)


def judge_alone(question: Question) -> Judgement:
    """Return the judgement of `estimate`, without anything to draw documents from.

    Raises:
        InputError: as `estimate`.
    """
    criteria = criteria_of(question)
    check(question)
    known: Known = {}
    traffic = hold(question.plan, question.recordings, known)
    reference = reference_of(question, known)
    return judged(question, captures_of(traffic), criteria, queue_waits(traffic), reference)


def reference_of(question: Question, known: Known | None = None) -> Reference | None:
    """Return the meeting without its new bridges, with which existing ones are compared.

    None: there are none, no criterion compares, or something fails on purpose; then the first phase
    is the reference.
    """
    criteria = criteria_of(question)
    compared = criteria.model_copy(
        update={"criterion": [each for each in criteria.criterion if each.id in NO_WORSE]}
    )
    if question.plan.faults or not compared.criterion or not question.plan.adds_bridges:
        return None
    plan = question.plan.without_new()
    traffic = hold(plan, question.recordings, known)
    return Reference(measured_phases(captures_of(traffic), compared), _drawn(plan))


def _drawn(plan: Plan) -> frozenset[tuple[str, str]]:
    """Return the ways over lines that draw the fate of each packet."""
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
    """An estimated answer, and the paths that packets took at the phases' marks."""

    answer: Answer
    routes: list[BridgeRoutes]


def estimate_failing(question: Question, run_id: str) -> FailingEstimate:
    """As `estimate`, of a question in which links or routers fail."""
    check(question, LEAVE_OUT)
    plan = question.plan
    traffic = hold(plan, question.recordings)
    answer = assemble(question, captures_of(traffic), ENGINE, run_id, queue_waits(traffic))
    marks_s = [plan.phases[0].start_s, *(phase.end_s for phase in plan.phases)]
    moments_ns = [math.ceil(at_s) * SECOND_NS + SAMPLE_OFFSET_NS for at_s in marks_s]
    ways = traffic.network.ways
    routes = [BridgeRoutes(at / 1e6, _paths_at(plan, ways, at)) for at in moments_ns]
    return FailingEstimate(answer, routes)


def _paths_at(plan: Plan, ways: Ways, at_ns: int) -> dict[str, dict[str, list[str] | None]]:
    """Return the links of each bridge's path at a moment, up and down, whether dark or not."""
    found: dict[str, dict[str, list[str] | None]] = {}
    for path in range(2 * len(plan.calls)):
        row, down = divmod(path, 2)
        route = [number for from_ns, number in ways.by_path[path] if from_ns <= at_ns][-1]
        links = [ways.hops[hop].link for hop in ways.routes[route]] or None
        found.setdefault(plan.calls[row].bridge, {})["down" if down else "up"] = links
    return found


def estimate_faults(question: Question) -> list[FaultResult]:
    """Return the impact of each fault of a question on each bridge; no other measure is made."""
    check(question, LEAVE_OUT)
    captures = captures_of(hold(question.plan, question.recordings))
    return Impacts(captures, FrameAnalyses(captures)).results(question.scenario)


@dataclass(frozen=True)
class PriorEstimate:
    """The estimate of a question that is emulated.

    `refused`: why there is no estimate, else `result` is it. `reference`: with which existing
    bridges of the emulation are compared.
    """

    result: Result | None = None
    refused: Sentence | None = None
    reference: Reference | None = None

    def beside(self, emulated: Answer) -> Answer:
        """Return an emulation's answer with how far this was off."""
        if self.result is not None:
            found = off_by(emulated.result, self.result)
        else:
            assert self.refused is not None
            found = OffBy(refused=self.refused.en, refused_vi=self.refused.vi)
        return replace(emulated, result=emulated.result.model_copy(update={"estimate": found}))


def prior_estimate(question: Question) -> PriorEstimate:
    """Return the estimate of a question that is emulated. Raises `InputError` for thresholds."""
    if found := reasons(question.plan):
        return PriorEstimate(refused=joined("; ", found))
    known: Known = {}
    return _prior(question, hold(question.plan, question.recordings, known), known)


def _prior(question: Question, traffic: Traffic, known: Known) -> PriorEstimate:
    answer = _answer(question, traffic, known)
    reference = answer.reference
    if reference is not None:
        reference = replace(reference, with_new=answer.judged[0.0])
    return PriorEstimate(answer.result, reference=reference)


class Foreseen(NamedTuple):
    """The forecast of an estimate before an emulation.

    Attributes:
        question: to be emulated; its plan says whether packets are lost, since then devices look
            more often.
        prior: `prior_estimate` of the question that was asked.
    """

    question: Question
    prior: Callable[[], PriorEstimate]


def foreseen(question: Question) -> Foreseen:
    """Return whether queues will lose packets, before a question is emulated."""
    plan = question.plan
    if plan.watchful or reasons(plan):
        return Foreseen(question, partial(prior_estimate, question))
    known: Known = {}
    traffic = hold(plan, question.recordings, known)
    losing = replace(question, plan=plan.model_copy(update={"loses": True}))
    return Foreseen(
        losing if traffic.loses else question, partial(_prior, question, traffic, known)
    )
