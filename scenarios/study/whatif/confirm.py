"""Emulations of the points that matter, side by side, each in a process and a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from giaoban.errors import InvalidRun
from giaoban.processes.progress import Progress
from giaoban.results.model.result import Result
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.failure_cases import find, possible
from giaoban.scenarios.spec.faults.graph import unreachable
from giaoban.scenarios.spec.faults.kind import FailureCase, FaultContext
from giaoban.scenarios.spec.faults.kinds.cut import Cut
from giaoban.scenarios.study.engine import EMULATING, emulate_points, with_summary
from giaoban.scenarios.study.failures.trial import trial
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.judge import CONFIRMED
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.topology.routing import shortest_paths
from giaoban.translation import SOURCE, Language


@dataclass(frozen=True)
class ConfirmationPoint:
    """What is to be emulated; `name` is its folder's. `failure` fails while everybody is in."""

    name: str
    variant: Variant
    failure: str | None = None


def confirm(
    base: Base,
    points: Sequence[ConfirmationPoint],
    *,
    folder: Path,
    engine: EngineName,
    jobs: int,
    progress: Progress,
    language: Language = SOURCE,
) -> dict[str, Result | InvalidRun]:
    """What the emulation says of each point, by its name; `InvalidRun`: it came to no result.

    Each has its folder `confirmed/NAME` under `folder`.

    Raises:
        InputError, MachineLacks: as the emulation; then nothing is of use.
    """
    return emulate_points(
        {point.name: question_of(base, point) for point in points},
        folder / CONFIRMED,
        engine,
        progress,
        told=EMULATING,
        look=with_summary(language, attrgetter("result")),
        jobs=jobs,
    )


def question_of(base: Base, point: ConfirmationPoint) -> Question:
    """What is asked of a point. Raises `InputError`."""
    asked = ask(base, point.variant).question
    if point.failure is None:
        return asked
    context = FaultContext(asked.plan.network, base.province.groups)
    case = find(possible(context.network, context.groups), point.failure)
    return ask(
        base,
        point.variant,
        change=lambda scenario: trial(scenario, case, context),
        all_from_start=True,
    ).question


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
