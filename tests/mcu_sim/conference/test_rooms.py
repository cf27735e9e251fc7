"""Several meetings on one device (Art. 3(2), 18(3)): rooms, their times, and who sits where."""

from __future__ import annotations

import json
from typing import Any

from giaoban.mcu_sim.conference.commands import CommandRejected, parse
from giaoban.mcu_sim.conference.effects import (
    HAS_ENDED,
    OPERATOR,
    By,
    DialOut,
    Effect,
    JoinAccepted,
    LogEntry,
    MeetingEnded,
    busy_elsewhere,
)
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.conference.rooms import Rooms
from giaoban.mcu_sim.sip.registration import Registrar

START = 5_000.0


def home_of(device: Rooms, who: str) -> str | None:
    """The meeting in which a participant has a place."""
    return next((one.meeting.id for one in device if who in one), None)


def rooms(**second: Any) -> Rooms:
    """A briefing of three; a meeting that is open to anyone or as `second` says; open rooms."""
    briefing = {
        "id": "giao-ban",
        "name": "Briefing",
        "pattern": "province-districts",
        "chair": "gia-nghia",
        "members": ["cu-jut", "dak-mil"],
    }
    other = {"id": "hop", "name": "Other", "pattern": "any-bridges", "chair": "cu-jut"}
    return Rooms(
        Meetings.model_validate(
            {
                "schema": "giaoban.meetings/1",
                "meeting": [briefing, other | second],
                "open_rooms": {"prefix": "phong-"},
            }
        ),
        Registrar().uri_of,
    )


def tell(device: Rooms, by: By, command: str, meeting: str | None = None, **fields: Any) -> Any:
    body = json.dumps({"command": command, **fields}).encode()
    return device.command(by, parse(body), START, meeting)


def calls(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(e.meeting, e.participant) for e in effects if isinstance(e, DialOut)]


def test_a_participant_sits_in_one_meeting_at_a_time() -> None:
    device = rooms()
    assert device.join("giao-ban", "cu-jut")[0] == JoinAccepted("giao-ban")
    assert device.join("hop", "cu-jut") == (busy_elsewhere("giao-ban"), [])
    assert device.join("phong-1", "cu-jut") == (busy_elsewhere("giao-ban"), [])
    assert home_of(device, "cu-jut") == "giao-ban"
    device.left("cu-jut")
    assert home_of(device, "cu-jut") is None
    assert device.join("hop", "cu-jut")[0] == JoinAccepted("hop")


def test_meetings_run_side_by_side_and_do_not_touch() -> None:
    device = rooms()
    device.join("giao-ban", "gia-nghia")
    device.join("giao-ban", "dak-mil")
    device.join("hop", "cu-jut")
    device.join("hop", "krong-no")
    assert tell(device, "cu-jut", "call-to-speak", participant="dak-mil")[0].code == 404
    tell(device, "cu-jut", "call-to-speak", participant="krong-no")
    assert device["giao-ban"]._view.heard == ("gia-nghia",)
    assert device["hop"]._view.heard == ("cu-jut", "krong-no")
    tell(device, OPERATOR, "end-meeting", "hop")
    assert device["giao-ban"].live == ("gia-nghia", "dak-mil")
    assert device.admits("hop", "cu-jut") == HAS_ENDED


def test_whoever_opens_a_room_chairs_it_and_it_is_gone_with_the_last() -> None:
    device = rooms()
    device.join("phong-1", "cu-jut")
    device.join("phong-1", "krong-no")
    device.join("phong-2", "dak-mil")
    assert [one.meeting.id for one in device] == ["giao-ban", "hop", "phong-1", "phong-2"]
    assert isinstance(tell(device, "krong-no", "mute-all")[0], CommandRejected)
    assert not isinstance(tell(device, "cu-jut", "mute-all")[0], CommandRejected)
    device.left("cu-jut")
    assert MeetingEnded("phong-1") in device.left("krong-no")
    assert [one.meeting.id for one in device] == ["giao-ban", "hop", "phong-2"]
    device.join("phong-1", "krong-no")
    assert device["phong-1"].meeting.chair == "krong-no"
    _, effects = tell(device, "krong-no", "end-meeting")
    assert effects[-1] == MeetingEnded("phong-1")
    assert home_of(device, "krong-no") is None


OUT = {
    "dial": "out",
    "member": [
        {"id": who, "uri": f"sip:{who}@10.68.0.2"} for who in ("krong-no", "dak-mil", "cu-jut")
    ],
}


def test_a_meeting_that_dials_out_calls_every_member_that_is_free_the_chair_first() -> None:
    device = rooms(**OUT)
    device.join("giao-ban", "dak-mil")
    assert calls(device.dial()) == [("hop", "cu-jut"), ("hop", "krong-no")]
    assert device.join("hop", "krong-no")[0] == JoinAccepted("hop")
    [entry] = device.dial_failed("hop", "cu-jut", "no answer")
    assert isinstance(entry, LogEntry)
    assert (entry.kind, entry.on) == ("dial-failed", "cu-jut")
    assert device.dial_failed("no-such", "cu-jut", "no answer") == []
