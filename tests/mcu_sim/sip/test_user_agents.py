"""Two user agents talking over a wire without loss: calls begin, fail and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcu_sim.sip import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    CallState,
    IncomingCall,
    Peer,
    Refused,
    TimedOut,
)

URI = "sip:mcu@10.67.0.2"


def ring(wire, offer: bytes) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """Place a call and let it ring; both sides' names of it."""
    at_client = wire.client.call(URI, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    incoming = wire.server_events[-1]
    assert isinstance(incoming, IncomingCall)
    return at_client, incoming.call


def establish(wire, offer: bytes, answer: bytes) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.server.state(at_server) is CallState.ESTABLISHED
    return at_client, at_server


def test_a_call_is_established_and_ended_by_the_caller(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    incoming = wire.server_events[0]
    assert (incoming.from_user, incoming.to_user) == ("cu-jut", "mcu")
    assert (incoming.sdp, incoming.source) == (offer, Peer("10.68.0.2", 5062))
    assert incoming.sip_call_id == at_client
    assert wire.client_events == [Answered(at_client, answer)]
    assert wire.server_events[1:] == [CallEstablished(at_server, None)]
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.server_events[2:] == [CallEnded(at_server)]
    assert wire.client_events == [Answered(at_client, answer)]
    assert wire.client.idle
    assert wire.server.idle


def test_the_server_hangs_up(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.run(wire.now_ms + 100_000.0)  # long after the INVITE's transactions are gone
    wire.server.hang_up(at_server, wire.now_ms)
    wire.server.hang_up(at_server, wire.now_ms)
    wire.run()
    assert wire.client_events[1:] == [CallEnded(at_client)]
    assert len(wire.server_events) == 2
    assert len(wire.sent("server", "BYE")) == 1
    assert wire.client.idle
    assert wire.server.idle


def test_a_refusal_brings_code_reason_and_retry_after(wire, offer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.refuse(at_server, 503, "Resource deficiency", wire.now_ms, retry_after_s=60)
    wire.run()
    assert wire.client_events == [Refused(at_client, 503, "Resource deficiency", 60)]
    assert len(wire.sent("client", "ACK")) == 1
    assert wire.client.idle
    assert wire.server.idle


def test_a_caller_that_gives_up_cancels(wire, offer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.run(wire.now_ms + 300.0)  # until the 100 is there: no CANCEL may go before it
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.server_events[1:] == [CallFailed(at_server, 487, "Request Terminated")]
    assert wire.client_events == []
    assert len(wire.sent("server", "SIP/2.0 487")) == 1
    assert wire.client.idle
    assert wire.server.idle


def test_a_caller_that_gives_up_at_once_waits_for_the_first_answer(wire, offer) -> None:  # type: ignore[no-untyped-def]
    at_client = wire.client.call(URI, offer, 0.0)
    wire.client.hang_up(at_client, 0.0)
    wire.run()
    assert wire.sent("server", "SIP/2.0 100") == [205.0]
    assert wire.sent("client", "CANCEL") == [210.0]
    assert isinstance(wire.server_events[1], CallFailed)
    assert wire.client.idle


def test_a_200_that_crosses_the_hanging_up_is_acknowledged_and_ended(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.client_events == []
    assert wire.server_events[1:] == [CallEstablished(at_server, None), CallEnded(at_server)]
    assert wire.server.idle
    assert wire.client.idle


def test_hanging_up_before_the_ack_waits_for_it(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.server.hang_up(at_server, wire.now_ms)
    assert wire.server.state(at_server) is CallState.CLOSING
    wire.run()
    assert wire.client_events == [Answered(at_client, answer), CallEnded(at_client)]
    assert len(wire.server_events) == 1
    assert wire.server.idle


def test_a_200_is_repeated_until_64_t1_and_then_the_call_is_ended(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = ring(wire, offer)
    wire.client.receive = lambda data, source, now_ms: []  # the client is deaf
    start = wire.now_ms
    wire.server.accept(at_server, answer, start)
    wire.run(start + 70_000.0)
    repeats = [at - start for at in wire.sent("server", "SIP/2.0 200")]
    assert repeats == [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
    assert wire.server_events[1:] == [CallFailed(at_server, 408, "No ACK")]
    assert wire.sent("server", "BYE")[0] - start == 32_000.0
    assert wire.server.idle


def test_nobody_there(wire, offer) -> None:  # type: ignore[no-untyped-def]
    wire.loss = 1.0
    call = wire.client.call(URI, offer, 0.0)
    wire.run()
    assert wire.sent("client", "INVITE") == [0, 500, 1500, 3500, 7500, 15500, 31500]
    assert wire.client_events == [TimedOut(call)]
    assert wire.now_ms == 32_000.0
    assert wire.client.idle


def test_a_call_that_rings_for_ever_is_given_up(wire, offer) -> None:  # type: ignore[no-untyped-def]
    call, at_server = ring(wire, offer)
    wire.run()
    assert wire.client_events == [TimedOut(call)]
    assert wire.sent("client", "CANCEL") == [180_000.0]
    assert wire.server_events[1:] == [CallFailed(at_server, 487, "Request Terminated")]
    assert wire.client.idle
    assert wire.server.idle


def test_a_server_that_dies_while_ringing_is_given_up(wire, offer) -> None:  # type: ignore[no-untyped-def]
    call, _ = ring(wire, offer)
    wire.run(1000.0)
    wire.server.receive = lambda data, source, now_ms: []
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.client.idle


def test_a_bad_uri_is_refused_and_a_name_needs_a_target(wire, offer) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="not a valid URI"):
        wire.client.call("mcu", offer, 0.0)
    with pytest.raises(ValueError, match="give a target"):
        wire.client.call("sip:mcu@gia-nghia.example", offer, 0.0)
    assert wire.client.idle
    call = wire.client.call("sip:mcu@gia-nghia.example", offer, 0.0, target=Peer("10.67.0.2", 5060))
    wire.run(20.0)
    assert wire.client.calls == [call]


def test_owners_mistakes_are_errors(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = establish(wire, offer, answer)
    with pytest.raises(ValueError, match="not ringing"):
        wire.server.accept(at_server, answer, wire.now_ms)
    with pytest.raises(ValueError, match="not ringing"):
        wire.server.refuse("nobody", 486, "Busy", wire.now_ms)
    with pytest.raises(ValueError, match="no refusal"):
        wire.server.refuse(at_server, 200, "OK", wire.now_ms)


def test_same_seed_same_bytes(make_wire: Callable[..., object], offer, answer) -> None:  # type: ignore[no-untyped-def]
    logs = []
    for _ in range(2):
        wire = make_wire(seed=5)
        establish(wire, offer, answer)
        logs.append(wire.log)  # type: ignore[attr-defined]
    assert logs[0] == logs[1]
