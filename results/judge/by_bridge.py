"""Each bridge judged by itself: the criteria on streams and bridges, on what is its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from giaoban.results.judge.criteria import (
    CALLS_AS_ASKED,
    FAULT_BRIDGES_LOST,
    FAULT_INTERRUPTION,
    NO_BRIDGE_DROPPED,
    NO_WORSE,
    Criteria,
    Criterion,
)
from giaoban.results.judge.under_faults import as_judged, comparable
from giaoban.results.judge.verdict import judged_alone, margin_pct
from giaoban.results.judge.worst import Reference, worst
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.result import CriterionResult, Phase
from giaoban.results.model.streams import StreamResult
from giaoban.results.model.studies.meetings import BridgeJudged, Interrupted, StreamJudged

OF_A_BRIDGE = ("stream", "bridge")
RULES_OF_A_BRIDGE = (
    CALLS_AS_ASKED,
    NO_BRIDGE_DROPPED,
    *NO_WORSE,
    FAULT_INTERRUPTION,
    FAULT_BRIDGES_LOST,
)
"""Criteria without a measure that are about bridges. That of calls set up is not among them: it
asks who is in the meeting."""


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


class BridgeFigure(NamedTuple):
    """What a criterion finds at one bridge alone. `value` is None where something should have been
    measured and was not; `margin_pct` then, too."""

    value: float | None
    margin_pct: float | None


def figures_by_bridge(
    judged: Mapping[float, Sequence[Phase]],
    criteria: Criteria,
    existing: Sequence[str],
    faults: Sequence[FaultResult] = (),
    reference: Reference | None = None,
) -> dict[str, dict[str, BridgeFigure]]:
    """By bridge and criterion, of all criteria that are about bridges: what each would find if
    there were no other bridge. One that finds nothing to measure is left out.

    Args:
        judged: as criteria look at the phases, by seconds of warming up (`judge`).
        existing: the bridges that are compared with `reference`, else with the first phase.
    """
    of_bridges = [c for c in criteria.criterion if _is_on(c, OF_A_BRIDGE) or _is_rule(c)]
    if not faults:
        of_bridges = [c for c in of_bridges if c.judged_only_with != "faults"]
    seen = {warm: _by_bridge(as_judged(phases, faults)) for warm, phases in judged.items()}
    found: dict[str, dict[str, BridgeFigure]] = {}
    for bridge, alone in seen[0.0].items():
        own = found.setdefault(bridge, {})
        compared = [bridge] if bridge in existing else []
        hit = [_alone_in(fault, bridge) for fault in faults]
        for criterion in of_bridges:
            phases = seen[criterion.warm_up_s].get(bridge, [])
            if not phases or (criterion.id in NO_WORSE and not comparable(alone, hit, compared)):
                continue
            at = worst(criterion, phases, compared, (), hit, reference)
            if not at.nothing:
                own[criterion.id] = BridgeFigure(at.value, margin_pct(criterion, at.value))
    return found


def _by_bridge(phases: Sequence[Phase]) -> dict[str, list[Phase]]:
    """Every phase with one bridge alone, also those in which it is not, by bridge."""
    ids = dict.fromkeys(bridge.id for phase in phases for bridge in phase.bridges)
    found: dict[str, list[Phase]] = defaultdict(list)
    for phase in phases:
        here = {bridge.id: bridge for bridge in phase.bridges}
        given_less = {call.bridge: call for call in phase.mcu.downspeeded}
        dropped, put_out = {*phase.mcu.dropped}, {*phase.mcu.put_out}
        for ident in ids:
            mcu = phase.mcu.model_copy(
                update={
                    "downspeeded": [given_less[ident]] if ident in given_less else [],
                    "dropped": [ident] if ident in dropped else [],
                    "put_out": [ident] if ident in put_out else [],
                }
            )
            own = [here[ident]] if ident in here else []
            found[ident].append(phase.model_copy(update={"bridges": own, "mcu": mcu}))
    return found


def _alone_in(fault: FaultResult, bridge: str) -> FaultResult:
    return fault.model_copy(update={"bridges": [i for i in fault.bridges if i.bridge == bridge]})


def _is_rule(criterion: Criterion) -> bool:
    return criterion.measure is None and criterion.id in RULES_OF_A_BRIDGE


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
