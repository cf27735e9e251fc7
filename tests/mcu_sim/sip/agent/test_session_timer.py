"""Sessions that are refreshed, or end because nobody does (RFC 4028), between two agents."""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.sip import (
    CallEnded,
    CallEstablished,
    Event,
    IncomingCall,
    Refused,
    Reoffer,
    ReofferAnswered,
)
from tests.mcu_sim.agent_calls import URIS


def talk(wire: Any, offer: bytes, answer: bytes, uri: str = URIS["UDP"]) -> tuple[str, str]:
    """A call that stands, whose sides agree to every re-INVITE with what they said before."""

    def on_event(agent: Any, said: bytes) -> Any:
        def handle(event: Event, now_ms: float) -> None:
            if isinstance(event, IncomingCall):
                agent.accept(event.call, said, now_ms)
            elif isinstance(event, Reoffer):
                agent.answer_reoffer(event.call, said, now_ms)

        return handle

    wire.on_server_event = on_event(wire.server, answer)
    wire.on_client_event = on_event(wire.client, offer)
    at_client = wire.client.call(uri, offer, wire.now_ms)
    wire.run(wire.now_ms + 50.0)
    established = wire.server_events[-1]
    assert isinstance(established, CallEstablished)
    return at_client, established.call


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_the_caller_refreshes_at_half_the_interval(make_wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, at_server = talk(wire, offer, answer, URIS[transport])
    wire.run(4_000_000.0)
    refreshes = wire.sent("client", "INVITE")[1:]
    assert [round(at / 1e5) for at in refreshes] == [9, 18, 27, 36]
    assert wire.server_events[2:] == [Reoffer(at_server, offer)] * 4
    assert len(wire.client_events) == 1  # the answer never changed: nothing to tell
    for text in wire.texts("client", "INVITE"):
        assert text.endswith(offer.decode())
        assert "\r\nSupported: timer\r\n" in text
    assert "\r\nSession-Expires: 1800;refresher=uac\r\n" in wire.texts("client", "INVITE")[-1]
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.client.idle
    assert wire.server.idle


def test_an_answer_to_a_refresh_that_differs_is_told(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, _ = talk(wire, offer, answer)
    talk_on = wire.on_server_event

    def hold(event: Event, now_ms: float) -> None:
        if isinstance(event, Reoffer):
            wire.server.answer_reoffer(event.call, b"v=0 on hold", now_ms)
        else:
            talk_on(event, now_ms)

    wire.on_server_event = hold
    wire.run(2_000_000.0)
    assert wire.client_events[1:] == [ReofferAnswered(at_client, b"v=0 on hold", refresh=True)]
    assert len(wire.sent("client", "INVITE")) == 3


def test_a_refresh_says_what_was_agreed_last(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, _ = talk(wire, offer, answer)
    wire.client.reinvite(at_client, b"v=0 agreed", wire.now_ms)
    wire.run(wire.now_ms + 100.0)
    agree = wire.on_server_event

    def refuse(event: Event, now_ms: float) -> None:
        if isinstance(event, Reoffer):
            wire.server.refuse_reoffer(event.call, 488, "No", now_ms)

    wire.on_server_event = refuse
    wire.client.reinvite(at_client, b"v=0 refused", wire.now_ms)
    wire.run(wire.now_ms + 100.0)
    wire.on_server_event = agree
    wire.run(1_000_000.0)
    texts = wire.texts("client", "INVITE")
    assert len(texts) == 4
    assert texts[-1].endswith("\r\n\r\nv=0 agreed")


def test_the_called_side_refreshes_for_a_caller_without_timers(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"session_expires_s": None})
    old = wire.client.outgoing

    def without_timer() -> list[Any]:
        return [
            type(one)(
                one.data.replace(b"Supported: timer\r\n", b"").replace(b"Require: timer\r\n", b""),
                one.target,
            )
            for one in old()
        ]

    wire.client.outgoing = without_timer
    talk(wire, offer, answer)
    [ok] = wire.texts("server", "SIP/2.0 200")
    assert "\r\nSession-Expires: 1800;refresher=uas\r\n" in ok
    assert "Require" not in ok
    wire.run(2_000_000.0)
    assert len(wire.sent("server", "INVITE")) == 2
    assert len(wire.sent("client", "INVITE")) == 1


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_when_one_side_vanishes_each_notices_by_itself(make_wire, offer, answer, transport) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, at_server = talk(wire, offer, answer, URIS[transport])
    wire.cut = True
    wire.run(899_000.0)
    assert wire.client.calls == [at_client]
    wire.run(940_000.0)  # its refresh at 900 s got no answer for 32 s
    assert wire.client_events[1:] == [CallEnded(at_client, "session-expired")]
    assert wire.server.calls == [at_server]
    wire.run(1_767_000.0)
    assert wire.server.calls == [at_server]
    wire.run(1_769_000.0)  # 32 s before the expiry
    assert wire.server_events[2:] == [CallEnded(at_server, "session-expired")]
    assert len(wire.sent("client", "BYE")) > 0
    assert len(wire.sent("server", "BYE")) > 0
    wire.run()
    assert wire.client.idle
    assert wire.server.idle


def test_a_short_interval_is_refused_with_422_and_tried_again(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"session_expires_s": 120}, server={"min_se_s": 600})
    at_client, at_server = talk(wire, offer, answer)
    first, second = wire.texts("client", "INVITE")
    [too_small] = wire.texts("server", "SIP/2.0 422")
    assert "\r\nMin-SE: 600\r\n" in too_small
    assert "\r\nSession-Expires: 120\r\n" in first
    assert "\r\nSession-Expires: 600\r\n" in second
    assert "\r\nMin-SE: 600\r\n" in second
    assert ("CSeq: 1 INVITE" in first, "CSeq: 2 INVITE" in second) == (True, True)
    for name in ("From", "Call-ID"):
        assert line(first, name) == line(second, name)
    assert line(first, "Via") != line(second, "Via")
    assert [type(event) for event in wire.server_events] == [IncomingCall, CallEstablished]
    wire.run(310_000.0)
    assert wire.server_events[-1] == Reoffer(at_server, offer)
    assert wire.client.calls == [at_client]


def test_a_422_that_asks_for_nothing_new_is_a_refusal(make_wire, offer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"session_expires_s": 120}, server={"min_se_s": 600})
    old = wire.server.outgoing
    wire.server.outgoing = lambda: [
        type(one)(one.data.replace(b"Min-SE: 600", b"Min-SE: 100"), one.target) for one in old()
    ]
    call = wire.client.call(URIS["UDP"], offer, 0.0)
    wire.run()
    assert wire.client_events == [Refused(call, 422, "Session Interval Too Small", None)]
    assert wire.client.idle


