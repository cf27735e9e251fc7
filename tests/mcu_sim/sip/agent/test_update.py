"""UPDATE of the peer (RFC 3311) in a standing call: an offer as in a re-INVITE, or a refresh."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mcu_sim.sip import (
    CallEnded,
    CallState,
    Peer,
    Reoffer,
    ReofferAnswered,
    UserAgent,
)
from mcu_sim.sip.digest import Authority
from tests.mcu_sim.agent_calls import accepted, establish, inside

HOME = Peer("10.68.0.2", 5062)
SHORT = "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n"


@pytest.fixture
def made(make_wire, offer, answer) -> Any:  # type: ignore[no-untyped-def]
    """Makes a call to an agent that takes UPDATEs: the wire, both names, a maker of UPDATEs."""

    def make(*, stands: bool = True, **server: Any) -> tuple[Any, str, str, Any]:
        untimed: dict[str, Any] = {"session_expires_s": None}
        wire = make_wire(client=untimed, server={**untimed, "real_time": True, **server})
        at_client, at_server = (establish if stands else accepted)(wire, offer, answer)

        def update(sequence: int, body: str = "", more: str = "", method: str = "UPDATE") -> bytes:
            return inside(wire, at_server, method, sequence, body, more)

        return wire, at_client, at_server, update

    return make


def told(agent: UserAgent) -> str:
    """The one message that an agent has to send."""
    [sent] = agent.outgoing()
    return sent.data.decode()


def code(agent: UserAgent, data: bytes, now_ms: float = 100.0, source: Peer = HOME) -> int:
    """What an agent answers at once, without an event."""
    assert agent.receive(data, source, now_ms) == []
    return int(told(agent).split(" ")[1])


def test_an_offer_is_answered_in_the_200_and_no_ack_is_waited_for(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    data = update(2, "v=0 more")
    assert wire.server.receive(data, HOME, 100.0) == [Reoffer(call, b"v=0 more")]
    assert wire.server.outgoing() == []
    wire.server.answer_reoffer(call, b"v=0 yes", 100.0)
    text = told(wire.server)
    assert text.startswith("SIP/2.0 200 OK\r\n")
    assert "\r\nContent-Type: application/sdp\r\n" in text
    assert text.endswith("\r\n\r\nv=0 yes")
    assert "\r\nCSeq: 2 UPDATE\r\n" in text
    assert "\r\nContact: <sip:mcu@10.67.0.2:5060>\r\n" in text
    # repeated as it is when the UPDATE is, and only then
    assert wire.server.receive(data, HOME, 600.0) == []
    assert told(wire.server) == text
    assert wire.server.advance(200_000.0) == []
    assert wire.server.outgoing() == []
    assert wire.server.state(call) is CallState.ESTABLISHED
    # the target is the new one (§5.2), and the next change may come at once
    wire.server.reinvite(call, b"v=0 ours", 200_000.0)
    assert told(wire.server).startswith("INVITE sip:new@10.68.0.2:5070 SIP/2.0\r\n")


def test_an_offer_that_is_refused_leaves_the_call_as_it_was(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    assert wire.server.receive(update(2, "v=0 no"), HOME, 100.0) == [Reoffer(call, b"v=0 no")]
    wire.server.refuse_reoffer(call, 488, "No codec", 100.0, 304)
    text = told(wire.server)
    assert text.startswith("SIP/2.0 488 No codec\r\n")
    assert '\r\nWarning: 304 10.67.0.2:5060 "No codec"\r\n' in text
    wire.server.info(call, "text/plain", b"x", 100.0)
    [info] = wire.server.outgoing()
    assert info.target == HOME  # and so does its target


def test_one_offer_at_a_time(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    assert wire.server.receive(update(2, "v=0 more"), HOME, 100.0) == [Reoffer(call, b"v=0 more")]
    for sequence, (body, method) in enumerate(
        [("v=0 again", "UPDATE"), ("", "UPDATE"), ("v=0 again", "INVITE")], start=3
    ):
        assert wire.server.receive(update(sequence, body, method=method), HOME, 110.0) == []
        text = told(wire.server)
        assert text.startswith("SIP/2.0 500 ")
        assert 0 <= int(re.findall(r"\r\nRetry-After: (\d+)\r\n", text)[0]) <= 10
    wire.server.answer_reoffer(call, b"v=0 yes", 120.0)
    assert "\r\nCSeq: 2 UPDATE\r\n" in told(wire.server)
    assert wire.server.receive(update(6, "v=0 next"), HOME, 130.0) == [Reoffer(call, b"v=0 next")]


def test_while_a_reinvite_of_the_peer_is_undecided_it_may_refresh_but_not_offer(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    assert wire.server.receive(update(2, "v=0 a", method="INVITE"), HOME, 100.0) == [
        Reoffer(call, b"v=0 a")
    ]
    assert code(wire.server, update(3, "v=0 b")) == 500
    assert code(wire.server, update(4)) == 200


def test_an_offer_that_meets_ours_is_refused_and_a_refresh_is_not(made) -> None:  # type: ignore[no-untyped-def]
    wire, at_client, call, update = made()
    wire.server.reinvite(call, b"v=0 ours", 100.0)
    [invite] = wire.server.outgoing()
    assert code(wire.server, update(2, "v=0 theirs")) == 491
    assert code(wire.server, update(3)) == 200
    assert wire.client.receive(invite.data, Peer("10.67.0.2", 5060), 110.0) == [
        Reoffer(at_client, b"v=0 ours")
    ]
    wire.client.answer_reoffer(at_client, b"v=0 fine", 110.0)
    [ok] = wire.client.outgoing()
    answered = wire.server.receive(ok.data, HOME, 120.0)
    assert answered == [ReofferAnswered(call, b"v=0 fine")]
    wire.server.outgoing()
    assert wire.server.receive(update(4, "v=0 now"), HOME, 130.0) == [Reoffer(call, b"v=0 now")]


def test_between_a_200_and_its_ack_only_what_is_no_second_offer(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made(stands=False)
    wire.server.outgoing()
    assert wire.server.state(call) is CallState.ANSWERED
    assert code(wire.server, update(2, "v=0 early")) == 491
    assert code(wire.server, update(3)) == 200
    wire, _, call, update = made()
    # an offer of ours stands in the 200 to a re-INVITE without one, until its ACK
    assert wire.server.receive(update(2, method="INVITE"), HOME, 100.0) == [Reoffer(call, None)]
    wire.server.answer_reoffer(call, b"v=0 ours", 100.0)
    wire.server.outgoing()
    assert code(wire.server, update(3, "v=0 theirs")) == 491
    ack = update(2, "v=0 answer", method="ACK")
    assert wire.server.receive(ack, HOME, 110.0) == [ReofferAnswered(call, b"v=0 answer")]
    assert wire.server.receive(update(4, "v=0 more"), HOME, 120.0) == [Reoffer(call, b"v=0 more")]
    wire.server.answer_reoffer(call, b"v=0 yes", 120.0)
    wire.server.outgoing()
    # the ACK of a re-INVITE whose offer was answered need not be there
    assert wire.server.receive(update(5, "v=0 b", method="INVITE"), HOME, 130.0) == [
        Reoffer(call, b"v=0 b")
    ]
    wire.server.answer_reoffer(call, b"v=0 yes", 130.0)
    wire.server.outgoing()
    assert wire.server.receive(update(6, "v=0 c"), HOME, 140.0) == [Reoffer(call, b"v=0 c")]


def test_without_an_offer_it_refreshes_the_session(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made(session_expires_s=600)
    for sequence in range(2, 6):
        now_ms = 400_000.0 * (sequence - 1)
        assert wire.server.advance(now_ms) == []
        wire.server.outgoing()  # its refresh at half the interval
        assert wire.server.receive(update(sequence, more=SHORT), HOME, now_ms) == []
        text = told(wire.server)
        assert text.startswith("SIP/2.0 200 OK\r\n")
        assert "\r\nSession-Expires: 600;refresher=uac\r\n" in text
        assert "\r\nContent-Length: 0\r\n" in text
        assert "Content-Type" not in text
    assert wire.server.advance(now_ms + 567_000.0) == []
    assert wire.server.advance(now_ms + 569_000.0) == [CallEnded(call, "session-expired")]


def test_too_short_an_interval_and_what_is_no_offer_are_refused(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, _, update = made(min_se_s=120)
    timer = "Supported: timer\r\nSession-Expires: 100\r\n"
    assert wire.server.receive(update(2, more=timer), HOME, 100.0) == []
    text = told(wire.server)
    assert text.startswith("SIP/2.0 422 ")
    assert "\r\nMin-SE: 120\r\n" in text
    other = update(3, "hello").replace(b"application/sdp", b"text/plain")
    assert code(wire.server, other) == 415
    assert code(wire.server, update(4, "v=0", "Accept: text/plain\r\n")) == 406
    assert code(wire.server, update(5, "", "Accept: text/plain\r\n")) == 200
    assert code(wire.server, update(1, "v=0 late")) == 500  # out of order
    assert code(wire.server, update(6).replace(b";tag=", b";tag=x")) == 481


def test_a_bye_while_it_is_undecided_ends_both(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    assert wire.server.receive(update(2, "v=0 more"), HOME, 100.0) == [Reoffer(call, b"v=0 more")]
    bye = update(3, method="BYE")
    assert wire.server.receive(bye, HOME, 110.0) == [CallEnded(call, "bye")]
    assert [one.data[:11] for one in wire.server.outgoing()] == [b"SIP/2.0 200", b"SIP/2.0 487"]
    assert wire.server.advance(200_000.0) == []
    assert wire.server.idle


def test_from_elsewhere_it_wants_proof(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    wire.server._authenticator._authority = Authority("r", {"cu-jut": "secret"}, b"k" * 32)
    assert code(wire.server, update(2, "v=0 x"), source=Peer("10.9.9.9", 5062)) == 401
    assert wire.server.state(call) is CallState.ESTABLISHED


def test_only_who_takes_it_says_so(made) -> None:  # type: ignore[no-untyped-def]
    wire, _, call, update = made()
    assert (
        "\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER\r\n"
        in (wire.texts("server", "SIP/2.0 200")[0])
    )
    wire, _, call, update = made(real_time=False)
    assert (
        "\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n"
        in (wire.texts("server", "SIP/2.0 200")[0])
    )
    assert code(wire.server, update(2, "v=0 more")) == 405
    assert wire.server.state(call) is CallState.ESTABLISHED
