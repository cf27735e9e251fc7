"""Bridges ask for the content channel by BFCP; who presents follows the meeting's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.bfcp.message import (
    AttributeType,
    FloorUser,
    Message,
    Primitive,
    RequestStatus,
    number,
    parse,
)
from giaoban.mcu_sim.sdp.description import FloorControl
from giaoban.mcu_sim.sdp.floor_control import KIND, PROTOCOL, user_of
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server.test_conference_control import ask
from tests.mcu_sim.server_factory import device, meeting_of, meetings

MCU = local_address(83)
MEMBERS = ("chair", "west", "east")
BFCP_PORT = 24_010
CLIENT = FloorControl(("c-only",))
GRANTED, DENIED, REVOKED = (
    RequestStatus.GRANTED,
    RequestStatus.DENIED,
    RequestStatus.REVOKED,
)


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, MEMBERS)


class Presenters:
    """The meeting's bridges, all of which can ask for the floor."""

    def __init__(self, make: Make, floor: str, **more: Any) -> None:
        held = meetings(meeting_of(MEMBERS, floor=floor))
        self.harness: McuHarness = make(held, floor_port=5070, **more)
        self.bridges = {who: self._enter(who, n) for n, who in enumerate(MEMBERS, 1)}
        self.transaction = 0
        self.told: dict[str, list[RequestStatus]] = {who: [] for who in MEMBERS}
        """What each was told of its request by the server itself."""

    def _enter(self, who: str, number: int) -> Bridge:
        bridge = Bridge(
            self.harness, who, local_address(84, number), kinds=("audio", "video", "content")
        )
        bridge.local = with_control(bridge.local, BFCP_PORT)
        bridge.dial("meeting")
        return bridge

    def user(self, who: str) -> FloorUser:
        call = self.harness.participants.of(who)
        user = user_of(call.local)
        assert user is not None
        return user

    def say(self, who: str, primitive: Primitive, *attributes: Any) -> Message:
        """A request, and the response to it."""
        self.transaction += 1
        user = self.user(who)
        message = Message(primitive, user.conference_id, self.transaction, user.user_id, attributes)
        source = self.bridges[who].host, BFCP_PORT
        self.harness.controller.content_floor.receive(message.packed(), source, self.harness.now_ns)
        [response] = [message for message in self.turn() if message.responds]
        return response

    def request(self, who: str) -> Message:
        return self.say(who, Primitive.FLOOR_REQUEST, number(AttributeType.FLOOR_ID, 1))

    def turn(self) -> list[Message]:
        """Let the MCU do what is due; what it sends."""
        floor = self.harness.controller.content_floor
        floor.advance(self.harness.now_ns)
        self.harness.settle()
        names = {bridge.host: who for who, bridge in self.bridges.items()}
        sent = []
        for datagram in floor.outgoing():
            message = parse(datagram.data)
            sent.append(message)
            if not message.responds:
                status = datagram.data[datagram.data.index(b"\x0b\x04") + 2]
                self.told[names[datagram.target[0]]].append(RequestStatus(status))
        return sent

    @property
    def presenter(self) -> str | None:
        return self.harness.controller.rooms["meeting"].presenter


def with_control(offer: sdp.SessionDescription, port: int) -> sdp.SessionDescription:
    """An offer with a section for the floor."""
    control = sdp.Media(KIND, port, protocol=PROTOCOL, formats=("*",), floor_control=CLIENT)
    media = tuple(one for one in offer.media if one.kind != KIND)
    return replace(offer, media=(*media, control))


@pytest.fixture
def meeting(make: Make) -> Presenters:
    return Presenters(make, "open")


def test_where_nobody_leads_one_presents_after_the_other(meeting: Presenters) -> None:
    request = meeting.request("west").attributes[0].value[:2]
    assert meeting.presenter == "west"
    meeting.request("east")
    assert meeting.presenter == "west"
    wanted = number(AttributeType.FLOOR_REQUEST_ID, int.from_bytes(request, "big"))
    meeting.say("west", Primitive.FLOOR_RELEASE, wanted)
    assert meeting.presenter == "east"
    assert meeting.told == {"chair": [], "west": [GRANTED], "east": [GRANTED]}
    kinds = [event["kind"] for event in meeting.harness.events if event["event"] == "control"]
    asked, given = "request-to-present", "present"
    assert kinds == [asked, given, asked, given, given]  # the last but one: to nobody


def test_where_nobody_leads_the_chair_waits_too(meeting: Presenters) -> None:
    """It may command the channel to be its own; but what it asks for is to be the next."""
    meeting.request("west")
    assert status_of(meeting.request("chair")) == RequestStatus.PENDING
    assert (meeting.presenter, meeting.told["west"]) == ("west", [GRANTED])
    assert ask(meeting.bridges["chair"], command="present", participant="chair") == 200
    meeting.turn()
    assert (meeting.presenter, meeting.told["west"]) == ("chair", [GRANTED, REVOKED])


