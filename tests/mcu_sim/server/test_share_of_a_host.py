"""One host does not take what is there for many, nor have the MCU send more than it is worth."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.server import McuServer
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import MAX_UNANSWERED, PUBLIC_LIMITS
from giaoban.mcu_sim.sip.events import IncomingCall, InviteAccepted
from giaoban.mcu_sim.sip.message.addresses import Peer
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, harnesses
from tests.mcu_sim.server_factory import config, meetings

MCU = local_address(153)
FLOODER, OTHER = Peer("10.68.0.9", 5060), Peer("10.68.0.8", 5060)
ROOMS = meetings(rooms={"prefix": ""})


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, ())


def invite(number: int, source: Peer, body: bytes = b"") -> bytes:
    kind = "Content-Type: application/sdp\r\n" if body else ""
    host = f"{source.host}:{source.port}"
    return (
        f"INVITE sip:room@10.67.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bK{number}\r\n"
        f"From: <sip:a{number}@{host}>;tag={number}\r\nTo: <sip:room@10.67.0.2>\r\n"
        f"Call-ID: {source.host}-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{host}>\r\n"
        f"Max-Forwards: 70\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def agent() -> UserAgent:
    return UserAgent(("10.67.0.2", 5060), random.Random(1), limits=PUBLIC_LIMITS)


@pytest.mark.parametrize("code", [200, 486])
def test_a_forged_source_is_sent_little_more_than_came(code: int) -> None:
    """Nobody acknowledges anything: answers are repeated for 32 s, and calls ended by BYE."""
    mcu = agent()
    came = sent = 0
    for number in range(4_000):
        data = invite(number, FLOODER, b"v=0")
        came += len(data)
        for event in mcu.receive(data, FLOODER, 0.0):
            assert isinstance(event, IncomingCall)
            if code == 200:
                mcu.accept(event.call, b"v=0\r\n" * 60, 0.0)
            else:
                mcu.refuse(event.call, code, "Busy here", 0.0)
        sent += sum(len(one.data) for one in mcu.outgoing())
    [event] = mcu.receive(invite(0, OTHER), OTHER, 1.0)
    assert isinstance(event, IncomingCall)  # others are heard meanwhile
    mcu.refuse(event.call, 486, "", 1.0)
    while (at := mcu.next_timeout()) is not None:
        mcu.advance(at)
        sent += sum(len(one.data) for one in mcu.outgoing() if one.target.host == FLOODER.host)
    assert sent < 4 * came
    assert mcu.idle
    [event] = mcu.receive(invite(1, FLOODER), FLOODER, 1e6)  # nothing is held against it later
    assert isinstance(event, IncomingCall)


def test_calls_that_nobody_has_decided_about_leave_room_for_others() -> None:
    mcu = agent()
    for number in range(2 * MAX_UNANSWERED):
        mcu.receive(invite(number, FLOODER), FLOODER, 0.0)
        mcu.outgoing()
    assert [type(e) for e in mcu.receive(invite(0, OTHER), OTHER, 0.0)] == [IncomingCall]


def test_who_acknowledges_may_call_on() -> None:
    mcu = agent()
    for number in range(3 * PUBLIC_LIMITS.unconfirmed):
        [event] = mcu.receive(invite(number, OTHER), OTHER, float(number))
        assert isinstance(event, IncomingCall)
        mcu.refuse(event.call, 486, "", float(number))
        [busy] = mcu.outgoing()
        to = next(line for line in busy.data.split(b"\r\n") if line.startswith(b"To: "))
        ack = invite(number, OTHER).replace(b"INVITE", b"ACK")
        ack = ack.replace(b"To: <sip:room@10.67.0.2>", to)
        assert mcu.receive(ack, OTHER, float(number)) == []


def test_half_open_calls_of_one_host_leave_the_device_to_others(make: Make) -> None:
    """200s that are never acknowledged hold units and ports of the device for 32 s."""
    harness = make(ROOMS, guests=46)
    local = Bridge(harness, "a", local_address(153, 2)).local
    for number in range(60):
        harness.take(invite(number, Peer(local_address(153, 3), 5060), sdp.build(local)), FLOODER)
    assert harness.capacity.ports_used == 30  # alone, it may have the whole device
    for number in range(1, 4):
        west = Bridge(harness, f"west-{number}", local_address(153, number + 3))
        west.dial("room")
        assert west.got(InviteAccepted)
        assert len(harness.said("joined")) == number
    harness.wait(60)
    assert harness.capacity.ports_used == 3


def test_the_mcu_is_shared() -> None:
    server = McuServer(config(MCU, ROOMS), None, lambda event: None)
    try:
        assert server._sip._most_of_one_host == server._sip._most_connections // 2
        assert server._agent._end._limits is PUBLIC_LIMITS
    finally:
        server.close()
