"""How a failure case is tried: the scenario's meeting with everybody in it, and one thing fails.

A trial is judged by the criteria on declared faults. Its faults declare `accepted` what a case does
not count: bridges of which it takes the power or the only line, and, where the scenario accepts the
failure or two things fail at once, every bridge without a path left.

The phases of a trial are its own: a scenario's are about the time in which bridges are added,
here everybody is in from the start and only what a failure does is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from giaoban.results.model.studies.failures import Timing
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.spec.background import Background
from giaoban.scenarios.spec.failure_cases import PAIR, possible
from giaoban.scenarios.spec.faults.graph import unreachable
from giaoban.scenarios.spec.faults.kind import FailureCase, FaultContext
from giaoban.scenarios.spec.faults.kinds import Fault
from giaoban.scenarios.spec.faults.plan import places_out_of_service
from giaoban.scenarios.spec.impairment import Impairment
from giaoban.scenarios.spec.scenario import Phases, Scenario

BEFORE_S = 4.0
"""Two seconds of steady media after everybody's first key frame has been shown, and as many again
to compare with; longer changes no figure, since nothing happens by chance."""
AT_S = BEFORE_S + 1.0
"""A second into the phase, so that the one before has nothing of it, nor of what is on its way."""
LASTS_S = 8.0
"""Longer than the slowest detection that could meet the limit of 1 s, with as long again for the
routes and several seconds in which the loads after rerouting are measured. What takes longer
(OSPF's dead interval without BFD) shows as cut off, which is worse than the limit allows anyway."""
DURING_S = 1.0 + LASTS_S
AFTER_S = 6.0
"""Time for a link to be taken into service again and for the key frame that follows."""

ACCEPTED = "not counted in this failure (docs/failures.md)"
"""The reason that a trial's fault gives; the answer has the scenario's own."""
PHASES = Phases(before_s=BEFORE_S, during_s=DURING_S, after_s=AFTER_S)

_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])

TIMING = Timing(
    before_s=BEFORE_S, during_s=DURING_S, after_s=AFTER_S, at_s=AT_S, to_s=AT_S + LASTS_S
)


def possible_in(asked: Question) -> dict[str, FailureCase]:
    """Every single failure of the scenario's network."""
    return possible(asked.plan.network, asked.province.groups)


def question_of(
    asked: Question, case: FailureCase, *, seed: int | None = None, phases: Phases = PHASES
) -> Question:
    """Return the question of one failure: everybody is in the meeting, and it happens.

    Raises `InputError` for what the scenario asks and a trial's phases cannot give.

    Args:
        seed: another one than that of the run.
    """
    context = FaultContext(asked.plan.network, asked.province.groups)
    question = make_question(
        asked.scenario_path,
        province_path=asked.province_path,
        seed=asked.plan.seed if seed is None else seed,
        change=lambda scenario: trial(scenario, case, context, phases),
        all_from_start=True,
        as_read=asked.as_read,  # which failures there are was read then
    )
    criteria_of(question)
    return question


def trial(
    scenario: Scenario, case: FailureCase, context: FaultContext, phases: Phases = PHASES
) -> Scenario:
    """Return the scenario in which one failure is tried.

    With phases other than `PHASES` the failure lasts to the end.

    Bridges, links, device, call profile, way of meeting, recordings, criteria and seed are the
    scenario's. Slides are shown all the time if they are shown at all, impairments and other
    traffic stay if they last the whole time; commands of the control room and the scenario's own
    faults have no place in a meeting of other phases.
    """
    ends = {"to_s": AT_S + LASTS_S} if case.mended and phases == PHASES else {}
    tables = [{**fault, "at_s": AT_S, **ends} for fault in case.faults]
    faults = _FAULTS.validate_python(tables, strict=True)
    if accepted := _accepted(scenario, case, faults, context):
        own = {"accepted": accepted, "accepted_reason": ACCEPTED}
        faults = _FAULTS.validate_python([{**table, **own} for table in tables], strict=True)
    content = scenario.content
    if content is not None:
        content = content.model_copy(update={"from_s": 0.0, "to_s": None})
    return scenario.model_copy(
        update={
            "phases": phases,
            "content": content,
            "impairments": [item for item in scenario.impairments if _whole_time(item)],
            "background": [item for item in scenario.background if _whole_time(item)],
            "controls": [],
            "faults": faults,
        }
    )


def _accepted(
    scenario: Scenario, case: FailureCase, faults: Sequence[Fault], context: FaultContext
) -> list[str]:
    """Return the bridges whose interruption a trial does not count, sorted."""
    failures = {item.failure for item in scenario.accepted}
    if case.kind != PAIR and failures.isdisjoint({case.id, case.accepted_as}):
        return sorted(case.own)
    effects = [effect for fault in faults for effect in fault.effects(context)]
    links, nodes = places_out_of_service(effects)
    return sorted({*case.own, *unreachable(context.network, links, nodes)})


def _whole_time(item: Impairment | Background) -> bool:
    return not item.from_s and item.to_s is None
