"""Art. 2 and 15 to 18: who may what, by every command, and what comes of asking and reporting."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from giaoban.mcu_sim.conference.commands import (
    Answer,
    Command,
    CommandAccepted,
    CommandRejected,
    MeetingState,
    SpeakerQueue,
    parse,
)
from giaoban.mcu_sim.conference.effects import (
    OPERATOR,
    UNKNOWN_MEETING,
    By,
    Effect,
    HangUp,
    InterruptionReport,
    JoinAccepted,
    LogEntry,
)
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.conference.roles import RIGHTS
from giaoban.mcu_sim.conference.rooms import Rooms
from tests.mcu_sim.rights import may, presents_itself

CHAIR, CU_JUT, DAK_MIL, TELECOM = "gia-nghia", "cu-jut", "dak-mil", "vien-thong"
COMMANDS = {get_args(one.model_fields["command"].annotation)[0] for one in get_args(Command)}
BY: dict[str, By] = {
    "chair-technician": CHAIR,
    "mcu-technician": OPERATOR,
    "branch-technician": CU_JUT,
    "telecom-technician": TELECOM,
}
FIELDS: dict[str, dict[str, Any]] = {
    "layout": {"layout": "2x2"},
    "permit": {"participant": DAK_MIL, "do": "mute", "on": CU_JUT},
    "report-interruption": {"cause": "cáp đứt", "remedy": "hàn nối", "expected_min": 30},
}
NAMES_NOBODY = {"mute-all", "queue", "state", "end-meeting", "permit"}


def rooms(**more: Any) -> Rooms:
    """A meeting of three, and a telecom technician on duty in it."""
    table = {
        "id": "giao-ban",
        "name": "Briefing",
        "pattern": "province-districts",
        "chair": CHAIR,
        "member": [{"id": who, "uri": f"sip:{who}@10.68.0.2"} for who in (CU_JUT, DAK_MIL)],
    }
    held = Meetings.model_validate({"schema": "giaoban.meetings/1", "meeting": [table | more]})
    made = Rooms(held, 0.0, lambda _who, _at: None, {TELECOM})
    for who in (CHAIR, CU_JUT, DAK_MIL, TELECOM):
        assert isinstance(made.join("giao-ban", who, 0.0)[0], JoinAccepted)
    return made


def tell(made: Rooms, by: By, command: str, **fields: Any) -> tuple[Answer, list[Effect]]:
    body = json.dumps({"command": command, **fields}).encode()
    return made.command(by, parse(body), 1000.0, "giao-ban")


def refused(made: Rooms, by: By, command: str, **fields: Any) -> str:
    """The reason of a refusal, which is logged and changes nothing."""
    before = snapshot(made)
    answer, effects = tell(made, by, command, **fields)
    assert [type(effect) for effect in effects] == [LogEntry]
    assert snapshot(made) == before
    assert answer.code == 403
    return answer.reason


def snapshot(made: Rooms) -> object:
    one = made["giao-ban"]
    state, _ = tell(made, OPERATOR, "state")
    return state, one.queue, one.presenter, sorted(one._state.grants), one._state.layout, one.ended


def logged(effects: list[Effect]) -> list[LogEntry]:
    return [effect for effect in effects if isinstance(effect, LogEntry)]


NOT_ITS = ("only the chair's technician", "may not adjust another bridge", "steers no meeting")
"""Why a role may not: what every such answer says, and no other."""


@pytest.mark.parametrize("floor", ["chair", "open"])
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(("role", "command"), list(product(BY, sorted(COMMANDS))))
def test_every_role_by_every_command(role: str, command: str, lost: bool, floor: str) -> None:
    for on in ("self", "other", "nobody"):
        by = BY[role]
        named = {"self": by if isinstance(by, str) else CHAIR, "other": DAK_MIL}.get(on)
        fields = dict(FIELDS.get(command, {}))
        if named is not None and command not in NAMES_NOBODY:
            fields["for" if command == "layout" else "participant"] = named
        elif command in ("call-to-speak", "end-speech", "drop", "redial"):
            continue  # they name somebody
        made = rooms(floor=floor)
        if lost:
            made.lost(DAK_MIL)
        asked, who = {"command": command, **fields}, by if isinstance(by, str) else ""
        if may(role, who, asked) or presents_itself(who, asked, made["giao-ban"]):
            answer, effects = tell(made, by, command, **fields)
            # what makes no sense now is refused for that, never for who asks
            said = answer.reason if isinstance(answer, CommandRejected) else ""
            assert not any(why in said for why in NOT_ITS)
            assert effects or isinstance(answer, CommandAccepted | SpeakerQueue | MeetingState)
        else:
            said = refused(made, by, command, **fields)
            assert any(why in said for why in NOT_ITS)


def test_the_table_names_no_command_that_there_is_not() -> None:
    for role, rights in RIGHTS.items():
        assert set(rights) <= COMMANDS, role
    assert set(RIGHTS["chair-technician"]) == COMMANDS


def test_the_documents_table_is_the_table_of_the_program() -> None:
    text = (Path(__file__).parents[3] / "docs" / "the-mcu.md").read_text(encoding="utf-8")
    head = "| command | chair's technician | MCU's technician | branch | telecom |"
    lines = text[text.index(head) :].split("\n\n")[0].splitlines()[2:]
    told: dict[str, dict[str, str]] = {role: {} for role in RIGHTS}
    for line in lines:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for role, cell in zip(told, cells, strict=True):
            if cell != "no":
                assert re.fullmatch(r"(its own, )?\d+\(\d\)[a-e]?", cell), "an article gives it"
                told[role][name.strip("`")] = "own" if cell.startswith("its own") else "all"
    assert told == RIGHTS


def test_a_branch_acts_on_another_once_when_the_chairs_technician_asks() -> None:
    made = rooms()
    assert NOT_ITS[0] in refused(made, CU_JUT, "drop", participant=DAK_MIL)
    _, effects = tell(made, CHAIR, "permit", participant=CU_JUT, do="drop", on=DAK_MIL)
    assert [(e.kind, e.by, e.on) for e in logged(effects)] == [("permitted", CHAIR, CU_JUT)]
    assert NOT_ITS[0] in refused(made, CU_JUT, "drop", participant=CHAIR)
    assert NOT_ITS[1] in refused(made, CU_JUT, "mute", participant=DAK_MIL)
    answer, effects = tell(made, CU_JUT, "drop", participant=DAK_MIL)
    assert isinstance(answer, CommandAccepted)
    assert HangUp(DAK_MIL, "Dropped by the chair") in effects
    [entry] = logged(effects)
    assert (entry.kind, entry.by, entry.on) == ("dropped", CU_JUT, DAK_MIL)
    assert entry.text.endswith("(the chair's technician has asked for it)")
    tell(made, CHAIR, "redial", participant=DAK_MIL)
    made.join("giao-ban", DAK_MIL, 0.0)
    assert NOT_ITS[0] in refused(made, CU_JUT, "drop", participant=DAK_MIL)


def test_what_was_asked_stays_asked_until_it_is_done() -> None:
    """A redial of one that is connected is refused: the technician may try again afterwards."""
    made = rooms()
    tell(made, CHAIR, "permit", participant=CU_JUT, do="redial", on=DAK_MIL)
    assert tell(made, CU_JUT, "redial", participant=DAK_MIL)[0].code == 486
    made.lost(DAK_MIL)
    assert isinstance(tell(made, CU_JUT, "redial", participant=DAK_MIL)[0], CommandAccepted)


@pytest.mark.parametrize("how", ["back", "left", "over"])
def test_what_was_asked_can_be_taken_back_and_ends_with_the_place(how: str) -> None:
    made = rooms()
    tell(made, CHAIR, "permit", participant=CU_JUT, do="mute", on=DAK_MIL)
    if how == "back":
        tell(made, CHAIR, "permit", participant=CU_JUT, do="mute", on=DAK_MIL, back=True)
        answer, _ = tell(made, CHAIR, "permit", participant=CU_JUT, do="mute", on=CHAIR, back=True)
        assert answer.code == 404
    else:
        for who in (CU_JUT, *([CHAIR, DAK_MIL] if how == "over" else [])):
            made.left(who)
        for who in (CHAIR, CU_JUT, DAK_MIL):
            made.join("giao-ban", who, 0.0)
    assert NOT_ITS[1] in refused(made, CU_JUT, "mute", participant=DAK_MIL)


@pytest.mark.parametrize(("who", "on"), [(CHAIR, DAK_MIL), (CU_JUT, CU_JUT)])
def test_only_a_branch_is_asked_and_about_another(who: str, on: str) -> None:
    assert tell(rooms(), CHAIR, "permit", participant=who, do="mute", on=on)[0].code == 400


def test_an_interruption_is_reported_with_cause_remedy_and_time() -> None:
    made = rooms()
    made.lost(CU_JUT)
    said = {"cause": "đứt cáp quang", "remedy": "hàn nối", "expected_min": 30}
    answer, effects = tell(made, TELECOM, "report-interruption", participant=CU_JUT, **said)
    assert isinstance(answer, CommandAccepted)
    assert logged(effects) == [
        LogEntry(
            "giao-ban",
            "interruption",
            TELECOM,
            CU_JUT,
            "cause: đứt cáp quang; remedy: hàn nối; expected to be repaired in 30 min",
            InterruptionReport("đứt cáp quang", "hàn nối", 30),
        )
    ]
    _, effects = made.join("giao-ban", CU_JUT, 0.0)
    assert [entry.kind for entry in logged(effects)] == ["rejoined"]


def test_a_bridge_that_comes_back_without_a_report_is_asked_for_it() -> None:
    made = rooms()
    made.lost(CU_JUT)
    _, effects = made.join("giao-ban", CU_JUT, 0.0)
    assert [(e.kind, e.on) for e in logged(effects)] == [
        ("rejoined", CU_JUT),
        ("report-due", CU_JUT),
    ]
    assert "have not been reported" in logged(effects)[1].text
    assert made["giao-ban"].unreported == (CU_JUT,)
    _, effects = tell(made, CU_JUT, "report-interruption", **FIELDS["report-interruption"])
    assert [(e.kind, e.by, e.on) for e in logged(effects)] == [("interruption", CU_JUT, CU_JUT)]
    assert made["giao-ban"].unreported == ()


def test_a_member_that_never_came_is_reported_too_and_nobody_else() -> None:
    made = rooms()
    made.left(DAK_MIL)
    fields = FIELDS["report-interruption"]
    answer, _ = tell(made, TELECOM, "report-interruption", participant=DAK_MIL, **fields)
    assert isinstance(answer, CommandAccepted)
    for who, code in (("bien-hoa", 404), (None, 400)):
        named = {} if who is None else {"participant": who}
        answer, _ = tell(made, TELECOM, "report-interruption", **named, **fields)
        assert answer.code == code


def test_the_telecom_technician_has_no_place() -> None:
    made = rooms(floor="open")
    one = made["giao-ban"]
    assert (one.live, one.heard, one.observers) == (
        (CHAIR, CU_JUT, DAK_MIL),
        (CHAIR, CU_JUT, DAK_MIL),
        (TELECOM,),
    )
    assert made.voice({TELECOM: 1e8}, 5000.0) == []
    for command in ("call-to-speak", "mute", "present"):
        assert tell(made, CHAIR, command, participant=TELECOM)[0].code == 404
    state, _ = tell(made, TELECOM, "state")
    assert state == MeetingState(
        "giao-ban",
        connected=(CHAIR, CU_JUT, DAK_MIL),
        lost=(),
        heard=(CHAIR, CU_JUT, DAK_MIL),
        called=(),
        unreported=(),
        observers=(TELECOM,),
    )
    assert json.loads(state.as_json())["connected"] == [CHAIR, CU_JUT, DAK_MIL]
    assert [e.kind for e in logged(made.lost(TELECOM))] == ["left"]
    assert made["giao-ban"].observers == ()


def test_the_chairs_technician_may_put_an_observer_out() -> None:
    made = rooms()
    _, effects = tell(made, CHAIR, "drop", participant=TELECOM)
    assert HangUp(TELECOM, "Dropped by the chair") in effects
    assert made.join("giao-ban", TELECOM, 0.0)[0].code == 403  # type: ignore[union-attr]
    assert isinstance(tell(made, CHAIR, "redial", participant=TELECOM)[0], CommandAccepted)
    assert isinstance(made.join("giao-ban", TELECOM, 0.0)[0], JoinAccepted)
    # it calls in, nobody calls it
    assert tell(made, CHAIR, "redial", participant=TELECOM)[0].code == 486


def test_an_observer_neither_opens_a_room_nor_keeps_it() -> None:
    held = Meetings.model_validate({"schema": "giaoban.meetings/1", "open_rooms": {}})
    made = Rooms(held, 0.0, lambda _who, _at: None, {TELECOM})
    assert made.join("phong-1", TELECOM, 0.0)[0] == UNKNOWN_MEETING
    made.join("phong-1", CU_JUT, 0.0)
    assert isinstance(made.join("phong-1", TELECOM, 0.0)[0], JoinAccepted)
    effects = made.left(CU_JUT)
    assert any(isinstance(e, HangUp) and e.participant == TELECOM for e in effects)
    assert list(made) == []


def test_an_observer_stays_while_a_meeting_of_the_file_waits() -> None:
    made = rooms()
    for who in (CHAIR, CU_JUT, DAK_MIL):
        made.left(who)
    assert made["giao-ban"].observers == (TELECOM,)
    effects = tell(made, OPERATOR, "end-meeting")[1]
    assert [e.participant for e in effects if isinstance(e, HangUp)] == [TELECOM]
    assert made["giao-ban"].observers == ()
