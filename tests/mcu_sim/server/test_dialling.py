"""The controller calls bridges: what they may say to it, and that nothing is left of failures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sipmessage import Response

from giaoban.mcu_sim.conference import commands
from giaoban.mcu_sim.sip.endpoint import TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import CallEnded, CallFailed, IncomingCall
from tests.loopback import local_address
from tests.mcu_sim.agent_calls import hears_notify
from tests.mcu_sim.agent_calls import refer as send_refer
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import device, meeting_of, meetings

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
    harness.controller.advance(harness.now_ns)
    harness.settle()


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


def test_a_bridge_holds_no_more_than_it_takes(make: Make) -> None:
    """It is offered the device's best."""
    harness = make(meetings(called()), planned_streams={}, guests=4)
    bridge(harness, "chair", 1, resolution="720p30")
    bridge(harness, "west", 2, kinds=("audio",))
    begin(harness)
    assert harness.said("joined") == ["chair", "west"]
    assert harness.capacity.units_used == 3.0 + 1.0


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
    harness = make(meetings(called()), planned_streams={}, guests=4)
    bridge(harness, "chair", 1, kinds=("audio", "video", "content"))
    west = bridge(harness, "west", 2)
    west.answers_with = answer_of(media)
    begin(harness)
    told = {e["bridge"]: e.get("refused") for e in harness.events if e["event"] == "joined"}
    assert told == {"chair": None, "west": refused}


def test_a_meeting_that_opens_later_is_dialled_then(make: Make) -> None:
    harness = make(meetings(called(opens_s=30.0, closes_s=60.0)), planned_streams={}, guests=4)
    chair, west = bridge(harness, "chair", 1), bridge(harness, "west", 2)
    early = bridge(harness, "west", 9)
    early.dial("meeting")
    assert early.codes() == [404]
    harness.wait(29)
    assert harness.said("joined") == []
    harness.wait(2)
    assert harness.said("joined") == ["chair", "west"]
    harness.wait(30)
    assert chair.got(CallEnded)
    assert west.got(CallEnded)
    assert harness.is_empty()


def redial(harness: McuHarness, who: str, meeting: str = "meeting") -> str | None:
    """At the console; why it is refused."""
    command = commands.Redial(command="redial", participant=who)
    answer = harness.controller.controls.at_console(command, meeting, harness.now_ns)
    harness.settle()
    return getattr(answer, "reason", None)


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
    harness = make(held, planned_streams={}, guests=4)
    bridge(harness, "chair", 1)
    west = bridge(harness, "west", 2)
    begin(harness)
    assert [e["code"] for e in harness.events if e["event"] == "dial-failed"] == [404]
    west.agent.register(f"sip:{MCU}:5060", harness.now_ms)
    harness.settle()
    assert redial(harness, "west") is None
    assert harness.said("joined") == ["chair", "west"]


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


def test_one_bridge_of_two_meetings_is_called_by_one(make: Make) -> None:
    harness = make(
        meetings(called(), called("other", ("chair", "west", "east"))), planned_streams={}, guests=6
    )
    chair = bridge(harness, "chair", 1)
    begin(harness)
    assert harness.said("dial-failed") == ["chair", "west"]
    assert len(chair.got(CallEnded)) == 0
    harness.wait(60)
    assert sorted(harness.said("dial-failed")) == ["chair", "east", "west", "west"]
    assert harness.capacity.ports_used == 1


def test_one_that_calls_while_it_is_called_is_in(make: Make) -> None:
    """Its own call replaces ours, in that meeting or in another, and it can be redialled later."""
    harness = make(meetings(called(), rooms={}), planned_streams={}, guests=6)
    bridge(harness, "chair", 1)
    west = bridge(harness, "west", 2)
    west.answers = False
    begin(harness)
    assert harness.capacity.ports_used == 2
    west.dial("meeting")
    assert harness.said("joined") == ["chair", "west"]
    assert harness.capacity.ports_used == 2
    west.hang_up()
    assert redial(harness, "west") is None
    other = bridge(harness, "west", 9)
    harness.controller._anonymous = False
    other.dial("room")
    assert harness.said("joined") == ["chair", "west", "west"]
    other.hang_up()
    west.answers = True
    assert redial(harness, "west") is None
    assert harness.said("joined")[-1] == "west"


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
    harness = make(held, planned_streams={}, guests=4)
    bridge(harness, "chair", 1)
    bridge(harness, "west", 1, sip_port=5062)
    begin(harness)
    assert harness.said("joined") == ["chair"]
    assert harness.said("turned-away") == ["west"]
    assert len(harness.ports.held) == 1


