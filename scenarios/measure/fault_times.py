"""When each fault had its say, and when each bridge was without its call: from plan and events."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scenarios.faults.graph import unreachable
from scenarios.faults.plan import FaultPlan
from scenarios.measure.captures import Captures
from scenarios.measure.fault_gaps import Spans, merged
from scenarios.plan.plan import Plan
from scenarios.records.events import Joined, Left, MediaLost, Told

PUT_OUT = "put-out"
"""Why a bridge left whom the control room did not want any longer."""


class Time(NamedTuple):
    """A fault's own time, in s from the origin: until the next one begins, or the phases are over.

    `over_s`: until it is restored, if that comes first. `edges_s`: when it changed anything.
    """

    start_s: float
    end_s: float
    over_s: float
    edges_s: tuple[float, ...]


def times(plan: Plan) -> list[Time]:
    """One for each of the plan's faults; two that begin at once share their time."""
    last_s = plan.phases[-1].end_s
    found = []
    for number, fault in enumerate(plan.faults):
        later = [other.at_s for other in plan.faults if other.at_s > fault.at_s]
        end_s = min([*later, last_s])
        over_s = end_s if fault.to_s is None else min(fault.to_s, end_s)
        found.append(Time(fault.at_s, end_s, over_s, _edges_s(plan, number)))
    return found


def behind(plan: Plan, fault: FaultPlan) -> set[str]:
    """The bridges that nothing can keep in the meeting when a fault begins.

    What has failed before and is not back yet counts with it: of two that begin together, too.
    """
    links: set[str] = set()
    nodes: set[str] = set()
    for number, other in enumerate(plan.faults):
        if other.at_s <= fault.at_s < _back_s(plan, number):
            links |= set(other.links)
            nodes |= set(other.nodes)
    return unreachable(plan.network, links, nodes)


def away(captures: Captures, bridge: str) -> Spans:
    """(k, 2) when a bridge had no call that should have had one, in ns of CLOCK_MONOTONIC.

    From when its power or the MCU's goes, it hears nothing any more, or the MCU lets it go, until
    the MCU has it again, at the latest until the phases are over.
    """
    plan = captures.plan
    last_ms = plan.phases[-1].end_s * 1000
    hosts = (bridge, plan.network.mcu.id)
    lost = [o.from_s * 1000 for o in plan.outages if o.host in hosts]
    lost += [e.t_ms for e in mine(captures, bridge, MediaLost)]
    lost += [e.t_ms for e in mine(captures, bridge, Left) if e.cause != PUT_OUT]
    back = [e.t_ms for e in mine(captures, bridge, Joined)]
    spans = [
        (at_ms, min((t for t in back if t > at_ms), default=last_ms))
        for at_ms in lost
        if at_ms < last_ms
    ]
    ns = np.rint(np.array(spans, np.float64).reshape(-1, 2) * 1e6).astype(np.int64)
    return merged(ns + captures.origin_ns)


def mine[E: Told](captures: Captures, bridge: str, *kinds: type[E]) -> list[E]:
    """The events of these kinds about a bridge."""
    return [e for e in captures.events_of(*kinds) if e.bridge == bridge]


def _edges_s(plan: Plan, number: int) -> tuple[float, ...]:
    """When a fault took anything away or gave it back."""
    found = [change.at_s for change in plan.changes if change.fault == number]
    for outage in plan.outages:
        if outage.fault == number:
            found += [outage.from_s, *([] if outage.to_s is None else [outage.to_s])]
    return tuple(sorted(set(found)))


def _back_s(plan: Plan, number: int) -> float:
    """When all that a fault took away is there again: what has to boot is back later."""
    ends = [o.to_s for o in plan.outages if o.fault == number]
    ends.append(plan.faults[number].to_s)
    return max(math.inf if end is None else end for end in ends)