def test_a_refused_refresh_is_tried_again_until_the_time_is_up(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, at_server = talk(wire, offer, answer)

    def refuse(event: Event, now_ms: float) -> None:
        if isinstance(event, Reoffer):
            wire.server.refuse_reoffer(event.call, 500, "Busy", now_ms)

    wire.on_server_event = refuse
    wire.run(1_700_000.0)
    assert wire.client.calls == [at_client]
    assert 2 < len(wire.sent("client", "INVITE")) < 6
    wire.run()
    assert len(wire.sent("client", "INVITE")) < 12
    # the called side's time began with its 200, a little earlier: it hangs up first
    assert wire.server_events[-1] == CallEnded(at_server, "session-expired")
    assert wire.client_events[1:] == [CallEnded(at_client, "bye")]
    assert wire.client.idle
    assert wire.server.idle


def test_one_without_timers_that_refuses_refreshes_lives(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    old = wire.server.outgoing

    def untimed() -> list[Any]:
        """An older peer: no session timers, no re-INVITE."""
        lines = (b"Session-Expires: 1800;refresher=uac\r\n", b"Require: timer\r\n")
        sent = []
        for one in old():
            data = one.data.replace(b"Supported: timer\r\n", b"")
            for text in lines:
                data = data.replace(text, b"")
            sent.append(type(one)(data, one.target))
        return sent

    wire.server.outgoing = untimed
    at_client, at_server = talk(wire, offer, answer)
    wire.server._sessions.arm(wire.server._book.calls[at_server], None, 0.0)

    def refuse(event: Event, now_ms: float) -> None:
        if isinstance(event, Reoffer):
            wire.server.refuse_reoffer(event.call, 488, "Not Acceptable Here", now_ms)

    wire.on_server_event = refuse
    wire.run(8_000_000.0)
    assert wire.client.calls == [at_client]
    assert [round(at / 1e5) for at in wire.sent("client", "INVITE")[1:]] == list(range(9, 80, 9))
    wire.cut = True
    wire.run(9_000_000.0)
    assert wire.client_events[1:] == [CallEnded(at_client, "session-expired")]


def line(text: str, name: str) -> str:
    return next(one for one in text.split("\r\n") if one.startswith(name + ":"))
