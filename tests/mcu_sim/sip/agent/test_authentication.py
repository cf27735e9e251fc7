"""Calls that have to say who makes them (RFC 3261 §22), between two agents."""

from __future__ import annotations

import random
from typing import Any

import pytest

from mcu_sim.sip import Answered, CallEstablished, CallState, IncomingCall, Peer, Refused
from mcu_sim.sip.digest import Authority, Credentials
from tests.mcu_sim.agent_calls import URIS, accept_all

RIGHT = Credentials("cu-jut", "bí mật")


def authority(life_ms: float = 300_000) -> Authority:
    return Authority("mcu", {"cu-jut": "bí mật", "dak-song": "khác"}, b"0123456789abcdef", life_ms)


def guarded(make_wire: Any, answer: bytes, client: dict[str, Any], **more: Any) -> Any:
    wire = make_wire(client=client, server={"authority": authority(), **more})
    accept_all(wire, answer)
    return wire


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_challenge_is_answered_once(make_wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS[transport], offer, 0.0)
    wire.run(100.0)
    assert wire.client_events == [Answered(call, answer)]
    incoming = wire.server_events[0]
    assert isinstance(incoming, IncomingCall)
    assert (incoming.verified_user, incoming.from_user) == ("cu-jut", "cu-jut")
    first, second = (
        dict(line.split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)
        for text in wire.texts("client", "INVITE")
    )
    assert (first["CSeq"], second["CSeq"]) == ("1 INVITE", "2 INVITE")
    assert (first["Call-ID"], first["From"]) == (second["Call-ID"], second["From"])
    assert first["Via"] != second["Via"]
    assert second["Authorization"].startswith('Digest username="cu-jut"')
    assert len(wire.sent("client", "ACK")) == 2
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.client.idle
    assert wire.server.idle


@pytest.mark.parametrize(
    ("client", "code"),
    [
        ({}, 401),
        ({"credentials": Credentials("cu-jut", "falsch")}, 403),
        ({"credentials": Credentials("nobody", "bí mật")}, 403),
        ({"credentials": Credentials("dak-song", "khác")}, 403),  # who is not who From says
    ],
)
def test_others_do_not_get_in(make_wire, offer, answer, client, code) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, client)
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run()
    [refused] = wire.client_events
    assert isinstance(refused, Refused)
    assert (refused.call, refused.code) == (call, code)
    assert wire.server_events == []
    assert wire.client.idle
    assert wire.server.idle


def test_a_second_challenge_is_a_refusal(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT}, authority=authority(life_ms=1))
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run()
    assert wire.client_events == [Refused(call, 401, "Unauthorized", None)]
    stale = wire.texts("server", "SIP/2.0 401")[-1]
    assert "stale=true" in stale
    assert len(wire.sent("client", "INVITE")) == 2


def test_a_challenge_and_a_short_interval_together_get_through(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    client = {"credentials": RIGHT, "session_expires_s": 120}
    wire = guarded(make_wire, answer, client, min_se_s=600)
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    assert wire.client_events == [Answered(call, answer)]
    codes = [text.split(" ")[1] for text in wire.texts("server", "SIP/2.0")]
    assert codes == ["401", "422", "401", "200"]


def test_hanging_up_before_the_challenge_makes_no_second_call(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(6.0)
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert len(wire.sent("client", "INVITE")) == 1
    assert wire.client_events == wire.server_events == []
    assert wire.client.idle
    assert wire.server.idle


def test_a_proxy_that_asks_is_answered_in_its_own_header(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"credentials": RIGHT})
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    head = invite.data.split(b"\r\n")
    names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    copied = [line for line in head if line.split(b":")[0] in names]
    [challenge] = [c for c in authority().challenges(0.0) if c.endswith("MD5")]
    asked = b"Proxy-Authenticate: " + challenge.encode()
    lines = [b"SIP/2.0 407 Proxy Authentication Required", *copied, asked, b"", b""]
    assert wire.client.receive(b"\r\n".join(lines), Peer("10.67.0.2", 5060), 1.0) == []
    ack, again = wire.client.outgoing()
    assert ack.data.startswith(b"ACK ")
    assert b"\r\nProxy-Authorization: Digest " in again.data


def test_requests_inside_a_call_are_not_asked_again(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    wire.client.reinvite(call, b"v=0 more", wire.now_ms)
    wire.client.info(call, "text/plain", b"", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert len(wire.sent("server", "SIP/2.0 401")) == 1
    assert len(wire.server_events) == 4


def test_a_reinvite_that_is_challenged_is_answered(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    established = wire.server_events[-1]
    assert isinstance(established, CallEstablished)
    wire.client.reinvite(call, b"v=0 more", wire.now_ms)
    [invite] = wire.client.outgoing()
    wire.client.info(call, "text/plain", b"", wire.now_ms)  # takes the next CSeq
    head = invite.data.split(b"\r\n")
    names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    lines = [b"SIP/2.0 401 Unauthorized", *(x for x in head if x.split(b":")[0] in names)]
    lines += [b"WWW-Authenticate: " + c.encode() for c in authority().challenges(0.0)]
    data = b"\r\n".join([*lines, b"", b""])
    wire.client.receive(data, Peer("10.67.0.2", 5060), wire.now_ms)
    again = wire.client.outgoing()[-1].data
    assert again.startswith(b"INVITE ")
    assert b"\r\nAuthorization: Digest " in again
    assert b"\r\nCSeq: 5 INVITE\r\n" in again  # after 3 INVITE and 4 INFO
    assert wire.client.state(call) is CallState.ESTABLISHED


def test_authorization_garbage_is_refused_and_nothing_is_left(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {})
    rng = random.Random(1)
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    for number in range(200):
        junk = "".join(rng.choice('Digest ="\\,;{}ä\t') for _ in range(rng.randrange(80)))
        data = invite.data.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % number)
        data = data.replace(b"Call-ID: ", b"Call-ID: %d" % number)
        data = data.replace(b"Max-Forwards", f"Authorization: {junk}\r\nMax-Forwards".encode())
        assert wire.server.receive(data, Peer("10.68.0.2", 5062), 0.0) == []
        assert wire.server.outgoing()[-1].data[8:11] in (b"401", b"403")
    while (at := wire.server.next_timeout()) is not None:
        wire.server.advance(at)
    assert wire.server.idle
