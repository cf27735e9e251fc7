"""The messages of SIPp's built-in `uac` scenario, which nobody here wrote, through the server."""

from __future__ import annotations

import random

from mcu_sim import sdp
from mcu_sim.offer_answer import audio, make_answer, video
from mcu_sim.sip import CallEnded, CallEstablished, IncomingCall, UserAgentServer

SIPP_OFFER = (
    "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\n"
    "t=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def sipp(method: str, number: int, step: int, to_tag: str = "", body: str = "") -> bytes:
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"{method} sip:service@127.0.0.1:5070 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.1.1:5061;branch=z9hG4bK-4711-1-{step}\r\n"
        "From: sipp <sip:sipp@127.0.1.1:5061>;tag=4711SIPpTag001\r\n"
        f"To: service <sip:service@127.0.0.1:5070>{to_tag}\r\n"
        f"Call-ID: 1-4711@127.0.1.1\r\nCSeq: {number} {method}\r\n"
        "Contact: sip:sipp@127.0.1.1:5061\r\nMax-Forwards: 70\r\nSubject: Performance Test\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def test_the_built_in_scenario_of_sipp_runs_through() -> None:
    server = UserAgentServer(("127.0.0.1", 5070), random.Random(1))
    source = ("127.0.0.1", 5061)
    [incoming] = server.receive(sipp("INVITE", 1, 0, body=SIPP_OFFER), source, 0.0)
    assert isinstance(incoming, IncomingCall)
    assert (incoming.from_user, incoming.to_user) == ("sipp", "service")
    assert incoming.sdp is not None
    can = [audio(20000), video(20002, 2000)]
    answer, [terms] = make_answer(sdp.parse(incoming.sdp), can, "127.0.0.1", 1)
    assert terms is not None
    assert (terms.codec.name, terms.remote) == ("PCMU", ("127.0.1.1", 6000))
    server.accept(incoming.call, sdp.build(answer), 1.0)
    [ok] = server.outgoing()
    assert ok.target == source
    text = ok.data.decode()
    assert text.startswith("SIP/2.0 200 OK\r\n")
    assert "Via: SIP/2.0/UDP 127.0.1.1:5061;branch=z9hG4bK-4711-1-0;received=127.0.0.1" in text
    tag = f";tag={incoming.call}"
    assert f"To: service <sip:service@127.0.0.1:5070>{tag}\r\n" in text
    assert server.receive(sipp("ACK", 1, 5, tag), source, 2.0) == [
        CallEstablished(incoming.call, None)
    ]
    assert server.receive(sipp("BYE", 2, 7, tag), source, 3.0) == [CallEnded(incoming.call)]
    [bye_ok] = server.outgoing()
    assert bye_ok.data.startswith(b"SIP/2.0 200 OK\r\n")
    while (at := server.next_timeout()) is not None:
        server.advance(at)
    assert server.idle
