"""The controller calls bridges: what they may say to it, and that nothing is left of failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from giaoban.mcu_sim.conference import commands
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import meeting_of, meetings

MCU = local_address(73)


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, ())


def called(name: str = "meeting", members: tuple[str, ...] = ("chair", "west"), **more: Any) -> Any:
    """A meeting whose members the MCU calls, at addresses in the order of their names."""
    listed = [
        {"id": who, "uri": f"sip:{who}@{local_address(74, n)}"} for n, who in enumerate(members, 1)
    ]
    return {"id": name, "chair": members[0], "member": listed, "dial": "out"} | more


def bridge(harness: McuHarness, user: str, number: int, **more: Any) -> Bridge:
    return Bridge(harness, user, local_address(74, number), **more)


def begin(harness: McuHarness) -> None:
    harness.start()


def test_bridges_that_answer_are_in_the_meeting(make: Make) -> None:
    harness = make(meetings(called()), planned_streams={}, guests=4)
    chair, west = bridge(harness, "chair", 1), bridge(harness, "west", 2)
    begin(harness)
    assert harness.said("joined") == ["chair", "west"]
    assert all(e["setup_ms"] == 0.0 for e in harness.events if e["event"] == "joined")
    assert set(west.agreed) == set(chair.agreed) == {"audio", "video"}
    west.hang_up()
    assert harness.said("left") == ["west"]
    assert harness.capacity.ports_used == 1


def answer_of(media: str) -> bytes:
    host = local_address(74, 2)
    head = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    return f"{head}m=audio 40000 RTP/AVP 8\r\n{media}".encode()


H264 = "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42801F;packetization-mode=1\r\n"
NO_CONTENT = "m=video 0 RTP/AVP 98\r\n"


def test_the_event_names_what_a_bridge_does_not_take_of_our_offer(make: Make) -> None:
    harness = make(meetings(called()), planned_streams={}, guests=4)
    bridge(harness, "chair", 1, kinds=("audio", "video", "content"))
    west = bridge(harness, "west", 2)
    west.answers_with = answer_of(f"m=video 40002 RTP/AVP 97\r\n{H264}{NO_CONTENT}")
    begin(harness)
    told = {e["bridge"]: e.get("refused") for e in harness.events if e["event"] == "joined"}
    assert told == {"chair": None, "west": ["video: refused by the bridge"]}


def redial(harness: McuHarness, who: str, meeting: str = "meeting") -> str | None:
    """At the console; why it is refused."""
    command = commands.Redial(command="redial", participant=who)
    answer = harness.controller.controls.at_console(command, meeting, harness.now_ns)
    harness.settle()
    return getattr(answer, "reason", None)


def test_a_member_without_an_address_is_called_where_it_has_registered(make: Make) -> None:
    """It never called, and the meetings file has no address of it."""
    harness = make(meetings(meeting_of(("chair", "west")), rooms={}), planned_streams={}, guests=4)
    bridge(harness, "chair", 1).dial("meeting")
    west, stranger = bridge(harness, "west", 2), bridge(harness, "stranger", 3)
    refusal = redial(harness, "west")
    assert refusal is not None
    assert "has no address of west" in refusal
    for one in (west, stranger):
        one.agent.register(f"sip:{MCU}:5060", harness.now_ms)
    harness.settle()
    assert redial(harness, "west") is None
    assert harness.said("joined") == ["chair", "west"]
    assert redial(harness, "stranger") == "stranger is unknown to this meeting"
    west.hang_up()
    west.agent.unregister(harness.now_ms)
    harness.settle()
    assert redial(harness, "west") is not None
