"""Effects of one failure, from its emulation's result and the paths that the network had.

The paths were taken at the start of the first phase and at the end of each (`BridgeRoutes`).
Here the way up stands for both: a link's figures are the same in both directions, so is the best
way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from giaoban.results.judge.failure_points import worst_of
from giaoban.results.model.faults import FaultImpact
from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import BridgeImpact, FailureResult, LinkPeak
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.records.guest import BridgeRoutes, read_routes
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.spec.faults.plan import FaultPlan

FAILED = "during"
"""The phase in which the failure is there, and the network has its new routes."""
ON_TIME_MS = 100.0
"""A table that is read at the end of a phase is read a little later; a restored link is in use
again only after its neighbours have found each other, which takes longer."""


def observe_run(
    case: FailureCase, faults: Sequence[FaultPlan], answer: Answer, captures: Path
) -> FailureResult:
    """As `observe`, of an emulation that has just ended, in its own process."""
    return observe(case, answer.result, faults, read_routes(captures))


def observe(
    case: FailureCase,
    result: Result,
    faults: Sequence[FaultPlan],
    routes: Sequence[BridgeRoutes],
) -> FailureResult:
    """Put a result's measures of each bridge and link together.

    `faults` are the plan's, which say when in the run the failure was there.
    """
    failed_ms = min(f.at_s for f in faults) * 1000
    ends_s = [f.to_s for f in faults if f.to_s is not None]
    restored_ms = min(ends_s) * 1000 + ON_TIME_MS if ends_s else float("inf")
    dark = {link for fault in faults for link in fault.links}
    impacts = _by_bridge(impact for fault in result.faults for impact in fault.bridges)
    bridges = []
    for bridge, told in impacts.items():
        before, after = before_and_after(
            routes, bridge, failed_ms=failed_ms, restored_ms=restored_ms
        )
        if after is not None and not dark.isdisjoint(after):
            after = None  # a router's table keeps a way over a line that is dark
        bridges.append(_impact(bridge, told, before, after))
    links = [
        LinkPeak(id=link.id, direction=link.direction, peak_pct=link.peak_pct)
        for phase in result.phases
        if phase.name == FAILED
        for link in phase.links
    ]
    return _of_case(
        case,
        verdict=result.verdict,
        reasons=result.reasons,
        reason_codes=result.reason_codes,
        bridges=bridges,
        links=links,
        lsa_wait_ms=max((fault.lsa_wait_ms for fault in result.faults), default=0.0),
        **worst_of(bridges, links)._asdict(),
    )


def no_measures(case: FailureCase, why: str) -> FailureResult:
    """Of an emulation that cannot be trusted and gave none."""
    return _of_case(case, verdict="invalid", reasons=[why])


def _of_case(case: FailureCase, **found: Any) -> FailureResult:
    return FailureResult(
        id=case.id,
        kind=case.kind,
        name_en=case.name.en,
        name_vi=case.name.vi,
        elements=list(case.elements),
        own=list(case.own),
        **found,
    )


def before_and_after(
    routes: Sequence[BridgeRoutes], bridge: str, *, failed_ms: float, restored_ms: float
) -> tuple[list[str] | None, list[str] | None]:
    """A bridge's path before a failure, and the last one seen while it lasted.

    Args:
        failed_ms, restored_ms: from when to when it lasted. A table that was read at the very
            moment of restoration is still one of the failure.
    """
    earlier = [s for s in routes if s.t_ms < failed_ms]
    during = [s for s in routes if failed_ms <= s.t_ms <= restored_ms]
    before, after = (seen[-1].paths.get(bridge, {}) if seen else {} for seen in (earlier, during))
    return before.get("up"), after.get("up")


def _by_bridge(impacts: Iterable[FaultImpact]) -> Mapping[str, list[FaultImpact]]:
    found: dict[str, list[FaultImpact]] = {}
    for impact in impacts:
        found.setdefault(impact.bridge, []).append(impact)
    return found


def _impact(
    bridge: str,
    told: Sequence[FaultImpact],
    before: list[str] | None,
    after: list[str] | None,
) -> BridgeImpact:
    """One bridge. Two faults at the same moment are one failure: the worse of both counts."""
    again = [i.picture_again_ms for i in told if i.picture_again_ms is not None]
    return BridgeImpact(
        bridge=bridge,
        behind=any(i.behind for i in told),
        accepted=all(i.accepted for i in told),
        cut_off=any(i.cut_off for i in told),
        interruption_ms=max(i.interruption_ms for i in told),
        sound_interruption_ms=max(i.sound_interruption_ms for i in told),
        picture_interruption_ms=max(i.picture_interruption_ms for i in told),
        restored_interruption_ms=max(i.restored_interruption_ms for i in told),
        packets_lost=max(i.packets_lost for i in told),
        picture_again_ms=max(again, default=None),
        redials=max(i.redials for i in told),
        path_before=before,
        path_after=after,
    )
