"""What is asked for inside calls, who may ask for it, and who sees and hears whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim.conference.commands import CONTROL_TYPE
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.sip.events import InfoAnswered, InfoReceived
from giaoban.mcu_sim.sip.info import FULL_PICTURE, MEDIA_CONTROL_TYPE, wants_full_picture
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import meeting_of, meetings
from tests.phone import loudness

MCU = local_address(77)
MEMBERS = ("chair", "west", "east")
Three = tuple[Bridge, Bridge, Bridge]


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, MEMBERS)


def three(harness: McuHarness, **more: Any) -> Three:
    """Chair, west and east in the meeting, with open sockets."""
    chair, west, east = (
        Bridge(harness, who, local_address(78, n), **more) for n, who in enumerate(MEMBERS, 1)
    )
    for one in (chair, west, east):
        for kind in ("audio", "video", *more.get("kinds", ())):
            one.sock(kind)
        one.dial("meeting")
    return chair, west, east


def ask(one: Bridge, **command: Any) -> int:
    """A command in an INFO; the code of the answer."""
    one.info(CONTROL_TYPE, json.dumps(command).encode())
    answer: InfoAnswered = one.got(InfoAnswered)[-1]
    return answer.code


def tones_at(listener: Bridge, harness: McuHarness, *speakers: tuple[Bridge, int]) -> list[bool]:
    """Which of the speakers' tones the listener hears."""
    listener.received("audio")
    for _ in range(20):
        for speaker, hz in speakers:
            speaker.say(hz)
        harness.run(20)
    heard = listener.received("audio")[-10:]
    sound = g711.a_law_decode(np.frombuffer(b"".join(p[12:] for p in heard), np.uint8))
    return [loudness(sound, hz) > 1000 for _, hz in speakers]


def test_the_chair_calls_to_speak_and_a_branch_may_not(make: Make) -> None:
    harness = make(meetings(meeting_of(MEMBERS, floor="chair")))
    chair, west, east = three(harness)
    speakers = ((chair, 400), (west, 600))
    assert tones_at(east, harness, *speakers) == [True, False]
    assert ask(west, command="call-to-speak", participant="west") == 403
    refused = [e for e in harness.events if e.get("kind") == "refused"]
    assert [(e["by"], e["bridge"]) for e in refused] == [("west", "west")]
    assert "403" in refused[0]["text"]
    assert ask(west, command="request-to-speak") == 200
    assert ask(chair, command="call-to-speak", participant="west") == 200
    assert tones_at(east, harness, *speakers) == [True, True]
    assert ask(chair, command="mute", participant="west") == 200
    assert tones_at(east, harness, *speakers) == [True, False]
    assert ask(west, command="unmute") == 403


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (CONTROL_TYPE, b"{}", 400),
        (CONTROL_TYPE, b"\xff", 400),
        (CONTROL_TYPE, b'{"command": "mute", "participant": "nobody"}', 404),
        (CONTROL_TYPE + "; charset=utf-8", b'{"command": "queue"}', 200),
        ("text/plain", b"hello", 415),
        ("", b"", 200),  # RFC 6086 §4.2.2: whether the call still stands
        ("", b"hello", 415),
        (MEDIA_CONTROL_TYPE, b"<", 200),
        (MEDIA_CONTROL_TYPE, FULL_PICTURE, 200),
    ],
)
def test_infos(make: Make, content_type: str, body: bytes, code: int) -> None:
    harness = make()
    chair = Bridge(harness, "chair", local_address(78))
    chair.dial("meeting")
    chair.info(content_type, body)
    assert [event.code for event in chair.got(InfoAnswered)] == [code]


def test_picture_fast_update_gives_a_key_frame(make: Make) -> None:
    harness = make()
    west = Bridge(harness, "west", local_address(78))
    west.sock("video")
    west.dial("meeting")
    harness.run(500)

    def keys() -> int:
        return sum(p[12] == 0x7C and p[13] & 0x9F == 0x85 for p in west.received("video"))

    assert keys() >= 1
    harness.run(500)
    assert keys() == 0
    west.info(MEDIA_CONTROL_TYPE, FULL_PICTURE)
    harness.run(200)
    assert keys() == 1


def switched(**more: Any) -> Any:
    return meetings(meeting_of(MEMBERS, video="switched", **more))


