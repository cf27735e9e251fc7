"""RFC 4475: each of its messages is answered as it says, over UDP, over TCP, and byte by byte."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from sipmessage import Message, Response

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Authority
from giaoban.mcu_sim.sip.events import Event, IncomingCall
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.message.parser import parse
from giaoban.mcu_sim.sip.registration import Registrar
from giaoban.mcu_sim.sip.transport.connection import StreamError, StreamReader
from tests.mcu_sim.rfc4475 import messages

MESSAGES = messages()
CALL = "a call"
"""It is a good INVITE: the owner is told of a call."""
DROPPED = "dropped"
"""It is an answer to nothing: no word, no event."""
WAITS = "waits"
"""Over a stream more octets are waited for; the connection is closed when none come."""

UDP: dict[str, int | str] = {
    # §3.1.1, well formed
    "wsinv": 481,  # in a dialog that is not known here, by its To tag (RFC 3261 §12.2.2)
    "intmeth": 501,  # "Endpoints will generate a 501"
    "esc01": CALL,
    "escnull": 200,
    "esc02": 501,  # "An endpoint would reject this message with a 501."
    "lwsdisp": 200,  # "Elements should accept this request as well formed."
    "longreq": CALL,
    "dblreq": 200,  # "handle the REGISTER request normally and ignore the extra bits"
    "semiuri": 200,
    "transports": 200,
    "mpart01": 405,  # well formed; MESSAGE is known but not done here (RFC 3261 §8.2.1)
    "unreason": DROPPED,
    "noreason": DROPPED,
    # §3.1.2, invalid
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": DROPPED,  # "will simply discard it"
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": CALL,  # "An element that is liberal … may ignore these extra SP characters"
    "trws": 200,  # the same
    "escruri": 400,
    "baddate": CALL,  # "could ignore this value altogether"
    "regbadct": 400,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,  # "501 … has better future-proof characteristics"
    "bigcode": DROPPED,  # "should simply drop it"
    # §3.2, transaction layer
    "badbranch": 200,  # "could fall back to the RFC 2543-style transaction identifier"
    # §3.3, application layer
    "insuf": 400,
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 400,  # "A registrar would reject this request with a 400"
    "bext01": 420,
    "invut": 415,
    "regaut01": 200,  # of a registrar that asks nobody who he is
    "multi01": 400,
    "mcl01": 400,
    "bcast": DROPPED,
    "zeromf": 200,  # an endpoint does not forward
    "cparam01": 200,
    "cparam02": 200,
    "regescrt": 200,
    "sdp01": CALL,
    # §3.4, RFC 2543
    "inv2543": CALL,
}
TCP: dict[str, int | str | list[int]] = UDP | {
    # a stream has no end of a datagram: these are two requests; the second has no Contact
    "dblreq": [200, 400],
    "clerr": WAITS,  # "not much the receiving party could do but wait"
    "inv2543": 400,  # no Content-Length, which a stream needs (RFC 3261 §20.14)
    "baddn": WAITS,  # the empty line does not come
}
CLOSED = {"ncl", "mcl01", "inv2543", "dblreq"}
"""In dblreq, what follows the 150 octets of the second body is no SIP. Of the others: "the framing
error is not recoverable, and the connection should be closed" (§3.1.2.3, §3.3.9)."""

Feed = Callable[[UserAgent, bytes], tuple[list[Event], bool]]


def by_udp(agent: UserAgent, data: bytes) -> tuple[list[Event], bool]:
    return agent.receive(data, Peer("192.0.2.99", 5060), 0.0), False


def by_tcp(agent: UserAgent, data: bytes) -> tuple[list[Event], bool]:
    return _stream(agent, [data])


def byte_by_byte(agent: UserAgent, data: bytes) -> tuple[list[Event], bool]:
    return _stream(agent, (data[at : at + 1] for at in range(len(data))))


def _stream(agent: UserAgent, pieces: Iterable[bytes]) -> tuple[list[Event], bool]:
    reader, events, closed = StreamReader(), [], False
    for piece in pieces:
        try:
            came = reader.feed(piece)
        except StreamError as error:
            came, closed = error.messages, True
        for message in came:
            events += agent.receive(message, Peer("192.0.2.99", 40_000, "TCP"), 0.0)
        if closed:
            break
    return events, closed


