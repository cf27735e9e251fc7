"""What of a call is refused is told: in its event, and in the Warning of a 488."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mcu_sim import sdp
from mcu_sim.sip import Refused
from tests.loopback import local_address
from tests.mcu_sim.desk_bridge import Bridge
from tests.mcu_sim.desk_factory import Make, Office, offices

MCU = local_address(106)
WEST = local_address(107)
HEAD = f"v=0\r\no=- 1 1 IN IP4 {WEST}\r\ns=-\r\nc=IN IP4 {WEST}\r\nt=0 0\r\n"
SOUND = "m=audio 40000 RTP/AVP 8\r\n"
H264 = "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42801F;packetization-mode=1\r\n"
PICTURES = f"m=video 40002 RTP/AVP 97\r\n{H264}"
BROWSER = f"m=video 40002 UDP/TLS/RTP/SAVPF 97\r\n{H264}"


@pytest.fixture
def make() -> Iterator[Make]:
    yield from offices(MCU, ("west", "east"))


@pytest.fixture
def office(make: Make) -> Office:
    return make()


def call(office: Office, media: str) -> Bridge:
    west = Bridge(office, "west", WEST)
    offer = (HEAD + media).encode()
    west.local = sdp.parse(offer)
    west.dial("meeting", offer=offer)
    return west


@pytest.mark.parametrize(
    ("media", "refused"),
    [
        (SOUND + PICTURES, None),
        (SOUND, None),
        (SOUND + BROWSER, ["video: DTLS (UDP/TLS/RTP/SAVPF) is not spoken here"]),
        (
            SOUND + "m=video 40002 RTP/AVP 96 98\r\na=rtpmap:96 VP8/90000\r\n"
            "a=rtpmap:98 H265/90000\r\n",
            ["video: none of its codecs (VP8, H265) is one of H264"],
        ),
        (
            SOUND + PICTURES + "a=rtpmap:98 VP9/no\r\n",
            ["video: a=rtpmap:98 VP9/no: cannot be read"],
        ),
        (
            SOUND + "m=application 9 TCP/BFCP *\r\n" + PICTURES,
            ["application: there is none here, or not so many"],
        ),
        (
            SOUND + f"m=video 40002 RTP/SAVP 97\r\n{H264}",
            ["video: it has no key that can be used (a=crypto)"],
        ),
        (
            "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 \x1b[31m/8000\r\n" + PICTURES,
            [r"audio: none of its codecs (\x1b[31m) is one of G722, PCMA, PCMU"],
        ),
    ],
)
def test_the_event_of_a_call_tells_what_is_not_taken(
    office: Office, media: str, refused: list[str] | None
) -> None:
    call(office, media)
    [joined] = [one for one in office.events if one["event"] == "joined"]
    assert joined.get("refused") == refused


@pytest.mark.parametrize(
    ("media", "code", "text"),
    [
        ("m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n", 305, "opus"),
        ("m=audio 40000 UDP/TLS/RTP/SAVPF 8\r\n", 302, "DTLS"),
        ("m=text 40000 RTP/AVP 98\r\n", 304, "text: there is none here"),
        ("", 304, "no audio or video"),
        ("m=audio 65535 RTP/AVP 8\r\n", 302, "audio: no port above 65535 for RTCP"),
        (SOUND + "c=IN IP4 a.vn\r\n", 301, "audio: c=IN IP4 a.vn: a.vn is no IP address"),
        (SOUND + "c=IN IP4 224.0.0.1\r\n", 301, "audio: media at 224.0.0.1, which is no host's"),
    ],
)
def test_a_488_has_a_warning_that_says_why(
    office: Office, media: str, code: int, text: str
) -> None:
    """RFC 3261 §21.4.26 and §20.43."""
    west = call(office, media)
    [refusal] = west.got(Refused)
    assert refusal.code == 488
    [said] = [data.decode() for data, _ in office.sent if b"SIP/2.0 488" in data]
    warning = re.search(r'\r\nWarning: (\d+) (\S+) "(.*)"\r\n', said)
    assert warning is not None
    assert (int(warning[1]), warning[2]) == (code, f"{MCU}:5060")
    assert text in warning[3]
    [told] = [one for one in office.events if one["event"] == "refused"]
    assert text in told["reason"]


def test_an_offer_within_a_call_is_refused_with_a_warning_too(office: Office) -> None:
    west = call(office, SOUND)
    west.agent.reinvite(west.call, f"{HEAD}m=audio 0 RTP/AVP 8\r\n".encode(), office.now_ms)
    office.settle()
    assert any(b"SIP/2.0 488" in d and b"\r\nWarning: 304 " in d for d, _ in office.sent)
