"""Malformed messages, and how answers are addressed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from sipmessage import Request, Response

from giaoban.mcu_sim.admission import UNITS, Use
from giaoban.mcu_sim.server.server import McuServer
from giaoban.mcu_sim.sip.message import (
    MalformedError,
    Peer,
    mark_source,
    parse,
    reply,
    reply_target,
)
from giaoban.text import text_problem

INVITE = (
    b"INVITE sip:mcu@10.67.0.2 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK+a*b'1;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "\xc4\x90\xe1\xba\xafk Song" <sip:dak-song@10.68.0.2>;tag=1\r\n'
    b"To: <sip:mcu@10.67.0.2>\r\n"
    b"Call-ID: a@b\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:dak-song@10.68.0.2:5062>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)


def test_a_good_request_is_read_and_its_body_cut_to_content_length() -> None:
    request = parse(INVITE + b"more than was said")
    assert isinstance(request, Request)
    assert request.body == b"v=0\r\n"
    assert request.from_address.name == "Đắk Song"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"sip:mcu@10.67.0.2 SIP", b"mcu SIP"),
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        (b"CSeq: 1 INVITE", b"CSeq: one INVITE"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: 5", b"Content-Length: -5"),
        (b"tag=1", b"tag=1;self=2"),
        (b"To: <sip:mcu@10.67.0.2>\r\n", b""),
        (b"Call-ID: a@b", b"Call-ID: "),
    ],
)
def test_a_wrong_request_is_malformed(old: bytes, new: bytes) -> None:
    assert old in INVITE
    with pytest.raises(MalformedError):
        parse(INVITE.replace(old, new))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02\x03",
        INVITE.replace(b"z9hG4bK", b"\xff"),
        INVITE.replace(b"Via", b"Vua"),
        INVITE.replace(b"Max-Forwards: 70", b"no colon here"),
        INVITE.replace(b"Max-Forwards", b"X: 1\r\n" * 201 + b"Max-Forwards"),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a:1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: mcu\r\n\r\n",
    ],
)
def test_other_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(data)


@pytest.mark.parametrize(
    ("via", "marked", "target"),
    [
        # RFC 3581: the client asks for an answer to where it really sends from.
        (
            "SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK+a*b'1;rport",
            "SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK+a*b'1;rport=4444;received=10.9.9.9",
            ("10.9.9.9", 4444),
        ),
        # RFC 3261 §18.2: address as heard, port as written.
        (
            "SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK1",
            "SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bK1;received=10.9.9.9",
            ("10.9.9.9", 5062),
        ),
        (
            "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK1, SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK2",
            "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK1, SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK2",
            ("10.9.9.9", 5060),
        ),
    ],
)
def test_answers_go_where_the_via_says(via: str, marked: str, target: tuple[str, int]) -> None:
    request = parse(INVITE)
    request.headers.set("Via", via)
    source = Peer("10.9.9.9", 4444)
    assert reply_target(request, source) == Peer(*target)
    over_tcp = Peer("10.9.9.9", 4444, "TCP")
    assert reply_target(request, over_tcp) == over_tcp
    mark_source(request, source)
    assert request.headers["Via"] == marked
    assert request.via  # still readable
    assert reply(request, 200, to_tag="x").headers["Via"] == marked


def test_a_reply_copies_what_it_must_and_tags_the_to_once() -> None:
    request = parse(INVITE.replace(b"CSeq", b"Record-Route: <sip:10.1.1.1;lr>\r\nCSeq"))
    ok = reply(request, 200, to_tag="mcu-tag")
    assert ok.headers["To"] == "<sip:mcu@10.67.0.2>;tag=mcu-tag"
    assert ok.headers["Record-Route"] == "<sip:10.1.1.1;lr>"
    assert (ok.headers["User-Agent"], ok.content_length) == ("giaoban", 0)
    assert isinstance(parse(bytes(ok)), Response)
    inside = parse(INVITE.replace(b"<sip:mcu@10.67.0.2>\r", b"<sip:mcu@10.67.0.2>;tag=z\r"))
    assert reply(inside, 200, to_tag="other").headers["To"] == "<sip:mcu@10.67.0.2>;tag=z"


def test_a_phrase_cannot_end_the_status_line() -> None:
    request = parse(INVITE)
    answer = bytes(reply(request, 488, "bad \r\nRecord-Route: <sip:10.66.6.6;lr>"))
    assert answer.startswith(b"SIP/2.0 488 bad   Record-Route: <sip:10.66.6.6;lr>\r\nVia: ")


HOSTILE = ["\x1b]0;owned\x07", "\u202etxt.exe", "x" * 100_000]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_no_event_carries_what_steers_a_terminal(text: str) -> None:
    events: list[dict[str, Any]] = []
    capacity = SimpleNamespace(units_used=0, ports_used=0, use=Use(0.0, UNITS, 0, 90))
    config, controller = SimpleNamespace(origin_ns=0), SimpleNamespace(capacity=capacity)
    server = SimpleNamespace(_on_event=events.append, _config=config, _controller=controller)
    McuServer._tell(server, 0, "refused", text, reason=text, asked=[text], more={"of": text})  # type: ignore[arg-type]
    [event] = events
    for told in (event["bridge"], event["reason"], event["asked"][0], event["more"]["of"]):
        assert text_problem(told, 300) is None
    assert len(json.dumps(event)) < 10_000
