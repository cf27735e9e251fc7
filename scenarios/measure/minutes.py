"""The minutes of a run: what its people would write down of it, from its events and faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.reasons import Argument
from giaoban.results.model.studies.meetings import Entry
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records.events import (
    CallRefused,
    Controlled,
    Event,
    EventRecord,
    Joined,
    Left,
    McuHealth,
    Redialled,
    TimedOut,
)
from giaoban.scenarios.spec.faults.kinds import KINDS

TOLD = (
    "request-to-speak",
    "withdraw",
    "call-to-speak",
    "end-speech",
    "muted",
    "unmuted",
    "present",
    "dropped",
    "refused",
    "report-due",
)
"""Kinds of the control room's log that people write down."""
BRIEF_S = 1.0
"""An interruption up to this long is told in one line; a longer one has its end told, too."""
REPLACED = "replaced"
"""A call made way for the same bridge's next one."""


def minutes(plan: Plan, events: Sequence[Event], faults: Sequence[FaultResult]) -> list[Entry]:
    """All lines in order of time, counted from the first phase."""
    start_s = plan.phases[0].start_s
    found = [
        Entry(t_s=phase.start_s - start_s, code=f"{phase.name}-begins") for phase in plan.phases
    ]
    known = {i.bridge for fault in faults for i in fault.bridges if i.gone_ms is not None}
    found += [
        entry
        for entry in _of_events(plan, events, start_s)
        # why it was away the scenario says, with remedy and expected time
        if not (entry.code == "report-due" and entry.bridge in known)
    ]
    found += _of_faults(faults)
    found.append(Entry(t_s=plan.phases[-1].end_s - start_s, code=f"{plan.phases[-1].name}-ends"))
    found.sort(key=lambda entry: entry.t_s)
    return [*found, *_left(events, found)]


def _of_events(plan: Plan, events: Sequence[Event], start_s: float) -> Iterator[Entry]:
    hang_up_ms = plan.hang_up_s * 1e3
    joined: set[str] = set()
    for event in events:
        if not isinstance(event, EventRecord):
            continue
        t_s = round(event.t_ms / 1e3 - start_s, 3)
        match event:
            case Joined():
                code = "rejoined" if event.bridge in joined else "joined"
                joined.add(event.bridge)
                yield Entry(t_s=t_s, code=code, bridge=event.bridge)
            case Left() if event.t_ms >= hang_up_ms:
                yield Entry(t_s=t_s, code="hung-up", bridge=event.bridge)
            case Left() if event.cause != REPLACED:
                yield Entry(
                    t_s=t_s, code="left", bridge=event.bridge, arguments={"cause": event.cause}
                )
            case CallRefused() if event.who == "bridge":
                arguments: dict[str, Argument] = {"status": event.code, "reason": event.reason}
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
            case Controlled(kind="interruption"):
                told: dict[str, Argument] = {
                    "by": event.by,
                    "cause": event.cause or "",
                    "remedy": event.remedy or "",
                    "expected_min": event.expected_min or 0.0,
                }
                yield Entry(t_s=t_s, code=event.kind, bridge=event.bridge, arguments=told)
            case Controlled(kind="present") if not event.bridge:
                yield Entry(t_s=t_s, code="present-ends", arguments={"by": event.by})
            case Controlled() if event.kind in TOLD:
                yield Entry(
                    t_s=t_s,
                    code=event.kind,
                    bridge=event.bridge or None,
                    arguments={"by": event.by, "text": event.text},
                )


def _of_faults(faults: Sequence[FaultResult]) -> Iterator[Entry]:
    """Whom each interrupted, with cause, remedy and expected time (Art. 16(2)d), and when it was
    mended."""
    for fault in faults:
        noticed = [impact for impact in fault.bridges if impact.gone_ms is not None]
        about = _about(fault)
        if not noticed:
            yield Entry(t_s=fault.at_s, code="fault", arguments=about)
        for impact in noticed:
            yield from _interrupted(fault, impact, about)
        if fault.restored_s is not None:
            yield Entry(t_s=fault.restored_s, code="restored", arguments={"fault": fault.id})


def _interrupted(
    fault: FaultResult, impact: FaultImpact, about: Mapping[str, Argument]
) -> Iterator[Entry]:
    assert impact.gone_ms is not None
    # a frame that was under way when it failed is lost with what came after it
    at_s = max(fault.at_s, impact.gone_ms / 1e3)
    if impact.back_ms is None:
        yield Entry(t_s=at_s, code="interrupted", bridge=impact.bridge, arguments={**about})
        return
    lasted: dict[str, Argument] = {
        "seconds": round((impact.back_ms - impact.gone_ms) / 1e3, 3),
        "fault": fault.id,
    }
    if impact.back_ms / 1e3 - at_s <= BRIEF_S:
        arguments = {**about, **lasted}
        yield Entry(t_s=at_s, code="interrupted-briefly", bridge=impact.bridge, arguments=arguments)
        return
    yield Entry(t_s=at_s, code="interrupted", bridge=impact.bridge, arguments={**about})
    yield Entry(t_s=impact.back_ms / 1e3, code="back", bridge=impact.bridge, arguments=lasted)


def _about(fault: FaultResult) -> dict[str, Argument]:
    """What a technician reports of it; `expected_s`: when it is to be mended, if that is known."""
    about: dict[str, Argument] = {"fault": fault.id}
    for kind in KINDS:
        if kind.name() == fault.kind:
            about |= {"cause": kind.cause, "remedy": kind.remedy}
    if fault.restored_s is not None:
        about["expected_s"] = fault.restored_s
    return about


def _left(events: Sequence[Event], found: Sequence[Entry]) -> Iterator[Entry]:
    """What the MCU holds when all have hung up."""
    health = [event for event in events if isinstance(event, McuHealth)][-1:]
    if not health or not found:
        return
    last = health[0]  # each time that it had power tells its own
    if last.calls_left or last.units_left:
        held: dict[str, Argument] = {"calls": last.calls_left, "units": last.units_left}
        yield Entry(t_s=found[-1].t_s, code="mcu-holds", arguments=held)
    else:
        yield Entry(t_s=found[-1].t_s, code="mcu-free")
