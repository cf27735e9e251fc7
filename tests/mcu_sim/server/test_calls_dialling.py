"""The controller calls bridges: what they may say to it, and that nothing is left of failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mcu_sim.conference import commands
from mcu_sim.sip import CallEnded
from tests.loopback import local_address
from tests.mcu_sim.desk_bridge import Bridge
from tests.mcu_sim.desk_factory import Make, Office, offices
from tests.mcu_sim.server_factory import device, meeting_of, meetings

MCU = local_address(73)


@pytest.fixture
def make() -> Iterator[Make]:
    yield from offices(MCU, ())


def called(name: str = "meeting", members: tuple[str, ...] = ("chair", "west"), **more: Any) -> Any:
    """A meeting whose members the MCU calls, at addresses in the order of their names."""
    listed = [
        {"id": who, "uri": f"sip:{who}@{local_address(74, n)}"} for n, who in enumerate(members, 1)
    ]
    return {"id": name, "chair": members[0], "member": listed, "dial": "out"} | more


def bridge(office: Office, user: str, number: int, **more: Any) -> Bridge:
    return Bridge(office, user, local_address(74, number), **more)


def begin(office: Office) -> None:
    office.controller.advance(office.now_ns)
    office.settle()


def test_bridges_that_answer_are_in_the_meeting(make: Make) -> None:
    office = make(meetings(called()), seats={}, guests=4)
    chair, west = bridge(office, "chair", 1), bridge(office, "west", 2)
    begin(office)
    assert office.said("joined") == ["chair", "west"]
    assert all(e["setup_ms"] == 0.0 for e in office.events if e["event"] == "joined")
    assert set(west.agreed) == set(chair.agreed) == {"audio", "video"}
    west.hang_up()
    assert office.said("left") == ["west"]
    assert office.capacity.ports_used == 1


def test_a_bridge_holds_no_more_than_it_takes(make: Make) -> None:
    """It is offered the device's best."""
    office = make(meetings(called()), seats={}, guests=4)
    bridge(office, "chair", 1, resolution="720p30")
    bridge(office, "west", 2, kinds=("audio",))
    begin(office)
    assert office.said("joined") == ["chair", "west"]
    assert office.capacity.units_used == 3.0 + 1.0


def answer_of(media: str) -> bytes:
    host = local_address(74, 2)
    head = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    return f"{head}m=audio 40000 RTP/AVP 8\r\n{media}".encode()


H264 = "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42801F;packetization-mode=1\r\n"
NO_CONTENT = "m=video 0 RTP/AVP 98\r\n"


@pytest.mark.parametrize(
    ("media", "refused"),
    [
        (
            "m=video 0 RTP/AVP 97\r\n" + NO_CONTENT,
            ["video: the bridge does not take it", "content: the bridge does not take it"],
        ),
        (
            f"m=video 40002 RTP/AVP 97\r\nc=IN IP4 224.0.0.1\r\n{H264}{NO_CONTENT}",
            [
                "video: media at 224.0.0.1, which is no host's address",
                "content: the bridge does not take it",
            ],
        ),
        (
            f"m=video 65535 RTP/AVP 97\r\n{H264}{NO_CONTENT}",
            ["video: no port above 65535 for RTCP", "content: the bridge does not take it"],
        ),
        (
            f"m=video 40002 RTP/AVP 97\r\nb=TIAS:\x1b\r\n{H264}m=video 40004 RTP/AVP 98\r\n"
            + H264.replace("97", "98"),
            ["video: b=TIAS: '\\x1b' is not a whole number"],
        ),
    ],
)
def test_what_a_bridge_does_not_take_of_our_offer_is_told(
    make: Make, media: str, refused: list[str]
) -> None:
    office = make(meetings(called()), seats={}, guests=4)
    bridge(office, "chair", 1, kinds=("audio", "video", "content"))
    west = bridge(office, "west", 2)
    west.answers_with = answer_of(media)
    begin(office)
    told = {e["bridge"]: e.get("refused") for e in office.events if e["event"] == "joined"}
    assert told == {"chair": None, "west": refused}


