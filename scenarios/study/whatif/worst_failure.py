"""Which single failure of the backbone loads what is left the most, by arithmetic."""

from __future__ import annotations

from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.faults.failure_cases import possible
from giaoban.scenarios.faults.graph import unreachable
from giaoban.scenarios.faults.kind import FailureCase
from giaoban.scenarios.faults.kinds.cut import Cut
from giaoban.scenarios.spec.question import Question
from giaoban.topology.routing import shortest_paths


def worst_failure(question: Question) -> tuple[FailureCase, float] | None:
    """The cut of a backbone link that leaves the highest load elsewhere, and that load in % at its
    busiest second; None if every cut takes bridges away.

    Routes after the cut are the shortest that are left. Cuts that take bridges away are not looked
    at: those are single points of failure, whatever the load (`giaoban faults`).
    """
    plan = question.plan
    worst: tuple[FailureCase, float] | None = None
    for case in possible(plan.network, question.province.groups).values():
        if case.kind != Cut.name() or case.tried != "usual":
            continue
        link = case.elements[0].id
        if plan.network.link(link).kind != "backbone" or unreachable(plan.network, [link], []):
            continue
        left = plan.network.without([link])
        loads = static_loads(plan.model_copy(update={"network": left}), shortest_paths(left))
        peak = loads.worst_link().peak_pct
        if worst is None or peak > worst[1]:
            worst = case, peak
    return worst