def registrar_agent(registrar: Registrar | None = None) -> UserAgent:
    known = Registrar() if registrar is None else registrar
    return UserAgent(("192.0.2.250", 5060), random.Random(4475), registrar=known)


def answers(agent: UserAgent) -> list[Response]:
    """What it said; not read by its own parser, since bad headers go back as they came."""
    found = [Message.parse(one.data) for one in agent.outgoing()]
    assert all(isinstance(one, Response) for one in found)
    return found


def outcome(agent: UserAgent, events: list[Event]) -> list[int | str]:
    calls: list[int | str] = [CALL for one in events if isinstance(one, IncomingCall)]
    assert len(calls) == len(events)
    return [one.code for one in answers(agent)] + calls


def test_all_are_there() -> None:
    assert len(MESSAGES) == len(UDP) == 49
    assert MESSAGES.keys() == UDP.keys()
    assert {m.section[:3] for m in MESSAGES.values()} == {"3.1", "3.2", "3.3", "3.4"}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("feed", [by_udp, by_tcp, byte_by_byte])
def test_each_is_answered_as_it_says(name: str, feed: Feed) -> None:
    agent = registrar_agent()
    events, closed = feed(agent, MESSAGES[name].data)
    wanted = (UDP if feed is by_udp else TCP)[name]
    if wanted in (DROPPED, WAITS):
        assert outcome(agent, events) == []
        assert bool(agent.dropped) == (wanted == DROPPED)
    else:
        assert outcome(agent, events) == (wanted if isinstance(wanted, list) else [wanted])
    assert closed == (feed is not by_udp and name in CLOSED)


@pytest.mark.parametrize("name", [name for name, wanted in UDP.items() if isinstance(wanted, int)])
def test_what_must_be_copied_goes_back_octet_by_octet(name: str) -> None:
    data = MESSAGES[name].data
    agent = registrar_agent()
    by_udp(agent, data)
    [sent] = agent.outgoing()
    head = data.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    for wanted in (b"From", b"To", b"Call-ID", b"CSeq", b"f", b"t", b"i"):
        for line in head:
            field, _, value = line.partition(b":")
            if field.strip().lower() == wanted.lower():
                folded = b" ".join(value.split())
                assert folded in b" ".join(sent.data.split())
                break


def test_the_reason_is_read_whatever_it_is() -> None:
    unreason, noreason = (parse(MESSAGES[name].data) for name in ("unreason", "noreason"))
    assert isinstance(unreason, Response)
    assert isinstance(noreason, Response)
    assert unreason.phrase == "= 2**3 * 5**2 но сто девяносто девять - простое"
    assert (noreason.code, noreason.phrase) == (100, "")


def test_the_calls_say_who_is_called() -> None:
    users = {}
    for name in ("esc01", "longreq", "lwsstart", "inv2543"):
        [call] = by_udp(registrar_agent(), MESSAGES[name].data)[0]
        assert isinstance(call, IncomingCall)
        assert call.sdp is not None
        users[name] = call.to_user, call.from_user
    assert users["esc01"] == ("sips:user@example.com", "I have spaces")
    assert users["longreq"] == ("user", "amazinglylongcallername" * 5)
    assert users["inv2543"] == ("UserB", "+13035551111")


def test_refusals_say_what_would_be_taken() -> None:
    said = {}
    for name in ("intmeth", "bext01", "invut"):
        agent = registrar_agent()
        by_udp(agent, MESSAGES[name].data)
        [said[name]] = answers(agent)
    assert "INVITE" in (said["intmeth"].headers.get("Allow") or "")
    unsupported = said["bext01"].headers.get("Unsupported")
    assert unsupported == "nothingSupportsThis, nothingSupportsThisEither"
    assert said["invut"].headers.get("Accept") == "application/sdp"


