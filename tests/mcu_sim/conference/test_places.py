"""Places: who comes, hangs up, loses the line, is dropped and called again; how a meeting ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcu_sim.conference import (
    OPERATOR,
    AlreadyIn,
    Answer,
    By,
    Conference,
    DialOut,
    Done,
    Dropped,
    Effect,
    Ended,
    HangUp,
    Heard,
    Joined,
    Logged,
    Meeting,
    NotAMember,
    Presenter,
    Refused,
    Relayout,
    UnknownMeeting,
    Watch,
    parse,
)

CHAIR, CU_JUT, DAK_MIL = "gia-nghia", "cu-jut", "dak-mil"
CALL_CU_JUT = "sip:cu-jut@10.68.0.2:5062"


def meeting(**changed: Any) -> Meeting:
    fields: dict[str, Any] = {
        "id": "giao-ban",
        "name": "Briefing",
        "pattern": "any-bridges",
        "chair": CHAIR,
        "member": [{"id": CU_JUT, "uri": CALL_CU_JUT}, {"id": DAK_MIL}],
    }
    return Meeting.model_validate(fields | changed)


def seated(open_room: bool = False, **changed: Any) -> Conference:
    conference = Conference(meeting(**changed), open_room)
    for who in (CHAIR, CU_JUT, DAK_MIL):
        conference.join(who)
    return conference


def tell(
    conference: Conference, by: By, command: str, **fields: Any
) -> tuple[Answer, list[Effect]]:
    return conference.command(by, parse(json.dumps({"command": command, **fields}).encode()), 0.0)


def kinds(effects: list[Effect]) -> list[str]:
    return [effect.kind for effect in effects if isinstance(effect, Logged)]


def test_who_may_come_and_what_the_others_are_told() -> None:
    conference = Conference(meeting())
    assert conference.join("krong-no") == (NotAMember(), [])
    decision, effects = conference.join(CHAIR)
    assert decision == Joined("giao-ban")
    assert effects == [
        Heard(CHAIR, True),
        Relayout(CHAIR, "1x1", (None,)),
        Logged("giao-ban", "joined", CHAIR, CHAIR, ""),
    ]
    decision, effects = conference.join(CHAIR)
    assert (decision, effects) == (AlreadyIn(CHAIR), [])
    assert conference.admits(CU_JUT) == Joined("giao-ban")
    assert conference.live == (CHAIR,)


def test_a_lost_speaker_comes_back_to_its_speech_and_its_cell() -> None:
    conference = seated(layout="2x2")
    tell(conference, CHAIR, "call-to-speak", participant=CU_JUT)
    tell(conference, CHAIR, "layout", layout="1+5", **{"for": CU_JUT})
    effects = conference.lost(CU_JUT)
    assert effects == [Heard(CU_JUT, False), Logged("giao-ban", "lost", "", CU_JUT, "")]
    assert (conference.away, conference.called) == ((CU_JUT,), (CU_JUT,))
    decision, effects = conference.join(CU_JUT)
    assert decision == Joined("giao-ban", rejoined=True)
    none = (None,) * 4
    assert effects == [
        Heard(CU_JUT, True),
        Relayout(CU_JUT, "1+5", (CHAIR, DAK_MIL, *none)),
        Logged("giao-ban", "rejoined", CU_JUT, CU_JUT, ""),
    ]


def test_a_lost_branch_keeps_its_turn_and_its_closed_microphone() -> None:
    conference = seated()
    tell(conference, CU_JUT, "request-to-speak")
    tell(conference, DAK_MIL, "request-to-speak")
    tell(conference, CU_JUT, "mute")
    conference.lost(CU_JUT)
    answer, _ = tell(conference, CHAIR, "call-to-speak", participant=CU_JUT)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.reason) == (404, "cu-jut has lost its line")
    conference.join(CU_JUT)
    assert [request.participant for request in conference.queue] == [CU_JUT, DAK_MIL]
    tell(conference, CHAIR, "call-to-speak", participant=CU_JUT)
    assert CU_JUT not in conference.heard


def test_a_lost_presenter_presents_again_when_it_is_back() -> None:
    conference = seated()
    tell(conference, CHAIR, "call-to-speak", participant=CU_JUT)
    tell(conference, CHAIR, "present", participant=CU_JUT)
    assert Presenter("giao-ban", None) in conference.lost(CU_JUT)
    _, effects = conference.join(CU_JUT)
    assert Presenter("giao-ban", CU_JUT) in effects


def test_one_that_hung_up_comes_afresh() -> None:
    conference = seated()
    tell(conference, CU_JUT, "request-to-speak")
    tell(conference, CHAIR, "call-to-speak", participant=DAK_MIL)
    conference.left(CU_JUT)
    conference.left(DAK_MIL)
    assert (conference.queue, conference.called) == ((), ())
    decision, _ = conference.join(DAK_MIL)
    assert decision == Joined("giao-ban")
    assert conference.heard == (CHAIR,)


def test_what_is_told_twice_or_of_nobody_changes_nothing() -> None:
    conference = seated()
    conference.lost(CU_JUT)
    assert conference.lost(CU_JUT) == []
    assert conference.lost("krong-no") == []
    conference.left(CU_JUT)
    assert conference.left(CU_JUT) == []
    assert conference.dial_failed(CU_JUT, "no answer") == []


def test_a_dropped_branch_comes_back_only_when_it_is_redialled() -> None:
    conference = seated()
    _, effects = tell(conference, CHAIR, "drop", participant=CU_JUT)
    assert HangUp(CU_JUT, "Dropped by the chair") in effects
    assert conference.left(CU_JUT) == []  # its call ends afterwards
    assert conference.join(CU_JUT) == (Dropped(), [])
    _, effects = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert effects[0] == DialOut("giao-ban", CU_JUT, CALL_CU_JUT)
    answer, _ = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert isinstance(answer, Refused)
    assert answer.code == 486
    decision, _ = conference.join(CU_JUT)
    assert decision == Joined("giao-ban")


def test_a_dropped_branch_without_an_address_may_call_in_after_a_redial() -> None:
    conference = seated()
    answer, _ = tell(conference, CHAIR, "drop", participant=DAK_MIL)
    answer, effects = tell(conference, CHAIR, "redial", participant=DAK_MIL)
    assert answer == Done("dak-mil has no address, but may call in again")
    assert kinds(effects) == ["redial"]
    decision, _ = conference.join(DAK_MIL)
    assert decision == Joined("giao-ban")


def test_a_redial_calls_back_where_the_branch_called_from_and_keeps_its_place() -> None:
    conference = seated()
    conference.left(DAK_MIL)
    conference.join(DAK_MIL, contact="sip:dak-mil@10.68.0.3")
    tell(conference, CHAIR, "call-to-speak", participant=DAK_MIL)
    conference.lost(DAK_MIL)
    _, effects = tell(conference, CHAIR, "redial", participant=DAK_MIL)
    assert effects[0] == DialOut("giao-ban", DAK_MIL, "sip:dak-mil@10.68.0.3")
    decision, effects = conference.join(DAK_MIL)
    assert decision == Joined("giao-ban", rejoined=True)
    assert Heard(DAK_MIL, True) in effects


def test_a_redial_that_fails_may_be_tried_again() -> None:
    conference = seated()
    conference.left(CU_JUT)
    tell(conference, CHAIR, "redial", participant=CU_JUT)
    effects = conference.dial_failed(CU_JUT, "486 Busy Here")
    assert effects == [Logged("giao-ban", "dial-failed", "", CU_JUT, "486 Busy Here")]
    _, effects = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert effects[0] == DialOut("giao-ban", CU_JUT, CALL_CU_JUT)
    _, effects = tell(conference, CHAIR, "drop", participant=CU_JUT)
    assert effects[0] == HangUp(CU_JUT, "Dropped by the chair")


def test_closed_microphones_are_forgotten_with_the_place() -> None:
    conference = seated(floor="open")
    tell(conference, CHAIR, "mute", participant=CU_JUT)
    tell(conference, CU_JUT, "mute")
    conference.left(CU_JUT)
    _, effects = conference.join(CU_JUT)
    assert Heard(CU_JUT, True) in effects


def test_a_bridge_that_was_redialled_may_be_redialled_after_it_came_or_was_dropped() -> None:
    conference = seated()
    conference.lost(CU_JUT)
    tell(conference, CHAIR, "redial", participant=CU_JUT)
    conference.join(CU_JUT)
    conference.lost(CU_JUT)
    _, effects = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert effects[0] == DialOut("giao-ban", CU_JUT, CALL_CU_JUT)
    tell(conference, CHAIR, "drop", participant=CU_JUT)
    _, effects = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert effects[0] == DialOut("giao-ban", CU_JUT, CALL_CU_JUT)


@pytest.mark.parametrize("who", [CHAIR, CU_JUT])
def test_a_live_participant_is_not_redialled(who: str) -> None:
    answer, _ = tell(seated(), OPERATOR, "redial", participant=who)
    assert isinstance(answer, Refused)
    assert answer.code == 486


def test_the_chair_does_not_drop_itself() -> None:
    answer, _ = tell(seated(), CHAIR, "drop", participant=CHAIR)
    assert isinstance(answer, Refused)
    assert answer.code == 400


def test_a_meeting_goes_on_while_the_chair_has_lost_its_line() -> None:
    conference = seated()
    tell(conference, CHAIR, "call-to-speak", participant=CU_JUT)
    effects = conference.lost(CHAIR)
    assert effects[:1] == [Heard(CHAIR, False)]
    assert conference.heard == (CU_JUT,)
    conference.join(CHAIR)
    answer, _ = tell(conference, CHAIR, "end-speech", participant=CU_JUT)
    assert isinstance(answer, Done)


@pytest.mark.parametrize("by", [CHAIR, OPERATOR])
def test_an_ended_meeting_hangs_up_everybody_and_lets_nobody_in(by: By) -> None:
    conference = seated(video="switched")
    conference.left(CU_JUT)
    tell(conference, CHAIR, "redial", participant=CU_JUT)
    _, effects = tell(conference, by, "end-meeting")
    reason = "The meeting has ended"
    assert effects == [
        Heard(CHAIR, False),
        Watch(CHAIR, None),
        Watch(DAK_MIL, None),
        *(HangUp(who, reason) for who in (CHAIR, DAK_MIL, CU_JUT)),
        Logged("giao-ban", "ended", by if isinstance(by, str) else "operator", "", reason),
        Ended("giao-ban"),
    ]
    assert isinstance(conference.admits(CU_JUT), UnknownMeeting)
    assert conference.left(CHAIR) == []
    assert conference.end("again") == []


def test_when_the_last_has_left_the_meeting_waits_with_everything_as_at_its_beginning() -> None:
    conference = seated()
    tell(conference, CHAIR, "layout", layout="4x4")
    tell(conference, CHAIR, "drop", participant=CU_JUT)
    tell(conference, CHAIR, "call-to-speak", participant=DAK_MIL)
    conference.lost(DAK_MIL)
    effects = conference.left(CHAIR)
    assert kinds(effects) == ["left", "waiting"]
    assert Ended("giao-ban") not in effects
    assert (conference.away, conference.called) == ((), ())
    assert conference.admits(CU_JUT) == Joined("giao-ban")
    _, effects = conference.join(DAK_MIL)
    assert Relayout(DAK_MIL, "1x1", (None,)) in effects


def test_while_all_lines_are_lost_all_places_are_kept() -> None:
    conference = seated()
    for who in (CHAIR, CU_JUT, DAK_MIL):
        conference.lost(who)
    assert kinds(conference.left(DAK_MIL)) == ["left"]
    assert conference.away == (CHAIR, CU_JUT)
    assert conference.join(CU_JUT)[0] == Joined("giao-ban", rejoined=True)


def test_when_the_console_drops_the_last_one_the_meeting_waits() -> None:
    conference = Conference(meeting())
    conference.join(CU_JUT)
    _, effects = tell(conference, OPERATOR, "drop", participant=CU_JUT)
    assert kinds(effects) == ["dropped", "waiting"]


def test_an_open_room_is_gone_when_the_last_has_left() -> None:
    conference = seated(open_room=True)
    conference.left(CU_JUT)
    conference.left(DAK_MIL)
    assert not conference.ended
    effects = conference.left(CHAIR)
    assert effects[-1] == Ended("giao-ban")
    assert conference.ended
