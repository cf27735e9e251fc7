"""Calls that have to say who makes them (RFC 3261 §22), between two agents."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.authentication import (
    FORGOTTEN_MS,
    LONGEST_MS,
    MOST_DEVICES,
    MOST_GUESSERS,
    UNDELAYED,
    PasswordThrottle,
    WrongPassword,
)
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.digest import Authority, Credentials, authorization
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    CallFailed,
    Event,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    InviteAccepted,
    InviteRefused,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
)
from giaoban.mcu_sim.sip.message.addresses import Peer, is_within
from giaoban.mcu_sim.sip.registration import Registrar
from tests.mcu_sim.agent_calls import URIS, accept_all, inside
from tests.mcu_sim.conftest import ANSWER, CLIENT, OFFER, SERVER

PASSWORDS = {"cu-jut": "bí mật", "dak-song": "khác"}
RIGHT = Credentials("cu-jut", PASSWORDS["cu-jut"])
MCU = "sip:giao-ban@10.67.0.2"


def authority(life_ms: float = 300_000) -> Authority:
    return Authority("mcu", PASSWORDS, b"0123456789abcdef", life_ms)


def guarded(make_wire: Any, answer: bytes, client: dict[str, Any], **more: Any) -> Any:
    wire = make_wire(client=client, server={"authority": authority(), **more})
    accept_all(wire, answer)
    return wire


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_challenge_is_answered_once(make_wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS[transport], offer, 0.0)
    wire.run(100.0)
    assert wire.client_events == [InviteAccepted(call, answer)]
    incoming = wire.server_events[0]
    assert isinstance(incoming, IncomingCall)
    assert (incoming.verified_user, incoming.from_user) == ("cu-jut", "cu-jut")
    first, second = (
        dict(line.split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)
        for text in wire.texts("client", "INVITE")
    )
    assert (first["CSeq"], second["CSeq"]) == ("1 INVITE", "2 INVITE")
    assert (first["Call-ID"], first["From"]) == (second["Call-ID"], second["From"])
    assert first["Via"] != second["Via"]
    assert second["Authorization"].startswith('Digest username="cu-jut"')
    assert len(wire.sent("client", "ACK")) == 2
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert wire.idle


@pytest.mark.parametrize(
    ("client", "code"),
    [
        ({}, 401),
        ({"credentials": Credentials("cu-jut", "falsch")}, 403),
        ({"credentials": Credentials("nobody", "bí mật")}, 403),
        ({"credentials": Credentials("dak-song", "khác")}, 403),  # who is not who From says
    ],
)
def test_others_do_not_get_in(make_wire, offer, answer, client, code) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, client)
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run()
    [refused] = wire.client_events
    assert isinstance(refused, InviteRefused)
    assert (refused.call, refused.code) == (call, code)
    assert wire.server_events == []
    assert wire.idle


def test_a_second_challenge_is_a_refusal(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT}, authority=authority(life_ms=1))
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run()
    assert wire.client_events == [InviteRefused(call, 401, "Unauthorized", None)]
    stale = wire.texts("server", "SIP/2.0 401")[-1]
    assert "stale=true" in stale
    assert len(wire.sent("client", "INVITE")) == 2


def test_a_challenge_and_a_short_interval_together_get_through(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    client = {"credentials": RIGHT, "session_expires_s": 120}
    wire = guarded(make_wire, answer, client, min_se_s=600)
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    assert wire.client_events == [InviteAccepted(call, answer)]
    codes = [text.split(" ")[1] for text in wire.texts("server", "SIP/2.0")]
    assert codes == ["401", "422", "401", "200"]


def test_hanging_up_before_the_challenge_makes_no_second_call(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(6.0)
    wire.client.hang_up(call, wire.now_ms)
    wire.run()
    assert len(wire.sent("client", "INVITE")) == 1
    assert wire.client_events == wire.server_events == []
    assert wire.idle


def test_a_proxy_that_asks_is_answered_in_its_own_header(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"credentials": RIGHT})
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    head = invite.data.split(b"\r\n")
    names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    copied = [line for line in head if line.split(b":")[0] in names]
    [challenge] = [c for c in authority().challenges(0.0) if c.endswith("MD5")]
    asked = b"Proxy-Authenticate: " + challenge.encode()
    lines = [b"SIP/2.0 407 Proxy Authentication Required", *copied, asked, b"", b""]
    assert wire.client.receive(b"\r\n".join(lines), Peer("10.67.0.2", 5060), 1.0) == []
    ack, again = wire.client.outgoing()
    assert ack.data.startswith(b"ACK ")
    assert b"\r\nProxy-Authorization: Digest " in again.data


def test_a_reinvite_that_is_challenged_is_answered(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run(100.0)
    established = wire.server_events[-1]
    assert isinstance(established, CallEstablished)
    wire.client.reinvite(call, b"v=0 more", wire.now_ms)
    [invite] = wire.client.outgoing()
    wire.client.info(call, "text/plain", b"", wire.now_ms)  # takes the next CSeq
    head = invite.data.split(b"\r\n")
    names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    lines = [b"SIP/2.0 401 Unauthorized", *(x for x in head if x.split(b":")[0] in names)]
    lines += [b"WWW-Authenticate: " + c.encode() for c in authority().challenges(0.0)]
    data = b"\r\n".join([*lines, b"", b""])
    wire.client.receive(data, Peer("10.67.0.2", 5060), wire.now_ms)
    again = wire.client.outgoing()[-1].data
    assert again.startswith(b"INVITE ")
    assert b"\r\nAuthorization: Digest " in again
    assert b"\r\nCSeq: 5 INVITE\r\n" in again  # after 3 INVITE and 4 INFO
    assert wire.client.state(call) is CallState.ESTABLISHED


def test_authorization_garbage_is_refused_and_nothing_is_left(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = guarded(make_wire, answer, {})
    rng = random.Random(1)
    wire.client.call(URIS["UDP"], offer, 0.0)
    [invite] = wire.client.outgoing()
    for number in range(200):
        junk = "".join(rng.choice('Digest ="\\,;{}ä\t') for _ in range(rng.randrange(80)))
        data = invite.data.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % number)
        data = data.replace(b"Call-ID: ", b"Call-ID: %d" % number)
        data = data.replace(b"Max-Forwards", f"Authorization: {junk}\r\nMax-Forwards".encode())
        assert wire.server.receive(data, Peer("10.68.0.2", 5062), 0.0) == []
        assert wire.server.outgoing()[-1].data[8:11] in (b"401", b"403")
    while (at := wire.server.next_timeout()) is not None:
        wire.server.advance(at)
    assert wire.server.idle


STRANGERS = (Peer("10.68.0.9", CLIENT[1]), Peer(*CLIENT)._replace(port=CLIENT[1] + 1))
"""Another host, and another program on the call's own."""
OVER_TCP = Peer(*CLIENT, "TCP")


