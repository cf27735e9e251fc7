"""REGISTER between two agents: kept alive, challenged, refused, taken back (RFC 3261 §10)."""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.sip import IncomingCall, Peer, Registered, RegistrationFailed
from mcu_sim.sip.digest import Authority, Credentials
from mcu_sim.sip.registration import Registrar

URIS = {"UDP": "sip:10.67.0.2", "TCP": "sip:10.67.0.2;transport=tcp"}
CONTACTS = {
    "UDP": "sip:cu-jut@10.68.0.2:5062",
    "TCP": "sip:cu-jut@10.68.0.2:5062;transport=tcp",
}


@pytest.fixture
def at_registrar(make_wire) -> tuple[Any, Registrar]:  # type: ignore[no-untyped-def]
    registrar = Registrar()
    authority = Authority("mcu", {"cu-jut": "s3cret"}, b"0123456789abcdef")
    wire = make_wire(
        client={"credentials": Credentials("cu-jut", "s3cret")},
        server={"registrar": registrar, "authority": authority},
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
    assert binding.uri == CONTACTS[transport]
    assert binding.peer.transport == transport
    wire.run(2_000_000.0)
    assert wire.client_events == [Registered(600)] * 7  # at half the time each
    assert [one.uri for one in registrar.bindings("cu-jut", wire.now_ms)] == [CONTACTS[transport]]
    wire.client.unregister(wire.now_ms)
    wire.run()
    assert wire.client_events[7:] == [Registered(0)]
    assert registrar.bindings("cu-jut", wire.now_ms) == []
    texts = wire.texts("client", "REGISTER sip:10.67.0.2")
    assert len({line(text, "Call-ID") for text in texts}) == 1
    numbers = [int(line(text, "CSeq").split()[1]) for text in texts]
    assert numbers == list(range(1, len(texts) + 1))
    assert "To: <sip:cu-jut@10.67.0.2>\r\n" in texts[0]
    assert wire.client.idle
    assert wire.server.idle


def test_who_is_registered_can_be_called(at_registrar: tuple[Any, Registrar], offer: bytes) -> None:
    wire, registrar = at_registrar
    wire.client.register(URIS["TCP"], 0.0)
    wire.run(100.0)
    binding = registrar.contact_of("cu-jut", wire.now_ms)
    assert binding is not None
    wire.server.call(binding.uri, offer, wire.now_ms, binding.peer)
    wire.run(wire.now_ms + 20.0)
    incoming = wire.client_events[-1]
    assert isinstance(incoming, IncomingCall)
    assert incoming.to_user == "cu-jut"
    # over the connection that the registration was made by
    assert incoming.source == Peer("10.67.0.2", 5060, "TCP")


def test_too_short_a_time_is_refused_with_423_and_tried_again(
    at_registrar: tuple[Any, Registrar],
) -> None:
    wire, _ = at_registrar
    wire.client.register(URIS["UDP"], 0.0, expires_s=10)
    wire.run(100.0)
    assert wire.client_events == [Registered(60)]
    [brief] = wire.texts("server", "SIP/2.0 423")
    assert "\r\nMin-Expires: 60\r\n" in brief


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
def test_who_is_let_in(
    make_wire: Any, client: dict[str, Any], server: dict[str, Any], code: int
) -> None:
    authority = Authority("mcu", {"cu-jut": "s3cret"}, b"0123456789abcdef")
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


def test_nobody_there(make_wire: Any) -> None:
    wire = make_wire(loss=1.0)
    wire.client.register(URIS["UDP"], 0.0)
    wire.run()
    assert wire.client_events == [RegistrationFailed(408, "Request Timeout")]
    assert wire.client.idle


def test_changed_minds_wait_for_the_answer_on_its_way(
    at_registrar: tuple[Any, Registrar],
) -> None:
    wire, registrar = at_registrar
    wire.client.register(URIS["UDP"], 0.0)
    wire.client.register(URIS["UDP"], 0.0, expires_s=300)
    wire.client.unregister(0.0)
    assert len(wire.client.outgoing()) == 1
    wire.client.unregister(0.0)
    wire.cut = True
    wire.run(32_001.0)  # the first one was lost: only then the next one goes
    wire.cut = False
    wire.run()
    assert wire.client_events == [Registered(0)]
    assert registrar.bindings("cu-jut", wire.now_ms) == []
    assert wire.client.idle


def test_the_time_granted_is_the_one_of_our_own_contact(make_wire: Any) -> None:
    wire = make_wire(server={"registrar": Registrar(longest_s=3_600)})
    other = Peer("10.68.0.3", 5060)
    register = (
        "REGISTER sip:10.67.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.68.0.3;branch=z9hG4bK1\r\n"
        "From: <sip:cu-jut@10.67.0.2>;tag=1\r\nTo: <sip:cu-jut@10.67.0.2>\r\nCall-ID: other\r\n"
        "CSeq: 1 REGISTER\r\nContact: <sip:cu-jut@10.68.0.3>;expires=100, <sip:a@10.68.0.4>\r\n"
        "Expires: 200\r\n\r\n"
    )
    wire.server.receive(register.encode(), other, 0.0)
    wire.client.register(URIS["UDP"], 0.0, expires_s=7_200)
    wire.run(100.0)
    assert wire.client_events == [Registered(3_600)]
    ok = wire.texts("server", "SIP/2.0 200")[-1]
    assert "Contact: <sip:cu-jut@10.68.0.3>;expires=100\r\n" in ok
    assert "Contact: <sip:a@10.68.0.4>;expires=200\r\n" in ok


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        ("Contact: *\r\nExpires: 0\r\n", 200),
        ("Contact: *\r\n", 400),
        ("Contact: *\r\nExpires: 5\r\n", 400),
        ("", 200),
        ("Contact: <sip:x@10.68.0.3>;expires=5\r\n", 423),
        ("Contact: <sip:x@10.68.0.3>;expires=soon\r\n", 200),
        ("Contact: <sip:x@10.68.0.3\r\n", 400),
        ("".join(f"Contact: <sip:x{n}@10.68.0.3>\r\n" for n in range(20)), 403),
    ],
)
def test_registers_by_hand(make_wire: Any, contact: str, code: int) -> None:
    wire = make_wire(server={"registrar": Registrar()})
    register = (
        "REGISTER sip:10.67.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.68.0.3;branch=z9hG4bK1\r\n"
        "From: <sip:x@10.67.0.2>;tag=1\r\nTo: <sip:x@10.67.0.2>\r\nCall-ID: hand\r\n"
        f"CSeq: 1 REGISTER\r\n{contact}\r\n"
    )
    wire.server.receive(register.encode(), Peer("10.68.0.3", 5060), 0.0)
    [sent] = wire.server.outgoing()
    assert sent.data.startswith(b"SIP/2.0 %d " % code)


def test_owners_mistakes_are_errors(make_wire: Any) -> None:
    wire = make_wire()
    with pytest.raises(ValueError, match="give a target"):
        wire.client.register("sip:registrar.example", 0.0)
    with pytest.raises(ValueError, match="at least a second"):
        wire.client.register(URIS["UDP"], 0.0, expires_s=0)
    wire.client.unregister(0.0)
    assert wire.client.idle


def line(text: str, name: str) -> str:
    return next(one for one in text.split("\r\n") if one.startswith(name + ":"))
