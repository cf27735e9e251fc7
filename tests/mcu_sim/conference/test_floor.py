"""Floor control as Art. 15(2) and 16(2)c want it: who is heard, and who may command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcu_sim.conference import (
    OPERATOR,
    Answer,
    By,
    Conference,
    Done,
    Effect,
    Heard,
    Logged,
    Meeting,
    Presenter,
    Queue,
    Refused,
    parse,
)

BRANCHES = ["cu-jut", "dak-mil", "krong-no"]


def seated(floor: str = "chair") -> Conference:
    meeting = Meeting.model_validate(
        {
            "id": "giao-ban",
            "name": "Briefing",
            "pattern": "province-districts",
            "chair": "gia-nghia",
            "members": [*BRANCHES, "tuy-duc"],
            "floor": floor,
        }
    )
    conference = Conference(meeting)
    for who in ("gia-nghia", *BRANCHES):
        conference.join(who)
    return conference


def tell(
    conference: Conference, by: By, command: str, now_ms: float = 0.0, **fields: Any
) -> tuple[Answer, list[Effect]]:
    body = json.dumps({"command": command, **fields}).encode()
    return conference.command(by, parse(body), now_ms)


def heard(effects: list[Effect]) -> list[Heard]:
    return [effect for effect in effects if isinstance(effect, Heard)]


def test_only_the_chair_is_heard_until_it_calls_for_a_speech() -> None:
    conference = seated()
    assert conference.heard == ("gia-nghia",)
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", True)]
    assert conference.heard == ("gia-nghia", "cu-jut")


def test_calling_another_closes_the_first_before_the_second_is_opened() -> None:
    conference = seated()
    tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert heard(effects) == [Heard("dak-mil", False), Heard("cu-jut", True)]
    assert conference.called == ("cu-jut",)


def test_also_keeps_both_and_a_call_without_it_ends_the_others() -> None:
    conference = seated()
    for who in BRANCHES[:2]:
        tell(conference, "gia-nghia", "call-to-speak", participant=who, also=True)
    assert conference.called == ("cu-jut", "dak-mil")
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert heard(effects) == [Heard("dak-mil", False)]


def test_an_ended_speech_closes_the_microphone() -> None:
    conference = seated()
    tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    _, effects = tell(conference, "gia-nghia", "end-speech", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", False)]
    answer, _ = tell(conference, "gia-nghia", "end-speech", participant="cu-jut")
    assert isinstance(answer, Refused)
    assert answer.code == 404


def test_requests_are_answered_first_come_first_and_stand_once() -> None:
    conference = seated()
    for at_ms, who in enumerate(["dak-mil", "cu-jut", "dak-mil", "krong-no"]):
        tell(conference, who, "request-to-speak", now_ms=1000.0 * at_ms)
    tell(conference, "krong-no", "withdraw")
    answer, effects = tell(conference, "gia-nghia", "queue", now_ms=5000.0)
    assert answer == Queue((("dak-mil", 5000.0), ("cu-jut", 4000.0)), ())
    assert effects == []
    tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    answer, _ = tell(conference, "gia-nghia", "queue", now_ms=5000.0)
    assert answer == Queue((("cu-jut", 4000.0),), ("dak-mil",))


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("call-to-speak", {"participant": "cu-jut"}),
        ("call-to-speak", {"participant": "dak-mil"}),
        ("end-speech", {"participant": "gia-nghia"}),
        ("mute", {"participant": "dak-mil"}),
        ("unmute", {"participant": "dak-mil"}),
        ("request-to-speak", {"participant": "dak-mil"}),
        ("withdraw", {"participant": "dak-mil"}),
        ("mute-all", {}),
        ("layout", {"layout": "2x2"}),
        ("layout", {"layout": "2x2", "for": "cu-jut"}),
        ("drop", {"participant": "dak-mil"}),
        ("redial", {"participant": "dak-mil"}),
        ("present", {"participant": "cu-jut"}),
        ("present", {}),
        ("end-meeting", {}),
        ("queue", {}),
    ],
)
def test_a_branch_is_refused_and_it_is_logged_what_it_tried(
    command: str, fields: dict[str, Any]
) -> None:
    conference = seated()
    before = (conference.heard, conference.queue, conference.live, conference.called)
    answer, effects = tell(conference, "cu-jut", command, **fields)
    assert isinstance(answer, Refused)
    assert answer.code == 403
    assert "Art. 16(2)c" in answer.reason
    on = fields.get("participant", fields.get("for", ""))
    [entry] = effects
    assert isinstance(entry, Logged)
    assert (entry.kind, entry.by, entry.on) == ("refused", "cu-jut", on)
    assert command in entry.text
    assert before == (conference.heard, conference.queue, conference.live, conference.called)


def test_whoever_is_not_in_the_meeting_gives_it_no_commands() -> None:
    conference = seated()
    conference.lost("gia-nghia")
    for by in ("tuy-duc", "gia-nghia", "operator"):
        answer, effects = tell(conference, by, "mute-all")
        assert isinstance(answer, Refused)
        assert answer.code == 403
        assert [type(effect) for effect in effects] == [Logged]


def test_the_console_may_do_what_the_chair_may() -> None:
    conference = seated()
    _, effects = tell(conference, OPERATOR, "call-to-speak", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", True)]
    assert Logged(
        "giao-ban", "call-to-speak", "operator", "cu-jut", "cu-jut is called to speak"
    ) in (effects)
    answer, _ = tell(conference, OPERATOR, "mute")
    assert isinstance(answer, Refused)
    assert answer.code == 400


def test_the_technicians_pass_on_a_branchs_request() -> None:
    conference = seated()
    tell(conference, OPERATOR, "request-to-speak", participant="krong-no")
    tell(conference, "gia-nghia", "request-to-speak", participant="cu-jut")
    assert [request.participant for request in conference.queue] == ["krong-no", "cu-jut"]


@pytest.mark.parametrize(
    ("who", "reason"), [("tuy-duc", "not in this meeting"), ("bien-hoa", "unknown to this meeting")]
)
@pytest.mark.parametrize(
    "command",
    [
        "call-to-speak",
        "end-speech",
        "mute",
        "unmute",
        "drop",
        "present",
        "request-to-speak",
        "withdraw",
        "redial",
    ],
)
def test_commands_about_somebody_absent_are_refused_with_the_reason(
    who: str, reason: str, command: str
) -> None:
    answer, effects = tell(seated(), "gia-nghia", command, participant=who)
    assert isinstance(answer, Refused)
    assert answer.code == 404
    assert reason in answer.reason or (command, who) == ("redial", "tuy-duc")
    assert [type(effect) for effect in effects] == [Logged]


def test_a_muted_speaker_stays_the_called_speaker() -> None:
    conference = seated()
    tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    _, effects = tell(conference, "gia-nghia", "mute", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", False)]
    assert (conference.called, conference.speaker) == (("cu-jut",), "cu-jut")
    _, effects = tell(conference, "gia-nghia", "unmute", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", True)]


def test_taking_back_a_mute_does_not_call_to_speak() -> None:
    conference = seated()
    answer, effects = tell(conference, "gia-nghia", "unmute", participant="cu-jut")
    assert isinstance(answer, Done)
    assert heard(effects) == []


def test_a_branch_closes_its_own_microphone_and_nobody_else_opens_it() -> None:
    conference = seated()
    tell(conference, "cu-jut", "mute")
    answer, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert answer == Done("cu-jut is called to speak, but has muted itself")
    assert heard(effects) == []
    answer, _ = tell(conference, "gia-nghia", "unmute", participant="cu-jut")
    assert isinstance(answer, Refused)
    _, effects = tell(conference, "cu-jut", "unmute", participant="cu-jut")
    assert heard(effects) == [Heard("cu-jut", True)]


def test_a_branch_does_not_take_back_the_technicians_mute() -> None:
    conference = seated("open")
    tell(conference, "gia-nghia", "mute", participant="cu-jut")
    answer, effects = tell(conference, "cu-jut", "unmute")
    assert isinstance(answer, Refused)
    assert answer.code == 403
    assert [type(effect) for effect in effects] == [Logged]
    tell(conference, "gia-nghia", "unmute", participant="cu-jut")
    assert "cu-jut" in conference.heard


def test_an_open_floor_hears_everyone_and_mute_all_spares_the_chair() -> None:
    conference = seated("open")
    assert conference.heard == ("gia-nghia", *BRANCHES)
    _, effects = tell(conference, "gia-nghia", "mute-all")
    assert heard(effects) == [Heard(who, False) for who in BRANCHES]
    tell(conference, "dak-mil", "request-to-speak")
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    assert heard(effects) == [Heard("dak-mil", True)]
    assert (conference.queue, conference.called) == ((), ())


def test_the_chair_and_the_called_speaker_may_present_one_at_a_time() -> None:
    conference = seated()
    _, effects = tell(conference, "gia-nghia", "present", participant="gia-nghia")
    assert effects[0] == Presenter("giao-ban", "gia-nghia")
    answer, _ = tell(conference, "gia-nghia", "present", participant="cu-jut")
    assert isinstance(answer, Refused)
    assert answer.code == 403
    tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    _, effects = tell(conference, "gia-nghia", "present", participant="cu-jut")
    assert effects[0] == Presenter("giao-ban", "cu-jut")
    _, effects = tell(conference, "gia-nghia", "end-speech", participant="cu-jut")
    assert Presenter("giao-ban", None) in effects
    tell(conference, "gia-nghia", "present", participant="gia-nghia")
    tell(conference, "gia-nghia", "present")
    assert conference.presenter is None


def test_the_chair_needs_no_call() -> None:
    conference = seated()
    answer, _ = tell(conference, "gia-nghia", "request-to-speak")
    assert isinstance(answer, Done)
    assert conference.queue == ()
    answer, _ = tell(conference, "gia-nghia", "call-to-speak", participant="gia-nghia")
    assert isinstance(answer, Refused)
    assert answer.code == 400