def with_accounts(make_wire: Any) -> Any:
    """A wire to an agent with accounts, which accepts all calls."""
    return guarded(make_wire, ANSWER, {"credentials": RIGHT})


def standing(make_wire: Any) -> tuple[Any, str]:
    wire = with_accounts(make_wire)
    call = wire.client.call(MCU, OFFER, 0.0)
    wire.run(100.0)
    assert isinstance(wire.server_events[-1], CallEstablished)
    return wire, call


def hang_up(agent: Any, call: str) -> None:
    agent.hang_up(call, 100.0)


def turn(agent: Any, call: str) -> None:
    agent.reinvite(call, b"v=0 elsewhere", 100.0)


def command(agent: Any, call: str) -> None:
    agent.info(call, "text/plain", b"x", 100.0)


INSIDE = {hang_up: CallEnded, turn: Reoffer, command: InfoReceived}


def code_of(agent: Any) -> int:
    [answer] = agent.outgoing()
    return int(answer.data[8:11])


def with_proof(data: bytes, refusal: bytes, user: str) -> bytes:
    """A request again, with the answer to the challenge of a 401 to it."""
    method, uri = data.split(b" ")[:2]
    challenges = re.findall(r"WWW-Authenticate: (.*)\r\n", refusal.decode())
    who = Credentials(user, PASSWORDS[user])
    proof = authorization(challenges, method.decode(), uri.decode(), who, random.Random(1))
    data = data.replace(b"branch=z9hG4bK", b"branch=z9hG4bKagain")
    return data.replace(b"Max-Forwards", f"Authorization: {proof}\r\nMax-Forwards".encode())


