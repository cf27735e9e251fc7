"""Each bridge judged by itself: the criteria on streams and bridges, on what is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from giaoban.results.judge.criteria import Criteria, Criterion
from giaoban.results.judge.under_faults import as_judged
from giaoban.results.judge.verdict import judged_alone
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.result import CriterionResult, Phase
from giaoban.results.model.streams import StreamResult
from giaoban.results.model.studies.meetings import BridgeJudged, Interrupted, StreamJudged

OF_A_BRIDGE = ("stream", "bridge")


def by_bridge(
    phases: Sequence[Phase],
    judged: Mapping[float, Sequence[Phase]],
    criteria: Criteria,
    bridges: Sequence[tuple[str, str]],
    faults: Sequence[FaultResult] = (),
) -> list[BridgeJudged]:
    """Every bridge that should have been there, in the order given, as (id, name).

    Args:
        phases: as they were: who was there, how many packets, the longest interruption.
        judged: as criteria look at them, by seconds of warming up (`judge`): without what
            interruptions by faults took. So are shares and delays that are told.
    """
    seen_after = {warm: as_judged(found, faults) for warm, found in judged.items()}
    refused = {r.bridge: r.code for phase in phases for r in phase.mcu.refused}
    found = []
    for ident, name in bridges:
        own = {
            warm: [alone for phase in found if (alone := _alone(phase, ident)).bridges]
            for warm, found in seen_after.items()
        }
        as_it_was = [b for phase in phases for b in phase.bridges if b.id == ident]
        results = [
            judged_alone(criterion, seen)
            for criterion in criteria.criterion
            if _is_on(criterion, OF_A_BRIDGE) and (seen := own.get(criterion.warm_up_s))
        ]
        streams = as_it_was[-1].streams if as_it_was else []
        found.append(
            BridgeJudged(
                bridge=ident,
                name=name,
                connected=bool(as_it_was) and ident not in refused,
                refused=refused.get(ident),
                ways=[_judged_stream(stream, own, criteria) for stream in streams],
                interruption_ms=_longest(streams),
                interruptions=_by_faults(ident, faults),
                there_at_end=ident in phases[-1].mcu.joined,
                failed=[result for result in results if _fails(result)],
            )
        )
    return found


def _by_faults(bridge: str, faults: Sequence[FaultResult]) -> list[Interrupted]:
    """In order of time."""
    found = [
        Interrupted(
            fault=fault.id,
            at_s=impact.gone_ms / 1e3,
            back_s=None if impact.back_ms is None else impact.back_ms / 1e3,
        )
        for fault in faults
        for impact in fault.bridges
        if impact.bridge == bridge and impact.gone_ms is not None
    ]
    return sorted(found, key=lambda one: one.at_s)


def _alone(phase: Phase, bridge: str) -> Phase:
    return phase.model_copy(update={"bridges": [b for b in phase.bridges if b.id == bridge]})


def _longest(streams: Sequence[StreamResult]) -> float | None:
    return max((s.interruption_ms_max for s in streams if s.interruption_ms_max), default=None)


def _judged_stream(
    stream: StreamResult, judged: Mapping[float, Sequence[Phase]], criteria: Criteria
) -> StreamJudged:
    own = {warm: [_of_stream(p, stream) for p in found] for warm, found in judged.items()}
    results = [
        judged_alone(c, seen)
        for c in criteria.criterion
        if _is_on(c, ("stream",)) and (seen := own.get(c.warm_up_s))
    ]
    alone = [s for p in own.get(0.0, ())[-1:] for b in p.bridges for s in b.streams]
    left = alone[0] if alone else None
    return StreamJudged(
        kind=stream.kind,
        direction=stream.direction,
        packets_sent=stream.packets_sent,
        packets_received=stream.packets_received,
        lost_pct=left.lost_pct if left else None,
        delay_ms=left.delay_p95_ms if left else None,
        frozen_pct=left.freeze_pct if left else None,
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