def test_encrypted_calls_are_made_where_it_is_wanted(make: Make) -> None:
    harness = make(meetings(called()), planned_streams={}, guests=4, encrypted=True)
    chair = bridge(harness, "chair", 1, secure=True)
    begin(harness)
    assert harness.said("joined") == ["chair"]
    assert chair.agreed["audio"].crypto_send is not None
    chair.say(400)
    harness.run(100)
    assert chair.received("audio")
    assert harness.plane.inbound.lost.unauthentic == 0


CHAIR, WEST, EAST, STRANGER = (local_address(80, n) for n in range(1, 5))
AT = {"west": f"sip:west@{WEST}", "east": f"sip:east@{EAST}"}
ACTIVE, OVER = "active;expires=240", "terminated;reason=noresource"
HELD = {
    "id": "meeting",
    "chair": "chair",
    "member": [{"id": "chair"}, *({"id": who, "uri": uri} for who, uri in AT.items())],
}


class Answers(TransactionUser):
    """The final codes of what a technician's terminal sends."""

    def __init__(self) -> None:
        self.codes: list[int] = []

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if response.code >= 200:
            self.codes.append(response.code)


def caller(harness: McuHarness, user: str, host: str, **more: Any) -> Bridge:
    """A bridge in the meeting, whose terminal answers NOTIFYs with 200."""
    one = Bridge(harness, user, host, **more)
    hears_notify(one.agent)
    one.dial("meeting")
    return one


def refer(one: Bridge, to: str, *more: tuple[str, str]) -> int:
    """Send a REFER in a call, and let the MCU live as long as it has something to say at once."""
    answers = Answers()
    send_refer(one.agent, one.call, to, one.harness.now_ms, more, answers)
    one.harness.settle()
    return answers.codes[0]


def told(harness: McuHarness) -> list[tuple[str, str]]:
    """The NOTIFYs since the last time: state and status line."""
    found = []
    for data, _ in harness.sent:
        if data.startswith(b"NOTIFY"):
            head, _, body = data.decode().partition("\r\n\r\n")
            [state] = [x for x in head.split("\r\n") if x.startswith("Subscription-State: ")]
            found.append((state.partition(": ")[2], body.strip()))
    harness.sent.clear()
    return found


def ending(line: str) -> list[tuple[str, str]]:
    return [(ACTIVE, "SIP/2.0 100 Trying"), (OVER, f"SIP/2.0 {line}")]


def harness_of(make: Make, **more: Any) -> McuHarness:
    return make(meetings(HELD), planned_streams={}, guests=6, **more)


@pytest.fixture
def harness(make: Make) -> McuHarness:
    return harness_of(make)


@pytest.mark.parametrize("to", [AT["west"], f"sip:west@{MCU}", f"sip:west@{MCU}:5060"])
def test_the_chair_has_a_bridge_called(harness: McuHarness, to: str) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.answers = False
    assert refer(chair, to) == 202
    assert told(harness) == [(ACTIVE, "SIP/2.0 100 Trying")]
    [ringing] = west.got(IncomingCall)
    west.answers = True
    west.take([ringing])
    harness.settle()
    assert told(harness) == [(OVER, "SIP/2.0 200 OK")]
    assert harness.said("joined") == ["chair", "west"]
    did = [e for e in harness.events if e["event"] == "control"]
    assert [(e["kind"], e["by"], e["bridge"]) for e in did] == [("redial", "chair", "west")]
    # what the chair hears later of another call of that bridge is nothing
    west.hang_up()
    west.dial("meeting")
    assert told(harness) == []
    assert chair.got(CallEnded) == []