@pytest.mark.parametrize("source", [*STRANGERS, OVER_TCP])
@pytest.mark.parametrize("do", INSIDE)
def test_a_stranger_has_to_prove_that_the_call_is_its_own(
    make_wire: Any, do: Callable[[Any, str], None], source: Peer
) -> None:
    wire, call = standing(make_wire)
    do(wire.client, call)
    [request] = wire.client.outgoing()
    assert wire.server.receive(request.data, source, 100.0) == []
    [refusal] = wire.server.outgoing()
    assert refusal.data.startswith(b"SIP/2.0 401 ")
    other = with_proof(request.data, refusal.data, "dak-song")
    named = re.sub(rb"From: [^\r]*;tag", b"From: <sip:dak-song@10.68.0.2>;tag", other)
    for forged in (other, named.replace(b"z9hG4bKagain", b"z9hG4bKnamed")):
        assert wire.server.receive(forged, source, 101.0) == []
        assert code_of(wire.server) in (401, 403)
    proved = with_proof(request.data, refusal.data, "cu-jut")
    [event] = wire.server.receive(proved.replace(b"again", b"mine"), source, 102.0)
    assert isinstance(event, INSIDE[do])


def challenge(wire: Any, request: bytes, source: Peer) -> None:
    """The agent with accounts gets a request of the call from elsewhere; the caller, its 401."""
    assert wire.server.receive(request, source, 100.0) == []
    [refusal] = wire.server.outgoing()
    assert refusal.data.startswith(b"SIP/2.0 401 ")
    wire.client_events += wire.client.receive(refusal.data, Peer(*SERVER), 101.0)


@pytest.mark.parametrize("source", [*STRANGERS, OVER_TCP])
@pytest.mark.parametrize("do", INSIDE)
def test_a_caller_whose_address_became_another_proves_itself(
    make_wire: Any, do: Callable[[Any, str], None], source: Peer
) -> None:
    """An address translator has given it another, or its connection was opened anew."""
    wire, call = standing(make_wire)
    do(wire.client, call)
    [request] = wire.client.outgoing()
    challenge(wire, request.data, source)
    again = wire.client.outgoing()[-1]  # behind the ACK to the refusal of an INVITE
    [event] = wire.server.receive(again.data, source, 102.0)
    assert isinstance(event, INSIDE[do])
    assert b"\r\nCSeq: 4 " in again.data
    hang_up(wire.client, call)
    hang_up(wire.server, event.call)
    wire.run()
    assert wire.idle


@pytest.mark.parametrize("do", INSIDE)
def test_it_proves_itself_once_and_a_second_401_is_an_answer(
    make_wire: Any, do: Callable[[Any, str], None]
) -> None:
    wire, call = standing(make_wire)
    do(wire.client, call)
    [request] = wire.client.outgoing()
    challenge(wire, request.data, STRANGERS[0])
    proved = wire.client.outgoing()[-1].data
    for line in re.findall(rb"Authorization: [^\r]*\r\n", proved):  # lost on the way
        proved = proved.replace(line, b"")
    challenge(wire, proved, STRANGERS[0])
    assert [d for d in wire.client.outgoing() if not d.data.startswith(b"ACK ")] == []
    told = [
        one.code for one in wire.client_events if isinstance(one, InfoAnswered | ReofferRefused)
    ]
    assert told == ([] if do is hang_up else [401])
    assert wire.client.calls == ([] if do is hang_up else [call])


def test_a_bye_to_an_answer_that_came_too_late_is_proved_too(make_wire: Any) -> None:
    wire = with_accounts(make_wire)
    call = wire.client.call(MCU, OFFER, 0.0)
    wire.run(14.0)
    wire.step()  # the second INVITE is there, and its 200 on its way
    wire.client.hang_up(call, wire.now_ms)
    wire.run(wire.now_ms + 4.0)
    wire.step()
    bye = wire.texts("client", "BYE")[0].encode()
    again = bye.replace(b"branch=z9hG4bK", b"branch=z9hG4bKelsewhere")
    assert wire.server.receive(again, STRANGERS[0], wire.now_ms) == []
    [refusal] = wire.server.outgoing()
    own = refusal.data.replace(b"z9hG4bKelsewhere", b"z9hG4bK")
    wire.client.receive(own, Peer(*SERVER), wire.now_ms)
    [proved] = wire.client.outgoing()
    [event] = wire.server.receive(proved.data, STRANGERS[0], wire.now_ms)
    assert isinstance(event, CallEnded)


@pytest.mark.parametrize("do", INSIDE)
def test_the_call_itself_is_not_asked_again(make_wire: Any, do: Callable[[Any, str], None]) -> None:
    wire, call = standing(make_wire)
    do(wire.client, call)
    [request] = wire.client.outgoing()
    [event] = wire.server.receive(request.data, Peer(*CLIENT), 100.0)
    assert isinstance(event, INSIDE[do])


