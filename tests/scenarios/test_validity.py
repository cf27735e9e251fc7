"""Whether a run with impairments can be trusted: what was asked for is no fault, the rest is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pretended_meeting import Meeting

from scenarios import validity

LINE = {"link": "access-east", "direction": "east->r-east"}
ON_A_LINK = """
[[impairment]]
link = "access-east"
direction = "up"
from_s = 1.0
to_s = 2.0
corrupt = 0.1
"""


def change(meeting: Meeting, begins: bool, late_ms: float = 0.0) -> dict[str, Any]:
    due_ms = meeting.at_ms(0, 1.0 if begins else 2.0)
    return {**LINE, "begins": begins, "due_ms": due_ms, "t_ms": due_ms + late_ms}


def faults_with(meeting: Meeting, *changes: dict[str, Any]) -> list[str]:
    meeting.counters(lambda data: data.update(line_changes=list(changes)))
    return validity.faults(meeting.load())


def test_an_impairment_that_began_and_ended_in_time_is_no_fault(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path, more=ON_A_LINK)
    assert faults_with(meeting, change(meeting, True, 0.1), change(meeting, False, 4.9)) == []


def test_an_impairment_that_did_not_end_is_one(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path, more=ON_A_LINK)
    assert faults_with(meeting, change(meeting, True)) == [
        "2 changes of lines were planned, 1 were made"
    ]


@pytest.mark.parametrize(("begins", "word"), [(True, "began"), (False, "ended")])
def test_an_impairment_that_came_late_is_one(tmp_path: Path, begins: bool, word: str) -> None:
    meeting = Meeting(tmp_path, more=ON_A_LINK)
    changes = [change(meeting, b, 5.1 if b == begins else 0.0) for b in (True, False)]
    where = "link access-east east->r-east"
    assert faults_with(meeting, *changes) == [f"{where}: its impairment {word} 5.1 ms late"]


def damaged(data: dict[str, Any]) -> None:
    """Of three packets with a wrong bit, two reach a socket."""
    data["udp"]["OutDatagrams"] += 3
    data["udp"].update(InErrors=2, InCsumErrors=2, IpInHdrErrors=1)


def doubled(data: dict[str, Any]) -> None:
    data["lines"] = [{**LINE, "passed": 9, "lost": 0, "duplicated": 4}]
    data["udp"]["InDatagrams"] += 4


def lost(data: dict[str, Any]) -> None:
    data["lines"] = [{**LINE, "passed": 9, "lost": 5, "duplicated": 0}]
    data["udp"]["OutDatagrams"] += 5


@pytest.mark.parametrize(
    ("what", "field", "count"),
    [
        (damaged, "packets_damaged", 3),
        (doubled, "packets_duplicated", 4),
        (lost, "packets_lost_by_impairment", 5),
    ],
)
def test_what_a_line_did_is_accounted_for(
    tmp_path: Path, what: Callable[[dict[str, Any]], None], field: str, count: int
) -> None:
    meeting = Meeting(tmp_path)
    before = validity.accounting(meeting.load())
    meeting.counters(what)
    account = validity.accounting(meeting.load())
    assert account.unaccounted == before.unaccounted == 0
    assert getattr(account, field) == getattr(before, field) + count


def test_a_damaged_packet_did_not_overflow_a_buffer(tmp_path: Path) -> None:
    """The kernel counts both among what a socket dropped."""
    meeting = Meeting(tmp_path)

    def dropped(count: int) -> None:
        def change(event: dict[str, Any]) -> None:
            if event["event"] == "mcu-health":
                event["overflowed"] = count

        meeting.events(change)

    meeting.counters(damaged)
    for count, full in ((2, False), (3, True)):
        dropped(count)
        said = [fault for fault in validity.faults(meeting.load()) if "overflowed" in fault]
        assert said == (["the MCU: 3 packets overflowed a receive buffer"] if full else [])