@pytest.mark.parametrize("to", [AT["east"], f"sip:east@{MCU}", AT["west"], "sip:x@192.0.2.1"])
def test_nobody_else_may(harness: McuHarness, to: str) -> None:
    """Whoever is meant: a branch does not learn of addresses so."""
    caller(harness, "chair", CHAIR)
    west, east = caller(harness, "west", WEST), Bridge(harness, "east", EAST)
    assert refer(west, to) == 403
    assert told(harness) == []
    assert east.events == []
    [refused] = [e for e in harness.events if e.get("kind") == "refused"]
    assert refused["by"] == "west"
    assert "403" in refused["text"]


def test_only_the_addresses_of_the_meeting_are_called(harness: McuHarness) -> None:
    """The MCU is no weapon: of a stranger's address it says that it does not call there."""
    chair = caller(harness, "chair", CHAIR)
    for to in (
        f"sip:stranger@{STRANGER}",
        f"sip:west@{STRANGER}",  # a member's name is not enough
        f"sip:west@{WEST}:5090",
        f"sip:west@{WEST};transport=tcp",
        f"sip:{WEST}",
        f"sips:west@{WEST}",
        "sip:west@west.example",
        f"sip:stranger@{MCU}",
    ):
        harness.sent.clear()
        assert refer(chair, to) == 404, to
        assert {target.host for _, target in harness.sent} == {CHAIR}
    assert told(harness) == []
    assert refer(chair, f"sip:{MCU}") == 488
    assert refer(chair, f"sip:chair@{MCU}") == 486
    refused = [e for e in harness.events if e.get("kind") == "refused"]
    assert len(refused) == 9


def test_who_has_registered_or_called_before_is_called_there(make: Make) -> None:
    harness = make(meetings(meeting_of(("chair", "west", "east"))), planned_streams={}, guests=6)
    chair = caller(harness, "chair", CHAIR)
    west = Bridge(harness, "west", WEST)
    assert refer(chair, f"sip:west@{MCU}") == 404  # no address of it
    west.agent.register(f"sip:{MCU}:5060", harness.now_ms)
    east = Bridge(harness, "east", EAST)
    east.dial("meeting")
    harness.settle()
    east.hang_up()
    harness.sent.clear()
    assert refer(chair, f"sip:west@{WEST}:5060") == 202
    assert told(harness) == ending("200 OK")
    assert refer(chair, f"sip:east@{EAST}:5060") == 202
    assert told(harness) == ending("200 OK")
    assert harness.said("joined") == ["chair", "east", "west", "east"]


def test_a_bridge_that_refuses_or_does_not_answer(harness: McuHarness) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.refuses = 486
    assert refer(chair, AT["west"]) == 202
    assert told(harness) == ending("486 No")
    assert refer(chair, AT["east"]) == 202  # it is not there at all
    assert refer(chair, AT["west"]) == 491  # one at a time
    assert told(harness) == ending("")[:1]
    assert harness.capacity.ports_used == 2
    harness.wait(40)
    assert told(harness) == [(OVER, "SIP/2.0 408 No answer")]
    failed = [e for e in harness.events if e["event"] == "dial-failed"]
    assert [(e["bridge"], e["code"]) for e in failed] == [("west", 486), ("east", 408)]
    assert harness.capacity.ports_used == 1
    west.refuses = None
    assert refer(chair, AT["west"]) == 202
    assert told(harness) == ending("200 OK")


def test_one_that_rings_for_ever_is_given_up_before_the_subscription_expires(
    harness: McuHarness,
) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    harness.wait(150)
    assert told(harness) == ending("")[:1]
    harness.wait(85)
    assert told(harness) == [(OVER, "SIP/2.0 408 No answer")]
    [given_up] = west.got(CallFailed)
    assert given_up.code == 487  # by a CANCEL
    chair.hang_up()
    harness.wait(60)
    assert harness.is_empty()
    assert harness.agent.idle


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"v=0\r\n",
        b"v=0\r\no=- 1 1 IN IP4 127.0.74.2\r\ns=-\r\nc=IN IP4 127.0.74.2\r\nt=0 0\r\n"
        b"m=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\nm=video 0 RTP/AVP 98\r\n",
    ],
)
def test_an_answer_that_is_of_no_use(harness: McuHarness, answer: bytes) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.answers_with = answer
    assert refer(chair, AT["west"]) == 202
    [trying, (state, line)] = told(harness)
    assert trying == ending("")[0]
    assert (state, line[:12]) == (OVER, "SIP/2.0 487 ")
    assert harness.said("turned-away") == ["west"]
    assert west.got(CallEnded)
    assert harness.capacity.ports_used == 1
    west.answers_with = None
    assert redial(harness, "west") is None
    assert harness.said("joined") == ["chair", "west"]


