"""What two sides agree on about session timers (RFC 4028 §4, §7, §9, table 2)."""

from __future__ import annotations

from typing import Any

import pytest
import sipmessage
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request, Response

from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    Event,
    IncomingCall,
    InviteAccepted,
    Reoffer,
    ReofferAnswered,
)
from giaoban.mcu_sim.sip.message import reason_cause
from giaoban.mcu_sim.sip.session_timer import (
    TimerHeaders,
    TimerTerms,
    answer,
    as_client,
    as_server,
    read,
)
from tests.mcu_sim.agent_calls import URI, URIS, establish, header, refuse_changes

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


def test_who_refreshed_goes_on_if_it_is_left_open() -> None:
    wishes = read(request(Supported="timer", Session_Expires="600"))
    assert as_server(wishes, OWN_S, TimerTerms(900, True, True)) == TimerTerms(600, True, True)


@pytest.mark.parametrize(
    ("wanted", "min_se", "own_s", "interval_s"),
    [
        (None, None, OWN_S, 1_800),
        (None, "3600", OWN_S, 3_600),
        (None, None, None, None),
        ("600", None, OWN_S, 600),  # never longer than asked for
        ("3600", None, OWN_S, 1_800),
        ("3600", "2400", OWN_S, 2_400),  # never shorter than Min-SE
        ("3600", None, None, 3_600),
        ("3600", "9999", OWN_S, 3_600),
    ],
)
def test_the_interval(
    wanted: str | None, min_se: str | None, own_s: int | None, interval_s: int | None
) -> None:
    headers = {"Session_Expires": wanted, "Min_SE": min_se, "Supported": "timer"}
    wishes = read(request(**{name: text for name, text in headers.items() if text}))
    timer_terms = as_server(wishes, own_s, None)
    assert (None if timer_terms is None else timer_terms.interval_s) == interval_s


@given(st.text(max_size=60), st.text(max_size=30))
def test_whatever_is_said_the_interval_is_never_below_90_s(expires: str, min_se: str) -> None:
    wishes = read(request(Session_Expires=expires, Min_SE=min_se, Supported="timer"))
    for timer_terms in (as_server(wishes, OWN_S, None), as_client(wishes, OWN_S)):
        assert timer_terms.interval_s >= 90


def test_what_the_caller_takes_from_a_2xx() -> None:
    assert as_client(TimerHeaders(600, "uas", 90, True), OWN_S) == TimerTerms(600, False, True)
    assert as_client(TimerHeaders(600, "uac", 90, True), OWN_S) == TimerTerms(600, True, True)
    assert as_client(TimerHeaders(5, "uac", 90, True), OWN_S) == TimerTerms(90, True, True)
    assert as_client(TimerHeaders(None, None, 90, False), OWN_S) == TimerTerms(1_800, True, False)
    assert as_client(TimerHeaders(None, None, 90, False), None) is None


def test_when_to_refresh_and_when_to_give_up() -> None:
    # §10: before the expiry by the smaller one of 32 s and a third of the interval
    assert (
        TimerTerms(1_800, True, True).refresh_after_s,
        TimerTerms(1_800, True, True).give_up_after_s,
    ) == (
        900,
        1_768,
    )
    assert TimerTerms(90, False, True).give_up_after_s == 60


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
    assert wire.client_events[1:] == [ReofferAnswered(at_client, b"v=0 on hold")]
    assert len(wire.sent("client", "INVITE")) == 3


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


def test_a_short_interval_is_refused_with_422_and_tried_again(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire(client={"session_expires_s": 60})
    at_client, at_server = talk(wire, offer, answer)
    first, second = wire.texts("client", "INVITE")
    [too_small] = wire.texts("server", "SIP/2.0 422")
    assert "\r\nMin-SE: 90\r\n" in too_small
    assert "\r\nSession-Expires: 60\r\n" in first
    assert "\r\nSession-Expires: 90\r\n" in second
    assert ("CSeq: 1 INVITE" in first, "CSeq: 2 INVITE" in second) == (True, True)
    for name in ("From", "Call-ID"):
        assert header(first, name) == header(second, name)
    assert header(first, "Via") != header(second, "Via")
    assert [type(event) for event in wire.server_events] == [IncomingCall, CallEstablished]
    wire.run(50_000.0)
    assert wire.server_events[-1] == Reoffer(at_server, offer)
    assert wire.client.calls == [at_client]


def test_a_refused_refresh_is_tried_again_until_the_time_is_up(make_wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire = make_wire()
    at_client, at_server = talk(wire, offer, answer)
    refuse_changes(wire, 500, "Busy")
    wire.run(1_700_000.0)
    assert wire.client.calls == [at_client]
    assert 2 < len(wire.sent("client", "INVITE")) < 6
    wire.run()
    assert len(wire.sent("client", "INVITE")) < 12
    # the called side's time began with its 200, a little earlier: it hangs up first
    assert wire.server_events[-1] == CallEnded(at_server, "session-expired")
    assert wire.client_events[1:] == [CallEnded(at_client, "bye")]
    assert wire.idle


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
    wire.server._sessions.arm(wire.server._call_table.calls[at_server], None, 0.0)
    refuse_changes(wire, 488, "Not Acceptable Here")
    wire.run(8_000_000.0)
    assert wire.client.calls == [at_client]
    assert [round(at / 1e5) for at in wire.sent("client", "INVITE")[1:]] == list(range(9, 80, 9))
    wire.cut = True
    wire.run(9_000_000.0)
    assert wire.client_events[1:] == [CallEnded(at_client, "session-expired")]


def test_who_hears_nothing_any_more_says_so_in_its_bye(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    """RFC 3326: the Reason of a BYE. The far end can tell a lost line from somebody who leaves."""
    at_client, at_server = establish(wire, offer, answer)
    wire.client.hang_up(at_client, wire.now_ms, "Nothing is heard", cause=408)
    wire.run()
    [bye] = wire.texts("client", "BYE")
    assert 'Reason: SIP;cause=408;text="Nothing is heard"\r\n' in bye
    assert wire.server_events[2:] == [CallEnded(at_server, "media-lost")]


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("SIP;cause=408", 408),
        ('sip ; text="a, b" ; Cause = 408', 408),
        ("Q.850;cause=408", None),
        ("SIP;cause=", None),
        ("", None),
    ],
)
def test_the_cause_of_a_reason(value: str, cause: int | None) -> None:
    assert reason_cause(request(Reason=value)) == cause


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


def test_a_200_to_an_abandoned_invite_leads_nowhere(wire, offer, answer) -> None:  # type: ignore[no-untyped-def]
    wire.client.call(URI, offer, wire.now_ms)
    first = wire.client.calls[0]
    wire.client.abandon(first, wire.now_ms)  # before anything has come back
    wire.run(wire.now_ms + 20.0)
    incoming = wire.server_events[-1]
    assert isinstance(incoming, IncomingCall)
    wire.server.accept(incoming.call, answer, wire.now_ms)
    second, at_server = establish(wire, offer, answer)
    assert wire.client_events == [InviteAccepted(second, answer)]
    assert wire.client.dropped["stray response"] > 0
    wire.server.hang_up(incoming.call, wire.now_ms)
    wire.client.hang_up(second, wire.now_ms)
    wire.run()
    assert CallEnded(at_server, "bye") in wire.server_events
    assert wire.idle
