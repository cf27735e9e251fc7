"""The contract between guest and host: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import pytest
from pretended_meeting import Meeting
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.scenarios.measure import captures
from giaoban.scenarios.records import events
from giaoban.scenarios.records.events import Event, Joined, RtcpReport
from giaoban.scenarios.records.guest import (
    COUNTERS,
    BridgeRoutes,
    Counters,
    read_routes,
    write_routes,
)
from giaoban.topology.counts import QueueCount

KINDS: tuple[type[Any], ...] = get_args(Event)
EXAMPLES: dict[str, object] = {
    "float": 1.5,
    "int": 3,
    "str": "xã Quảng Sơn",
    "Kind": "video",
    "FloorOutcome": "granted",
    "Literal['mcu', 'bridge']": "bridge",
}


def example(kind: type[Any]) -> Any:
    """An event that says only what it must."""
    needed = [f for f in fields(kind) if f.default is MISSING]
    return kind(**{field.name: EXAMPLES[str(field.type).replace('"', "'")] for field in needed})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_comes_back_as_it_was(tmp_path: Path, kind: type[Any]) -> None:
    events.write([example(kind)], tmp_path)
    assert events.read(tmp_path) == [example(kind)]


def test_what_an_event_does_not_say_has_no_key_and_the_mcus_state_comes_last() -> None:
    use = {"pct": 50.0, "of": "units", "amount": 3, "total": 6}
    told = {"t_ms": 1.0, "who": "mcu", "event": "joined", "bridge": "east", "meeting": "m"}
    told |= {"units": 3.0, "ports": 1, "use": use}
    event = events.made(**told)
    assert isinstance(event, Joined)
    assert json.dumps(events.as_fields(event)) == json.dumps(told)


def test_events_are_in_order_of_time_and_health_is_last() -> None:
    late, early = (
        example(Joined),
        RtcpReport(
            t_ms=0.5, receiver="mcu", kind="audio", lost=0, jitter=1, clock_hz=8000, bridge="east"
        ),
    )
    health = example(events.McuHealth)
    assert events.in_order([health, late, early]) == [early, late, health]


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "lost-mind"},
        {"colour": "red"},
        {"setup_ms": "2.0"},
        {"setup_ms": float("nan")},
        {"who": "somebody"},
        {"bridge": None},
    ],
    ids=str,
)
def test_what_is_no_event_is_not_taken_for_one(wrong: dict[str, object]) -> None:
    told = {"t_ms": 1.0, "who": "bridge", "event": "connected", "bridge": "east", "setup_ms": 2.0}
    assert events.made(**told)
    with pytest.raises(ValidationError):
        events.made(**{**told, **wrong})


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ('{"schema": "giaoban.captures/0"}', 'schema = "giaoban.captures/0"'),
        ('{"t_ms": 1.0}', "no schema"),
        ("[]", "no schema"),
        ("", "no schema"),
    ],
)
def test_events_of_another_version_are_refused(tmp_path: Path, first: str, said: str) -> None:
    (tmp_path / events.FILE).write_text(first + "\n", encoding="utf-8")
    with pytest.raises(InputError) as found:
        events.read(tmp_path)
    expected = f"{tmp_path / events.FILE}:1: {said}: of another version "
    assert str(found.value) == expected + "(allowed: giaoban.captures/1)"


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    events.write([example(Joined)], tmp_path)
    with (tmp_path / events.FILE).open("a", encoding="utf-8") as file:
        file.write('{"t_ms": 1.0, "event": "left", "who": "mcu", "bridge": "east"}\n')
    with pytest.raises(InputError, match=r"events\.jsonl:3: not an event: left\.cause: "):
        events.read(tmp_path)


def test_a_folder_of_another_version_is_not_measured(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    path = tmp_path / "captures" / COUNTERS
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "schema": "giaoban.captures/2"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"counters\.json: not a giaoban\.captures/1 file: schema"):
        captures.load(tmp_path, meeting.question.plan)
    path.write_text(json.dumps({**data, "colour": "red"}), encoding="utf-8")
    with pytest.raises(InputError, match="colour"):
        captures.load(tmp_path, meeting.question.plan)


def test_counters_come_back_as_they_were_and_are_told_from_an_earlier_moment_on(
    tmp_path: Path,
) -> None:
    Meeting(tmp_path)
    counters = Counters.read(tmp_path / "captures")
    counters.write(tmp_path / COUNTERS)
    assert Counters.read(tmp_path) == counters
    nothing = counters.since(counters)
    assert set(nothing.udp.values()) == {0}
    waiting = QueueCount("a", "b", sent_packets=9, queue_drops=5, line_losses=3, backlog=7)
    before = QueueCount("a", "b", sent_packets=4, queue_drops=3, line_losses=2, backlog=1)
    # what waits is no count: it is what waits now
    [found] = (
        counters.model_copy(update={"queues": [waiting]})
        .since(counters.model_copy(update={"queues": [before]}))
        .queues
    )
    assert found == QueueCount("a", "b", sent_packets=5, queue_drops=2, line_losses=1, backlog=7)


def test_routes_come_back_in_order_of_time(tmp_path: Path) -> None:
    first = BridgeRoutes(1.0, {"east": {"up": ["a", "b"], "down": None}})
    second = BridgeRoutes(2.0, {"east": {"up": None, "down": ["a"]}})
    assert read_routes(tmp_path) == []
    write_routes([second, first], tmp_path)
    assert read_routes(tmp_path) == [first, second]
