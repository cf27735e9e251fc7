"""REGISTER: the registrar's table (RFC 3261 §10.3), and our own registration."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import Registered, RegistrationFailed
from giaoban.mcu_sim.sip.message import Peer
from giaoban.mcu_sim.sip.registration import (
    LONGEST_S,
    ContactBinding,
    Registrar,
)
from tests.mcu_sim.agent_calls import header

PEER = Peer("10.68.0.2", 5062)
DESK = "sip:cu-jut@10.68.0.2:5062"
USER = "cu-jut"
URIS = {"UDP": "sip:10.67.0.2", "TCP": "sip:10.67.0.2;transport=tcp"}
CONTACTS = {"UDP": DESK, "TCP": f"{DESK};transport=tcp"}


def test_a_binding_lasts_as_long_as_it_was_granted() -> None:
    registrar = Registrar()
    made = registrar.register(USER, [(DESK, 600)], PEER, 1_000)
    assert made == [ContactBinding(DESK, PEER, 601_000)]
    assert made[0].expires_s(1_000) == 600
    assert registrar.contact_of(USER, 600_999.9) == made[0]
    assert registrar.contact_of(USER, 601_000) is None
    [longest] = registrar.register(USER, [(DESK, 2**40)], PEER, 0) or ()
    assert longest.expires_s(0) == LONGEST_S


@pytest.fixture
def at_registrar(make_wire) -> tuple[Any, Registrar]:  # type: ignore[no-untyped-def]
    registrar = Registrar()
    wire = make_wire(
        client={"credentials": Credentials("cu-jut", "s3cret")},
        server={"registrar": registrar, "authority": Authority("mcu", {"cu-jut": "s3cret"})},
    )
    return wire, registrar


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_registration_is_made_kept_and_taken_back(
    at_registrar: tuple[Any, Registrar], transport: str
) -> None:
    wire, registrar = at_registrar
    wire.client.register(URIS[transport], 0.0, expires_s=600)
    wire.run(100.0)
    assert wire.client_events == [Registered(600)]
    [binding] = registrar.bindings("cu-jut", wire.now_ms)
    assert (binding.uri, binding.peer.transport) == (CONTACTS[transport], transport)
    wire.run(2_000_000.0)
    assert wire.client_events == [Registered(600)] * 7  # at half the time each
    wire.client.unregister(wire.now_ms)
    wire.run()
    assert wire.client_events[7:] == [Registered(0)]
    assert registrar.bindings("cu-jut", wire.now_ms) == []
    texts = wire.texts("client", "REGISTER sip:10.67.0.2")
    assert len({header(text, "Call-ID") for text in texts}) == 1
    numbers = [int(header(text, "CSeq").split()[1]) for text in texts]
    assert numbers == list(range(1, len(texts) + 1))
    assert wire.idle


@pytest.mark.parametrize(
    ("client", "server", "code"),
    [
        ({}, {}, 405),
        ({}, {"registrar": Registrar(), "authority": None}, 0),
        ({}, {"registrar": Registrar()}, 401),
        ({"credentials": Credentials("cu-jut", "x")}, {"registrar": Registrar()}, 403),
        (
            {"credentials": Credentials("cu-jut", "s3cret"), "user": "other"},
            {"registrar": Registrar()},
            403,
        ),
    ],
)
def test_a_registration_needs_the_right_password(
    make_wire: Any, client: dict[str, Any], server: dict[str, Any], code: int
) -> None:
    authority = Authority("mcu", {"cu-jut": "s3cret"})
    wire = make_wire(client=client, server={"authority": authority, **server})
    wire.client.register(URIS["UDP"], 0.0)
    wire.run(1_000.0)
    [event] = wire.client_events
    if code == 0:
        assert event == Registered(3_600)
    else:
        assert isinstance(event, RegistrationFailed)
        assert event.code == code
        wire.run()
        assert wire.client.idle
