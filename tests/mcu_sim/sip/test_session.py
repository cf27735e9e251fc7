"""What two sides agree on about session timers (RFC 4028 §4, §7, §9, table 2)."""

from __future__ import annotations

from typing import Any

import pytest
import sipmessage
from sipmessage import Request, Response

from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    Event,
    IncomingCall,
    Reoffer,
)
from giaoban.mcu_sim.sip.session_timer import (
    TimerTerms,
    answer,
    as_server,
    read,
)
from tests.mcu_sim.agent_calls import URI, URIS, establish

OWN_S = 1_800


def request(**headers: str) -> Request:
    message = Request("INVITE", sipmessage.URI.parse("sip:mcu@10.67.0.2"))
    for name, value in headers.items():
        message.headers.set(name.replace("_", "-"), value)
    return message


@pytest.mark.parametrize(
    ("supported", "refresher", "ours"),
    [
        # table 2: supported by the caller, refresher in the request → in the response
        ("", "", True),
        ("timer", "", False),
        ("timer", ";refresher=uac", False),
        ("timer", ";refresher=uas", True),
    ],
)
def test_who_refreshes_is_as_table_2_says(supported: str, refresher: str, ours: bool) -> None:
    wishes = read(request(Supported=supported, Session_Expires=f"600{refresher}"))
    timer_terms = as_server(wishes, OWN_S, None)
    assert timer_terms == TimerTerms(600, ours, supported != "")
    response = Response(200, "OK")
    answer(response, timer_terms)
    assert response.headers.get("Require") == ("timer" if supported else None)
    assert response.headers["Session-Expires"] == f"600;refresher={'uas' if ours else 'uac'}"


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
    assert wire.idle


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
    assert wire.idle


def test_a_short_interval_is_refused_with_422(make_wire, offer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"session_expires_s": 60})
    wire.client.call(URI, offer, wire.now_ms)
    wire.run()
    [too_small] = wire.texts("server", "SIP/2.0 422")
    assert "\r\nMin-SE: 90\r\n" in too_small
    assert [event.code for event in wire.client_events] == [422]
    assert wire.client.idle


def test_who_hears_nothing_any_more_says_so_in_its_bye(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    """RFC 3326: the Reason of a BYE. The far end can tell a lost line from somebody who leaves."""
    at_client, at_server = establish(wire, offer, answer)
    wire.client.hang_up(at_client, wire.now_ms, "Nothing is heard", cause=408)
    wire.run()
    [bye] = wire.texts("client", "BYE")
    assert 'Reason: SIP;cause=408;text="Nothing is heard"\r\n' in bye
    assert wire.server_events[2:] == [CallEnded(at_server, "media-lost")]


def test_an_abandoned_invite_is_not_sent_again(wire, offer) -> None:  # type: ignore[no-untyped-def]
    """It would come through behind the one that is sent in its place, and replace its call."""
    wire.server.receive = lambda data, source, now_ms: []  # the line is away
    call = wire.client.call(URI, offer, wire.now_ms)
    wire.run(wire.now_ms + 5_000.0)
    assert len(wire.sent("client", "INVITE")) == 4  # at 0, 0.5, 1.5 and 3.5 s: RFC 3261 §17.1.1.2
    wire.client.abandon(call, wire.now_ms)
    wire.client.abandon(call, wire.now_ms)
    assert wire.client.idle
    wire.run(wire.now_ms + 60_000.0)
    assert len(wire.sent("client", "INVITE")) == 4
    assert wire.client_events == []
