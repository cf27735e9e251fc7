"""Client and server user agents talking over a wire without loss, and single datagrams by hand."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from mcu_sim.sip import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    CallState,
    EndedByPeer,
    IncomingCall,
    Refused,
    TimedOut,
    UserAgentClient,
    UserAgentServer,
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
    assert (incoming.sdp, incoming.source) == (offer, ("10.68.0.2", 5062))
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
    assert wire.client_events[1:] == [EndedByPeer(at_client)]
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
    assert wire.client_events == [Answered(at_client, answer), EndedByPeer(at_client)]
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
    with pytest.raises(ValueError, match="not valid"):
        wire.client.call("mcu", offer, 0.0)
    with pytest.raises(ValueError, match="give a target"):
        wire.client.call("sip:mcu@gia-nghia.example", offer, 0.0)
    assert wire.client.idle
    call = wire.client.call("sip:mcu@gia-nghia.example", offer, 0.0, target=("10.67.0.2", 5060))
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


# ------------------------------------------------------------------------- single datagrams by hand

SOURCE = ("10.68.0.9", 5061)


def datagram(
    method: str, sequence: int = 1, branch: str = "1", to: str = "", more: str = ""
) -> bytes:
    return (
        f"{method} sip:mcu@10.67.0.2 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 10.68.0.9:5061;branch=z9hG4bK{branch}\r\n"
        f"From: <sip:x@10.68.0.9>;tag=f\r\nTo: <sip:mcu@10.67.0.2>{to}\r\n"
        f"Call-ID: hand\r\nCSeq: {sequence} {method}\r\n"
        f"Contact: <sip:x@10.68.0.9:5061>\r\n{more}\r\n"
    ).encode()


@pytest.fixture
def server() -> UserAgentServer:
    return UserAgentServer(("10.67.0.2", 5060), random.Random(3))


def answer_to(server: UserAgentServer, data: bytes, now_ms: float = 0.0) -> str:
    server.receive(data, SOURCE, now_ms)
    sent = server.outgoing()
    assert [one.target for one in sent] == [SOURCE] * len(sent)
    return sent[-1].data.decode() if sent else ""


@pytest.mark.parametrize(
    ("data", "code", "header"),
    [
        (datagram("OPTIONS"), 200, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS"),
        (datagram("REGISTER"), 405, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS"),
        (datagram("NEWFANGLED"), 405, "Allow:"),
        (datagram("BYE"), 481, ""),
        (datagram("CANCEL"), 481, ""),
        (datagram("INVITE", to=";tag=gone"), 481, ""),
        (datagram("INVITE", more="Require: 100rel, timer\r\n"), 420, "Unsupported: 100rel, timer"),
        (
            datagram("INVITE", more="Content-Type: text/plain\r\n") + b"hi",
            415,
            "Accept: application/sdp",
        ),
        (datagram("INVITE", more="CSeq: 1 INVITE\r\n"), 400, ""),
    ],
)
def test_requests_that_are_answered_at_once(
    server: UserAgentServer, data: bytes, code: int, header: str
) -> None:
    text = answer_to(server, data)
    assert text.startswith(f"SIP/2.0 {code} ")
    assert header in text
    assert re.search(r"\r\nTo: .*;tag=\w+\r\n", text)
    assert server.calls == []
    while (at := server.next_timeout()) is not None:
        server.advance(at)
    assert server.idle


def test_a_repeated_malformed_request_gets_the_same_answer(server: UserAgentServer) -> None:
    bad = datagram("OPTIONS", more="Max-Forwards: none\r\n")
    assert answer_to(server, bad) == answer_to(server, bad) != ""
    assert (server.dropped["malformed"], server.idle) == (2, True)


def test_the_same_invite_by_another_way_is_a_loop(server: UserAgentServer) -> None:
    assert answer_to(server, datagram("INVITE")) == ""
    assert answer_to(server, datagram("INVITE", branch="2")).startswith("SIP/2.0 482")
    assert len(server.calls) == 1


def test_an_invite_without_offer_gets_ours_and_the_ack_has_the_answer(
    server: UserAgentServer,
) -> None:
    [incoming] = server.receive(datagram("INVITE"), SOURCE, 0.0)
    assert isinstance(incoming, IncomingCall)
    assert incoming.sdp is None
    server.accept(incoming.call, b"v=0 ours", 0.0)
    assert server.outgoing()[-1].data.endswith(b"v=0 ours")
    ack = datagram(
        "ACK", branch="2", to=f";tag={incoming.call}", more="Content-Type: application/sdp\r\n"
    )
    [established] = server.receive(ack + b"v=0 theirs", SOURCE, 10.0)
    assert established == CallEstablished(incoming.call, b"v=0 theirs")
    assert server.receive(ack + b"v=0 theirs", SOURCE, 20.0) == []


def test_inside_a_call(server: UserAgentServer) -> None:
    [incoming] = server.receive(datagram("INVITE", sequence=5), SOURCE, 0.0)
    assert isinstance(incoming, IncomingCall)
    tag = f";tag={incoming.call}"
    assert answer_to(server, datagram("BYE", sequence=6, branch="2", to=tag)).startswith(
        "SIP/2.0 481"
    )
    server.accept(incoming.call, b"v=0", 0.0)
    server.outgoing()
    assert server.receive(datagram("ACK", sequence=4, branch="3", to=tag), SOURCE, 1.0) == []
    assert server.dropped["stray ACK"] == 1
    assert len(server.receive(datagram("ACK", sequence=5, branch="3", to=tag), SOURCE, 1.0)) == 1
    again = answer_to(server, datagram("INVITE", sequence=6, branch="4", to=tag))
    assert again.startswith("SIP/2.0 488")
    assert answer_to(server, datagram("BYE", sequence=4, branch="5", to=tag)).startswith(
        "SIP/2.0 500"
    )
    assert server.state(incoming.call) is CallState.ESTABLISHED
    assert answer_to(server, datagram("BYE", sequence=7, branch="6", to=tag)).startswith(
        "SIP/2.0 200"
    )
    assert server.state(incoming.call) is CallState.DONE


def test_keep_alives_and_rubbish_are_counted_and_not_answered(server: UserAgentServer) -> None:
    for data in (b"\r\n\r\n", b"", b"\x00" * 20, b"SIP/2.0 200 OK\r\n\r\n", datagram("ACK")):
        assert server.receive(data, SOURCE, 0.0) == []
    stray = datagram("OPTIONS").replace(b"OPTIONS sip:mcu@10.67.0.2 SIP/2.0", b"SIP/2.0 200 OK")
    assert server.receive(stray, SOURCE, 0.0) == []
    assert server.outgoing() == []
    assert dict(server.dropped) == {
        "keep-alive": 2,
        "garbage": 2,
        "stray ACK": 1,
        "stray response": 1,
    }
    assert server.idle


def test_a_second_answer_of_a_forked_invite_is_acknowledged_and_ended() -> None:
    client = UserAgentClient(("10.68.0.2", 5062), random.Random(3))
    call = client.call(URI, b"v=0", 0.0)
    [invite] = client.outgoing()
    head = dict(
        line.split(": ", 1) for line in invite.data.decode().split("\r\n")[1:] if ": " in line
    )

    def ok(tag: str) -> bytes:
        return (
            f"SIP/2.0 200 OK\r\nVia: {head['Via']}\r\nFrom: {head['From']}\r\n"
            f"To: {head['To']};tag={tag}\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:mcu@10.67.0.{tag}>\r\n\r\n"
        ).encode()

    mcu = ("10.67.0.2", 5060)
    assert client.receive(ok("3"), mcu, 10.0) == [Answered(call, None)]
    assert client.receive(ok("4"), mcu, 20.0) == []
    assert client.receive(ok("4"), mcu, 30.0) == []
    sent = [(one.data.split(b" ")[0], one.target[0]) for one in client.outgoing()]
    third, fourth = "10.67.0.3", "10.67.0.4"
    assert sent == [(b"ACK", third), (b"ACK", fourth), (b"BYE", fourth), (b"ACK", fourth)]
    assert client.calls == [call]


@pytest.mark.parametrize(
    ("method", "code"), [("INVITE", 480), ("BYE", 481), ("CANCEL", 481), ("OPTIONS", 200)]
)
def test_a_client_takes_no_calls(method: str, code: int) -> None:
    client = UserAgentClient(("10.67.0.2", 5060), random.Random(3))
    client.receive(datagram(method), SOURCE, 0.0)
    assert client.outgoing()[0].data.startswith(b"SIP/2.0 %d " % code)
