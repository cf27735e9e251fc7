"""Judgement of a run with declared faults. Pure.

An interruption by a fault is judged as an interruption (`fault-interruption`,
`fault-bridges-lost`), and not a second time as loss, delay, jitter, speech quality, a frozen
picture or a dropped call.
Everything else is judged as in any run, at every bridge and in every phase. The failing and the
mending of a fault are two events with an interruption each: both are judged. The comparison of
existing bridges with the first phase leaves out the phases of their interruption: a picture that
starts again begins with a key frame, which is a burst.

Every bridge counts, also one without another path, unless the fault declares it `accepted`. An
accepted bridge still has to come back when the fault is over. `giaoban faults` judges by the same
rule: its trials declare what they accept (`giaoban.scenarios.study.failures.trial`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.model.faults import (
    AcceptedInterruption,
    FaultImpact,
    FaultResult,
    Interruption,
)
from giaoban.results.model.places import Place, WorstValue
from giaoban.results.model.result import Phase
from giaoban.results.model.streams import BridgeResult


def as_judged(phases: Sequence[Phase], faults: Sequence[FaultResult]) -> list[Phase]:
    """The phases that criteria look at.

    `phases` are measured without the packets that were due in an interruption by a fault. What is
    left of an interrupted bridge's streams is judged; a stream of which nothing is left is not. In
    a phase in which a bridge is interrupted it counts as present, is not dropped, and whether its
    calls are answered does not count.
    """
    if not faults:
        return list(phases)
    known = {bridge.id: bridge.name for phase in phases for bridge in phase.bridges}
    judged = []
    for phase, gone in zip(phases, interrupted_in(phases, faults), strict=True):
        bridges = [_left(bridge) if bridge.id in gone else bridge for bridge in phase.bridges]
        here = {bridge.id for bridge in bridges}
        bridges += [
            BridgeResult(id=bridge, name=known.get(bridge, bridge), streams=[])
            for bridge in sorted(gone - here)
        ]
        mcu = phase.mcu.model_copy(
            update={
                "refused": [call for call in phase.mcu.refused if call.bridge not in gone],
                "dropped": [bridge for bridge in phase.mcu.dropped if bridge not in gone],
            }
        )
        judged.append(phase.model_copy(update={"bridges": bridges, "mcu": mcu}))
    return judged


def interrupted_in(phases: Sequence[Phase], faults: Sequence[FaultResult]) -> list[set[str]]:
    """For each phase the bridges that a fault interrupted in it."""
    found = []
    start_ms = 0.0
    for phase in phases:
        end_ms = start_ms + 1000 * phase.seconds
        found.append(_interrupted(faults, start_ms, end_ms))
        start_ms = end_ms
    return found


OF_A_MEETING = ("check", "course")
"""Phases that stand alone: nobody joins later."""


def comparable(
    phases: Sequence[Phase], faults: Sequence[FaultResult], existing: Sequence[str]
) -> bool:
    """Whether some existing bridge can be compared with how it was in the first phase.

    A meeting has no other phase. An expansion that has none was not compared, which is no pass.
    """
    if not faults:
        return bool(existing) and phases[0].name not in OF_A_MEETING
    calm = [set(existing) - gone for gone in interrupted_in(phases, faults)]
    return any(calm[0] & later for later in calm[1:])


def never_back(faults: Sequence[FaultResult]) -> list[str]:
    """Bridges that did not come back although the fault was restored, and no other holds them."""
    held = {
        impact.bridge
        for fault in faults
        if fault.restored_s is None
        for impact in fault.bridges
        if impact.gone_ms is not None
    }
    missing = [
        impact.bridge
        for fault in faults
        if fault.restored_s is not None
        for impact in fault.bridges
        if impact.gone_ms is not None and impact.back_ms is None
    ]
    return [bridge for bridge in dict.fromkeys(missing) if bridge not in held]


def longest_interruption(faults: Sequence[FaultResult]) -> WorstValue:
    """Return the longest interruption of a bridge that is not accepted, in ms, in the slow case."""
    nowhere = WorstValue(0.0, Place(kind="mcu", id="mcu"), "stream")
    found = [
        WorstValue(longest.ms, _place(fault, impact, longest), "stream")
        for fault, impact in _judged(faults)
        if (longest := _slow(fault, impact)).ms
    ]
    return max(found, key=lambda one: one.value or 0.0, default=nowhere)


def bridges_lost(faults: Sequence[FaultResult]) -> WorstValue:
    """Return the number of bridges cut off that are not accepted, counted once for each fault."""
    places = [
        _place(fault, impact, Interruption(impact.interruption_ms, impact.interrupted, False))
        for fault, impact in _judged(faults)
        if impact.cut_off
    ]
    nowhere = Place(kind="mcu", id="mcu")
    return WorstValue(float(len(places)), next(iter(places), nowhere), "stream")


def _interrupted(faults: Sequence[FaultResult], start_ms: float, end_ms: float) -> set[str]:
    """The bridges that a fault interrupted at some moment of [start, end)."""
    return {
        impact.bridge
        for fault in faults
        for impact in fault.bridges
        if impact.gone_ms is not None
        and impact.gone_ms < end_ms
        and (impact.back_ms is None or impact.back_ms > start_ms)
    }


def _left(bridge: BridgeResult) -> BridgeResult:
    streams = [s for s in bridge.streams if s.packets_sent or s.packets_impaired]
    return bridge.model_copy(update={"streams": streams})


def accepted_interruptions(
    faults: Sequence[FaultResult], limit_ms: float
) -> list[AcceptedInterruption]:
    """Return the accepted bridges that a fault cut off or interrupted for longer than the limit.

    Bridges that are accepted for the same reason are in one entry.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        reason = fault.accepted_reason
        if reason is None:
            continue
        for impact in fault.bridges:
            if impact.accepted and (impact.cut_off or _slow(fault, impact).ms > limit_ms):
                bridges = found.setdefault((reason, fault.accepted_reason_vi or reason), [])
                bridges += [] if impact.bridge in bridges else [impact.bridge]
    return [
        AcceptedInterruption(bridges=bridges, reason=reason, reason_vi=reason_vi)
        for (reason, reason_vi), bridges in found.items()
    ]


def _slow(fault: FaultResult, impact: FaultImpact) -> Interruption:
    """Return the longest interruption in the slow case; a bridge without a path left does not wait
    for routers."""
    return impact.longest(0.0 if impact.behind else fault.lsa_wait_ms)


def independent(
    faults: Sequence[FaultResult], existing: Sequence[str], before_ms: float
) -> list[FaultResult]:
    """Return the faults with those impacts that new bridges cannot have caused.

    These are at existing bridges that had no path left, or that were back before the end of the
    first phase, `before_ms`.
    """
    return [
        fault.model_copy(
            update={
                "bridges": [
                    impact
                    for impact in fault.bridges
                    if impact.bridge in existing
                    and (impact.behind or (impact.back_ms or before_ms) < before_ms)
                ]
            }
        )
        for fault in faults
    ]


def _judged(faults: Sequence[FaultResult]) -> Iterator[tuple[FaultResult, FaultImpact]]:
    for fault in faults:
        for impact in fault.bridges:
            if not impact.accepted:
                yield fault, impact


def _place(fault: FaultResult, impact: FaultImpact, by: Interruption) -> Place:
    return Place(
        kind="bridge", id=impact.bridge, detail=by.stream, fault=fault.id, mended=by.mended
    )
