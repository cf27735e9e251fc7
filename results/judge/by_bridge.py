"""Each bridge judged by itself: the criteria on streams and bridges, on what is its own."""

from __future__ import annotations

from collections.abc import Sequence

from results.judge.criteria import Criteria, Criterion
from results.judge.under_faults import as_judged
from results.judge.verdict import judged_alone
from results.model.faults import FaultResult
from results.model.meetings import BridgeJudged, Way
from results.model.result import CriterionResult, Phase, StreamResult

OF_A_BRIDGE = ("stream", "bridge")


def by_bridge(
    phases: Sequence[Phase],
    criteria: Criteria,
    bridges: Sequence[tuple[str, str]],
    faults: Sequence[FaultResult] = (),
) -> list[BridgeJudged]:
    """Every bridge that should have been there, in the order given, as (id, name).

    Where something failed on purpose, its interruptions are left out as they are in the verdict;
    the longest is told all the same.
    """
    judged = as_judged(phases, faults)
    refused = {r.bridge: r.code for phase in phases for r in phase.mcu.refused}
    found = []
    for ident, name in bridges:
        own = [_alone(phase, ident) for phase in judged]
        seen = [phase for phase in own if phase.bridges]
        as_it_was = [b for phase in phases for b in phase.bridges if b.id == ident]
        results = [
            judged_alone(criterion, seen)
            for criterion in criteria.criterion
            if seen and _is_on(criterion, OF_A_BRIDGE)
        ]
        streams = as_it_was[-1].streams if as_it_was else []
        found.append(
            BridgeJudged(
                bridge=ident,
                name=name,
                connected=bool(as_it_was) and ident not in refused,
                refused=refused.get(ident),
                ways=[_way(stream, seen, criteria) for stream in streams],
                interruption_ms=_longest(as_it_was[-1].streams) if as_it_was else None,
                left_at_end=ident in phases[-1].mcu.joined,
                failed=[result for result in results if _fails(result)],
            )
        )
    return found


def _alone(phase: Phase, bridge: str) -> Phase:
    return phase.model_copy(update={"bridges": [b for b in phase.bridges if b.id == bridge]})


def _longest(streams: Sequence[StreamResult]) -> float | None:
    return max((s.interruption_ms_max for s in streams if s.interruption_ms_max), default=None)


def _way(stream: StreamResult, phases: Sequence[Phase], criteria: Criteria) -> Way:
    own = [_of_stream(phase, stream) for phase in phases]
    results = [judged_alone(c, own) for c in criteria.criterion if _is_on(c, ("stream",))]
    return Way(
        kind=stream.kind,
        direction=stream.direction,
        packets_sent=stream.packets_sent,
        packets_received=stream.packets_received,
        lost_pct=stream.lost_pct,
        delay_ms=stream.delay_p95_ms,
        frozen_pct=stream.freeze_pct,
        ok=stream.packets_received > 0 and not any(_fails(result) for result in results),
    )


def _of_stream(phase: Phase, stream: StreamResult) -> Phase:
    """A phase with nothing but one stream of one bridge."""
    bridges = [
        bridge.model_copy(
            update={
                "streams": [
                    s
                    for s in bridge.streams
                    if (s.kind, s.direction) == (stream.kind, stream.direction)
                ]
            }
        )
        for bridge in phase.bridges
    ]
    return phase.model_copy(update={"bridges": bridges})


def _fails(result: CriterionResult) -> bool:
    """Whether it is not met, and not for want of anything to measure."""
    return not result.ok and result.place is not None


def _is_on(criterion: Criterion, what: Sequence[str]) -> bool:
    return criterion.measure is not None and criterion.measure.on in what
