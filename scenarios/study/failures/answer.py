"""From what each failure did to the whole answer, and its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from giaoban.results.judge.criteria import FAULT_INTERRUPTION, LINK_PEAK
from giaoban.results.judge.failure_points import (
    single_points,
    unneeded,
    verdict_of,
    with_points,
    worst_links,
)
from giaoban.results.model.result import Engine, Named
from giaoban.results.model.result import Question as AskedQuestion
from giaoban.results.model.studies.failures import Acceptance, FailureResult, FaultsAnswer
from giaoban.scenarios.measure.assemble import criteria_of, inputs_of
from giaoban.scenarios.measure.unmodelled import not_judged
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.failures.trial import TIMING
from giaoban.topology.model import Province
from giaoban.topology.network import Network


def answer_of(
    question: Question,
    failures: Sequence[FailureResult],
    *,
    engine: Engine | None,
    run_id: str,
    whole: bool,
    possible: Mapping[str, FailureCase],
) -> FaultsAnswer:
    """Sum up. `question` is that of any of the failures: bridges and limits are all the same."""
    plan, scenario = question.plan, question.scenario
    accepted = acceptances(scenario)
    same_as = {case.id: case.accepted_as for case in possible.values() if case.accepted_as}
    failures = with_points(failures, accepted, same_as)
    verdict, reasons = verdict_of(failures)
    new = {bridge.id for bridge in scenario.new_bridges}
    names = names_of(plan.network, question.province)
    names[plan.network.mcu.id] = plan.device.name
    points = {case.elements[0]: (case.point.en, case.point.vi) for case in possible.values()}
    limits = {c.id: c.threshold for c in criteria_of(question).criterion}
    return FaultsAnswer(
        run_id=run_id,
        verdict=verdict,
        reasons=reasons,
        question=AskedQuestion(
            existing=[Named(id=c.bridge, name=c.name) for c in plan.calls if c.bridge not in new],
            new=[Named(id=c.bridge, name=c.name) for c in plan.calls if c.bridge in new],
            text_vi=scenario.question_vi,
            text_en=scenario.question,
            regulation=question.province.regulation,
        ),
        engine=engine,
        inputs=inputs_of(question),
        timing=TIMING,
        whole=whole,
        possible=list(possible),
        failures=failures,
        single_points=single_points(failures, points),
        unneeded=unneeded(failures, accepted),
        links=worst_links(failures),
        link_limit_pct=limits[LINK_PEAK],
        interruption_limit_ms=limits[FAULT_INTERRUPTION],
        names=names,
        not_judged=not_judged(question.profiles, [plan.profile.id]),
    )


def names_of(network: Network, province: Province) -> dict[str, str]:
    """What people call nodes, backbone links and groups."""
    nodes = {node.id: node.name for node in network.nodes}
    links = network.link_names
    groups = {group.id: group.name for group in province.groups}
    return {**groups, **links, **nodes}


def acceptances(scenario: Scenario) -> dict[str, Acceptance]:
    return {
        item.failure: Acceptance(failure=item.failure, reason=item.reason, reason_vi=item.reason_vi)
        for item in scenario.accepted
    }
