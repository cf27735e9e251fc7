"""Floor control as Art. 15(2) and 16(2)c want it: who is heard, and who may command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from giaoban.mcu_sim.conference.commands import (
    Answer,
    CommandAccepted,
    CommandRejected,
    SpeakerQueue,
    parse,
)
from giaoban.mcu_sim.conference.conference import Conference
from giaoban.mcu_sim.conference.effects import (
    DROPPED_BY_CHAIR,
    HAS_ENDED,
    OPERATOR,
    By,
    DialOut,
    Effect,
    HangUp,
    JoinAccepted,
    LogEntry,
    MeetingEnded,
    SelectSource,
    SetAudible,
    SetLayout,
    SetPresenter,
)
from giaoban.mcu_sim.conference.floor import NOISE_POWER, VoiceSwitch
from giaoban.mcu_sim.conference.meeting import Meeting

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


def heard(effects: list[Effect]) -> list[SetAudible]:
    return [effect for effect in effects if isinstance(effect, SetAudible)]


def test_only_the_chair_is_heard_until_it_calls_for_a_speech() -> None:
    """And the console, which may do what the chair may. Who else is heard: `test_laws.py`."""
    for by in ("gia-nghia", OPERATOR):
        conference = seated()
        assert conference._view.heard == ("gia-nghia",)
        _, effects = tell(conference, by, "call-to-speak", participant="cu-jut")
        said = "operator" if by is OPERATOR else by
        assert effects == [
            SetAudible("cu-jut", True),
            *(effect for effect in effects if isinstance(effect, SetLayout)),
            LogEntry("giao-ban", "call-to-speak", said, "cu-jut", "cu-jut is called to speak"),
        ]
        assert conference._view.heard == ("gia-nghia", "cu-jut")


def test_calling_another_closes_the_first_before_the_second_is_opened() -> None:
    conference = seated()
    tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert heard(effects) == [SetAudible("dak-mil", False), SetAudible("cu-jut", True)]
    assert conference._state.floor.called == ("cu-jut",)
    tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil", also=True)
    assert conference._state.floor.called == ("cu-jut", "dak-mil")


def test_requests_are_answered_first_come_first_and_stand_once() -> None:
    conference = seated()
    for at_ms, who in enumerate(["dak-mil", "cu-jut", "dak-mil", "krong-no"]):
        tell(conference, who, "request-to-speak", now_ms=1000.0 * at_ms)
    tell(conference, "krong-no", "withdraw")
    answer, effects = tell(conference, "gia-nghia", "queue", now_ms=5000.0)
    assert answer == SpeakerQueue((("dak-mil", 5000.0), ("cu-jut", 4000.0)), ())
    assert effects == []
    tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    answer, _ = tell(conference, "gia-nghia", "queue", now_ms=5000.0)
    assert answer == SpeakerQueue((("cu-jut", 4000.0),), ("dak-mil",))


OTHER = "a branch may not adjust another bridge"
CHAIRS = "only the chair's technician may do this"


@pytest.mark.parametrize(
    ("command", "fields", "why"),
    [
        ("call-to-speak", {"participant": "cu-jut"}, CHAIRS),
        ("call-to-speak", {"participant": "dak-mil"}, CHAIRS),
        ("end-speech", {"participant": "gia-nghia"}, CHAIRS),
        ("mute", {"participant": "dak-mil"}, OTHER),
        ("unmute", {"participant": "dak-mil"}, OTHER),
        ("request-to-speak", {"participant": "dak-mil"}, OTHER),
        ("withdraw", {"participant": "dak-mil"}, OTHER),
        ("mute-all", {}, CHAIRS),
        ("layout", {"layout": "2x2"}, CHAIRS),
        ("drop", {"participant": "dak-mil"}, CHAIRS),
        ("redial", {"participant": "dak-mil"}, CHAIRS),
        ("present", {"participant": "cu-jut"}, CHAIRS),
        ("present", {}, CHAIRS),
        ("end-meeting", {}, CHAIRS),
        ("queue", {}, CHAIRS),
    ],
)
def test_a_branch_is_refused_and_it_is_logged_what_it_tried(
    command: str, fields: dict[str, Any], why: str
) -> None:
    conference = seated()
    before = (
        conference._view.heard,
        conference._state.floor.queue,
        conference.live,
        conference._state.floor.called,
    )
    answer, effects = tell(conference, "cu-jut", command, **fields)
    assert answer.code == 403
    assert answer.reason == why
    on = fields.get("participant", "")
    [entry] = effects
    assert isinstance(entry, LogEntry)
    assert (entry.kind, entry.by, entry.on) == ("refused", "cu-jut", on)
    assert command in entry.text
    assert before == (
        conference._view.heard,
        conference._state.floor.queue,
        conference.live,
        conference._state.floor.called,
    )


def test_a_branch_closes_its_own_microphone_and_nobody_else_opens_it() -> None:
    conference = seated()
    tell(conference, "cu-jut", "mute")
    answer, effects = tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    assert answer == CommandAccepted("cu-jut is called to speak, but has muted itself")
    assert heard(effects) == []
    answer, _ = tell(conference, "gia-nghia", "unmute", participant="cu-jut")
    assert isinstance(answer, CommandRejected)
    _, effects = tell(conference, "cu-jut", "unmute", participant="cu-jut")
    assert heard(effects) == [SetAudible("cu-jut", True)]


def test_an_open_floor_hears_everyone_and_mute_all_spares_the_chair() -> None:
    conference = seated("open")
    assert conference._view.heard == ("gia-nghia", *BRANCHES)
    _, effects = tell(conference, "gia-nghia", "mute-all")
    assert heard(effects) == [SetAudible(who, False) for who in BRANCHES]
    tell(conference, "dak-mil", "request-to-speak")
    _, effects = tell(conference, "gia-nghia", "call-to-speak", participant="dak-mil")
    assert heard(effects) == [SetAudible("dak-mil", True)]
    assert (conference._state.floor.queue, conference._state.floor.called) == ((), ())


def test_the_chair_and_the_called_speaker_may_present_one_at_a_time() -> None:
    conference = seated()
    _, effects = tell(conference, "gia-nghia", "present", participant="gia-nghia")
    assert effects[0] == SetPresenter("giao-ban", "gia-nghia")
    assert tell(conference, "gia-nghia", "present", participant="cu-jut")[0].code == 403
    tell(conference, "gia-nghia", "call-to-speak", participant="cu-jut")
    _, effects = tell(conference, "gia-nghia", "present", participant="cu-jut")
    assert effects[0] == SetPresenter("giao-ban", "cu-jut")
    _, effects = tell(conference, "gia-nghia", "end-speech", participant="cu-jut")
    assert SetPresenter("giao-ban", None) in effects
    tell(conference, "gia-nghia", "present", participant="gia-nghia")
    tell(conference, "gia-nghia", "present")
    assert conference._view.presenter is None


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


def three_seated(open_room: bool = False, **changed: Any) -> Conference:
    conference = Conference(meeting(**changed), open_room)
    for who in (CHAIR, CU_JUT, DAK_MIL):
        conference.join(who)
    return conference


def kinds(effects: list[Effect]) -> list[str]:
    return [effect.kind for effect in effects if isinstance(effect, LogEntry)]


def test_a_dropped_branch_comes_back_only_when_it_is_redialled() -> None:
    conference = three_seated()
    _, effects = tell(conference, CHAIR, "drop", participant=CU_JUT)
    assert HangUp(CU_JUT, "Dropped by the chair") in effects
    assert conference.left(CU_JUT) == []  # its call ends afterwards
    assert conference.join(CU_JUT) == (DROPPED_BY_CHAIR, [])
    _, effects = tell(conference, CHAIR, "redial", participant=CU_JUT)
    assert effects[0] == DialOut("giao-ban", CU_JUT, CALL_CU_JUT)
    assert tell(conference, CHAIR, "redial", participant=CU_JUT)[0].code == 486
    decision, _ = conference.join(CU_JUT)
    assert decision == JoinAccepted("giao-ban")


@pytest.mark.parametrize("by", [CHAIR, OPERATOR])
def test_an_ended_meeting_hangs_up_everybody_and_lets_nobody_in(by: By) -> None:
    conference = three_seated(video="switched")
    conference.left(CU_JUT)
    tell(conference, CHAIR, "redial", participant=CU_JUT)
    _, effects = tell(conference, by, "end-meeting")
    reason = "The meeting has ended"
    assert effects == [
        SetAudible(CHAIR, False),
        *(HangUp(who, reason) for who in (CHAIR, DAK_MIL, CU_JUT)),
        LogEntry("giao-ban", "ended", by if isinstance(by, str) else "operator", "", reason),
        MeetingEnded("giao-ban"),
    ]
    assert conference.admits(CU_JUT) == HAS_ENDED
    assert conference.left(CHAIR) == []
    assert conference.end("again") == []


def test_when_the_last_has_left_the_meeting_waits_with_everything_as_at_its_beginning() -> None:
    conference = three_seated()
    tell(conference, CHAIR, "layout", layout="4x4")
    tell(conference, CHAIR, "drop", participant=CU_JUT)
    tell(conference, CHAIR, "call-to-speak", participant=DAK_MIL)
    conference.lost(DAK_MIL)
    effects = conference.left(CHAIR)
    assert kinds(effects) == ["left", "waiting"]
    assert MeetingEnded("giao-ban") not in effects
    assert conference._state.floor.called == ()
    assert conference.admits(CU_JUT) == JoinAccepted("giao-ban")
    _, effects = conference.join(DAK_MIL)
    assert SetLayout(DAK_MIL, "1x1", (None,)) in effects


A, B, C = "cu-jut", "dak-mil", "krong-no"
TALK = 32768.0**2 * 10**-2.6
"""Mean square of speech at −26 dBov."""


def watching(*members: str, **fields: Any) -> Conference:
    meeting = {"id": "m", "name": "M", "pattern": "any-bridges", "chair": CHAIR, **fields}
    conference = Conference(Meeting.model_validate(meeting))
    for who in members or (CHAIR, A, B, C):
        conference.join(who)
    return conference


def chair_tells(conference: Conference, command: str, **fields: Any) -> list[Effect]:
    return tell(conference, CHAIR, command, **fields)[1]


def watches(effects: list[Effect]) -> dict[str, str | None]:
    return {effect.viewer: effect.source for effect in effects if isinstance(effect, SelectSource)}


def talk(conference: Conference, who: str, from_ms: int, to_ms: int) -> list[Effect]:
    times = range(from_ms, to_ms, 20)
    return [effect for at in times for effect in conference.voice({who: TALK}, float(at))]


def test_the_chair_is_watched_until_it_calls_somebody_and_the_speaker_sees_who_spoke_before() -> (
    None
):
    conference = Conference(
        Meeting(id="m", name="M", pattern="any-bridges", chair=CHAIR, video="switched")
    )
    assert watches(conference.join(CHAIR)[1]) == {}
    assert watches(conference.join(A)[1]) == {CHAIR: A, A: CHAIR}
    assert watches(conference.join(B)[1]) == {B: CHAIR}
    # the chair watches cu-jut and cu-jut the chair already
    assert watches(chair_tells(conference, "call-to-speak", participant=A)) == {B: A}
    assert watches(chair_tells(conference, "call-to-speak", participant=B)) == {CHAIR: B, A: B}
    assert watches(chair_tells(conference, "end-speech", participant=B)) == {A: CHAIR, B: CHAIR}


def test_a_speaker_that_loses_its_line_gives_the_picture_to_the_chair_until_it_is_back() -> None:
    conference = watching(video="switched")
    chair_tells(conference, "call-to-speak", participant=A)
    assert watches(conference.lost(A)) == {B: CHAIR, C: CHAIR, CHAIR: B}
    assert watches(conference.join(A)[1]) == {A: CHAIR, B: A, C: A, CHAIR: A}


def test_an_open_floor_shows_whoever_speaks() -> None:
    conference = watching(video="switched", floor="open")
    assert conference._view.speaker == CHAIR
    effects = talk(conference, A, 0, 3000)
    assert watches(effects) == {B: A, C: A}
    # dak-mil watches cu-jut already
    assert watches(talk(conference, B, 3000, 6000)) == {CHAIR: B, A: B, C: B}
    # who is muted does not become the speaker
    chair_tells(conference, "mute", participant=C)
    assert talk(conference, C, 6000, 12_000) == []
    assert watches(conference.left(B)) == {CHAIR: A, A: CHAIR, C: A}


def test_a_picture_changes_only_for_those_who_see_something_else() -> None:
    conference = watching(layout="1+5")
    effects = chair_tells(conference, "call-to-speak", participant=A)
    changed = [effect for effect in effects if isinstance(effect, SetLayout)]
    # the speaker itself goes on seeing the chair in the big cell, the chair sees it there already
    assert [effect.viewer for effect in changed] == [B, C]
    assert {effect.cells[0] for effect in changed} == {A}
    assert not any(
        isinstance(effect, SetLayout)
        for effect in chair_tells(conference, "call-to-speak", participant=A)
    )


def hear(switch: VoiceSwitch, powers: dict[str, float], until_ms: int, speaker: str | None) -> Any:
    for at in range(0, until_ms, 20):
        new = switch.hear(powers, float(at), speaker)
        if new is not None:
            return new, at
    return None


def test_a_cough_does_not_switch_and_a_pause_does_not_lose_the_lead() -> None:
    switch = VoiceSwitch()
    for at in range(0, 2000, 20):
        cough = TALK if 600 <= at < 1000 else 0.0
        assert switch.hear({A: TALK, B: cough * 4}, float(at), A) is None
    switch = VoiceSwitch()
    switched = None
    for at in range(0, 1100, 20):
        pause = 400 <= at < 700
        switched = switch.hear({A: NOISE_POWER / 10, B: 0.0 if pause else TALK}, float(at), A)
        if switched:
            break
    assert switched == B