@pytest.mark.parametrize("do", INSIDE)
def test_whom_the_mcu_has_called_is_known_by_its_host(
    make_wire: Any, do: Callable[[Any, str], None]
) -> None:
    wire = with_accounts(make_wire)

    def at_client(event: Event, now_ms: float) -> None:
        if isinstance(event, IncomingCall):
            wire.client.accept(event.call, ANSWER, now_ms)

    wire.on_client_event = at_client
    wire.server.call("sip:cu-jut@10.68.0.2:5062", OFFER, 0.0)
    wire.run(100.0)
    [call] = wire.client.calls
    do(wire.client, call)
    [request] = wire.client.outgoing()
    assert wire.server.receive(request.data, STRANGERS[0], 100.0) == []
    assert code_of(wire.server) == 401
    again = request.data.replace(b"branch=z9hG4bK", b"branch=z9hG4bKagain")
    [event] = wire.server.receive(again, STRANGERS[1], 100.0)
    assert isinstance(event, INSIDE[do])


@pytest.mark.parametrize("source", [*STRANGERS, OVER_TCP])
@pytest.mark.parametrize("branch", [b"handINVITE", b"handACK"])
@pytest.mark.parametrize("again", [False, True])
def test_only_the_call_itself_answers_an_offer_of_ours(
    make_wire: Any, source: Peer, branch: bytes, again: bool
) -> None:
    """Of an INVITE, and of one in the call, without an offer: the answer is in the ACK, for which
    nobody can be asked to prove anything (RFC 3261 §22.1)."""
    wire = with_accounts(make_wire)
    wire.client.call(MCU, OFFER, 0.0)
    wire.run(9.0)
    wire.step()  # the 401 came
    if again:
        wire.run(100.0)
        invite = inside(wire, wire.server_events[-1].call, "INVITE", 3)
    else:
        proved = wire.texts("client", "INVITE")[-1].partition("\r\n\r\n")[0] + "\r\n"
        invite = re.sub(r"Content-\w+: .*\r\n", "", proved).encode() + b"\r\n"
        invite = re.sub(rb"z9hG4bK\w+", b"z9hG4bKhandINVITE2", invite)
    [event] = wire.server.receive(invite, Peer(*CLIENT), 100.0)
    (wire.server.answer_reoffer if again else wire.server.accept)(event.call, ANSWER, 100.0)
    wire.server.outgoing()
    bare, ack = (
        inside(wire, event.call, "ACK", 3 if again else 2, body).replace(b"handACK", branch)
        for body in ("", "v=0")
    )
    assert wire.server.receive(ack, source, 101.0) == []
    assert wire.server.receive(bare, source, 101.0) == []
    assert wire.server.dropped["ACK from elsewhere"] == 2
    heard = wire.server.receive(ack, Peer(*CLIENT), 102.0)
    kind = ReofferAnswered if again else CallEstablished
    assert heard == [kind(event.call, b"v=0")]


@pytest.mark.parametrize("source", [*STRANGERS, Peer(*CLIENT)])
def test_only_the_caller_cancels(make_wire: Any, source: Peer) -> None:
    wire = with_accounts(make_wire)
    wire.on_server_event = lambda event, now_ms: None  # it rings
    call = wire.client.call(MCU, OFFER, 0.0)
    wire.run(300.0)  # the 100 is there
    wire.client.hang_up(call, 300.0)
    [cancel] = wire.client.outgoing()
    assert cancel.data.startswith(b"CANCEL ")
    came = wire.server.receive(cancel.data, source, 300.0)
    if source == Peer(*CLIENT):
        assert [type(event) for event in came] == [CallFailed]
    else:
        assert came == []
        assert code_of(wire.server) == 481


@pytest.mark.parametrize(
    "target", ["sip:so-y-te@10.67.0.2", "sip:10.67.0.2", "sip:giao-ban@10.67.0.2:5070"]
)
def test_a_proof_for_one_room_opens_no_other(make_wire: Any, target: str) -> None:
    wire = with_accounts(make_wire)
    wire.client.call(MCU, OFFER, 0.0)
    wire.run(9.0)
    wire.step()  # the 401 came, and the proof is on its way
    proved = wire.texts("client", "INVITE")[-1]
    assert "\r\nAuthorization: Digest " in proved
    moved = proved.replace(f"INVITE {MCU} ", f"INVITE {target} ").replace("z9hG4bK", "z9hG4bKx")
    assert wire.server.receive(moved.encode(), Peer(*CLIENT), 20.0) == []
    [refusal] = wire.server.outgoing()
    assert refusal.data.startswith(b"SIP/2.0 400 ")


