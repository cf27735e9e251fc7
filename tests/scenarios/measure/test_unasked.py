"""What nobody asked for makes a run invalid, also if something like it was asked for elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretended_meeting import Meeting

from giaoban.scenarios.measure import validity
from giaoban.scenarios.measure.captures import Captures

LINE = {"link": "access-north", "direction": "north->r-east"}
DOUBLING = """
[[impairment]]
link = "access-north"
direction = "up"
duplicate = 0.1
"""


def lines(data: dict[str, Any], duplicated: int) -> None:
    data["lines"] = [{**LINE, "passed": 9, "lost": 0, "duplicated": duplicated}]
    data["udp"]["InDatagrams"] += duplicated


def begun(data: dict[str, Any]) -> None:
    data["line_changes"] = [{**LINE, "begins": True, "due_ms": 0.0, "t_ms": 0.0}]


def test_copies_that_no_impairment_makes_are_a_reason(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    meeting.counters(lambda data: lines(data, 4))
    said = "link access-north north->r-east: 4 more packets came out than went in"
    assert said in map(str, validity.reasons(meeting.load()))


def test_a_line_that_swallows_packets_leaves_them_unaccounted_for(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path, more=DOUBLING)
    meeting.counters(begun)
    assert validity.accounting(meeting.load()).unaccounted == 0
    meeting.counters(lambda data: lines(data, -3))
    account = validity.accounting(meeting.load())
    assert (account.packets_duplicated, account.unaccounted) == (0, 3)


@pytest.mark.parametrize("name", ["NoPorts", "InErrors", "IpInHdrErrors"])
def test_damage_that_no_line_does_is_a_reason(tmp_path: Path, name: str) -> None:
    """A packet to a closed port is none that a line damaged."""
    meeting = Meeting(tmp_path)

    def astray(data: dict[str, Any]) -> None:
        data["udp"]["OutDatagrams"] += 2
        data["udp"][name] = 2

    meeting.counters(astray)
    said = "2 packets were thrown away as damaged, but no line damages any"
    assert any(reason.startswith(said) for reason in map(str, validity.reasons(meeting.load())))


def spoiled(captures: Captures, index: int, copies: int, arrivals: int) -> None:
    trace = captures.traces[index]
    at = int(np.flatnonzero(trace.arrived)[40])
    trace.copies[at], trace.arrivals[at] = copies, arrivals


def test_a_removed_packet_that_comes_is_a_reason(tmp_path: Path) -> None:
    captured = Meeting(tmp_path).load()
    spoiled(captured, 0, copies=0, arrivals=1)
    said = "1 packet came that the injector had removed"
    assert any(said in reason for reason in map(str, validity.reasons(captured)))


@pytest.mark.parametrize(
    ("place", "from_s", "said"),
    [
        ('bridge = "north"', 0.5, "north up: nothing passed while it was impaired, 0.5 s to 1 s"),
        (
            'link = "access-north"\ndirection = "up"',
            0.5,
            "link access-north north->r-east: nothing passed while it was impaired, 0.5 s to 1 s",
        ),
        ('bridge = "north"', 3.7, None),
        ('link = "access-north"\ndirection = "up"', 3.7, None),
    ],
)
def test_an_impairment_that_met_nothing_is_a_reason(
    tmp_path: Path, place: str, from_s: float, said: str | None
) -> None:
    """North calls 3.5 s after the first phase began."""
    what = f"from_s = {from_s}\nto_s = {from_s + 0.5}\ncorrupt = 0.1"
    meeting = Meeting(tmp_path, more=f"[[impairment]]\n{place}\n{what}\n")
    every = map(str, validity.reasons(meeting.load()))
    found = [reason for reason in every if "nothing passed" in reason]
    assert found == ([said] if said else [])
