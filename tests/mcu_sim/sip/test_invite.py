"""re-INVITEs between two agents: changed, refused, withdrawn, crossing (RFC 3261 §14)."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    IncomingCall,
    InviteAccepted,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
    ReofferWithdrawn,
)
from giaoban.mcu_sim.sip.invite import MAX_GLARES
from giaoban.mcu_sim.sip.message.addresses import Peer
from tests.mcu_sim.agent_calls import (
    URIS,
    accept_all,
    establish,
    inside,
    refuse_changes,
)


def sides(wire: Any, calls: tuple[str, str], first: str) -> tuple[Any, str, Any, str]:
    """The agent that acts and its call's name, and the other's."""
    ends = [(wire.client, calls[0]), (wire.server, calls[1])]
    (one, its), (other, others) = ends if first == "client" else ends[::-1]
    return one, its, other, others


def events(wire: Any, who: str) -> list[object]:
    return wire.client_events if who == "client" else wire.server_events  # type: ignore[no-any-return]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("who", ["client", "server"])
def test_either_side_changes_the_session(wire, offer, answer, who, transport) -> None:  # type: ignore[no-untyped-def]
    calls = establish(wire, offer, answer, URIS[transport])
    one, its, other, others = sides(wire, calls, who)
    whose = "server" if who == "client" else "client"
    one.reinvite(its, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert events(wire, whose)[-1] == Reoffer(others, b"v=0 more")
    other.answer_reoffer(others, b"v=0 yes", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert events(wire, who)[-1] == ReofferAnswered(its, b"v=0 yes")
    assert one.state(its) is other.state(others) is CallState.ESTABLISHED
    # and again, the other way round
    other.reinvite(others, b"v=0 less", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert events(wire, who)[-1] == Reoffer(its, b"v=0 less")
    one.answer_reoffer(its, b"v=0 fine", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert events(wire, whose)[-1] == ReofferAnswered(others, b"v=0 fine")
    other.hang_up(others, wire.now_ms)
    wire.run()
    assert events(wire, who)[-1] == CallEnded(its, "bye")
    assert wire.idle


def test_a_refused_change_leaves_the_session_as_it_was(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.server.refuse_reoffer(at_server, 488, "No more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.client_events[-1] == ReofferRefused(at_client, 488, "No more")
    assert len(wire.sent("client", "ACK")) == 2
    assert wire.client.calls == [at_client]
    wire.client.reinvite(at_client, b"v=0 other", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.server_events[-1] == Reoffer(at_server, b"v=0 other")


def test_the_same_offer_again_is_still_the_owners_to_decide(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.server_events[-1] == Reoffer(at_server, offer)


def test_a_reinvite_without_offer_gets_ours_and_the_ack_has_the_answer(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    _, at_server = establish(wire, offer, answer)
    source = Peer("10.68.0.2", 5062)
    again = inside(wire, at_server, "INVITE", 2)
    assert wire.server.receive(again, source, 100.0) == [Reoffer(at_server, None)]
    wire.server.answer_reoffer(at_server, b"v=0 ours", 100.0)
    assert wire.server.outgoing()[-1].data.endswith(b"\r\n\r\nv=0 ours")
    acknowledged = inside(wire, at_server, "ACK", 2, "v=0 theirs")
    assert wire.server.receive(acknowledged, source, 110.0) == [
        ReofferAnswered(at_server, b"v=0 theirs")
    ]
    assert wire.server.receive(acknowledged, source, 120.0) == []


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_two_that_cross_are_both_refused_and_both_come_through_later(  # type: ignore[no-untyped-def]
    make_wire, offer, answer, transport
) -> None:
    for seed in range(8):
        untimed = {"session_expires_s": None}
        wire = make_wire(seed=seed, client=untimed, server=untimed)
        at_client, at_server = establish(wire, offer, answer, URIS[transport])

        def at_client_event(event: object, now_ms: float, wire: Any = wire) -> None:
            if isinstance(event, Reoffer):
                wire.client.answer_reoffer(event.call, b"v=0 client agrees", now_ms)

        def at_server_event(event: object, now_ms: float, wire: Any = wire) -> None:
            if isinstance(event, Reoffer):
                wire.server.answer_reoffer(event.call, b"v=0 server agrees", now_ms)

        wire.on_client_event, wire.on_server_event = at_client_event, at_server_event
        met_ms = wire.now_ms
        wire.client.reinvite(at_client, b"v=0 from the client", met_ms)
        wire.server.reinvite(at_server, b"v=0 from the server", met_ms)
        wire.run(met_ms + 30_000.0)
        assert len(wire.sent("client", "SIP/2.0 491")) == 1
        assert len(wire.sent("server", "SIP/2.0 491")) == 1
        assert ReofferAnswered(at_client, b"v=0 server agrees") in wire.client_events
        assert ReofferAnswered(at_server, b"v=0 client agrees") in wire.server_events
        # §14.1: the owner of the Call-ID waits 2.1–4 s, the other one 0–2 s
        refused_ms = met_ms + 10.0
        assert 2_100 <= wire.sent("client", "INVITE")[2] - refused_ms <= 4_000
        assert 0 <= wire.sent("server", "INVITE")[1] - refused_ms <= 2_000


def test_one_who_always_says_491_is_not_asked_for_ever(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, _ = establish(wire, offer, answer)
    refuse_changes(wire, 491, "Request Pending")
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run()
    assert wire.client_events[-1] == ReofferRefused(at_client, 491, "Request Pending")
    assert len(wire.sent("client", "INVITE")) == 1 + 1 + MAX_GLARES


def test_an_offer_waits_until_the_peers_is_decided(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.server.reinvite(at_server, b"v=0 mine", wire.now_ms)
    with pytest.raises(ValueError, match="offer on its way"):
        wire.server.reinvite(at_server, b"v=0 mine too", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.sent("server", "INVITE") == []
    wire.server.answer_reoffer(at_server, b"v=0 yes", wire.now_ms)
    wire.run(wire.now_ms + 50.0)
    assert wire.client_events[-2:] == [
        ReofferAnswered(at_client, b"v=0 yes"),
        Reoffer(at_client, b"v=0 mine"),
    ]
    assert wire.sent("client", "SIP/2.0 491") == []


def test_a_second_reinvite_before_the_first_is_decided_comes_too_early(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.flush()
    data = wire.log[-1][2]
    wire.run(wire.now_ms + 20.0)
    other = data.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx").replace(b"CSeq: 2", b"CSeq: 3")
    assert wire.server.receive(other, Peer("10.68.0.2", 5062), wire.now_ms) == []
    sent = wire.server.outgoing()[-1].data
    assert sent.startswith(b"SIP/2.0 500 ")
    assert b"\r\nRetry-After: " in sent
    assert wire.server.state(at_server) is CallState.ESTABLISHED


def test_the_new_contact_is_where_requests_go_from_then_on(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 moved", wire.now_ms)
    [invite] = wire.client.outgoing()
    moved = invite.data.replace(
        b"<sip:cu-jut@10.68.0.2:5062>\r\nAllow", b"<sip:new@10.1.1.1>\r\nAllow"
    )
    assert moved != invite.data
    [event] = wire.server.receive(moved, Peer("10.68.0.2", 5062), wire.now_ms)
    assert event == Reoffer(at_server, b"v=0 moved")
    wire.server.info(at_server, "text/plain", b"before", wire.now_ms)
    assert wire.server.outgoing()[-1].target == Peer("10.68.0.2", 5062)
    wire.server.answer_reoffer(at_server, answer, wire.now_ms)
    wire.server.info(at_server, "text/plain", b"after", wire.now_ms)
    sent = wire.server.outgoing()[-1]
    assert sent.target == Peer("10.1.1.1", 5060)
    assert sent.data.startswith(b"INFO sip:new@10.1.1.1 SIP/2.0\r\n")


@pytest.mark.parametrize("code", [408, 481])
def test_a_peer_that_does_not_know_the_call_ends_it(wire, offer, answer, code) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.server.refuse_reoffer(at_server, code, "Gone", wire.now_ms)
    wire.run()
    assert wire.client_events[1:] == [CallEnded(at_client, "gone")]
    assert wire.server_events[-1] == CallEnded(at_server, "bye")
    assert wire.idle


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_peer_that_vanished_ends_the_call_too(wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    at_client, _ = establish(wire, offer, answer, URIS[transport])
    start_ms = wire.now_ms
    wire.cut = True
    wire.client.reinvite(at_client, b"v=0 more", start_ms)
    wire.run()
    assert wire.client_events[1:] == [CallEnded(at_client, "gone")]
    assert wire.sent("client", "BYE")[0] == start_ms + 32_000.0
    assert wire.client.idle


def test_an_undecided_change_is_taken_back_after_a_while(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    options = {"session_expires_s": None, "answer_within_ms": 50_000.0}
    wire = make_wire(client=options, server=options)
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run()
    assert wire.client_events[1:] == [CallEnded(at_client, "gone")]
    assert wire.server_events[-1] == CallEnded(at_server, "bye")
    assert len(wire.sent("server", "SIP/2.0 487")) == 1
    assert wire.idle


def test_a_cancelled_change_is_withdrawn(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.flush()
    cancel = wire.log[-1][2].partition(b"User-Agent")[0].replace(b"INVITE", b"CANCEL") + b"\r\n"
    wire.run(wire.now_ms + 20.0)
    told = wire.server.receive(cancel, Peer("10.68.0.2", 5062), wire.now_ms)
    assert told == [ReofferWithdrawn(at_server)]
    assert [one.data[:11] for one in wire.server.outgoing()] == [b"SIP/2.0 200", b"SIP/2.0 487"]
    with pytest.raises(ValueError, match="no offer to decide on"):
        wire.server.answer_reoffer(at_server, answer, wire.now_ms)
    assert wire.server.state(at_server) is CallState.ESTABLISHED


def test_a_bye_while_a_change_is_undecided_ends_both(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.server_events[-1] == CallEnded(at_server, "bye")
    assert len(wire.sent("server", "SIP/2.0 487")) == 1
    assert isinstance(wire.client_events[-1], InviteAccepted)
    assert wire.idle


def test_an_unacknowledged_answer_to_a_change_ends_the_call(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.client.receive = lambda data, source, now_ms: []
    wire.client.outgoing = list
    start_ms = wire.now_ms
    wire.server.answer_reoffer(at_server, answer, start_ms)
    wire.run(start_ms + 31_900.0)
    assert len(wire.sent("server", "SIP/2.0 200")) == 1 + 11
    wire.run(start_ms + 32_100.0)
    assert wire.server_events[-1] == CallEnded(at_server, "no-ack")


def test_hanging_up_waits_for_the_ack_to_a_change(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client, at_server = establish(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 more", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.server.answer_reoffer(at_server, answer, wire.now_ms)
    wire.server.hang_up(at_server, wire.now_ms, "the meeting is over")
    assert wire.server.state(at_server) is CallState.CLOSING
    wire.run()
    [bye] = wire.texts("server", "BYE")
    assert 'Reason: SIP;cause=200;text="the meeting is over"\r\n' in bye
    assert wire.client_events[1:] == [ReofferAnswered(at_client, answer), CallEnded(at_client)]
    assert len(wire.server_events) == 3
    assert wire.idle


def test_owners_mistakes_are_errors(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    at_client = wire.client.call(URIS["UDP"], offer, wire.now_ms)
    with pytest.raises(ValueError, match="not established"):
        wire.client.reinvite(at_client, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    incoming = wire.server_events[-1]
    assert isinstance(incoming, IncomingCall)
    wire.server.accept(incoming.call, answer, wire.now_ms)
    with pytest.raises(ValueError, match="not established"):
        wire.server.reinvite(incoming.call, offer, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    with pytest.raises(ValueError, match="no offer to decide on"):
        wire.server.refuse_reoffer(incoming.call, 488, "", wire.now_ms)


def codes(wire: Any) -> list[str]:
    return [text.split(" ")[1] for text in wire.texts("server", "SIP/2.0")]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(("rings", "said"), [(True, ["100", "180", "200"]), (False, ["200"])])
def test_a_caller_hears_it_ring(make_wire, offer, answer, transport, rings, said) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(
        client={"session_expires_s": None}, server={"rings": rings, "session_expires_s": None}
    )
    accept_all(wire, answer)
    call = wire.client.call(URIS[transport], offer, 0.0)
    wire.run(100.0)
    assert codes(wire) == said
    assert wire.client_events == [InviteAccepted(call, answer)]
    if rings:
        trying, ringing, ok = wire.texts("server", "SIP/2.0")
        to = [next(line for line in t.split("\r\n") if line[:3] == "To:") for t in (ringing, ok)]
        assert ";tag=" in to[0]
        assert to[0] == to[1]
        assert ";tag=" not in trying.split("\r\nCall-ID")[0].split("\r\nTo:")[1]
        assert "\r\nContact: <sip:mcu@10.67.0.2:5060" in ringing
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.idle


def test_a_refused_call_never_rings_and_a_repeated_invite_is_told_again(make_wire, offer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(server={"rings": True})
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    [incoming] = wire.server.receive(invite.data, ("10.68.0.2", 5062), 0.0)
    [trying] = wire.server.outgoing()
    assert trying.data.startswith(b"SIP/2.0 100 Trying\r\n")
    assert wire.server.receive(invite.data, ("10.68.0.2", 5062), 1.0) == []
    assert wire.server.outgoing() == [trying]
    wire.server.refuse(incoming.call, 486, "Busy Here", 2.0)
    assert [one.data[:11] for one in wire.server.outgoing()] == [b"SIP/2.0 486"]