def test_a_meeting_that_opens_later_is_dialled_then(make: Make) -> None:
    office = make(meetings(called(opens_s=30.0, closes_s=60.0)), seats={}, guests=4)
    chair, west = bridge(office, "chair", 1), bridge(office, "west", 2)
    early = bridge(office, "west", 9)
    early.dial("meeting")
    assert early.codes() == [404]
    office.wait(29)
    assert office.said("joined") == []
    office.wait(2)
    assert office.said("joined") == ["chair", "west"]
    office.wait(30)
    assert chair.got(CallEnded)
    assert west.got(CallEnded)
    assert office.is_empty()


def test_one_that_refuses(make: Make) -> None:
    office = make(meetings(called()), seats={}, guests=4)
    chair, west = bridge(office, "chair", 1), bridge(office, "west", 2)
    west.refuses = 486
    begin(office)
    failed = [e for e in office.events if e["event"] == "dial-failed"]
    assert [(e["bridge"], e["code"]) for e in failed] == [("west", 486)]
    assert (office.said("joined"), office.capacity.ports_used) == (["chair"], 1)
    # it may be tried again
    west.refuses = None
    answer = redial(office, "west")
    assert office.said("joined") == ["chair", "west"]
    assert answer is None
    chair.hang_up()


def redial(office: Office, who: str, meeting: str = "meeting") -> str | None:
    """At the console; why it is refused."""
    command = commands.Redial(command="redial", participant=who)
    answer = office.controller.controls.at_console(command, meeting, office.now_ns)
    office.settle()
    return getattr(answer, "reason", None)


def test_ones_that_never_answer(make: Make) -> None:
    """One rings on, the other is not there at all."""
    office = make(meetings(called()), seats={}, guests=4)
    chair = bridge(office, "chair", 1)
    chair.answers = False
    begin(office)
    assert office.capacity.ports_used == 2
    office.wait(200)
    assert sorted(office.said("dial-failed")) == ["chair", "west"]
    assert office.is_empty()
    office.wait(60)
    assert office.agent.idle


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"v=0\r\n",
        b"v=0\r\no=- 1 1 IN IP4 127.0.74.2\r\ns=-\r\nc=IN IP4 127.0.74.2\r\nt=0 0\r\n"
        b"m=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\nm=video 0 RTP/AVP 98\r\n",
    ],
)
def test_answers_that_are_of_no_use(make: Make, answer: bytes) -> None:
    office = make(meetings(called()), seats={}, guests=4)
    bridge(office, "chair", 1)
    west = bridge(office, "west", 2)
    west.answers_with = answer
    begin(office)
    assert office.said("turned-away") == ["west"]
    assert office.said("joined") == ["chair"]
    assert west.got(CallEnded)
    assert office.capacity.ports_used == 1
    assert redial(office, "west") is None


def test_a_device_that_is_full_dials_nobody_more(make: Make) -> None:
    small = device(capacity={"units_total": 3.0}, when_full={"steps": ["refuse"]})
    office = make(meetings(called()), seats={}, guests=4, device=small, dialled_resolution="720p30")
    bridge(office, "chair", 1)
    west = bridge(office, "west", 2)
    begin(office)
    assert office.said("joined") == ["chair"]
    assert [(e["bridge"], e["code"]) for e in office.events if e["event"] == "dial-failed"] == [
        ("west", 503)
    ]
    assert west.events == []


def test_one_whose_address_is_none(make: Make) -> None:
    """A name is not looked up: it has to register."""
    held = meetings(
        {
            "id": "meeting",
            "chair": "chair",
            "member": [
                {"id": "chair", "uri": f"sip:chair@{local_address(74)}"},
                {"id": "west", "uri": "sip:west@west.example"},
            ],
            "dial": "out",
        }
    )
    office = make(held, seats={}, guests=4)
    bridge(office, "chair", 1)
    west = bridge(office, "west", 2)
    begin(office)
    assert [e["code"] for e in office.events if e["event"] == "dial-failed"] == [404]
    west.agent.register(f"sip:{MCU}:5060", office.now_ms)
    office.settle()
    assert redial(office, "west") is None
    assert office.said("joined") == ["chair", "west"]


