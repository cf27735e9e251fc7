"""From what each failure did to the whole answer. Pure, but for the hashes of the input files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from results.failure_points import single_points, verdict_of, worst_links
from results.failures import FailureResult, FaultsAnswer
from results.model import Engine, Named
from results.model import Question as AskedQuestion
from scenarios.assemble import criteria_of, inputs_of
from scenarios.failures.timing import TIMING
from scenarios.question import Question
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
    verdict, reasons = verdict_of(failures)
    plan, scenario = question.plan, question.scenario
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
        failures=list(failures),
        single_points=single_points(failures, names),
        links=worst_links(failures),
        link_limit_pct=limits["link-peak"],
        interruption_limit_ms=limits["fault-interruption"],
        names=names,
    )


def names_of(network: Network, province: Province) -> dict[str, str]:
    """What people call nodes, links and groups."""
    nodes = {node.id: node.name for node in network.nodes}
    links = {
        link.id: f"{nodes[link.a]} – {nodes[link.b]}"
        for link in network.links
        if link.kind == "backbone"
    }
    access = {
        link.id: f"{nodes[link.a]} (access)" for link in network.links if link.kind == "access"
    }
    groups = {group.id: group.name for group in province.groups}
    return {**groups, **links, **access, **nodes}
