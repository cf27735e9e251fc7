"""Requests inside a call from whoever has seen its tags, and proofs that were meant for another."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from mcu_sim.sip import (
    CallEnded,
    CallEstablished,
    CallFailed,
    Event,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    Peer,
    Reoffer,
    ReofferAnswered,
    ReofferRefused,
)
from mcu_sim.sip.digest import Authority, Credentials, authorization
from mcu_sim.sip.message.addresses import is_within
from tests.mcu_sim.agent_calls import accept_all, inside
from tests.mcu_sim.conftest import ANSWER, CLIENT, OFFER, SERVER

SECRET = b"0123456789abcdef"
PASSWORDS = {"cu-jut": "bí mật", "dak-song": "khác"}
MCU = "sip:giao-ban@10.67.0.2"
STRANGERS = (Peer("10.68.0.9", CLIENT[1]), Peer(*CLIENT)._replace(port=CLIENT[1] + 1))
"""Another host, and another program on the call's own."""
OVER_TCP = Peer(*CLIENT, "TCP")


def guarded(make_wire: Any, **client: Any) -> Any:
    """A wire to an agent with accounts, which accepts all calls."""
    usual = {"credentials": Credentials("cu-jut", PASSWORDS["cu-jut"])}
    server = {"authority": Authority("mcu", PASSWORDS, SECRET)}
    wire = make_wire(client=usual | client, server=server)
    accept_all(wire, ANSWER)
    return wire


def standing(make_wire: Any) -> tuple[Any, str]:
    wire = guarded(make_wire)
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
    assert wire.client.idle
    assert wire.server.idle


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
    wire = guarded(make_wire)
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
    wire = guarded(make_wire)

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
    wire = guarded(make_wire)
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
    wire = guarded(make_wire)
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
    wire = guarded(make_wire)
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
