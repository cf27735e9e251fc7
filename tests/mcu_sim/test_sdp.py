"""SDP: what real devices write is read, what is written is read back the same, rubbish is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim import sdp
from mcu_sim.offer_answer import H264_720P30, PCMA, PCMU, audio, make_offer, video
from mcu_sim.sdp import Codec, Direction, Media, SdpError, Session

POLYCOM = b"""v=0\r
o=RMX1500 1381 2 IN IP4 10.67.0.2\r
s=-\r
c=IN IP4 10.67.0.2\r
b=AS:1984\r
t=0 0\r
m=audio 49152 RTP/AVP 9 8 0 101\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=ptime:20\r
m=video 49154 RTP/AVP 109 34\r
b=TIAS:1920000\r
a=rtpmap:109 H264/90000\r
a=fmtp:109 profile-level-id=42801f; packetization-mode=1; max-mbps=108000\r
a=rtpmap:34 H263/90000\r
a=rtcp:49999 IN IP4 10.67.0.2\r
a=recvonly\r
m=application 5070 UDP/BFCP *\r
a=floorctrl:c-s\r
"""


def test_a_devices_offer_is_read() -> None:
    session = sdp.parse(POLYCOM)
    sound, picture, floor = session.media
    assert (session.address, session.session_id, session.version, session.as_kbps) == (
        "10.67.0.2",
        1381,
        2,
        1984,
    )
    assert [codec.name for codec in sound.codecs] == ["G722", "PCMA", "PCMU", "telephone-event"]
    assert (sound.port, sound.ptime_ms, sound.direction) == (49152, 20, Direction.SENDRECV)
    h264 = picture.codecs[0]
    assert (h264.payload_type, h264.clock_hz) == (109, 90000)
    assert h264.parameter("Packetization-Mode") == "1"
    assert h264.parameter("max-fs") is None
    assert (picture.tias_bps, picture.rtcp_port) == (1_920_000, 49999)
    assert picture.direction is Direction.RECVONLY
    assert (floor.protocol, floor.formats, floor.codecs) == ("UDP/BFCP", ("*",), ())


def test_what_is_written_is_in_the_order_of_the_rfc() -> None:
    text = sdp.build(make_offer("10.68.0.2", [audio(5004), video(5006, 2000)], 7)).decode()
    assert text == (
        "v=0\r\no=- 7 7 IN IP4 10.68.0.2\r\ns=-\r\nc=IN IP4 10.68.0.2\r\nt=0 0\r\n"
        "m=audio 5004 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=ptime:20\r\na=rtcp:5005\r\na=sendrecv\r\n"
        "m=video 5006 RTP/AVP 97\r\nb=AS:2000\r\nb=TIAS:2000000\r\na=rtpmap:97 H264/90000\r\n"
        "a=fmtp:97 profile-level-id=42801F;packetization-mode=1\r\na=rtcp:5007\r\na=sendrecv\r\n"
    )


def test_direction_of_the_session_holds_where_a_section_has_none() -> None:
    text = POLYCOM.replace(b"t=0 0\r\n", b"t=0 0\r\na=inactive\r\n")
    directions = [media.direction for media in sdp.parse(text).media]
    assert directions == [Direction.INACTIVE, Direction.RECVONLY, Direction.INACTIVE]


PORTS = st.integers(1, 65535)
RATES = st.none() | st.integers(0, 10**9)
MEDIA = st.builds(
    Media,
    kind=st.sampled_from(["audio", "video"]),
    port=PORTS,
    codecs=st.lists(
        st.sampled_from([PCMA, PCMU, H264_720P30, Codec(100, "opus", 48000, 2, "stereo=1")]),
        min_size=1,
        unique=True,
    ).map(tuple),
    direction=st.sampled_from(Direction),
    address=st.none() | st.ip_addresses().map(str),
    ptime_ms=st.none() | st.integers(1, 200),
    rtcp_port=st.none() | PORTS,
    as_kbps=RATES,
    tias_bps=RATES,
)
SESSIONS = st.builds(
    Session,
    address=st.ip_addresses().map(str),
    media=st.lists(MEDIA, max_size=4).map(tuple),
    session_id=st.integers(0, 2**63),
    version=st.integers(0, 2**63),
    as_kbps=RATES,
)


@given(SESSIONS)
def test_building_and_parsing_gives_the_same_back(session: Session) -> None:
    again = sdp.parse(sdp.build(session))
    media = tuple(Media(**{**_fields(m), "formats": ()}) for m in again.media)
    assert Session(**{**_fields(again), "media": media}) == session
    assert sdp.build(again) == sdp.build(session)


def _fields(thing: Media | Session) -> dict[str, object]:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"v=0", b"v=1", "does not begin with v=0"),
        (b"s=-\r\n", b"", "no s= line"),
        (b"o=RMX1500 1381 2", b"o=RMX1500 1381", "six fields"),
        (b"o=RMX1500 1381 2", b"o=RMX1500 x 2", "'x' is not a whole number"),
        (b"IN IP4 10.67.0.2\r\nb=", b"IN IP4 gia-nghia\r\nb=", "no IP address"),
        (b"c=IN IP4 10.67.0.2\r\n", b"", "m=audio: no connection address"),
        (b"m=audio 49152", b"m=audio 99152", "port 99152 is above"),
        (b"m=audio 49152 RTP/AVP 9 8 0 101", b"m=audio 49152", "needs kind, port"),
        (b"H264/90000", b"H264", "a=rtpmap:109 H264: cannot be read"),
        (b"b=TIAS:1920000", b"b=TIAS:much", "'much' is not a whole number"),
        (b"a=rtcp:49999", b"a=rtcp:0", "is not 1–65535"),
        (b"t=0 0", b"tired", "is no SDP line"),
        (b"s=-", b"s=\xff", "not UTF-8"),
    ],
)
def test_mistakes_are_named(old: bytes, new: bytes, message: str) -> None:
    assert old in POLYCOM
    with pytest.raises(SdpError, match=message):
        sdp.parse(POLYCOM.replace(old, new, 1))


@given(st.binary(max_size=300), st.integers(0, len(POLYCOM)), st.integers(0, len(POLYCOM)))
def test_no_bytes_do_worse_than_sdp_error(junk: bytes, start: int, end: int) -> None:
    for data in (junk, POLYCOM[:start] + junk[:20] + POLYCOM[end:]):
        try:
            session = sdp.parse(data)
        except SdpError:
            continue
        assert isinstance(session, Session)