HIDDEN = [
    {"port": 0},
    {"direction": sdp.Direction.RECVONLY},
    {"direction": sdp.Direction.INACTIVE},
]


@pytest.mark.parametrize("floor", ["open", "chair"])
@pytest.mark.parametrize("how", HIDDEN)
def test_who_has_no_content_channel_any_more_presents_no_more(
    make: Make, floor: str, how: dict[str, Any]
) -> None:
    """Many a device says by a new offer that it has stopped to show something."""
    meeting = Presenters(make, floor)
    west, first, second = meeting.bridges["west"], "west", "east"
    if floor == "chair":
        assert ask(meeting.bridges["chair"], command="call-to-speak", participant="west") == 200
        assert ask(meeting.bridges["chair"], command="present", participant="west") == 200
    else:
        meeting.request(first)
        meeting.request(second)
    assert meeting.presenter == first
    shown = west.local
    hidden = tuple(replace(m, **how) if m.content == ("slides",) else m for m in shown.media)
    west.reoffer(replace(shown, media=hidden, version=9))
    meeting.turn()
    assert meeting.presenter == (second if floor == "open" else None)
    west.reoffer(replace(shown, version=10))
    meeting.turn()
    assert meeting.presenter == (second if floor == "open" else None)
    assert status_of(meeting.request(first)) == RequestStatus.PENDING


def test_whoever_hangs_up_presents_no_more(meeting: Presenters) -> None:
    for who in ("west", "east"):
        meeting.request(who)
    meeting.bridges["west"].hang_up()
    meeting.turn()
    assert meeting.presenter == "east"


def test_where_the_chair_leads_its_technician_gives_it(make: Make) -> None:
    meeting = Presenters(make, "chair")
    chair = meeting.bridges["chair"]
    meeting.request("west")
    assert meeting.presenter is None
    [told] = [json.loads(info.body) for info in chair.signalling.seen if hasattr(info, "body")]
    assert told == {"content_request": {"participant": "west"}}
    assert ask(meeting.bridges["west"], command="present", participant="west") == 403
    assert ask(chair, command="present", participant="west") == 403  # it is not called to speak
    assert ask(chair, command="call-to-speak", participant="west") == 200
    assert ask(chair, command="present", participant="west") == 200
    meeting.turn()
    assert (meeting.presenter, meeting.told["west"]) == ("west", [GRANTED])
    meeting.request("chair")
    assert (meeting.presenter, meeting.told["west"]) == ("chair", [GRANTED, REVOKED])


def test_a_device_that_is_full_denies_it(make: Make) -> None:
    meeting = Presenters(make, "open", device=device(content={"units": 85.0}))
    meeting.request("west")
    assert (meeting.presenter, meeting.told["west"]) == (None, [DENIED])
    meeting.request("west")
    assert (meeting.presenter, meeting.told["west"]) == (None, [DENIED, DENIED])
    # nobody showed anything, and nothing ended
    kinds = [event["kind"] for event in meeting.harness.events if event["event"] == "control"]
    assert kinds == ["request-to-present", "refused", "refused"]


def test_a_call_may_gain_and_lose_the_right_to_ask(meeting: Presenters) -> None:
    west = meeting.bridges["west"]
    meeting.request("west")
    user = meeting.user("west")
    west.reoffer(replace(with_control(west.local, 0), version=9))
    meeting.turn()
    floor = meeting.harness.controller.content_floor
    query = Message(Primitive.USER_QUERY, user.conference_id, 77, user.user_id).packed()
    floor.receive(query, (west.host, BFCP_PORT), meeting.harness.now_ns)
    assert floor.outgoing() == []
    west.reoffer(replace(with_control(west.local, BFCP_PORT), version=10))
    assert meeting.user("west") == user
    meeting.request("east")


def test_bridges_have_users_of_their_own_and_say_nothing_to_strangers(meeting: Presenters) -> None:
    users = [meeting.user(who) for who in MEMBERS]
    assert len(set(users)) == 3
    assert len({user.conference_id for user in users}) == 1
    floor = meeting.harness.controller.content_floor
    query = Message(Primitive.FLOOR_QUERY, *users[0][:1], 1, users[0].user_id).packed()
    floor.receive(query, (meeting.bridges["west"].host, BFCP_PORT), meeting.harness.now_ns)
    assert [parse(one.data).error_code for one in floor.outgoing()] == [2]
    floor.receive(query, (local_address(84, 9), BFCP_PORT), meeting.harness.now_ns)
    assert floor.outgoing() == []