@pytest.mark.parametrize(
    ("name", "user", "bound"),
    [
        ("cparam01", "watson", ["sip:+19725552222@gw1.example.net"]),
        ("cparam02", "watson", ["sip:+19725552222@gw1.example.net;unknownparam"]),
        ("regescrt", "user", ["sip:user@example.com?Route=%3Csip:sip.example.com%3E"]),
        (
            "escnull",
            "null-\0-null",
            ["sip:%00@host5.example.com", "sip:%00%00@host5.example.com"],
        ),
    ],
)
def test_what_is_registered_is_what_was_said(name: str, user: str, bound: list[str]) -> None:
    registrar = Registrar()
    agent = registrar_agent(registrar)
    by_udp(agent, MESSAGES[name].data)
    assert [one.uri for one in registrar.bindings(user, 0.0)] == bound
    [ok] = answers(agent)
    assert ok.headers.getlist("Contact") == [f"<{uri}>;expires=3600" for uri in bound]


def test_an_authorization_nobody_knows_is_asked_for_again() -> None:
    """§3.3.7: "reissue a 401 challenge" if the registrar wants to know who registers."""
    authority = Authority("example.com", {"j.user": "secret"})
    agent = UserAgent(
        ("192.0.2.250", 5060), random.Random(1), authority=authority, registrar=Registrar()
    )
    by_udp(agent, MESSAGES["regaut01"].data)
    [asked] = answers(agent)
    assert asked.code == 401
    assert (asked.headers.get("WWW-Authenticate") or "").startswith("Digest ")


def test_a_header_in_a_registered_address_is_not_done() -> None:
    """§3.3.14 and RFC 3261 §19.1.5: a Route that somebody hides in a URI leads nowhere."""
    registrar = Registrar()
    agent = registrar_agent(registrar)
    by_udp(agent, MESSAGES["regescrt"].data)
    agent.outgoing()
    [binding] = registrar.bindings("user", 0.0)
    agent.call(binding.uri, b"v=0", 0.0, binding.peer)
    [invite] = agent.outgoing()
    assert invite.data.startswith(b"INVITE sip:user@example.com SIP/2.0\r\n")
    assert b"Route" not in invite.data


def test_requests_with_an_empty_branch_are_told_apart() -> None:
    """§3.2.1: what identifies them is all of RFC 2543's, not the branch that says nothing."""
    agent = registrar_agent()
    one = MESSAGES["badbranch"].data
    by_udp(agent, one)
    by_udp(agent, one.replace(b"Call-ID: badbranch", b"Call-ID: another"))
    assert [a.headers["Call-ID"][:7] for a in answers(agent)] == ["badbran", "another"]


def test_a_call_of_rfc_2543_stands_and_is_hung_up() -> None:
    agent = registrar_agent()
    [call] = by_udp(agent, MESSAGES["inv2543"].data)[0]
    assert isinstance(call, IncomingCall)
    agent.accept(call.call, b"v=0", 0.0)
    [ok] = answers(agent)
    ack = MESSAGES["inv2543"].data.partition(b"\r\nContent-Type")[0]
    ack = ack.replace(b"INVITE sip", b"ACK sip").replace(b"56 INVITE", b"56 ACK")
    to = ok.headers["To"].encode()
    ack = ack.replace(b"To: sip:+16505552222@ss1.example.net;user=phone", b"To: " + to)
    agent.receive(ack + b"\r\n\r\n", Peer("192.0.2.99", 5060), 1.0)
    agent.hang_up(call.call, 2.0)
    [bye] = agent.outgoing()
    # its Record-Route is a strict router's, so that the target, its From, comes last
    assert bye.data.startswith(b"BYE sip:UserB@example.com;maddr=ss1.example.com SIP/2.0\r\n")
    assert b"\r\nRoute: <sip:+13035551111@ift.client.example.net;user=phone>\r\n" in bye.data
    assert bye.target == Peer("192.0.2.99", 5060)


@pytest.mark.parametrize(
    "text",
    [
        b"From: " + b'"\\"' * 20_000,
        b"From: " + b" " * 60_000 + b"x",
        b"From: " + b"<" * 60_000,
        b"Contact: " + b", " * 30_000,
        b'To: "' + b"\\\x07" * 30_000,
    ],
)
def test_no_header_takes_long(text: bytes) -> None:
    """Reading is linear in what came: these took minutes if a part was tried at every place."""
    data = MESSAGES["zeromf"].data.replace(b"Max-Forwards", text + b"\r\nMax-Forwards")
    agent = registrar_agent()
    for _ in range(20):
        by_udp(agent, data)
    assert agent.dropped["malformed"] == 20
