"""A user agent whose line goes away says why it hangs up, and calls anew without its old INVITE."""

from __future__ import annotations

import pytest

from mcu_sim.sip import Answered, CallEnded, IncomingCall
from mcu_sim.sip.message.headers import reason_cause
from mcu_sim.sip.message.parser import parse
from tests.mcu_sim.sip.test_user_agents import URI, establish, ring


def test_who_hears_nothing_any_more_says_so_in_its_bye(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    """RFC 3326: the Reason of a BYE. The far end can tell a lost line from somebody who leaves."""
    at_client, at_server = establish(wire, offer, answer)
    wire.client.hang_up(at_client, wire.now_ms, "Nothing is heard", cause=408)
    wire.run()
    [bye] = wire.texts("client", "BYE")
    assert 'Reason: SIP;cause=408;text="Nothing is heard"\r\n' in bye
    assert wire.server_events[2:] == [CallEnded(at_server, "media-lost")]


@pytest.mark.parametrize("cause", [200, 486])
def test_any_other_reason_is_a_hanging_up(wire, offer, answer, cause: int) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.hang_up(at_client, wire.now_ms, "cause=408", cause=cause)
    wire.run()
    assert wire.server_events[2:] == [CallEnded(at_server, "bye")]


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("SIP;cause=408", 408),
        ('sip ; text="a, b" ; Cause = 408', 408),
        ('Q.850;cause=16;text="x", SIP;cause=200', 200),
        ("Q.850;cause=408", None),
        ('SIP;text="; cause=408"', None),
        ('SIP;text="\\";cause=408"', None),
        ("SIP;cause=40", None),
        ("SIP;cause=", None),
        ('"', None),
        ("", None),
    ],
)
def test_the_cause_of_a_reason(value: str, cause: int | None) -> None:
    """RFC 3326 §2: protocol *(SEMI reason-params), several separated by commas."""
    bye = parse(
        b"BYE sip:mcu@10.67.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK1\r\n"
        b"From: <sip:cu-jut@10.68.0.2>;tag=a\r\nTo: <sip:mcu@10.67.0.2>;tag=b\r\nCall-ID: 1\r\n"
        b"CSeq: 2 BYE\r\nReason: " + value.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    )
    assert reason_cause(bye) == cause


def test_an_abandoned_invite_is_not_sent_again(wire, offer) -> None:  # type: ignore[no-untyped-def]
    """It would come through behind the one that is sent in its place, and replace its call."""
    wire.server.receive = lambda data, source, now_ms: []  # the line is away
    call = wire.client.call(URI, offer, wire.now_ms)
    wire.run(wire.now_ms + 5_000.0)
    assert len(wire.sent("client", "INVITE")) == 4  # at 0, 0.5, 1.5 and 3.5 s: RFC 3261 §17.1.1.2
    wire.client.abandon(call, wire.now_ms)
    wire.client.abandon(call, wire.now_ms)
    assert wire.client.idle
    wire.run(wire.now_ms + 60_000.0)
    assert len(wire.sent("client", "INVITE")) == 4
    assert wire.client_events == []


def test_a_200_to_an_abandoned_invite_leads_nowhere(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire.client.call(URI, offer, wire.now_ms)
    first = wire.client.calls[0]
    wire.client.abandon(first, wire.now_ms)  # before anything has come back
    wire.run(wire.now_ms + 20.0)
    incoming = wire.server_events[-1]
    assert isinstance(incoming, IncomingCall)
    wire.server.accept(incoming.call, answer, wire.now_ms)
    second, at_server = establish(wire, offer, answer)
    assert wire.client_events == [Answered(second, answer)]
    assert wire.client.dropped["stray response"] > 0
    wire.server.hang_up(incoming.call, wire.now_ms)
    wire.client.hang_up(second, wire.now_ms)
    wire.run()
    assert CallEnded(at_server, "bye") in wire.server_events
    assert wire.client.idle
    assert wire.server.idle


def test_an_abandoned_call_that_rings_is_cancelled(wire, offer) -> None:  # type: ignore[no-untyped-def]
    call, _ = ring(wire, offer)
    wire.run(wire.now_ms + 300.0)  # the 100 is there
    wire.client.abandon(call, wire.now_ms)
    wire.run()
    assert len(wire.sent("client", "CANCEL")) == 1
    assert wire.client.idle
    assert wire.server.idle
