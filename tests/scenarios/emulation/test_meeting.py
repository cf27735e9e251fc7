"""`[meeting]` and `[[control]]` of a scenario: what they put into the plan, and every mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scenario_factory import giaoban, scenario

from giaoban.mcu_sim.conference.commands import CallToSpeak, Drop, Redial
from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question

LENGTH_S = 6  # of the three phases of the factory's scenario


def control(do: str, at_s: float = 1, by: str = "west") -> str:
    return f'[[control]]\nat_s = {at_s}\nby = "{by}"\ndo = {do}\n'


def plan_of(folder: Path, more: str = "") -> Plan:
    return make_question(scenario(folder / "s.toml", more=more)).plan


# ---------------------------------------------------------------------------------- in the plan


def test_what_a_scenario_does_not_say(tmp_path: Path) -> None:
    """Art. 15(2)a: the chair speaks, and whom it calls."""
    plan = plan_of(tmp_path)
    meeting = plan.meeting
    assert (meeting.floor, meeting.video, meeting.layout) == ("chair", "presence", "auto")
    assert (plan.dial, plan.encrypted, plan.controls) == ("in", False, [])


def test_what_a_scenario_says(tmp_path: Path) -> None:
    more = '[meeting]\nfloor = "open"\nlayout = "2x2"\nencrypted = true\n'
    plan = plan_of(tmp_path, more)
    assert (plan.meeting.floor, plan.meeting.layout) == ("open", "2x2")
    assert plan.encrypted
    assert plan_of(tmp_path, '[meeting]\nvideo = "switched"').meeting.video == "switched"


def test_the_meeting_has_the_provinces_chair_and_every_bridge_with_its_address(
    tmp_path: Path,
) -> None:
    plan = plan_of(tmp_path)
    assert plan.meeting.chair == "west"
    assert plan.meeting.roster == ("west", "east", "north")
    addresses = {b.id: plan.network.address(b.id) for b in plan.network.bridges}
    assert plan.meeting.addresses == {
        bridge: f"sip:{bridge}@{address}:{SIP_PORT}" for bridge, address in addresses.items()
    }


def test_commands_count_from_the_first_phase_and_are_given_in_order(tmp_path: Path) -> None:
    more = control('{command = "drop", participant = "east"}', at_s=4, by="operator")
    more += control('{command = "call-to-speak", participant = "east"}', at_s=1.5)
    plan = plan_of(tmp_path, more)
    start_s = plan.phases[0].start_s
    assert [(c.at_s - start_s, c.by, type(c.do)) for c in plan.controls] == [
        (1.5, "west", CallToSpeak),
        (4, "operator", Drop),
    ]


def test_the_mcu_dials_every_bridge_at_the_time_it_would_have_dialled(tmp_path: Path) -> None:
    more = '[meeting]\ndial = "out"\n' + control('{command = "mute-all"}')
    plan, calling = plan_of(tmp_path, more), plan_of(tmp_path)
    dials = [c for c in plan.controls if isinstance(c.do, Redial)]
    assert [(c.at_s, c.by, c.do.participant) for c in dials if isinstance(c.do, Redial)] == [
        (call.dial_s, "operator", call.bridge) for call in calling.calls
    ]
    assert len(plan.controls) == len(dials) + 1
    assert [c.at_s for c in plan.controls] == sorted(c.at_s for c in plan.controls)
    # who calls whom changes nothing of what is sent
    assert (plan.streams, plan.calls, plan.network) == (
        calling.streams,
        calling.calls,
        calling.network,
    )


def test_a_plan_with_commands_survives_its_json(tmp_path: Path) -> None:
    more = '[meeting]\ndial = "out"\nencrypted = true\n'
    more += control('{command = "layout", layout = "2x2"}')
    plan = plan_of(tmp_path, more)
    assert Plan.model_validate_json(plan.to_json()) == plan


# ------------------------------------------------------------------------------------- mistakes


def said_of(folder: Path, more: str) -> tuple[str, list[str]]:
    """What a check says of a scenario that it must refuse, and the scenario's lines."""
    file = scenario(folder / "s.toml", more=more)
    ran = giaoban("check", file, "--results", folder / "results")
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    return ran.err, file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        (
            '[meeting]\nfloor = "chairs"',
            'floor = "chairs"',
            "meeting.floor = 'chairs': is not known (allowed: 'chair' or 'open')",
        ),
        (
            '[meeting]\nvideo = "switch"',
            'video = "switch"',
            "meeting.video = 'switch': is not known (allowed: 'presence' or 'switched')",
        ),
        (
            '[meeting]\nlayout = "5x5"',
            'layout = "5x5"',
            "meeting.layout = '5x5': is not known (allowed: 'auto', '1x1'",
        ),
        (
            '[meeting]\nvideo = "switched"\nlayout = "2x2"',
            "[meeting]",
            'meeting: layout = "2x2" means nothing with video = "switched"',
        ),
        (
            '[meeting]\ndial = "both"',
            'dial = "both"',
            "meeting.dial = 'both': is not known (allowed: 'in' or 'out')",
        ),
        (
            '[meeting]\nencrypted = "yes"',
            'encrypted = "yes"',
            "meeting.encrypted = 'yes': input should be a valid boolean",
        ),
        (
            "[meeting]\nencrypt = true",
            "encrypt = true",
            'meeting.encrypt: unknown key (did you mean "encrypted"?)',
        ),
        (
            control('{command = "mut", participant = "east"}'),
            'do = {command = "mut", participant = "east"}',
            "control[0].do: 'command' is 'mut', not known (allowed: 'request-to-speak', ",
        ),
        (
            control('{comand = "mute"}'),
            'do = {comand = "mute"}',
            "control[0].do: does not say its 'command'",
        ),
        (control('"drop"'), 'do = "drop"', "control[0].do = 'drop': is not a table"),
        (
            control('{command = "drop"}'),
            'do = {command = "drop"}',
            "control[0].do.participant: is missing",
        ),
        (
            control('{command = "drop", participants = "east"}'),
            'do = {command = "drop", participants = "east"}',
            'control[0].do.participants: unknown key (did you mean "participant"?)',
        ),
        (
            control('{command = "drop", participant = "eats"}'),
            'do = {command = "drop", participant = "eats"}',
            "control[0].do.participant = 'eats': unknown bridge (did you mean \"east\"?)",
        ),
        (
            control('{command = "layout", layout = "5x5"}'),
            'do = {command = "layout", layout = "5x5"}',
            "control[0].do.layout = '5x5': is not known (allowed: 'auto', '1x1'",
        ),
        (
            '[meeting]\nvideo = "switched"\n' + control('{command = "layout", layout = "2x2"}'),
            'do = {command = "layout", layout = "2x2"}',
            'there are no layouts with meeting.video = "switched"',
        ),
        (
            control('{command = "mute-all"}', by="wets"),
            'by = "wets"',
            "control[0].by = 'wets': unknown bridge (did you mean \"west\"?)",
        ),
        (
            control('{command = "mute-all"}', by="oprator"),
            'by = "oprator"',
            'unknown bridge (did you mean "operator"?)',
        ),
        (
            control('{command = "mute-all"}', at_s=LENGTH_S),
            f"at_s = {LENGTH_S}",
            "control[0].at_s = 6.0: is after the run (allowed: below 6 s)",
        ),
        (
            control('{command = "mute-all"}', at_s=-1),
            "at_s = -1",
            "control[0].at_s = -1: is out of range (allowed: 0 or more)",
        ),
        ('[[control]]\nat_s = 1\nby = "west"', "[[control]]", "control[0].do: is missing"),
        (
            '[[control]]\nat_s = 1\nby = "west"\n[control.do]\ncommand = "drop"\n'
            'participant = "eats"',
            'participant = "eats"',
            "control[0].do.participant = 'eats': unknown bridge",
        ),
        (
            control('{command = "drop", participant = "east"}', by="operator")
            + control('{command = "redial", participant = "east"}', at_s=2.5, by="operator"),
            "at_s = 2.5",
            "control[1].at_s = 2.5: redials too soon (allowed: 2 s or more after the drop at 1 s)",
        ),
    ],
    ids=lambda value: re.sub(r"[^a-z0-9]+", "-", str(value).lower())[:60],
)
def test_a_mistake_is_told_with_file_line_and_key(
    tmp_path: Path, more: str, line: str, said: str
) -> None:
    message, lines = said_of(tmp_path, more)
    told = [told for told in message.splitlines() if said in told]
    assert len(told) == 1, message
    assert told[0].removeprefix("giaoban: ").startswith(f"{tmp_path / 's.toml'}:")
    number = int(told[0].split("s.toml:")[1].split(":")[0])
    assert lines[number - 1] == line


def test_all_mistakes_of_commands_are_told_at_once(tmp_path: Path) -> None:
    more = control('{command = "drop", participant = "eats"}', at_s=7, by="wets")
    message, _ = said_of(tmp_path, more)
    keys = ("control[0].at_s", "control[0].by", "control[0].do.participant")
    assert [key in message for key in keys] == [True] * 3


def test_a_redial_two_seconds_after_the_drop_is_allowed(tmp_path: Path) -> None:
    more = control('{command = "drop", participant = "east"}', at_s=1)
    more += control('{command = "redial", participant = "east"}', at_s=3)
    more += control('{command = "redial", participant = "west"}', at_s=3, by="operator")
    assert len(plan_of(tmp_path, more).controls) == 3