@pytest.mark.parametrize(
    ("other", "within"),
    [
        ("sip:giao-ban@10.67.0.2", True),
        ("sip:giao-ban@10.67.0.2:5060;x=1", True),
        ("sip:10.67.0.2", True),
        ("sip:10.67.0.2:5060", True),
        ("sip:10.67.0.2:5070", False),
        ("sip:10.67.0.3", False),
        ("sip:so-y-te@10.67.0.2", False),
        ("sips:10.67.0.2", False),
        ("*", False),
    ],
)
def test_what_a_proof_for_a_whole_element_is_for(other: str, within: bool) -> None:
    assert is_within(MCU, other) is within


DEVICE, GUESSER = Peer("10.68.0.2", 5060), Peer("10.68.0.9", 5060)
USERS = {"cu-jut": "bí mật", "dak-mil": "khác"}
URI = "sip:10.67.0.2"


class Mcu:
    """A registrar with accounts, in virtual time."""

    def __init__(self) -> None:
        self.agent = UserAgent(
            ("10.67.0.2", 5060),
            random.Random(1),
            authority=Authority("mcu", USERS, b"0123456789abcdef"),
            registrar=Registrar(),
        )
        self.now_ms = 0.0
        self.seen: list[WrongPassword] = []
        self.answers: list[tuple[float, int, str]] = []
        self._number = 0

    def register(self, user: str, source: Peer, *headers: str) -> str:
        """Send a REGISTER; its Call-ID."""
        self._number += 1
        lines = "".join(f"Authorization: {value}\r\n" for value in headers)
        text = (
            f"REGISTER {URI} SIP/2.0\r\nVia: SIP/2.0/UDP {source.host}:{source.port};"
            f"branch=z9hG4bK{self._number}\r\nFrom: <sip:{user}@10.67.0.2>;tag=1\r\n"
            f"To: <sip:{user}@10.67.0.2>\r\nCall-ID: {self._number}\r\nCSeq: 1 REGISTER\r\n"
            f"Contact: <sip:a@{source.host}>\r\nMax-Forwards: 70\r\n{lines}"
            "Content-Length: 0\r\n\r\n"
        )
        self.agent.receive(text.encode(), source, self.now_ms)
        self._take()
        return str(self._number)

    def proof(self, user: str, password: str, claims: str | None = None) -> str:
        """The answer to a new challenge."""
        self.register(user, DEVICE)
        challenges = re.findall(r"WWW-Authenticate: (.*)\r\n", self._last)
        who = Credentials(claims or user, password)
        found = authorization(challenges, "REGISTER", URI, who, random.Random(self._number))
        assert found is not None
        return found

    def tries(self, user: str, password: str, source: Peer) -> str:
        """Prove oneself, or guess."""
        return self.register(user, source, self.proof(user, password))

    def wait(self, ms: float) -> None:
        until_ms = self.now_ms + ms
        while (at := self.agent.next_timeout()) is not None and at <= until_ms:
            self.now_ms = at
            self.agent.advance(at)
            self._take()
        self.now_ms = until_ms

    def answer(self, call: str) -> tuple[float, int] | None:
        """When a request was answered and how, None if it was not yet."""
        return next(((at, code) for at, code, name in self.answers if name == call), None)

    def _take(self) -> None:
        self.seen += self.agent.take_wrong_passwords()
        for one in self.agent.outgoing():
            self._last = one.data.decode()
            [name] = re.findall(r"Call-ID: (.*)\r\n", self._last)
            self.answers.append((self.now_ms, int(self._last[8:11]), name))


