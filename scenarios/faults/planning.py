"""A scenario's faults → what is planned: faults, changes of the network, outages, worse lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from results.model.faults import FaultTarget
from scenarios.faults.claims import DIGITS, Boots, Claim, claims, compose
from scenarios.faults.plan import FaultPlan
from scenarios.faults.spec import Fault, GroupCut, McuCrash, RouterDown, Silent, SitePower
from scenarios.faults.worse_lines import fault_lines, hops_made_worse
from scenarios.spec.hops import hops_along
from scenarios.spec.impairment import LinePlan
from topology.changes import NetworkChange, Outage
from topology.network import Network


class Planned(NamedTuple):
    """The fields of the plan that tell of faults; `lines` are to be added to the impairments'."""

    faults: list[FaultPlan]
    changes: list[NetworkChange]
    outages: list[Outage]
    lines: list[LinePlan]


def plan_faults(
    faults: Sequence[Fault],
    network: Network,
    groups: Mapping[str, Sequence[str]],
    boots: Boots,
    start_s: float,
) -> Planned:
    """Break faults down; the first phase begins `start_s` after the origin.

    They must be sound (see `fault_mistakes`).
    """
    claimed = [claims(fault, network, groups, boots) for fault in faults]
    changes, outages = compose(claimed, start_s)
    return Planned(
        _named(faults, claimed, network, start_s),
        changes,
        outages,
        [line for fault in faults for line in fault_lines(fault, network, start_s)],
    )


def target_of(fault: Fault, network: Network) -> tuple[FaultTarget, str]:
    """What a fault is at, and the id of that."""
    match fault:
        case RouterDown():
            return "router", fault.router
        case SitePower():
            return "bridge", fault.bridge
        case McuCrash():
            return "mcu", network.mcu.id
        case GroupCut():
            return "group", fault.group
        case _:
            return "link", fault.link


def _named(
    faults: Sequence[Fault],
    claimed: Sequence[Sequence[Claim]],
    network: Network,
    start_s: float,
) -> list[FaultPlan]:
    found = []
    seen: Counter[str] = Counter()
    for fault, its in zip(faults, claimed, strict=True):
        target, target_id = target_of(fault, network)
        name = fault.kind if target == "mcu" else f"{fault.kind}-{target_id}"
        seen[name] += 1
        links = [c.place[0] for c in its if c.do in ("dark", "swallow")]
        found.append(
            FaultPlan(
                id=name if seen[name] == 1 else f"{name}-{seen[name]}",
                kind=fault.kind,
                target=target,
                target_id=target_id,
                direction=_direction(fault, network),
                at_s=round(start_s + fault.at_s, DIGITS),
                to_s=None if fault.to_s is None else round(start_s + fault.to_s, DIGITS),
                links=list(dict.fromkeys(links)),
                nodes=list(dict.fromkeys(c.place[0] for c in its if c.do in ("stop", "off"))),
            )
        )
    return found


def _direction(fault: Fault, network: Network) -> str | None:
    """Where only one direction of the link is concerned."""
    hops = hops_made_worse(fault, network)
    if isinstance(fault, Silent):
        hops = hops_along(fault.link, fault.direction, network)
    return hops[0].direction if len(hops) == 1 else None