def test_a_presenter_that_gains_the_right_to_ask_has_the_floor(meeting: Presenters) -> None:
    west = meeting.bridges["west"]
    assert ask(west, command="present", participant="west") == 200
    for version, port in ((9, 0), (10, BFCP_PORT)):
        west.reoffer(replace(with_control(west.local, port), version=version))
    said = len(meeting.harness.events)
    assert status_of(meeting.request("west")) == GRANTED
    for _ in range(5):
        meeting.turn()
    assert len(meeting.harness.events) == said


def test_a_call_on_hold_keeps_the_floor(meeting: Presenters) -> None:
    west = meeting.bridges["west"]
    meeting.request("west")
    held = replace(west.local, address="0.0.0.0", version=9)
    west.reoffer(replace(held, media=tuple(replace(m, address=None) for m in held.media)))
    meeting.harness.controller.content_floor.advance(meeting.harness.now_ns)
    assert meeting.presenter == "west"
    assert status_of(meeting.request("west")) == GRANTED


@pytest.mark.parametrize("how", ["sendonly", "inactive", "sound of waiting"])
def test_a_hold_of_the_whole_call_keeps_the_floor_until_it_goes_on(
    meeting: Presenters, how: str
) -> None:
    """By direction as by c=0.0.0.0: it pauses the call, and says nothing of the slides."""
    west = meeting.bridges["west"]
    for who in ("west", "east"):
        meeting.request(who)
    before, inactive = west.local, sdp.Direction.INACTIVE
    others = sdp.Direction.SENDONLY if how == "sendonly" else inactive
    sound = inactive if how == "inactive" else sdp.Direction.SENDONLY
    directions = {"audio": sound, "video": others}
    held = (replace(m, direction=directions.get(m.kind, m.direction)) for m in before.media)
    west.reoffer(replace(before, media=tuple(held), version=9))
    meeting.turn()
    assert meeting.presenter == "west"
    stopped = (replace(m, direction=inactive) if m.content else m for m in before.media)
    west.reoffer(replace(before, media=tuple(stopped), version=10))
    meeting.turn()
    assert meeting.presenter == "east"


@pytest.mark.parametrize("how", HIDDEN)
def test_a_presenter_without_the_channel_keeps_it_from_nobody(
    meeting: Presenters, how: dict[str, Any]
) -> None:
    """It may be told to present before it adds the channel; who has one need not wait for that."""
    east = meeting.bridges["east"]
    without = (replace(m, **how) if m.content else m for m in east.local.media)
    east.reoffer(replace(east.local, media=tuple(without), version=9))
    assert ask(east, command="present", participant="east") == 200
    assert meeting.presenter == "east"
    meeting.request("west")
    assert (meeting.presenter, meeting.told["west"]) == ("west", [GRANTED])
    assert status_of(meeting.request("chair")) == RequestStatus.PENDING


def test_a_presenter_may_add_the_channel_after_the_command(meeting: Presenters) -> None:
    east = meeting.bridges["east"]
    with_it = east.local
    without = (replace(m, port=0) if m.content else m for m in with_it.media)
    east.reoffer(replace(with_it, media=tuple(without), version=9))
    assert ask(east, command="present", participant="east") == 200
    east.reoffer(replace(with_it, version=10))
    assert status_of(meeting.request("west")) == RequestStatus.PENDING
    assert meeting.presenter == "east"


def test_a_call_that_comes_again_is_another_user(meeting: Presenters) -> None:
    """What is still under way from the call before is not its own."""
    west, before = meeting.bridges["west"], meeting.user("west")
    west.hang_up()
    west.local = with_control(west.offer("audio", "video", "content"), BFCP_PORT)
    west.dial("meeting")
    assert meeting.user("west") != before


def test_one_who_asks_again_and_again_is_told_of_once(make: Make) -> None:
    meeting = Presenters(make, "chair")
    for _ in range(5):
        request = meeting.request("west").attributes[0].value[:2]
        wanted = number(AttributeType.FLOOR_REQUEST_ID, int.from_bytes(request, "big"))
        meeting.say("west", Primitive.FLOOR_RELEASE, wanted)
    kinds = [event["kind"] for event in meeting.harness.events if event["event"] == "control"]
    assert kinds == ["request-to-present"]


def test_where_the_chair_leads_a_full_device_denies_it(make: Make) -> None:
    meeting = Presenters(make, "chair", device=device(content={"units": 85.0}))
    meeting.request("west")
    chair = meeting.bridges["chair"]
    for command in ("call-to-speak", "present"):
        assert ask(chair, command=command, participant="west") == 200
    meeting.turn()
    assert meeting.told["west"] == [DENIED]


def status_of(response: Message) -> RequestStatus:
    """The status that a response tells of."""
    value = response.attributes[0].value
    return RequestStatus(value[value.index(b"\x0b\x04") + 2])
