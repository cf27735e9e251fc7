"""Several meetings on one MCU: who sits where, when it dials, and what is refused beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import NORTH, scenario

from giaoban.errors import InputError
from giaoban.scenarios.plan.plan import MEETING, Plan
from giaoban.scenarios.plan.question import make_question

TWO_AT_ONCE = """
[[concurrent_meeting]]
id = "branch-line"
chair = "east"
participants = ["east", "north"]
floor = "open"
from_s = 1.0
"""

SOUTH = {**NORTH, "id": "south", "name": "Nam"}


def made(tmp_path: Path, more: str) -> Plan:
    return make_question(scenario(tmp_path / "s.toml", bridges=(NORTH, SOUTH), more=more)).plan


def test_every_bridge_calls_its_own_meeting(tmp_path: Path) -> None:
    plan = made(tmp_path, TWO_AT_ONCE)
    main, other = plan.meetings
    assert (main.id, other.id, other.chair, other.floor) == (
        MEETING,
        "branch-line",
        "east",
        "open",
    )
    assert set(other.roster) == {"east", "north"}
    assert set(main.roster) == {call.bridge for call in plan.calls} - {"east", "north"}
    for call in plan.calls:
        assert call.meeting == (other.id if other.lists(call.bridge) else main.id)
    # whoever is in the later meeting dials when it begins, unless it is a new bridge
    start_s = plan.phases[0].start_s
    dial_s = {call.bridge: call.dial_s for call in plan.calls}
    assert dial_s["east"] == pytest.approx(start_s + 1.0)
    assert dial_s["north"] > plan.phases[1].start_s
    assert dial_s["west"] < start_s


def test_a_command_of_the_operator_reaches_the_meeting_of_whom_it_names(tmp_path: Path) -> None:
    more = (
        TWO_AT_ONCE
        + """
[[control]]
at_s = 1.5
by = "operator"
do = { command = "mute", participant = "east" }
[[control]]
at_s = 1.6
by = "operator"
meeting = "branch-line"
do = { command = "mute-all" }
[[control]]
at_s = 1.7
by = "operator"
do = { command = "mute-all" }
"""
    )
    plan = made(tmp_path, more)
    meetings = [plan.meeting_of_control(control) for control in plan.controls]
    assert meetings == ["branch-line", "branch-line", MEETING]


@pytest.mark.parametrize(
    ("phases", "named"),
    [("course_s = 4.0", "course"), ("check_s = 4.0", "check")],
)
def test_a_meeting_that_all_join_at_its_beginning_is_one_phase(
    tmp_path: Path, phases: str, named: str
) -> None:
    path = scenario(tmp_path / "s.toml")
    text = path.read_text(encoding="utf-8")
    head, _, tail = text.partition("[phases]\n")
    rest = "\n".join(tail.split("\n")[3:])
    path.write_text(f"{head}[phases]\n{phases}\n{rest}", encoding="utf-8")
    plan = make_question(path).plan
    assert [(p.name, p.end_s - p.start_s) for p in plan.phases] == [(named, 4.0)]
    assert not any(call.new for call in plan.calls)
    assert all(call.dial_s < plan.phases[0].start_s for call in plan.calls)
    path.write_text(f"{head}[phases]\n{phases}\nbefore_s = 3.0\n{rest}", encoding="utf-8")
    with pytest.raises(InputError, match=f"has before_s, {named}_s .allowed"):
        make_question(path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (TWO_AT_ONCE.replace('"north"]', '"nirth"]'), "unknown bridge"),
        (TWO_AT_ONCE.replace('chair = "east"', 'chair = "west"'), "is no participant"),
        (TWO_AT_ONCE + TWO_AT_ONCE.replace("branch-line", "second"), "is in a meeting already"),
        (TWO_AT_ONCE.replace("from_s = 1.0", "from_s = 100"), "is after the run"),
        (TWO_AT_ONCE.replace("branch-line", MEETING), "is there twice"),
        (TWO_AT_ONCE.replace('["east", "north"]', '["east"]'), "participants"),
        (
            TWO_AT_ONCE.replace('["east", "north"]', '["east", "north", "south"]'),
            "has nobody left",
        ),
        ('[meeting]\nparticipants = ["east", "west"]\nchair = "north"\n', "is no participant"),
        (
            TWO_AT_ONCE
            + '[[control]]\nat_s = 1\nby = "operator"\nmeeting = "x"\n'
            + 'do = { command = "mute-all" }\n',
            "unknown concurrent meeting",
        ),
        (
            TWO_AT_ONCE
            + '[[control]]\nat_s = 1\nby = "east"\n'
            + 'do = { command = "mute", participant = "nirth" }\n',
            r"control\[0\].do.participant = .nirth.: unknown bridge \(did you mean",
        ),
    ],
)
def test_what_cannot_be_held_is_refused_before_anything_starts(
    tmp_path: Path, more: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        made(tmp_path, more)
