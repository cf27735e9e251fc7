"""Events of calls and of the control room → phases, verdict and what the result says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pretended_meeting import Meeting

from giaoban.results.model.result import Result

MCU = {"who": "mcu", "units": 6.0, "ports": 2}


def streams_of(result: Result, bridge: str) -> list[set[tuple[str, str]]]:
    """The kinds and directions a bridge has in each phase; nothing where it is not listed."""
    return [
        {(s.kind, s.direction) for b in phase.bridges if b.id == bridge for s in b.streams}
        for phase in result.phases
    ]


AUDIO = {("audio", "up"), ("audio", "down")}
BOTH = AUDIO | {("video", "up"), ("video", "down")}

# ------------------------------------------------------------------------------- calls given less


def test_a_call_stepped_down_shows_in_criterion_verdict_and_binding(tmp_path: Path) -> None:
    result = Meeting(tmp_path, given={"north": "sd"}).result()
    told = [[(d.bridge, d.asked, d.given) for d in p.mcu.downspeeded] for p in result.phases]
    assert told == [[], [("north", "720p30", "sd")], [("north", "720p30", "sd")]]
    assert result.phases[1].mcu.downspeeded[0].reason == "all are in use"
    assert result.verdict == "fail"
    assert [c.id for c in result.criteria if not c.ok] == ["every-call-as-asked"]
    assert (result.binding.criterion, result.binding.where) == (
        "every-call-as-asked",
        "mcu, during",
    )
    assert streams_of(result, "north") == [set(), BOTH, BOTH]


def test_a_call_of_sound_alone_has_only_sound(tmp_path: Path) -> None:
    """Nobody waits for its pictures; the step down itself is what fails."""
    result = Meeting(tmp_path, given={"north": "audio"}).result()
    assert streams_of(result, "north") == [set(), AUDIO, AUDIO]
    assert streams_of(result, "east") == [BOTH, BOTH, BOTH]
    assert [c.id for c in result.criteria if not c.ok] == ["every-call-as-asked"]


# --------------------------------------------------------------------------- who calls, and in vain


@pytest.mark.parametrize(("code", "cause"), [(486, "mcu"), (408, "stream")])
def test_a_bridge_the_mcu_could_not_reach_was_not_set_up(
    tmp_path: Path, code: int, cause: str
) -> None:
    meeting = Meeting(tmp_path, unanswered={"north"}, more='[meeting]\ndial = "out"')
    why = {"event": "dial-failed", "bridge": "north", "code": code, "reason": "no"}
    meeting.events(more=[{**MCU, **why, "t_ms": meeting.at_ms(1, 1.0)}])
    result = meeting.result()
    assert [(r.bridge, r.code) for r in result.phases[1].mcu.refused] == [("north", code)]
    [calls] = [c for c in result.criteria if c.id == "every-call-set-up"]
    assert (calls.value, calls.ok, result.verdict) == (1.0, False, "fail")
    assert (result.binding.criterion, result.binding.cause) == ("every-call-set-up", cause)


def test_set_up_times_of_whoever_called(tmp_path: Path) -> None:
    """The bridge tells of a call in, the MCU of a call out."""
    meeting = Meeting(tmp_path, more='[meeting]\ndial = "out"')

    def swap(event: dict[str, Any]) -> None:
        if event["event"] == "connected":
            event["event"] = "media-lost"
            del event["setup_ms"]
        elif event["event"] == "joined":
            event["setup_ms"] = 7.0

    meeting.events(swap)
    assert [p.mcu.setup_network_ms_p95 for p in meeting.result().phases] == [7.0, 7.0, None]


# ------------------------------------------------------------------------- dropped, and put out


def leave(meeting: Meeting, bridge: str, at_ms: float, cause: str) -> None:
    """The bridge leaves at another time and for another reason; its media goes on regardless."""

    def change(event: dict[str, Any]) -> None:
        if event["event"] == "left" and event["bridge"] == bridge:
            event |= {"t_ms": at_ms, "cause": cause}

    meeting.events(change)


@pytest.mark.parametrize("cause", ["bye", "gone", "session-expired", "failed"])
def test_a_bridge_that_leaves_unasked_is_dropped(tmp_path: Path, cause: str) -> None:
    meeting = Meeting(tmp_path)
    leave(meeting, "east", meeting.at_ms(1, 1.0), cause)
    result = meeting.result()
    assert [p.mcu.dropped for p in result.phases] == [[], ["east"], ["east"]]
    assert [p.mcu.put_out for p in result.phases] == [[], [], []]
    assert [c.id for c in result.criteria if not c.ok] == ["no-bridge-dropped"]


def test_a_bridge_put_out_is_not_dropped_and_not_judged_afterwards(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    leave(meeting, "east", meeting.at_ms(1, 1.0), "put-out")
    result = meeting.result()
    assert [p.mcu.put_out for p in result.phases] == [[], ["east"], ["east"]]
    assert [p.mcu.dropped for p in result.phases] == [[], [], []]
    assert [p.mcu.joined for p in result.phases] == [["east", "west"], *2 * [["north", "west"]]]
    assert streams_of(result, "east") == [BOTH, BOTH, set()]
    assert (result.verdict, result.reasons) == ("pass", [])


# ------------------------------------------------------------------------------ the control room


def test_how_the_meeting_was_held(tmp_path: Path) -> None:
    more = '[meeting]\nfloor = "open"\nvideo = "switched"\ndial = "out"\nencrypted = true'
    held = Meeting(tmp_path, more=more).result().meeting
    assert held.model_dump() == {
        "floor": "open",
        "video": "switched",
        "layout": "auto",
        "dial": "out",
        "encrypted": True,
        "sound_devices_ms": 20 + 40 + 40 + 40,  # a packet, the MCU's buffer, mixing, a buffer
        "picture_devices_ms": 60 + 10 + 85 + 65,  # encoding, forwarding, a buffer, decoding
        "queueing": "fifo",
        "video_share_pct": None,
    }


def test_commands_that_were_not_carried_out(tmp_path: Path) -> None:
    """Those that were carried out are in the events alone."""
    meeting = Meeting(tmp_path)
    control = {**MCU, "event": "control", "bridge": "east", "meeting": "meeting"}
    text = "mute: 403 a branch may not adjust another bridge"
    refused = {**control, "kind": "refused", "by": "north", "text": text}
    called = {**control, "kind": "call-to-speak", "by": "west", "text": "east is called to speak"}
    console = {"kind": "refused", "by": "operator", "text": "mute-all: 404 no such meeting"}
    no_call = {"who": "bridge", "event": "command-without-call", "bridge": "north"}
    events = [called, refused, {**control, **console, "bridge": ""}, {**no_call, "command": "mute"}]
    times = {"t_ms": meeting.at_ms(1, 1.0)}
    meeting.events(more=[{**event, **times} for event in events])
    result = meeting.result()
    assert [(c.by, c.command, c.on, c.code, c.reason) for c in result.refused_commands] == [
        ("north", "mute", "east", 403, "a branch may not adjust another bridge"),
        ("operator", "mute-all", None, 404, "no such meeting"),
        ("north", "mute", None, 481, "it has no call"),
    ]
    assert result.verdict == "pass"


LIMITS = """
[thresholds]
slides-frozen = 1500.0
fault-interruption = 500.0
audio-loss = 2.0
"""


def test_limits_of_what_there_was_none_of_are_told(tmp_path: Path) -> None:
    """Not of `audio-loss`, which is judged."""
    result = Meeting(tmp_path, more=LIMITS).result()
    assert {limit.id: limit.why for limit in result.unjudged_limits} == {
        "slides-frozen": "slides",
        "fault-interruption": "faults",
    }
    assert {limit.id for limit in result.unjudged_limits}.isdisjoint(c.id for c in result.criteria)
