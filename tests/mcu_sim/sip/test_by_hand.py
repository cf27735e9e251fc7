"""Single messages by hand to one user agent: what it answers, drops and counts."""

from __future__ import annotations

import random
import re

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.endpoint import MAX_UNANSWERED
from giaoban.mcu_sim.sip.events import CallEstablished, IncomingCall, InviteAccepted, Reoffer
from giaoban.mcu_sim.sip.message.addresses import Peer

URI = "sip:mcu@10.67.0.2"
SOURCE = Peer("10.68.0.9", 5061)


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
def server() -> UserAgent:
    return UserAgent(("10.67.0.2", 5060), random.Random(3))


def answer_to(server: UserAgent, data: bytes, now_ms: float = 0.0) -> str:
    server.receive(data, SOURCE, now_ms)
    sent = server.outgoing()
    assert [one.target for one in sent] == [SOURCE] * len(sent)
    return sent[-1].data.decode() if sent else ""


@pytest.mark.parametrize(
    ("data", "code", "header"),
    [
        (datagram("OPTIONS"), 200, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n"),
        (datagram("REGISTER"), 405, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n"),
        (datagram("OPTIONS", more="Require: timer\r\n"), 200, "Supported: timer\r\n"),
        (datagram("UPDATE"), 405, "Allow:"),
        (datagram("NEWFANGLED"), 501, "Allow:"),  # RFC 3261 §21.5.2
        (datagram("INFO"), 481, ""),
        (datagram("BYE"), 481, ""),
        (datagram("CANCEL"), 481, ""),
        (datagram("INVITE", to=";tag=gone"), 481, ""),
        (datagram("OPTIONS", to=";tag=gone"), 481, ""),
        (datagram("INVITE", more="Require: 100rel, timer\r\n"), 420, "Unsupported: 100rel\r\n"),
        (
            datagram("INVITE", more="Content-Type: text/plain\r\n") + b"hi",
            415,
            "Accept: application/sdp",
        ),
        (datagram("INVITE", more="CSeq: 1 INVITE\r\n"), 400, ""),
        (datagram("INVITE").replace(b"INVITE sip:", b"INVITE sips:"), 416, ""),
        (datagram("OPTIONS").replace(b"OPTIONS sip:", b"OPTIONS SIPS:"), 416, ""),
        (datagram("OPTIONS").replace(b"OPTIONS sip:", b"OPTIONS SIP:"), 200, ""),
        *(
            (re.sub(rb" sip:\S+", b" tel:+842613000000", datagram(method), count=1), 416, "")
            for method in ("OPTIONS", "INVITE", "INFO", "BYE")
        ),
    ],
)
def test_requests_that_are_answered_at_once(
    server: UserAgent, data: bytes, code: int, header: str
) -> None:
    text = answer_to(server, data)
    assert text.startswith(f"SIP/2.0 {code} ")
    assert header in text
    assert re.search(r"\r\nTo: .*;tag=\w+\r\n", text)
    assert server.calls == []
    while (at := server.next_timeout()) is not None:
        server.advance(at)
    assert server.idle


def test_a_repeated_malformed_request_gets_the_same_answer(server: UserAgent) -> None:
    bad = datagram("OPTIONS", more="Max-Forwards: none\r\n")
    assert answer_to(server, bad) == answer_to(server, bad) != ""
    assert (server.dropped["malformed"], server.idle) == (2, True)


def test_a_cancel_of_what_was_refused_is_answered_and_changes_nothing(server: UserAgent) -> None:
    [incoming] = server.receive(datagram("INVITE"), SOURCE, 0.0)
    assert isinstance(incoming, IncomingCall)
    server.refuse(incoming.call, 486, "Busy Here", 1.0)
    server.outgoing()
    assert answer_to(server, datagram("CANCEL"), 2.0).startswith("SIP/2.0 200")
    assert server.calls == []


def test_an_invite_without_offer_gets_ours_and_the_ack_has_the_answer(
    server: UserAgent,
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


def test_inside_a_call(server: UserAgent) -> None:
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
    again = datagram("INVITE", sequence=6, branch="4", to=tag)
    assert server.receive(again, SOURCE, 1.0) == [Reoffer(incoming.call, None)]
    server.refuse_reoffer(incoming.call, 488, "Not Acceptable Here", 1.0)
    assert server.outgoing()[-1].data.startswith(b"SIP/2.0 488")
    assert answer_to(server, datagram("BYE", sequence=4, branch="5", to=tag)).startswith(
        "SIP/2.0 500"
    )
    assert server.state(incoming.call) is CallState.ESTABLISHED
    assert answer_to(server, datagram("BYE", sequence=7, branch="6", to=tag)).startswith(
        "SIP/2.0 200"
    )
    assert server.state(incoming.call) is CallState.DONE


def test_rubbish_is_counted_and_keep_alives_are_no_rubbish(server: UserAgent) -> None:
    for data in (
        b"\r\n",
        b"\r\n\r\n",
        b"",
        b"\x00" * 20,
        b"SIP/2.0 200 OK\r\n\r\n",
        datagram("ACK"),
    ):
        assert server.receive(data, SOURCE, 0.0) == []
    stray = datagram("OPTIONS").replace(b"OPTIONS sip:mcu@10.67.0.2 SIP/2.0", b"SIP/2.0 200 OK")
    assert server.receive(stray, SOURCE, 0.0) == []
    assert server.outgoing() == []
    assert dict(server.dropped) == {
        "garbage": 2,
        "stray ACK": 1,
        "stray response": 1,
    }
    assert server.idle


def test_a_second_answer_of_a_forked_invite_is_acknowledged_and_ended() -> None:
    client = UserAgent(("10.68.0.2", 5062), random.Random(3))
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

    mcu = Peer("10.67.0.2", 5060)
    assert client.receive(ok("3"), mcu, 10.0) == [InviteAccepted(call, None)]
    assert client.receive(ok("4"), mcu, 20.0) == []
    assert client.receive(ok("4"), mcu, 30.0) == []
    sent = [(one.data.split(b" ")[0], one.target[0]) for one in client.outgoing()]
    third, fourth = "10.67.0.3", "10.67.0.4"
    assert sent == [(b"ACK", third), (b"ACK", fourth), (b"BYE", fourth), (b"ACK", fourth)]
    assert client.calls == [call]


def test_a_bare_address_is_one_of_udp(server: UserAgent) -> None:
    [incoming] = server.receive(datagram("INVITE"), ("10.68.0.9", 5061), 0.0)  # type: ignore[arg-type]
    assert isinstance(incoming, IncomingCall)
    assert incoming.source == Peer("10.68.0.9", 5061, "UDP")


def test_callers_that_nobody_decides_about_are_turned_away_at_some_number() -> None:
    server = UserAgent(("10.67.0.2", 5060), random.Random(3))

    def ring(number: int) -> str:
        data = datagram("INVITE", sequence=number, branch=str(number))
        server.receive(data.replace(b"Call-ID: hand", b"Call-ID: %d" % number), SOURCE, 0.0)
        sent = server.outgoing()
        return sent[-1].data.decode() if sent else ""

    for number in range(1, MAX_UNANSWERED + 1):
        assert ring(number) == ""
    turned_away = ring(MAX_UNANSWERED + 1)
    assert turned_away.startswith("SIP/2.0 503 ")
    assert "\r\nRetry-After: 10\r\n" in turned_away
    assert len(server.calls) == server.transactions == MAX_UNANSWERED
    assert server.dropped["overload"] == 1
    # what ends calls still gets through, and makes room
    cancel = datagram("CANCEL", branch="1").replace(b"Call-ID: hand", b"Call-ID: 1")
    assert answer_to(server, cancel).startswith("SIP/2.0 487")
    assert ring(MAX_UNANSWERED + 2) == ""
    for call in server.calls:
        server.hang_up(call, 1.0)
    while (at := server.next_timeout()) is not None:
        server.advance(at)
    assert server.idle


def test_a_forked_invite_is_not_acknowledged_without_end() -> None:
    client = UserAgent(("10.68.0.2", 5062), random.Random(3))
    client.call(URI, b"v=0", 0.0)
    [invite] = client.outgoing()
    head = invite.data.split(b"Content-Type")[0].replace(b"Content-Length: 3", b"Content-Length: 0")
    ok = re.sub(rb"^INVITE .*", b"SIP/2.0 200 OK\r", head)
    for number in range(100):
        tagged = ok.replace(b"To: <sip:mcu@10.67.0.2>", b"To: <sip:mcu@10.67.0.2>;tag=%d" % number)
        client.receive(tagged + b"\r\n", Peer("10.67.0.2", 5060), 1.0)
    assert client.dropped["fork"] == 92
    assert client.transactions == 1 + 7  # its own and a BYE for each but the first
