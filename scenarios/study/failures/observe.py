"""What one failure did, from its emulation's result. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from results.judge.failure_points import worst_of
from results.model.failures import BridgeImpact, FailureResult, LinkPeak
from results.model.faults import FaultImpact
from results.model.result import Result
from scenarios.faults.plan import FaultPlan
from scenarios.study.failures.failure import Failure
from scenarios.study.failures.routes import Snapshot, before_and_after

FAILED = "during"
"""The phase in which the failure is there, and the network has its new routes."""
ON_TIME_MS = 100.0
"""A table that is read at the end of a phase is read a little later; a restored link is in use
again only after its neighbours have found each other, which takes longer."""


def observe(
    failure: Failure,
    result: Result,
    faults: Sequence[FaultPlan],
    routes: Sequence[Snapshot] = (),
) -> FailureResult:
    """Put a result's measures of each bridge and link together.

    `faults` are the plan's, which say when in the run the failure was there.
    """
    failed_ms = min(f.at_s for f in faults) * 1000
    ends_s = [f.to_s for f in faults if f.to_s is not None]
    restored_ms = min(ends_s) * 1000 + ON_TIME_MS if ends_s else float("inf")
    impacts = _by_bridge(impact for fault in result.faults for impact in fault.bridges)
    bridges = []
    for bridge, told in impacts.items():
        before, after = before_and_after(
            routes, bridge, failed_ms=failed_ms, restored_ms=restored_ms
        )
        bridges.append(_impact(bridge, told, before, after))
    links = [
        LinkPeak(id=link.id, direction=link.direction, peak_pct=link.peak_pct)
        for phase in result.phases
        if phase.name == FAILED
        for link in phase.links
    ]
    return FailureResult(
        id=failure.id,
        kind=failure.kind,
        name_en=failure.name_en,
        name_vi=failure.name_vi,
        elements=list(failure.elements),
        own=list(failure.own),
        verdict=result.verdict,
        reasons=result.reasons,
        reason_codes=result.reason_codes,
        bridges=bridges,
        links=links,
        **worst_of(bridges, links)._asdict(),
    )


def no_measures(failure: Failure, why: str) -> FailureResult:
    """Of an emulation that cannot be trusted and gave none."""
    return FailureResult(
        id=failure.id,
        kind=failure.kind,
        name_en=failure.name_en,
        name_vi=failure.name_vi,
        elements=list(failure.elements),
        own=list(failure.own),
        verdict="invalid",
        reasons=[why],
    )


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
