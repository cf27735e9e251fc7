"""re-INVITEs of a peer in an established call (RFC 3261 §14), and ringing."""

from __future__ import annotations

import pytest

from giaoban.mcu_sim.sip.events import CallEnded, InviteAccepted, Reoffer, ReofferAnswered
from giaoban.mcu_sim.sip.message import Peer
from tests.mcu_sim.agent_calls import URIS, accept_all, establish, inside

SOURCE = Peer("10.68.0.2", 5062)


def test_a_change_is_answered_and_moves_the_contact(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = establish(wire, offer, answer)
    change = inside(wire, at_server, "INVITE", 2, "v=0 more")
    assert wire.server.receive(change, SOURCE, 100.0) == [Reoffer(at_server, b"v=0 more")]
    wire.server.info(at_server, "text/plain", b"before", 100.0)
    assert wire.server.outgoing()[-1].target == SOURCE
    wire.server.answer_reoffer(at_server, b"v=0 yes", 100.0)
    [ok] = wire.server.outgoing()
    assert ok.data.endswith(b"\r\n\r\nv=0 yes")
    assert wire.server.receive(inside(wire, at_server, "ACK", 2), SOURCE, 110.0) == []
    wire.server.info(at_server, "text/plain", b"after", 120.0)
    sent = wire.server.outgoing()[-1]
    assert sent.target == Peer("10.68.0.2", 5070)
    assert sent.data.startswith(b"INFO sip:new@10.68.0.2:5070 SIP/2.0\r\n")


def test_a_reinvite_without_offer_gets_ours_and_the_ack_has_the_answer(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = establish(wire, offer, answer)
    again = inside(wire, at_server, "INVITE", 2)
    assert wire.server.receive(again, SOURCE, 100.0) == [Reoffer(at_server, None)]
    wire.server.answer_reoffer(at_server, b"v=0 ours", 100.0)
    assert wire.server.outgoing()[-1].data.endswith(b"\r\n\r\nv=0 ours")
    acknowledged = inside(wire, at_server, "ACK", 2, "v=0 theirs")
    events = wire.server.receive(acknowledged, SOURCE, 110.0)
    assert events == [ReofferAnswered(at_server, b"v=0 theirs")]


def test_an_unacknowledged_answer_to_a_change_ends_the_call(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = establish(wire, offer, answer)
    wire.server.receive(inside(wire, at_server, "INVITE", 2, "v=0"), SOURCE, 100.0)
    wire.server.answer_reoffer(at_server, answer, 100.0)
    sent, events = wire.server.outgoing(), []
    while not events:
        at_ms = wire.server.next_timeout()
        events = wire.server.advance(at_ms)
        sent += wire.server.outgoing()
    assert events == [CallEnded(at_server, "no-ack")]
    assert at_ms == 100.0 + 32_000.0
    assert [one.data[8:11] for one in sent].count(b"200") == 1 + 10  # RFC 3261 §13.3.1.4


@pytest.mark.parametrize(("rings", "expected"), [(True, ["100", "180", "200"]), (False, ["200"])])
def test_a_caller_hears_it_ring(make_wire, offer, answer, rings, expected) -> None:  # type: ignore[no-untyped-def]
    untimed = {"session_expires_s": None}
    wire = make_wire(client=untimed, server={"rings": rings, **untimed})
    accept_all(wire, answer)
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    assert [text.split(" ")[1] for text in wire.texts("server", "SIP/2.0")] == expected
    assert wire.client_events == [InviteAccepted(call, answer)]
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.idle
