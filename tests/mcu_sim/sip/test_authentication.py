"""Calls that have to say who makes them (RFC 3261 §22), between two agents."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import (
    IncomingCall,
    InviteAccepted,
    InviteRefused,
)
from giaoban.mcu_sim.sip.message import Peer
from tests.mcu_sim.agent_calls import URIS, accept_all

PASSWORDS = {"cu-jut": "bí mật", "dak-song": "khác"}
RIGHT = Credentials("cu-jut", PASSWORDS["cu-jut"])


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


DEVICE, GUESSER = Peer("10.68.0.2", 5060), Peer("10.68.0.9", 5060)