def test_a_device_that_is_full(make: Make) -> None:
    small = device(capacity={"units_total": 3.0}, when_full={"steps": ["refuse"]})
    harness = harness_of(make, device=small, dialled_resolution="720p30")
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    assert refer(chair, AT["west"]) == 202
    [_, (state, line)] = told(harness)
    assert (state, line[:12]) == (OVER, "SIP/2.0 503 ")
    failed = [e for e in harness.events if e["event"] == "dial-failed"]
    assert [(e["bridge"], e["code"]) for e in failed] == [("west", 503)]
    assert west.events == []


def test_one_that_is_dropped_while_it_is_called(harness: McuHarness) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    command = commands.Drop(command="drop", participant="west")
    harness.controller.controls.at_console(command, "meeting", harness.now_ns)
    harness.settle()
    assert told(harness) == ending("487 Dropped by the chair")
    assert chair.got(CallEnded) == []
    assert harness.capacity.ports_used == 1
    # a dropped one is let in again, by this too
    west.answers = True
    assert refer(chair, AT["west"]) == 202
    assert told(harness) == ending("200 OK")


def test_one_without_an_address_may_call_in_again(make: Make) -> None:
    harness = make(meetings(meeting_of(("chair", "west"))), planned_streams={}, guests=6)
    chair = caller(harness, "chair", CHAIR)
    harness.controller.rooms["meeting"]._state.dropped.add("west")
    assert refer(chair, f"sip:west@{MCU}") == 202
    assert told(harness) == ending("480 It has no address, but may call in again")
    Bridge(harness, "west", WEST).dial("meeting")
    assert harness.said("joined") == ["chair", "west"]


def test_who_wants_no_notify(harness: McuHarness) -> None:
    chair = caller(harness, "chair", CHAIR)
    Bridge(harness, "west", WEST)
    assert refer(chair, AT["west"], ("Refer-Sub", "false")) == 202
    assert told(harness) == []
    assert harness.said("joined") == ["chair", "west"]


def test_a_chair_that_leaves_is_told_nothing_and_the_bridge_is_called_all_the_same(
    harness: McuHarness,
) -> None:
    chair, west = caller(harness, "chair", CHAIR), Bridge(harness, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    chair.hang_up()
    west.answers = True
    west.take(west.got(IncomingCall))
    harness.settle()
    assert told(harness) == ending("")[:1]
    assert harness.said("joined") == ["chair", "west"]


def test_whatever_is_referred_to_only_members_are_called(harness: McuHarness) -> None:
    """As many REFERs as anybody likes: no packet goes to who is not of the meeting."""
    rng = random.Random(17)
    chair, east = caller(harness, "chair", CHAIR), caller(harness, "east", EAST)
    west = Bridge(harness, "west", WEST)
    hosts = [CHAIR, WEST, EAST, STRANGER, MCU, "0.0.0.0", "255.255.255.255", "224.0.0.1", "x.y"]
    users = ["", "west@", "east@", "chair@", "stranger@", "meeting@", "%77est@"]
    tails = ["", ":5060", ":1", ";transport=tcp", ";maddr=" + STRANGER, ";lr", ";method=INVITE"]
    for _ in range(300):
        to = rng.choice(["sip:", "sips:"]) + rng.choice(users) + rng.choice(hosts)
        refer(rng.choice([chair, east]), to + rng.choice(tails))
        if rng.random() < 0.2 and harness.participants.of("west") is not None:
            west.hang_up()
    assert {target.host for _, target in harness.sent} == {CHAIR, WEST, EAST}
    assert harness.said("joined").count("west") > 1
    # what the MCU sends to the bridge is as much as it is called, not as often as it is asked
    invites = [data for data, target in harness.sent if data.startswith(b"INVITE")]
    assert len(invites) == harness.said("joined").count("west")
