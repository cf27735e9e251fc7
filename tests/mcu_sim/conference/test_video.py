"""Who is the speaker, who watches whom, and when a picture changes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.conference import Conference, Effect, Meeting, Refused, Relayout, Watch, parse
from mcu_sim.conference.floor import LEAD_MS, NOISE_POWER, SHOWN_MS, VoiceSwitch

CHAIR, A, B, C = "gia-nghia", "cu-jut", "dak-mil", "krong-no"
TALK = 32768.0**2 * 10**-2.6
"""Mean square of speech at −26 dBov."""


def seated(*members: str, **fields: Any) -> Conference:
    meeting = {"id": "m", "name": "M", "pattern": "any-bridges", "chair": CHAIR, **fields}
    conference = Conference(Meeting.model_validate(meeting))
    for who in members or (CHAIR, A, B, C):
        conference.join(who)
    return conference


def tell(conference: Conference, command: str, **fields: Any) -> list[Effect]:
    body = json.dumps({"command": command, **fields}).encode()
    return conference.command(CHAIR, parse(body), 0.0)[1]


def watches(effects: list[Effect]) -> dict[str, str | None]:
    return {effect.viewer: effect.source for effect in effects if isinstance(effect, Watch)}


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
    assert watches(tell(conference, "call-to-speak", participant=A)) == {B: A}
    assert watches(tell(conference, "call-to-speak", participant=B)) == {CHAIR: B, A: B}
    assert watches(tell(conference, "end-speech", participant=B)) == {A: CHAIR, B: CHAIR}


def test_a_speaker_that_loses_its_line_gives_the_picture_to_the_chair_until_it_is_back() -> None:
    conference = seated(video="switched")
    tell(conference, "call-to-speak", participant=A)
    assert watches(conference.lost(A)) == {A: None, B: CHAIR, C: CHAIR, CHAIR: B}
    assert watches(conference.join(A)[1]) == {A: CHAIR, B: A, C: A, CHAIR: A}


def test_without_chair_and_called_speaker_nobody_is_watched() -> None:
    conference = seated(video="switched")
    assert watches(conference.lost(CHAIR)) == {CHAIR: None, A: None, B: None, C: None}


def test_an_open_floor_shows_whoever_speaks() -> None:
    conference = seated(video="switched", floor="open")
    assert conference.speaker == CHAIR
    effects = talk(conference, A, 0, 3000)
    assert watches(effects) == {B: A, C: A}
    # dak-mil watches cu-jut already
    assert watches(talk(conference, B, 3000, 6000)) == {CHAIR: B, A: B, C: B}
    # who is muted does not become the speaker
    tell(conference, "mute", participant=C)
    assert talk(conference, C, 6000, 12_000) == []
    assert watches(conference.left(B)) == {CHAIR: A, A: CHAIR, B: None, C: A}


def test_under_the_chairs_floor_noise_switches_nothing() -> None:
    conference = seated(video="switched")
    assert talk(conference, A, 0, 10_000) == []
    assert conference.speaker == CHAIR


def test_a_picture_without_layouts_is_not_laid_out() -> None:
    conference = seated(video="switched")
    body = b'{"command": "layout", "layout": "2x2"}'
    answer, effects = conference.command(CHAIR, parse(body), 0.0)
    assert isinstance(answer, Refused)
    assert answer.code == 400
    assert not any(isinstance(effect, Relayout) for effect in effects)


def test_a_picture_changes_only_for_those_who_see_something_else() -> None:
    conference = seated(layout="1+5")
    effects = tell(conference, "call-to-speak", participant=A)
    changed = [effect for effect in effects if isinstance(effect, Relayout)]
    # the speaker itself goes on seeing the chair in the big cell, the chair sees it there already
    assert [effect.viewer for effect in changed] == [B, C]
    assert {effect.cells[0] for effect in changed} == {A}
    assert not any(
        isinstance(effect, Relayout) for effect in tell(conference, "call-to-speak", participant=A)
    )


def test_the_layout_of_one_viewer_stays_until_all_get_another() -> None:
    conference = seated()
    [own] = [
        e for e in tell(conference, "layout", layout="3x3", **{"for": A}) if isinstance(e, Relayout)
    ]
    assert own == Relayout(A, "3x3", (CHAIR, B, C, *(None,) * 6))
    conference.lost(A)
    assert Relayout(A, "3x3", (CHAIR, B, C, *(None,) * 6)) in conference.join(A)[1]
    effects = tell(conference, "layout", layout="4x4")
    assert [e.viewer for e in effects if isinstance(e, Relayout)] == [CHAIR, A, B, C]


def test_a_lost_participant_keeps_its_cell_and_one_that_left_does_not() -> None:
    conference = seated(layout="2x2")
    assert not any(isinstance(effect, Relayout) for effect in conference.lost(A))
    assert Relayout(CHAIR, "2x2", (B, C, None, None)) in conference.left(A)


@pytest.mark.parametrize("video", ["presence", "switched"])
@pytest.mark.parametrize("floor", ["chair", "open"])
def test_seventy_one_come_with_effects_in_proportion(video: str, floor: str) -> None:
    names = [CHAIR, *(f"bridge-{n}" for n in range(70))]
    conference = seated(CHAIR, video=video, floor=floor)
    for already, who in enumerate(names[1:], start=1):
        _, effects = conference.join(who)
        assert len(effects) <= already + 4
    assert len(conference.live) == 71
    effects = tell(conference, "call-to-speak", participant="bridge-69")
    assert len(effects) <= 71 + 3
    assert len(conference.lost("bridge-3")) <= 3


def hear(switch: VoiceSwitch, powers: dict[str, float], until_ms: int, speaker: str | None) -> Any:
    for at in range(0, until_ms, 20):
        new = switch.hear(powers, float(at), speaker)
        if new is not None:
            return new, at
    return None


def test_a_new_speaker_has_to_lead_for_a_second() -> None:
    switch = VoiceSwitch()
    assert hear(switch, {A: TALK, B: TALK / 10}, 5000, B) == (A, LEAD_MS)


def test_noise_is_no_speech() -> None:
    assert hear(VoiceSwitch(), {A: NOISE_POWER * 0.99, B: 0.0}, 10_000, B) is None
    assert hear(VoiceSwitch(), {A: 0.0}, 10_000, None) is None
    assert hear(VoiceSwitch(), {}, 10_000, A) is None


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


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(1, 200)), max_size=40))
def test_pictures_stay_and_new_speakers_lead_whatever_is_said(turns: list[tuple[str, int]]) -> None:
    switch = VoiceSwitch()
    speaker, switches, said, at = CHAIR, [], [], 0
    for who, ticks in turns:
        for _ in range(ticks):
            said.append(who)
            powers = {one: TALK if one == who else 1.0 for one in (CHAIR, A, B, C)}
            new = switch.hear(powers, float(at), speaker)
            if new is not None:
                assert new != speaker
                # the smoothing carries a voice on for a moment, so it need not be talking now
                assert new in said[-round(LEAD_MS / 20) :]
                speaker = new
                switches.append(at)
            at += 20
    assert all(later - earlier >= SHOWN_MS for earlier, later in pairwise(switches))