def test_a_member_without_an_address_is_called_where_it_has_registered(make: Make) -> None:
    """It never called, and the meetings file has no address of it."""
    office = make(meetings(meeting_of(("chair", "west")), rooms={}), seats={}, guests=4)
    bridge(office, "chair", 1).dial("meeting")
    west, stranger = bridge(office, "west", 2), bridge(office, "stranger", 3)
    refusal = redial(office, "west")
    assert refusal is not None
    assert "has no address of west" in refusal
    for one in (west, stranger):
        one.agent.register(f"sip:{MCU}:5060", office.now_ms)
    office.settle()
    assert redial(office, "west") is None
    assert office.said("joined") == ["chair", "west"]
    assert redial(office, "stranger") == "stranger is unknown to this meeting"
    west.hang_up()
    west.agent.unregister(office.now_ms)
    office.settle()
    assert redial(office, "west") is not None


def test_one_bridge_of_two_meetings_is_called_by_one(make: Make) -> None:
    office = make(
        meetings(called(), called("other", ("chair", "west", "east"))), seats={}, guests=6
    )
    chair = bridge(office, "chair", 1)
    begin(office)
    assert office.said("dial-failed") == ["chair", "west"]
    assert len(chair.got(CallEnded)) == 0
    office.wait(60)
    assert sorted(office.said("dial-failed")) == ["chair", "east", "west", "west"]
    assert office.capacity.ports_used == 1


def test_one_that_calls_while_it_is_called_is_in(make: Make) -> None:
    """Its own call replaces ours, in that meeting or in another, and it can be redialled later."""
    office = make(meetings(called(), rooms={}), seats={}, guests=6)
    bridge(office, "chair", 1)
    west = bridge(office, "west", 2)
    west.answers = False
    begin(office)
    assert office.capacity.ports_used == 2
    west.dial("meeting")
    assert office.said("joined") == ["chair", "west"]
    assert office.capacity.ports_used == 2
    west.hang_up()
    assert redial(office, "west") is None
    other = bridge(office, "west", 9)
    office.controller._anonymous = False
    other.dial("room")
    assert office.said("joined") == ["chair", "west", "west"]
    other.hang_up()
    west.answers = True
    assert redial(office, "west") is None
    assert office.said("joined")[-1] == "west"


def test_one_that_is_being_called_can_be_dropped(make: Make) -> None:
    office = make(meetings(called()), seats={}, guests=4)
    bridge(office, "chair", 1)
    west = bridge(office, "west", 2)
    west.answers = False
    begin(office)
    command = commands.Drop(command="drop", participant="west")
    office.controller.controls.at_console(command, "meeting", office.now_ns)
    office.wait(60)
    assert office.capacity.ports_used == 1
    west.answers = True
    assert redial(office, "west") is None
    assert office.said("joined") == ["chair", "west"]


def test_answers_from_one_address_cannot_be_told_apart(make: Make) -> None:
    """Both calls were offered the same port: the later one cannot be had."""
    held = meetings(
        {
            "id": "meeting",
            "chair": "chair",
            "member": [
                {"id": "chair", "uri": f"sip:chair@{local_address(74)}"},
                {"id": "west", "uri": f"sip:west@{local_address(74)}:5062"},
            ],
            "dial": "out",
        }
    )
    office = make(held, seats={}, guests=4)
    bridge(office, "chair", 1)
    bridge(office, "west", 1, sip_port=5062)
    begin(office)
    assert office.said("joined") == ["chair"]
    assert office.said("turned-away") == ["west"]
    assert len(office.ports.held) == 1


def test_encrypted_calls_are_made_where_it_is_wanted(make: Make) -> None:
    office = make(meetings(called()), seats={}, guests=4, encrypted=True)
    chair = bridge(office, "chair", 1, secure=True)
    begin(office)
    assert office.said("joined") == ["chair"]
    assert chair.agreed["audio"].protocol == "RTP/SAVP"
    chair.say(400)
    office.run(100)
    assert chair.received("audio")
    assert office.plane.inbound.lost.unauthentic == 0