def marks(packets: list[bytes]) -> list[bytes]:
    """What was written behind the NAL unit's header."""
    return [packet[13:14] for packet in packets]


def test_under_an_open_floor_the_picture_follows_the_voice(make: Make) -> None:
    harness = make(switched(floor="open"))
    chair, west, east = three(harness)

    def speaks(speaker: Bridge) -> list[bytes]:
        for _ in range(150):
            for one in (chair, west, east):
                one.say(400, 6000 if one is speaker else 0)
                one.show(key=True, mark=one.user[:1].encode())
            harness.run(20)
            harness.controller.controls.hear(harness.now_ns)
        return marks(chair.received("video"))[-5:]

    assert speaks(west) == [b"w"] * 5
    assert speaks(east) == [b"e"] * 5
    assert harness.controller.rooms["meeting"]._view.speaker == "east"


def test_content_goes_to_all_others(make: Make) -> None:
    harness = make(meetings(meeting_of(MEMBERS, floor="chair")))
    chair, west, east = three(harness, kinds=("audio", "video", "content"))
    assert "content" in chair.agreed
    west.show("content", key=True, mark=b"W")
    harness.run(20)
    assert east.received("content") == []
    assert ask(chair, command="present", participant="chair") == 200
    for key in (True, False):
        chair.show("content", key=key, mark=b"C")
        west.show("content", key=key, mark=b"W")
        harness.run(40)
    assert [marks(one.received("content")) for one in (west, east)] == [[b"C"] * 2] * 2
    assert chair.received("content") == []
    chair.hang_up()
    late = Bridge(harness, "chair", local_address(78, 9))
    late.dial("meeting")
    assert late.received("video") == []


def test_content_takes_its_part_of_the_device_and_is_not_shown_without_it(make: Make) -> None:
    """One unit while it is shown, on a device whose calls may leave none."""
    device = pick(load_devices(), "rmx-1500-mpmx")
    figures = device.capacity.model_copy(update={"units_total": 10.0})
    taking = device.content.model_copy(update={"units": 1.0})
    device = device.model_copy(update={"capacity": figures, "content": taking})
    harness = make(meetings(meeting_of(MEMBERS, floor="chair")), device=device)
    chair, west, east = three(harness, kinds=("audio", "video", "content"))
    assert harness.capacity.units_used == 9.0
    assert ask(chair, command="present", participant="chair") == 200
    assert harness.capacity.units_used == 10.0
    ask(chair, command="present", participant="west")  # another shows: it is taken once
    assert harness.capacity.units_used == 10.0
    ask(chair, command="present", participant=None)
    assert harness.capacity.units_used == 9.0
    harness.capacity.admit("other", "CIF30")
    ask(chair, command="present", participant="chair")
    told = next(e for e in harness.events if e.get("kind") == "refused" and "503" in e["text"])
    assert (told["bridge"], told["text"]) == ("chair", "present: 503 Resource deficiency")
    assert harness.capacity.units_used == 10.0
    for key in (True, False):
        chair.show("content", key=key, mark=b"C")
        harness.run(40)
    assert [one.received("content") for one in (west, east)] == [[], []]
    harness.capacity.release("other")
    for one in (chair, west, east):
        one.hang_up()
    assert harness.is_empty()


def test_a_camera_is_asked_for_a_key_frame_at_a_switch(make: Make) -> None:
    """By INFO where RTCP's requests were not agreed on; one without a camera is not asked."""
    harness = make(switched(floor="chair"))
    chair, west, _ = three(harness)
    assert chair.agreed["video"].feedback
    plain = Bridge(harness, "west", local_address(78, 9))
    west.hang_up()
    media = tuple(replace(m, feedback=()) for m in plain.local.media)
    plain.local = replace(plain.local, media=media)
    plain.dial("meeting")
    ask(chair, command="call-to-speak", participant="west")
    harness.run(1200)
    asked = [wants_full_picture(e.content_type, e.body) for e in plain.got(InfoReceived)]
    assert asked
    assert all(asked)
    silent = Bridge(harness, "west", local_address(78, 10), kinds=("audio",))
    plain.hang_up()
    silent.dial("meeting")
    ask(chair, command="call-to-speak", participant="west")
    harness.run(1200)
    assert silent.got(InfoReceived) == []
