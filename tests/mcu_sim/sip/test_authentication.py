"""Calls that have to say who makes them (RFC 3261 §22), between two agents."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from giaoban.mcu_sim.sip import digest
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.digest import Authority, Credentials, authorization
from giaoban.mcu_sim.sip.events import (
    CallEstablished,
    IncomingCall,
    InviteAccepted,
    InviteRefused,
)
from giaoban.mcu_sim.sip.message.addresses import Peer, is_within
from giaoban.mcu_sim.sip.registration import Registrar
from tests.mcu_sim.agent_calls import URIS, accept_all
from tests.mcu_sim.conftest import ANSWER, CLIENT, OFFER

PASSWORDS = {"cu-jut": "bí mật", "dak-song": "khác"}
RIGHT = Credentials("cu-jut", PASSWORDS["cu-jut"])
MCU = "sip:giao-ban@10.67.0.2"


def authority() -> Authority:
    return Authority("mcu", PASSWORDS)


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


def test_a_second_challenge_is_a_refusal(make_wire, offer, answer, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(digest, "NONCE_LIFE_MS", 1)
    wire = guarded(make_wire, answer, {"credentials": RIGHT})
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
    asked = b"Proxy-Authenticate: " + authority().challenge(0.0).encode()
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
    lines.append(b"WWW-Authenticate: " + authority().challenge(0.0).encode())
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


def with_accounts(make_wire: Any) -> Any:
    """A wire to an agent with accounts, which accepts all calls."""
    return guarded(make_wire, ANSWER, {"credentials": RIGHT})


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
            authority=Authority("mcu", USERS),
            registrar=Registrar(),
        )
        self.now_ms = 0.0
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

    def answer(self, call: str) -> tuple[float, int] | None:
        """When a request was answered and how, None if it was not yet."""
        return next(((at, code) for at, code, name in self.answers if name == call), None)

    def _take(self) -> None:
        for one in self.agent.outgoing():
            self._last = one.data.decode()
            [name] = re.findall(r"Call-ID: (.*)\r\n", self._last)
            self.answers.append((self.now_ms, int(self._last[8:11]), name))


def test_each_wrong_one_is_refused_and_counted() -> None:
    mcu = Mcu()
    for _ in range(3):
        assert mcu.answer(mcu.tries("cu-jut", "guess", GUESSER)) == (0.0, 403)
    assert mcu.answer(mcu.tries("cu-jut", USERS["cu-jut"], GUESSER)) == (0.0, 200)
    assert mcu.agent.wrong_passwords == 3
