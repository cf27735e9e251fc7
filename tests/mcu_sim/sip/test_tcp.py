"""What is different over TCP (RFC 3261 §17, §18): headers, targets, timers; and calls dialled."""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.sip import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    IncomingCall,
    Peer,
    TimedOut,
)

TO_MCU = "sip:mcu@10.67.0.2;transport=tcp"
TO_BRIDGE = "sip:cu-jut@10.68.0.2:5062"


def ring(wire: Any, offer: bytes) -> tuple[str, str]:
    at_client = wire.client.call(TO_MCU, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    return at_client, wire.server_events[-1].call


def test_messages_say_tcp_and_answers_go_back_over_their_connection(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client = wire.client.call(TO_MCU, offer, 0.0)
    [invite] = wire.client.outgoing()
    assert invite.target == Peer("10.67.0.2", 5060, "TCP")
    text = invite.data.decode()
    assert "\r\nVia: SIP/2.0/TCP 10.68.0.2:5062;branch=" in text
    assert "rport" not in text
    assert "\r\nContact: <sip:cu-jut@10.68.0.2:5062;transport=tcp>\r\n" in text
    assert "\r\nTo: <sip:mcu@10.67.0.2>\r\n" in text
    came_from = Peer("10.68.0.2", 49_152, "TCP")
    [incoming] = wire.server.receive(invite.data, came_from, 0.0)
    assert isinstance(incoming, IncomingCall)
    assert incoming.source == came_from
    wire.server.accept(incoming.call, answer, 0.0)
    [ok] = wire.server.outgoing()
    assert ok.target == came_from
    assert b"\r\nContact: <sip:mcu@10.67.0.2:5060;transport=tcp>\r\n" in ok.data
    assert wire.client.receive(ok.data, Peer("10.67.0.2", 5060, "TCP"), 1.0) == [
        Answered(at_client, answer)
    ]
    [ack] = wire.client.outgoing()
    assert ack.target == Peer("10.67.0.2", 5060, "TCP")
    assert wire.server.receive(ack.data, came_from, 2.0) == [CallEstablished(incoming.call, None)]
    # requests of the called side go to the Contact, as any in a dialog
    wire.server.hang_up(incoming.call, 3.0)
    [bye] = wire.server.outgoing()
    assert bye.target == Peer("10.68.0.2", 5062, "TCP")
    assert bye.data.startswith(b"BYE sip:cu-jut@10.68.0.2:5062;transport=tcp SIP/2.0\r\n")


def test_a_call_is_over_as_soon_as_it_is_over(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.run(wire.now_ms + 40_000.0)  # timers L and M run over TCP too (RFC 6026)
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run(wire.now_ms + 10.0)
    assert wire.server_events[-1] == CallEnded(at_server)
    assert wire.client.idle
    assert wire.server.idle


def test_a_refusal_is_over_with_its_ack(wire, offer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = ring(wire, offer)
    wire.server.refuse(at_server, 486, "Busy Here", wire.now_ms)
    wire.run(wire.now_ms + 10.0)
    assert len(wire.sent("client", "ACK")) == len(wire.sent("server", "SIP/2.0 486")) == 1
    assert wire.client.idle
    assert wire.server.idle


def test_nothing_is_repeated_but_a_200(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire.cut = True
    call = wire.client.call(TO_MCU, offer, 0.0)
    wire.run()
    assert wire.sent("client", "INVITE") == [0.0]
    assert wire.client_events == [TimedOut(call)]
    assert wire.now_ms == 32_000.0
    wire.cut = False
    _, at_server = ring(wire, offer)
    wire.cut = True
    start_ms = wire.now_ms
    wire.server.accept(at_server, answer, start_ms)
    wire.run()
    assert len(wire.sent("server", "SIP/2.0 200")) == 11  # §13.3.1.4: over any transport
    assert wire.server_events[-1] == CallFailed(at_server, 408, "No ACK")
    assert len(wire.sent("server", "BYE")) == 1
    assert wire.client.idle
    assert wire.server.idle


def test_a_caller_over_tcp_that_gives_up_cancels(wire, offer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = ring(wire, offer)
    wire.run(wire.now_ms + 300.0)
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.server_events[-1] == CallFailed(at_server, 487, "Request Terminated")
    assert wire.client.idle
    assert wire.server.idle


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_cancel_and_200_cross(wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    uri = TO_MCU if transport == "TCP" else TO_MCU.partition(";")[0]
    at_client = wire.client.call(uri, offer, 0.0)
    wire.run(300.0)
    at_server = wire.server_events[-1].call
    wire.client.hang_up(at_client, wire.now_ms)
    wire.server.accept(at_server, answer, wire.now_ms)
    wire.run()
    assert len(wire.sent("client", "CANCEL")) == 1
    assert wire.client_events == []
    assert wire.server_events[1:] == [CallEstablished(at_server, None), CallEnded(at_server)]
    assert len(wire.sent("client", "BYE")) == 1
    assert wire.client.idle
    assert wire.server.idle


@pytest.mark.parametrize("tail", ["", ";transport=tcp"])
def test_the_mcu_dials_a_bridge(wire, offer, answer, tail) -> None:  # type: ignore[no-untyped-def]
    at_server = wire.server.call(TO_BRIDGE + tail, offer, 0.0)
    wire.run(20.0)
    incoming = wire.client_events[-1]
    assert isinstance(incoming, IncomingCall)
    assert (incoming.from_user, incoming.to_user) == ("mcu", "cu-jut")
    wire.client.accept(incoming.call, answer, wire.now_ms)
    wire.run(40.0)
    assert wire.server_events == [Answered(at_server, answer)]
    wire.client.hang_up(incoming.call, wire.now_ms)
    wire.run()
    assert wire.server_events[1:] == [CallEnded(at_server)]
    assert wire.client.idle
    assert wire.server.idle


@pytest.mark.parametrize("tail", ["", ";transport=tcp"])
def test_both_call_each_other_at_the_same_time(wire, offer, answer, tail) -> None:  # type: ignore[no-untyped-def]
    wire.client.call(TO_MCU.partition(";")[0] + tail, offer, 0.0)
    wire.server.call(TO_BRIDGE + tail, offer, 0.0)
    wire.run(20.0)
    for agent, events in ((wire.client, wire.client_events), (wire.server, wire.server_events)):
        [incoming] = events
        assert isinstance(incoming, IncomingCall)
        agent.accept(incoming.call, answer, wire.now_ms)
    wire.run(50.0)
    assert len(wire.client.calls) == len(wire.server.calls) == 2
    for call in wire.client.calls:
        wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.client.idle
    assert wire.server.idle
