"""The minutes of a run: what its people would write down of it, from its events and faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from results.model.faults import FaultResult
from results.model.meetings import Entry
from scenarios.plan.plan import Plan
from scenarios.records.events import (
    CallRefused,
    Controlled,
    Event,
    EventRecord,
    Joined,
    Left,
    Redialled,
    TimedOut,
)

TOLD = (
    "request-to-speak",
    "withdraw",
    "call-to-speak",
    "end-speech",
    "muted",
    "unmuted",
    "present",
    "dropped",
    "rejoined",
    "refused",
    "ended",
)
"""Kinds of the control room's log that people write down."""


def minutes(plan: Plan, events: Sequence[Event], faults: Sequence[FaultResult]) -> list[Entry]:
    """All lines in order of time, counted from the first phase."""
    start_s = plan.phases[0].start_s
    found = [*_of_events(plan, events, start_s), *_of_faults(faults)]
    found += [
        Entry(t_s=phase.start_s - start_s, code=f"{phase.name}-begins") for phase in plan.phases
    ]
    found.append(Entry(t_s=plan.phases[-1].end_s - start_s, code=f"{plan.phases[-1].name}-ends"))
    return sorted(found, key=lambda entry: entry.t_s)


def _of_events(plan: Plan, events: Sequence[Event], start_s: float) -> Iterator[Entry]:
    hang_up_ms = plan.hang_up_s * 1e3
    for event in events:
        if not isinstance(event, EventRecord):
            continue
        t_s = round(event.t_ms / 1e3 - start_s, 3)
        match event:
            case Joined():
                yield Entry(t_s=t_s, code="joined", bridge=event.bridge)
            case Left() if event.t_ms >= hang_up_ms:
                yield Entry(t_s=t_s, code="hung-up", bridge=event.bridge)
            case Left():
                yield Entry(
                    t_s=t_s, code="left", bridge=event.bridge, arguments={"cause": event.cause}
                )
            case CallRefused() if event.who == "bridge":
                arguments: dict[str, int | float | str] = {
                    "status": event.code,
                    "reason": event.reason,
                }
                yield Entry(t_s=t_s, code="call-refused", bridge=event.bridge, arguments=arguments)
            case TimedOut():
                yield Entry(t_s=t_s, code="call-unanswered", bridge=event.bridge)
            case Redialled():
                yield Entry(
                    t_s=t_s,
                    code="redialled",
                    bridge=event.bridge,
                    arguments={"attempt": event.attempt},
                )
            case Controlled() if event.kind in TOLD:
                yield Entry(
                    t_s=t_s,
                    code=event.kind,
                    bridge=event.bridge or None,
                    arguments={"by": event.by, "text": event.text},
                )


def _of_faults(faults: Sequence[FaultResult]) -> Iterator[Entry]:
    """When each failed and was mended, and whom it interrupted (Art. 16(2)d)."""
    for fault in faults:
        about: dict[str, int | float | str] = {"fault": fault.id, "kind": fault.kind}
        yield Entry(t_s=fault.at_s, code="fault", arguments=about)
        if fault.restored_s is not None:
            yield Entry(t_s=fault.restored_s, code="restored", arguments=about)
        for impact in fault.bridges:
            if impact.gone_ms is None:
                continue
            at_s = impact.gone_ms / 1e3
            lasted: dict[str, int | float | str] = {
                "fault": fault.id,
                "ms": max(impact.interruption_ms, impact.restored_interruption_ms),
            }
            yield Entry(t_s=at_s, code="interrupted", bridge=impact.bridge, arguments=lasted)
            if impact.back_ms is not None:
                yield Entry(
                    t_s=impact.back_ms / 1e3,
                    code="back",
                    bridge=impact.bridge,
                    arguments={"fault": fault.id, "seconds": round(impact.back_ms / 1e3 - at_s, 3)},
                )