def test_each_wrong_one_is_told_and_the_next_waits_longer() -> None:
    mcu = Mcu()
    waits = []
    for _ in range(8):
        call = mcu.tries("cu-jut", "guess", GUESSER)
        began_ms = mcu.now_ms
        while (answer := mcu.answer(call)) is None:
            mcu.wait(100.0)
        assert answer[1] == 403
        waits.append(answer[0] - began_ms)
    assert waits == [0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
    assert [(e.user, e.host, e.count) for e in mcu.seen] == [
        ("cu-jut", GUESSER.host, n) for n in range(1, 9)
    ]
    assert [e.held_ms for e in mcu.seen] == waits
    assert mcu.agent.wrong_passwords == 8


def test_who_asks_at_once_learns_no_more() -> None:
    """Fifty throttle side by side, the right one among them, are as one."""
    mcu = Mcu()
    for _ in range(UNDELAYED):
        mcu.tries("cu-jut", "guess", GUESSER)
    first_ms = mcu.now_ms
    calls = [mcu.tries("cu-jut", f"guess {n}", GUESSER) for n in range(50)]
    calls.append(mcu.tries("cu-jut", USERS["cu-jut"], GUESSER))
    calls.append(mcu.tries("cu-jut", USERS["cu-jut"], GUESSER._replace(port=5070)))
    assert [mcu.answer(call) for call in calls] == [None] * len(calls)
    mcu.wait(1_000.0)
    assert {mcu.answer(call) for call in calls} == {(first_ms + 1_000.0, 403)}
    assert len(mcu.seen) == UNDELAYED + 1
    assert mcu.agent.wrong_passwords == UNDELAYED + len(calls)
    # and once the time is over, the right one is
    assert mcu.answer(mcu.tries("cu-jut", USERS["cu-jut"], GUESSER)) == (mcu.now_ms, 200)


def test_many_guesses_in_one_request_are_none() -> None:
    mcu = Mcu()
    throttle = [mcu.proof("cu-jut", f"guess {n}") for n in range(9)]
    right = mcu.proof("cu-jut", USERS["cu-jut"])
    call = mcu.register("cu-jut", GUESSER, *throttle, right)
    assert mcu.answer(call) == (0.0, 403)
    other = mcu.proof("dak-mil", "x")
    call = mcu.register("cu-jut", GUESSER, other, right)
    assert mcu.answer(call) == (0.0, 403)
    assert {e.user for e in mcu.seen} == {"cu-jut", "dak-mil"}


@pytest.mark.parametrize("claims", ["cu-jut", "dak-mil"])
def test_it_is_counted_for_whom_it_is_said_to_be(claims: str) -> None:
    """Not for From, which a guesser may change with each request."""
    mcu = Mcu()
    for number in range(UNDELAYED + 1):
        proof = mcu.proof(f"other-{number}", "guess", claims)
        call = mcu.register(f"other-{number}", GUESSER, proof)
    assert mcu.answer(call) is None
    assert {e.user for e in mcu.seen} == {claims}


def test_neither_its_owner_nor_its_neighbours_are_hindered() -> None:
    mcu = Mcu()
    beside = GUESSER._replace(port=5062)
    assert mcu.answer(mcu.tries("cu-jut", USERS["cu-jut"], beside)) == (0.0, 200)
    for _ in range(UNDELAYED + 1):
        mcu.tries("cu-jut", "guess", GUESSER)
    for user, source in (("cu-jut", DEVICE), ("dak-mil", GUESSER), ("cu-jut", beside)):
        assert mcu.answer(mcu.tries(user, USERS[user], source)) == (0.0, 200)
    assert mcu.answer(mcu.tries("cu-jut", USERS["cu-jut"], GUESSER)) is None


def test_it_is_forgotten_after_a_while_or_once_the_right_one_came() -> None:
    throttle = PasswordThrottle()
    for _ in range(9):
        throttle.note_wrong("a", DEVICE, 0.0)
    assert throttle.note_wrong("a", DEVICE, FORGOTTEN_MS) == (10, FORGOTTEN_MS + LONGEST_MS)
    assert throttle.note_wrong("a", DEVICE, 2 * FORGOTTEN_MS + 1)[0] == 1
    for _ in range(UNDELAYED):
        throttle.note_wrong("b", DEVICE, 0.0)
    throttle.note_right("b", DEVICE)
    assert throttle.note_wrong("b", DEVICE, 1.0) == (1, 1.0)


def test_memory_is_bounded_and_who_guesses_most_is_remembered() -> None:
    throttle = PasswordThrottle()
    for _ in range(9):
        throttle.note_wrong("a", GUESSER, 0.0)
    for number in range(2 * MOST_GUESSERS):
        throttle.note_wrong(f"b-{number}", GUESSER, 1.0)
    assert throttle.note_wrong("a", GUESSER, 2.0)[0] == 10
    assert len(throttle._failed_attempts) <= MOST_GUESSERS
    for number in range(2 * MOST_DEVICES):
        throttle.note_right("a", Peer("10.68.0.2", number))
    assert len(throttle._devices) <= MOST_DEVICES
