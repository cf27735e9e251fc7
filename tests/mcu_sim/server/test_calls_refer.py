"""REFER at the controller: the chair's technician lets the MCU call a bridge, as with `redial`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sipmessage import Response

from mcu_sim.conference import commands
from mcu_sim.sip import CallEnded, CallFailed, IncomingCall
from mcu_sim.sip.endpoint import Slot, TransactionUser
from tests.loopback import local_address
from tests.mcu_sim.agent_calls import hears_notify
from tests.mcu_sim.agent_calls import refer as send_refer
from tests.mcu_sim.desk_bridge import Bridge
from tests.mcu_sim.desk_factory import Make, Office, offices
from tests.mcu_sim.server_factory import device, meeting_of, meetings

MCU = local_address(79)
CHAIR, WEST, EAST, STRANGER = (local_address(80, n) for n in range(1, 5))
AT = {"west": f"sip:west@{WEST}", "east": f"sip:east@{EAST}"}
ACTIVE, OVER = "active;expires=240", "terminated;reason=noresource"
HELD = {
    "id": "meeting",
    "chair": "chair",
    "member": [{"id": "chair"}, *({"id": who, "uri": uri} for who, uri in AT.items())],
}


@pytest.fixture
def make() -> Iterator[Make]:
    yield from offices(MCU, ())


class Answers(TransactionUser):
    """The final codes of what a technician's terminal sends."""

    def __init__(self) -> None:
        self.codes: list[int] = []

    def on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        if response.code >= 200:
            self.codes.append(response.code)


def caller(office: Office, user: str, host: str, **more: Any) -> Bridge:
    """A bridge in the meeting, whose terminal answers NOTIFYs with 200."""
    one = Bridge(office, user, host, **more)
    hears_notify(one.agent)
    one.dial("meeting")
    return one


def refer(one: Bridge, to: str, *more: tuple[str, str]) -> int:
    """Send a REFER in a call, and let the MCU live as long as it has something to say at once."""
    answers = Answers()
    send_refer(one.agent, one.call, to, one.office.now_ms, more, answers)
    one.office.settle()
    return answers.codes[0]


def told(office: Office) -> list[tuple[str, str]]:
    """The NOTIFYs since the last time: state and status line."""
    found = []
    for data, _ in office.sent:
        if data.startswith(b"NOTIFY"):
            head, _, body = data.decode().partition("\r\n\r\n")
            [state] = [x for x in head.split("\r\n") if x.startswith("Subscription-State: ")]
            found.append((state.partition(": ")[2], body.strip()))
    office.sent.clear()
    return found


def ending(line: str) -> list[tuple[str, str]]:
    return [(ACTIVE, "SIP/2.0 100 Trying"), (OVER, f"SIP/2.0 {line}")]


def office_of(make: Make, **more: Any) -> Office:
    return make(meetings(HELD), seats={}, guests=6, **more)


@pytest.mark.parametrize("to", [AT["west"], f"sip:west@{MCU}", f"sip:west@{MCU}:5060"])
def test_the_chair_has_a_bridge_called(make: Make, to: str) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.answers = False
    assert refer(chair, to) == 202
    assert told(office) == [(ACTIVE, "SIP/2.0 100 Trying")]
    [ringing] = west.got(IncomingCall)
    west.answers = True
    west.take([ringing])
    office.settle()
    assert told(office) == [(OVER, "SIP/2.0 200 OK")]
    assert office.said("joined") == ["chair", "west"]
    did = [e for e in office.events if e["event"] == "control"]
    assert [(e["kind"], e["by"], e["bridge"]) for e in did] == [("redial", "chair", "west")]
    # what the chair hears later of another call of that bridge is nothing
    west.hang_up()
    west.dial("meeting")
    assert told(office) == []
    assert chair.got(CallEnded) == []


@pytest.mark.parametrize("to", [AT["east"], f"sip:east@{MCU}", AT["west"], "sip:x@192.0.2.1"])
def test_nobody_else_may(make: Make, to: str) -> None:
    """Whoever is meant: a branch does not learn of addresses so."""
    office = office_of(make)
    caller(office, "chair", CHAIR)
    west, east = caller(office, "west", WEST), Bridge(office, "east", EAST)
    assert refer(west, to) == 403
    assert told(office) == []
    assert east.events == []
    [refused] = [e for e in office.events if e.get("kind") == "refused"]
    assert refused["by"] == "west"
    assert "403" in refused["text"]


def test_only_the_addresses_of_the_meeting_are_called(make: Make) -> None:
    """The MCU is no weapon: of a stranger's address it says that it does not call there."""
    office = office_of(make)
    chair = caller(office, "chair", CHAIR)
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
        office.sent.clear()
        assert refer(chair, to) == 404, to
        assert {target.host for _, target in office.sent} == {CHAIR}
    assert told(office) == []
    assert refer(chair, f"sip:{MCU}") == 488
    assert refer(chair, f"sip:chair@{MCU}") == 486
    refused = [e for e in office.events if e.get("kind") == "refused"]
    assert len(refused) == 9


