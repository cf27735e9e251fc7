"""The registrar's table: RFC 3261 §10.3 step by step, and its bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import IncomingCall, Registered, RegistrationFailed
from giaoban.mcu_sim.sip.message.addresses import Peer, same_uri
from giaoban.mcu_sim.sip.registration import (
    CSEQ_OUT_OF_ORDER,
    INTERVAL_TOO_BRIEF,
    INVALID_WILDCARD,
    TOO_MANY_BINDINGS,
    WILDCARD,
    ContactBinding,
    Registrar,
    RequestedBinding,
)
from tests.mcu_sim.agent_calls import header

PEER = Peer("10.68.0.2", 5062)
DESK = "sip:cu-jut@10.68.0.2:5062"
ROOM = "sip:cu-jut@10.68.0.3:5062;transport=tcp"
USER = "cu-jut"


def asked(uri: str = DESK, expires_s: int | None = None, peer: Peer = PEER) -> RequestedBinding:
    return RequestedBinding(uri, peer, expires_s)


def uris(outcome: Any) -> list[str]:
    assert isinstance(outcome, list), outcome
    return [binding.uri for binding in outcome]


def test_a_binding_lasts_as_long_as_it_said_and_not_longer() -> None:
    registrar = Registrar()
    made = registrar.register(USER, [asked(expires_s=600)], "id", 1, 1_000)
    assert made == [ContactBinding(DESK, PEER, 601_000, "id", 1)]
    assert registrar.bindings(USER, 600_999.9) == made
    assert registrar.contact_of(USER, 600_999.9) == ContactBinding(DESK, PEER, 601_000, "id", 1)
    assert registrar.bindings(USER, 601_000) == []
    assert registrar.contact_of(USER, 601_000) is None
    assert registrar.contact_of("another", 1_000) is None


@pytest.mark.parametrize(
    ("expires_s", "granted_s"), [(None, 3600), (60, 60), (7200, 7200), (7201, 7200), (2**40, 7200)]
)
def test_expiry_is_defaulted_and_cut(expires_s: int | None, granted_s: int) -> None:
    made = Registrar().register(USER, [asked(expires_s=expires_s)], "id", 1, 5.5)
    assert isinstance(made, list)
    assert made[0].expires_s(5.5) == granted_s
    assert made[0].expires_s(5.5 + 1_500) == granted_s - 1
    assert made[0].expires_s(1e12) == 0


@pytest.mark.parametrize("expires_s", [1, 59])
def test_too_brief_changes_nothing(expires_s: int) -> None:
    registrar = Registrar()
    registrar.register(USER, [asked()], "id", 1, 0)
    contacts = [asked(expires_s=0), asked(ROOM, expires_s)]
    assert registrar.register(USER, contacts, "id", 2, 10) == INTERVAL_TOO_BRIEF
    assert uris(registrar.bindings(USER, 10)) == [DESK]


def test_without_contacts_it_only_asks() -> None:
    registrar = Registrar()
    assert registrar.register(USER, [], "id", 1, 0) == []
    made = registrar.register(USER, [asked()], "id", 2, 0)
    assert registrar.register(USER, [], "id", 1, 10) == made


def test_the_newest_comes_first_and_a_refresh_is_new() -> None:
    registrar = Registrar()
    registrar.register(USER, [asked(DESK)], "a", 1, 0)
    assert uris(registrar.register(USER, [asked(ROOM)], "b", 1, 10)) == [ROOM, DESK]
    assert uris(registrar.register(USER, [asked(DESK)], "a", 2, 20)) == [DESK, ROOM]
    newest = registrar.contact_of(USER, 20)
    assert newest.uri == DESK
    assert newest.expires_at_ms == 20 + 3_600_000


def test_a_refresh_takes_the_new_peer_and_spelling() -> None:
    registrar = Registrar()
    registrar.register(USER, [asked(DESK)], "a", 1, 0)
    moved = Peer("192.0.2.9", 40_000, "TCP")
    other = DESK.replace("sip:cu-jut", "sip:%63u-jut")
    made = registrar.register(USER, [asked(other, peer=moved)], "a", 2, 0)
    assert made == [ContactBinding(other, moved, 3_600_000, "a", 2)]


def test_an_older_request_changes_nothing() -> None:
    registrar = Registrar()
    registrar.register(USER, [asked(DESK), asked(ROOM)], "id", 5, 0)
    for contacts in (
        [asked(DESK, 0)],
        [asked("sip:cu-jut@10.68.0.4"), asked(DESK)],
        [asked(WILDCARD, 0)],
    ):
        assert registrar.register(USER, contacts, "id", 5, 10) == CSEQ_OUT_OF_ORDER
        assert registrar.register(USER, contacts, "id", 4, 10) == CSEQ_OUT_OF_ORDER
    assert uris(registrar.bindings(USER, 10)) == [DESK, ROOM]
    # another Call-ID is another client, whose numbers are its own
    assert uris(registrar.register(USER, [asked(DESK, 0)], "other", 1, 10)) == [ROOM]
    # and an address that has run out is forgotten with its numbers
    assert uris(registrar.register(USER, [asked(ROOM)], "id", 1, 3_600_000)) == [ROOM]


def test_zero_removes_and_the_wildcard_removes_all() -> None:
    registrar = Registrar()
    registrar.register(USER, [asked(DESK), asked(ROOM)], "id", 1, 0)
    registrar.register("dak-mil", [asked("sip:dak-mil@10.68.0.9")], "x", 1, 0)
    assert uris(registrar.register(USER, [asked(DESK, 0)], "id", 2, 0)) == [ROOM]
    assert registrar.register(USER, [asked("sip:nowhere@x.vn", 0)], "id", 3, 0) != []
    assert registrar.register(USER, [asked(WILDCARD, 0)], "id", 4, 0) == []
    assert registrar.bindings(USER, 0) == []
    assert uris(registrar.bindings("dak-mil", 0)) == ["sip:dak-mil@10.68.0.9"]


@pytest.mark.parametrize(
    "contacts",
    [
        [asked(WILDCARD, None)],
        [asked(WILDCARD, 3600)],
        [asked(WILDCARD, 0), asked(DESK)],
        [asked(WILDCARD, 0), asked(WILDCARD, 0)],
    ],
)
def test_the_wildcard_stands_alone_with_zero(contacts: list[RequestedBinding]) -> None:
    registrar = Registrar()
    registrar.register(USER, [asked()], "id", 1, 0)
    assert registrar.register(USER, contacts, "id", 2, 0) == INVALID_WILDCARD
    assert uris(registrar.bindings(USER, 0)) == [DESK]


def test_no_more_bindings_than_allowed_but_refreshes_and_removals_go_on() -> None:
    registrar = Registrar(most_bindings=2)
    registrar.register(USER, [asked(DESK), asked(ROOM)], "id", 1, 0)
    third = "sip:cu-jut@10.68.0.4"
    assert registrar.register(USER, [asked(third)], "id", 2, 0) == TOO_MANY_BINDINGS
    assert uris(registrar.register(USER, [asked(ROOM)], "id", 3, 0)) == [ROOM, DESK]
    assert uris(registrar.register(USER, [asked(DESK, 0), asked(third)], "id", 4, 0)) == [
        third,
        ROOM,
    ]
    assert uris(registrar.register(USER, [asked(DESK)], "id", 5, 3_600_001)) == [DESK]


def test_no_more_users_than_allowed_until_some_run_out() -> None:
    registrar = Registrar(most_users=3)
    for number in range(3):
        contacts = [asked(f"sip:{number}@10.68.0.9", 60 + number)]
        assert isinstance(registrar.register(str(number), contacts, "id", 1, 0), list)
    assert registrar.register("3", [asked()], "id", 1, 59_999) == TOO_MANY_BINDINGS
    assert registrar.register("3", [], "id", 1, 59_999) == []
    assert registrar.bindings("3", 59_999) == []
    assert uris(registrar.register("2", [asked()], "x", 1, 59_999)) != []
    assert uris(registrar.register("3", [asked()], "id", 2, 60_000)) == [DESK]
    assert len(registrar._users) == 3


def test_a_contact_twice_in_one_request_counts_once() -> None:
    made = Registrar().register(USER, [asked(DESK, 600), asked(DESK, 900)], "id", 1, 0)
    assert isinstance(made, list)
    assert [binding.expires_at_ms for binding in made] == [900_000]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [  # RFC 3261 §19.1.4, those without headers
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", True),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:ALICE@AtLanTa.CoM", "sip:alice@AtLanTa.CoM", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", False),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com", False),
        ("no uri", "another", False),
    ],
)
def test_equivalent_uris(one: str, other: str, same: bool) -> None:
    assert same_uri(one, other) is same_uri(other, one) is same


requests = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.lists(
        st.builds(
            asked,
            st.sampled_from([DESK, ROOM, "sip:x@y.vn", "sip:X@y.vn", "not a URI", WILDCARD]),
            st.none() | st.integers(-5, 9_000),
        ),
        max_size=3,
    ),
    st.sampled_from(["one", "two"]),
    st.integers(0, 5),
    st.integers(0, 4_000_000),
)


@given(st.lists(requests, max_size=12))
def test_whatever_is_asked_the_bounds_hold_and_a_refusal_changes_nothing(
    asks: list[tuple[str, list[RequestedBinding], str, int, int]],
) -> None:
    registrar = Registrar(most_bindings=2, most_users=2)
    now_ms = 0
    for user, contacts, call_id, cseq, later_ms in asks:
        now_ms += later_ms
        before = registrar.bindings(user, now_ms)
        outcome = registrar.register(user, contacts, call_id, cseq, now_ms)
        after = registrar.bindings(user, now_ms)
        assert after == (outcome if isinstance(outcome, list) else before)
        assert len(after) <= 2
        assert WILDCARD not in uris(after)
        assert all(0 < binding.expires_s(now_ms) <= 7200 for binding in after)
        assert len(registrar._users) <= 2


URIS = {"UDP": "sip:10.67.0.2", "TCP": "sip:10.67.0.2;transport=tcp"}
CONTACTS = {
    "UDP": "sip:cu-jut@10.68.0.2:5062",
    "TCP": "sip:cu-jut@10.68.0.2:5062;transport=tcp",
}


@pytest.fixture
def at_registrar(make_wire) -> tuple[Any, Registrar]:  # type: ignore[no-untyped-def]
    registrar = Registrar()
    authority = Authority("mcu", {"cu-jut": "s3cret"})
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
    assert len({header(text, "Call-ID") for text in texts}) == 1
    numbers = [int(header(text, "CSeq").split()[1]) for text in texts]
    assert numbers == list(range(1, len(texts) + 1))
    assert "To: <sip:cu-jut@10.67.0.2>\r\n" in texts[0]
    assert wire.idle


def test_who_is_registered_can_be_called(at_registrar: tuple[Any, Registrar], offer: bytes) -> None:
    wire, registrar = at_registrar
    wire.client.register(URIS["TCP"], 0.0)
    wire.run(100.0)
    binding = registrar.contact_of("cu-jut", wire.now_ms)
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
    wire = make_wire(server={"registrar": Registrar()})
    other = Peer("10.68.0.3", 5060)
    register = (
        "REGISTER sip:10.67.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.68.0.3;branch=z9hG4bK1\r\n"
        "From: <sip:cu-jut@10.67.0.2>;tag=1\r\nTo: <sip:cu-jut@10.67.0.2>\r\nCall-ID: other\r\n"
        "CSeq: 1 REGISTER\r\nContact: <sip:cu-jut@10.68.0.3>;expires=100, <sip:a@10.68.0.4>\r\n"
        "Expires: 200\r\n\r\n"
    )
    wire.server.receive(register.encode(), other, 0.0)
    wire.client.register(URIS["UDP"], 0.0, expires_s=9_000)
    wire.run(100.0)
    assert wire.client_events == [Registered(7_200)]
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
    wire.client.unregister(0.0)
    assert wire.client.idle
