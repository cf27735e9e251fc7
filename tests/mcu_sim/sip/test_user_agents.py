"""Two user agents talking over a wire without loss: calls begin, fail and end."""

from __future__ import annotations

import random

import pytest

from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    CallFailed,
    IncomingCall,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
)
from giaoban.mcu_sim.sip.message import Peer
from tests.mcu_sim.agent_calls import URI, URIS, establish, ring


def test_a_call_is_established_and_ended_by_the_caller(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    incoming = wire.server_events[0]
    assert (incoming.from_user, incoming.to_user) == ("cu-jut", "mcu")
    assert (incoming.sdp, incoming.source) == (offer, Peer("10.68.0.2", 5062))
    assert wire.client_events == [InviteAccepted(at_client, answer)]
    assert wire.server_events[1:] == [CallEstablished(at_server, None)]
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.server_events[2:] == [CallEnded(at_server)]
    assert wire.client_events == [InviteAccepted(at_client, answer)]
    assert wire.idle


def test_the_server_hangs_up(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.run(wire.now_ms + 100_000.0)  # long after the INVITE's transactions are gone
    wire.server.hang_up(at_server, wire.now_ms)
    wire.server.hang_up(at_server, wire.now_ms)
    wire.run()
    assert wire.client_events[1:] == [CallEnded(at_client)]
    assert len(wire.server_events) == 2
    assert len(wire.sent("server", "BYE")) == 1
    assert wire.idle


@pytest.mark.parametrize("uri", URIS.values(), ids=URIS)
def test_a_refusal_brings_code_reason_and_retry_after(wire, offer, uri) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer, uri)
    wire.server.refuse(at_server, 503, "Resource deficiency", wire.now_ms, retry_after_s=60)
    wire.run(wire.now_ms + 10.0)
    assert wire.client_events == [InviteRefused(at_client, 503, "Resource deficiency")]
    assert len(wire.sent("client", "ACK")) == len(wire.sent("server", "SIP/2.0 503")) == 1
    # over a connection nobody waits for what comes again
    assert wire.idle is (uri == URIS["TCP"])
    wire.run()
    assert wire.idle


@pytest.mark.parametrize("uri", URIS.values(), ids=URIS)
def test_a_caller_that_gives_up_cancels(wire, offer, uri) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer, uri)
    wire.run(wire.now_ms + 300.0)  # until the 100 is there: no CANCEL may go before it
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.idle is (uri == URIS["TCP"])
    wire.run()
    assert wire.server_events[1:] == [CallFailed(at_server, 487, "Request Terminated")]
    assert wire.client_events == []
    assert len(wire.sent("server", "SIP/2.0 487")) == 1
    assert wire.idle


def test_hanging_up_before_the_ack_waits_for_it(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.server.hang_up(at_server, wire.now_ms)
    assert wire.server.state(at_server) is CallState.CLOSING
    wire.run()
    assert wire.client_events == [InviteAccepted(at_client, answer), CallEnded(at_client)]
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
    assert wire.client_events == [InviteTimedOut(call)]
    assert wire.now_ms == 32_000.0
    assert wire.client.idle


# -------------------------------------------------- what is different over TCP (RFC 3261 §17, §18)


CALLS = 12


@pytest.mark.parametrize("loss", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_every_call_ends_and_nothing_is_left(make_wire, offer, answer, seed, loss) -> None:  # type: ignore[no-untyped-def]
    # Up to 700 ms of delay is more than T1: datagrams overtake their own retransmissions.
    wire = make_wire(seed=seed, loss=loss, delay_ms=(1.0, 700.0), duplication=0.2)
    script = random.Random(seed)

    def at_server(event: object, now_ms: float) -> None:
        match event:
            case IncomingCall(call=call):
                if script.random() < 0.25:
                    wire.server.refuse(call, 503, "Resource deficiency", now_ms)
                else:
                    wire.server.accept(call, answer, now_ms)
            case CallEstablished(call=call) if script.random() < 0.3:
                wire.server.hang_up(call, now_ms)

    wire.on_server_event = at_server
    calls = []
    for _ in range(CALLS):
        wire.run(wire.now_ms + script.uniform(0.0, 3000.0))
        calls.append(wire.client.call("sip:mcu@10.67.0.2", offer, wire.now_ms))
        if script.random() < 0.2:
            wire.client.hang_up(script.choice(calls), wire.now_ms)
    wire.run(wire.now_ms + 100_000.0)
    standing = set(wire.client.calls)
    for call in wire.client.calls:
        wire.client.hang_up(call, wire.now_ms)
    wire.run()

    ends: dict[str, list[object]] = {call: [] for call in calls}
    answered = set()
    for event in wire.client_events:
        if isinstance(event, InviteAccepted):
            answered.add(event.call)
        else:
            assert isinstance(event, InviteRefused | InviteTimedOut | CallEnded)
            ends[event.call].append(event)
    assert all(len(end) <= 1 for end in ends.values())
    for call, end in ends.items():
        assert not (end and call in standing)
        if isinstance(end[:1] and end[0], CallEnded):
            assert call in answered
        if end and isinstance(end[0], InviteRefused):
            assert end[0] == InviteRefused(call, 503, "Resource deficiency")

    begun: dict[str, list[object]] = {}
    for event in wire.server_events:
        if isinstance(event, IncomingCall):
            assert event.call not in begun
            begun[event.call] = []
        else:
            assert isinstance(event, CallEstablished | CallEnded | CallFailed)
            begun[event.call].append(event)
    for story in begun.values():
        kinds = [type(event) for event in story]
        assert kinds in (
            [],
            [CallEstablished],
            [CallEstablished, CallEnded],
            [CallEnded],
            [CallFailed],
        )
    assert wire.client.calls == wire.server.calls == []
    assert (wire.client.idle, wire.server.idle) == (True, True)
    assert wire.client.next_timeout() is wire.server.next_timeout() is None
    assert wire.client.dropped["garbage"] == wire.server.dropped["garbage"] == 0
    if loss == 0.0:
        assert not any(
            isinstance(event, InviteTimedOut | CallFailed) for event in wire.client_events
        )
