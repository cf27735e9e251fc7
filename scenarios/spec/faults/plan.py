"""A scenario's faults → what is planned: faults, changes of the network, outages, worse lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from giaoban.results.model.faults import FaultTarget
from giaoban.results.model.quantities import Id
from giaoban.scenarios.spec.faults.effects import Effect, compose
from giaoban.scenarios.spec.faults.kind import FaultContext, FaultKind, rounded_s
from giaoban.scenarios.spec.impairment import LinePlan
from giaoban.tomlfile import StrictModel
from giaoban.topology.changes import NetworkChange, Outage


class FaultPlan(StrictModel):
    """One fault; its place in `Plan.faults` is the `fault` number of its changes and outages.

    Times are seconds from the run's origin. `direction` is "A->B" where only one direction of the
    link fails. `links` and `nodes` are out of service while it lasts; none where a link only gets
    worse. `to_s`: it is restored, None: not in this run. A host that has to boot then is back
    later: its outage tells.
    """

    id: str
    kind: Id
    target: FaultTarget
    target_id: str
    direction: str | None = None
    at_s: Annotated[float, Field(ge=0)]
    to_s: float | None = None
    links: list[str]
    nodes: list[str]


class FaultTimetable(NamedTuple):
    """The fields of the plan that tell of faults; `lines` are to be added to the impairments'."""

    faults: list[FaultPlan]
    changes: list[NetworkChange]
    outages: list[Outage]
    lines: list[LinePlan]


def plan_faults(
    faults: Sequence[FaultKind], context: FaultContext, start_s: float
) -> FaultTimetable:
    """Break faults down; the first phase begins `start_s` after the origin.

    They must be sound (`giaoban.scenarios.spec.faults.validate`).
    """
    effects = [fault.effects(context) for fault in faults]
    changes, outages = compose(effects, start_s)
    lines = [line for fault in faults for line in fault.lines(context.network, start_s)]
    return FaultTimetable(_plans(faults, effects, context, start_s), changes, outages, lines)


def _plans(
    faults: Sequence[FaultKind],
    effects: Sequence[Sequence[Effect]],
    context: FaultContext,
    start_s: float,
) -> list[FaultPlan]:
    found = []
    seen: Counter[str] = Counter()
    for fault, its in zip(faults, effects, strict=True):
        target_id = fault.target_id(context.network)
        name = fault.kind if fault.target == "mcu" else f"{fault.kind}-{target_id}"
        seen[name] += 1
        links, nodes = places_out_of_service(its)
        hops = fault.hops(context.network)
        found.append(
            FaultPlan(
                id=name if seen[name] == 1 else f"{name}-{seen[name]}",
                kind=fault.kind,
                target=fault.target,
                target_id=target_id,
                direction=hops[0].direction if len(hops) == 1 else None,
                at_s=rounded_s(start_s + fault.at_s),
                to_s=None if fault.to_s is None else rounded_s(start_s + fault.to_s),
                links=links,
                nodes=nodes,
            )
        )
    return found


def places_out_of_service(effects: Sequence[Effect]) -> tuple[list[str], list[str]]:
    """Return the links and the nodes that are out of service while these effects last."""
    return _places(effects, "down", "discard"), _places(effects, "stop", "off")


def _places(effects: Sequence[Effect], *do: str) -> list[str]:
    return list(dict.fromkeys(effect.place[0] for effect in effects if effect.do in do))