def test_who_has_registered_or_called_before_is_called_there(make: Make) -> None:
    office = make(meetings(meeting_of(("chair", "west", "east"))), seats={}, guests=6)
    chair = caller(office, "chair", CHAIR)
    west = Bridge(office, "west", WEST)
    assert refer(chair, f"sip:west@{MCU}") == 404  # no address of it
    west.agent.register(f"sip:{MCU}:5060", office.now_ms)
    east = Bridge(office, "east", EAST)
    east.dial("meeting")
    office.settle()
    east.hang_up()
    office.sent.clear()
    assert refer(chair, f"sip:west@{WEST}:5060") == 202
    assert told(office) == ending("200 OK")
    assert refer(chair, f"sip:east@{EAST}:5060") == 202
    assert told(office) == ending("200 OK")
    assert office.said("joined") == ["chair", "east", "west", "east"]


def test_a_bridge_that_refuses_or_does_not_answer(make: Make) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.refuses = 486
    assert refer(chair, AT["west"]) == 202
    assert told(office) == ending("486 No")
    assert refer(chair, AT["east"]) == 202  # it is not there at all
    assert refer(chair, AT["west"]) == 491  # one at a time
    assert told(office) == ending("")[:1]
    office.wait(40)
    assert told(office) == [(OVER, "SIP/2.0 408 No answer")]
    assert office.said("dial-failed") == ["west", "east"]
    assert office.capacity.ports_used == 1
    west.refuses = None
    assert refer(chair, AT["west"]) == 202
    assert told(office) == ending("200 OK")


def test_one_that_rings_for_ever_is_given_up_before_the_subscription_expires(make: Make) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    office.wait(150)
    assert told(office) == ending("")[:1]
    office.wait(85)
    assert told(office) == [(OVER, "SIP/2.0 408 No answer")]
    [given_up] = west.got(CallFailed)
    assert given_up.code == 487  # by a CANCEL


def test_an_answer_that_is_of_no_use(make: Make) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.answers_with = b"v=0\r\n"
    assert refer(chair, AT["west"]) == 202
    [trying, (state, line)] = told(office)
    assert trying == ending("")[0]
    assert (state, line[:12]) == (OVER, "SIP/2.0 487 ")


def test_a_device_that_is_full(make: Make) -> None:
    small = device(capacity={"units_total": 3.0}, when_full={"steps": ["refuse"]})
    office = office_of(make, device=small, dialled_resolution="720p30")
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    assert refer(chair, AT["west"]) == 202
    [_, (state, line)] = told(office)
    assert (state, line[:12]) == (OVER, "SIP/2.0 503 ")
    assert west.events == []


def test_one_that_is_dropped_while_it_is_called(make: Make) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    command = commands.Drop(command="drop", participant="west")
    office.controller.controls.at_console(command, "meeting", office.now_ns)
    office.settle()
    assert told(office) == ending("487 Dropped by the chair")
    assert chair.got(CallEnded) == []
    # a dropped one is let in again, by this too
    west.answers = True
    assert refer(chair, AT["west"]) == 202
    assert told(office) == ending("200 OK")


def test_one_without_an_address_may_call_in_again(make: Make) -> None:
    office = make(meetings(meeting_of(("chair", "west"))), seats={}, guests=6)
    chair = caller(office, "chair", CHAIR)
    office.controller.rooms["meeting"]._state.dropped.add("west")
    assert refer(chair, f"sip:west@{MCU}") == 202
    assert told(office) == ending("480 It has no address, but may call in again")
    Bridge(office, "west", WEST).dial("meeting")
    assert office.said("joined") == ["chair", "west"]


def test_who_wants_no_notify(make: Make) -> None:
    office = office_of(make)
    chair = caller(office, "chair", CHAIR)
    Bridge(office, "west", WEST)
    assert refer(chair, AT["west"], ("Refer-Sub", "false")) == 202
    assert told(office) == []
    assert office.said("joined") == ["chair", "west"]


def test_a_chair_that_leaves_is_told_nothing_and_the_bridge_is_called_all_the_same(
    make: Make,
) -> None:
    office = office_of(make)
    chair, west = caller(office, "chair", CHAIR), Bridge(office, "west", WEST)
    west.answers = False
    assert refer(chair, AT["west"]) == 202
    chair.hang_up()
    west.answers = True
    west.take(west.got(IncomingCall))
    office.settle()
    assert told(office) == ending("")[:1]
    assert office.said("joined") == ["chair", "west"]


def test_whatever_is_referred_to_only_members_are_called(make: Make) -> None:
    """As many REFERs as anybody likes: no packet goes to who is not of the meeting."""
    office = office_of(make)
    rng = random.Random(17)
    chair, east = caller(office, "chair", CHAIR), caller(office, "east", EAST)
    west = Bridge(office, "west", WEST)
    hosts = [CHAIR, WEST, EAST, STRANGER, MCU, "0.0.0.0", "255.255.255.255", "224.0.0.1", "x.y"]
    users = ["", "west@", "east@", "chair@", "stranger@", "meeting@", "%77est@"]
    tails = ["", ":5060", ":1", ";transport=tcp", ";maddr=" + STRANGER, ";lr", ";method=INVITE"]
    for _ in range(300):
        to = rng.choice(["sip:", "sips:"]) + rng.choice(users) + rng.choice(hosts)
        refer(rng.choice([chair, east]), to + rng.choice(tails))
        if rng.random() < 0.2 and office.book.of("west") is not None:
            west.hang_up()
    assert {target.host for _, target in office.sent} == {CHAIR, WEST, EAST}
    assert office.said("joined").count("west") > 1
    # what the MCU sends to the bridge is as much as it is called, not as often as it is asked
    invites = [data for data, target in office.sent if data.startswith(b"INVITE")]
    assert len(invites) == office.said("joined").count("west")
