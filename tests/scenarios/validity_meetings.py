"""Two meetings that can be trusted, and ways to make one thing about them untrue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pretended_meeting import Meeting

from giaoban.scenarios.measure import validity
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records.events import McuHealth, as_fields, made
from giaoban.scenarios.records.guest import Counters
from giaoban.traffic.quality.measure import Trace

OTHER_TRAFFIC = """
[[background]]
link = "west--east"
direction = "r-west->r-east"
mbps = 1.0
source = "test"

[[background]]
link = "access-west"
mbps = 1.0
source = "test"
"""
ROUTER, HOST = 0, 1
"""Of these two: the one that ends at a router, and the one that ends at a host."""
NAMES = ("link west--east r-west->r-east", "link access-west r-west->west")
PACKETS = 50
TWO_LINES = """
[[impairment]]
link = "access-east"
direction = "up"
from_s = 1.0
to_s = 2.0
corrupt = 0.1

[[impairment]]
link = "access-north"
direction = "down"
from_s = 5.0
duplicate = 0.1
"""


@dataclass
class Draft:
    """Captures that a test may change; events by their fields."""

    origin_ns: int
    plan: Plan
    hops: list[tuple[str, str]]
    traces: list[Trace]
    samples: NDArray[np.int64]
    events: list[dict[str, Any]]
    counters: dict[str, Any]


Spoil = Callable[[Draft], object]


def shared(data: dict[str, Any]) -> None:
    """Both streams of other traffic, all of whose packets came."""
    told = {"handed": PACKETS, "sent": PACKETS, "received": PACKETS}
    told |= {"late": 0, "pacer_drops": 0, "overflowed": 0}
    for name in NAMES:
        _, link, direction = name.split()
        data["background"].append({"link": link, "direction": direction, **told})
    data["udp"]["InDatagrams"] += PACKETS


def shared_meeting(folder: Path) -> Captures:
    """A meeting of three with other traffic on two links."""
    meeting = Meeting(folder, more=OTHER_TRAFFIC)
    meeting.counters(shared)
    return meeting.load()


def began_and_ended(meeting: Meeting) -> None:
    def change(data: dict[str, Any]) -> None:
        due = [meeting.at_ms(0, after_s) for after_s in (1.0, 2.0, 5.0)]
        places = [("access-east", "east->r-east")] * 2 + [("access-north", "r-east->north")]
        data["line_changes"] = [
            {"link": link, "direction": way, "begins": begins, "due_ms": due_ms, "t_ms": due_ms}
            for (link, way), begins, due_ms in zip(places, (True, False, True), due, strict=True)
        ]

    meeting.counters(change)


def impaired_meeting(folder: Path) -> Captures:
    """A meeting of three with impairments on two lines."""
    meeting = Meeting(folder, more=TWO_LINES)
    began_and_ended(meeting)
    return meeting.load()


def changed(captures: Captures, spoil: Spoil) -> Captures:
    """A copy in which one thing is changed."""
    draft = Draft(
        captures.origin_ns,
        captures.plan,
        captures.hops,
        [replace(t, copies=t.copies.copy(), arrivals=t.arrivals.copy()) for t in captures.traces],
        captures.samples.copy(),
        [as_fields(event) for event in captures.events],
        captures.counters.model_dump(mode="json", by_alias=True),
    )
    spoil(draft)
    return replace(
        captures,
        plan=draft.plan,
        traces=draft.traces,
        samples=draft.samples,
        events=[made(**event) for event in draft.events],
        counters=Counters.model_validate_json(json.dumps(draft.counters)),
    )


def said(captures: Captures, spoil: Spoil) -> list[str]:
    """What is found when one thing is changed in a copy."""
    return [str(reason) for reason in validity.reasons(changed(captures, spoil))]


def udp(c: Draft, **more: int) -> None:
    for name, count in more.items():
        c.counters["udp"][name] += count


def other(c: Draft, which: int, **more: int) -> None:
    for name, count in more.items():
        c.counters["background"][which][name] += count


def health(c: Draft, who: str, **values: float) -> None:
    """Of a bridge, or of the "mcu"."""
    [event] = [
        e for e in c.events if e["event"].endswith("-health") and e.get("bridge", "mcu") == who
    ]
    event.update(values)


def mcu_health(c: Captures) -> McuHealth:
    [health] = [e for e in c.events if isinstance(e, McuHealth)]
    return health


def at(c: Draft, index: int, number: int = 40) -> tuple[Any, int]:
    """A stream's trace, and one of its packets that came."""
    trace = c.traces[index]
    return trace, int(np.flatnonzero(trace.arrived)[number])


def names_of(c: Captures, index: int) -> str:
    stream = c.plan.streams[index]
    return f"{stream.bridge} {stream.kind} {stream.direction}"


def twice(c: Draft, index: int, arrivals: int, number: int = 40) -> None:
    trace, packet = at(c, index, number)
    trace.arrivals[packet] = arrivals


def column(c: Captures | Draft, link: str, direction: str) -> int:
    return 1 + c.hops.index((link, direction))
