"""From what each failure did to the whole answer. Pure, but for the hashes of the input files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from results.judge.failure_points import (
    single_points,
    unneeded,
    verdict_of,
    with_points,
    worst_links,
)
from results.model.failures import Acceptance, Element, FailureResult, FaultsAnswer
from results.model.result import Engine, Named
from results.model.result import Question as AskedQuestion
from scenarios.measure.assemble import criteria_of, inputs_of
from scenarios.spec.question import Question
from scenarios.spec.scenario import Scenario
from scenarios.study.failures.failure import ends_of
from scenarios.study.failures.timing import TIMING
from topology.model import Province
from topology.network import Network


def answer_of(
    question: Question,
    failures: Sequence[FailureResult],
    *,
    engine: Engine | None,
    run_id: str,
    whole: bool,
    possible: Iterable[str],
) -> FaultsAnswer:
    """Sum up. `question` is that of any of the failures: bridges and limits are all the same."""
    plan, scenario = question.plan, question.scenario
    accepted = acceptances(scenario)
    failures = with_points(failures, accepted)
    verdict, reasons = verdict_of(failures)
    new = {bridge.id for bridge in scenario.new_bridges}
    names = names_of(plan.network, question.province)
    names[plan.network.mcu.id] = plan.device.name
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
        ),
        engine=engine,
        inputs=inputs_of(question),
        timing=TIMING,
        whole=whole,
        possible=list(possible),
        failures=failures,
        single_points=single_points(
            failures, lambda element: point_names(element, plan.network, question.province)
        ),
        unneeded=unneeded(failures, accepted),
        links=worst_links(failures),
        link_limit_pct=limits["link-peak"],
        interruption_limit_ms=limits["fault-interruption"],
        names=names,
    )


def names_of(network: Network, province: Province) -> dict[str, str]:
    """What people call nodes, backbone links and groups."""
    nodes = {node.id: node.name for node in network.nodes}
    links = {
        link.id: f"{nodes[link.a]} – {nodes[link.b]}"
        for link in network.links
        if link.kind == "backbone"
    }
    groups = {group.id: group.name for group in province.groups}
    return {**groups, **links, **nodes}


def point_names(element: Element, network: Network, province: Province) -> tuple[str, str]:
    """What people call a thing that fails, in English and Vietnamese, within a sentence."""
    ident = element.id
    match element.kind:
        case "link":
            en, vi = ends_of(network, network.link(ident))
            return en, vi
        case "mcu":
            return "the MCU", "hệ thống điều khiển đa điểm (MCU)"
        case "group":
            name = next(group.name for group in province.groups if group.id == ident)
            return f"cable {name}", f"cáp chung {name}"
    name = network.node(ident).name
    if element.kind == "router":
        return f"router {name}", f"bộ định tuyến {name}"
    return f"power at {name}", f"nguồn điện tại {name}"


def acceptances(scenario: Scenario) -> dict[str, Acceptance]:
    """What the scenario accepts, by failure."""
    return {
        item.failure: Acceptance(failure=item.failure, reason=item.reason, reason_vi=item.reason_vi)
        for item in scenario.accepted
    }
