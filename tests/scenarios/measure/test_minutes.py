"""The minutes: what people would write down of a run's events."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import scenario

from results.model.meetings import Entry
from scenarios.measure.minutes import minutes
from scenarios.plan.plan import Plan
from scenarios.records.events import Event, made
from scenarios.spec.question import make_question


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path: Path = tmp_path_factory.mktemp("minutes") / "s.toml"
    return make_question(scenario(path)).plan


def told(plan: Plan, at_s: float, event: str, bridge: str, **more: object) -> Event:
    """Something that the MCU tells, `at_s` after the first phase began."""
    t_ms = 1e3 * (plan.phases[0].start_s + at_s)
    return made(t_ms=t_ms, who="mcu", event=event, bridge=bridge, **more)


def control(plan: Plan, at_s: float, kind: str, on: str, by: str = "west") -> Event:
    text = f"{on}: {kind}"
    return told(plan, at_s, "control", on, meeting="meeting", kind=kind, by=by, text=text)


def lines(plan: Plan, *events: Event) -> list[tuple[float, str, str | None]]:
    known = {f"{phase.name}-{what}" for phase in plan.phases for what in ("begins", "ends")}
    found: list[Entry] = minutes(plan, events, [])
    return [(e.t_s, e.code, e.bridge) for e in found if e.code not in known]


def test_who_comes_goes_and_comes_back(plan: Plan) -> None:
    end_s = plan.hang_up_s - plan.phases[0].start_s
    assert lines(
        plan,
        told(plan, -1.0, "joined", "east", meeting="meeting"),
        told(plan, 1.0, "left", "east", cause="media-lost"),
        told(plan, 2.0, "joined", "east", meeting="meeting"),
        told(plan, end_s + 0.1, "left", "east", cause="bye"),
    ) == [
        (-1.0, "joined", "east"),
        (1.0, "left", "east"),
        (2.0, "rejoined", "east"),
        (round(end_s + 0.1, 3), "hung-up", "east"),
    ]


def test_a_call_that_makes_way_for_the_same_bridges_next_one_is_no_loss(plan: Plan) -> None:
    assert lines(plan, told(plan, 1.0, "left", "east", cause="replaced")) == []


def test_who_speaks_and_shows(plan: Plan) -> None:
    assert lines(
        plan,
        control(plan, 1.0, "request-to-speak", "east", by="east"),
        control(plan, 2.0, "call-to-speak", "east"),
        control(plan, 2.5, "present", "west"),
        control(plan, 2.7, "present", ""),
        control(plan, 3.0, "end-speech", "east"),
        control(plan, 3.5, "layout", "east"),
    ) == [
        (1.0, "request-to-speak", "east"),
        (2.0, "call-to-speak", "east"),
        (2.5, "present", "west"),
        (2.7, "present-ends", None),  # and not that all but the chair showed something
        (3.0, "end-speech", "east"),
    ]
