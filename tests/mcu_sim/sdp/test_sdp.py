"""SDP: what real devices write is read, what is written is read back the same, rubbish is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.sdp import (
    Codec,
    Crypto,
    Direction,
    Media,
    SdpError,
    SessionDescription,
)
from giaoban.mcu_sim.sdp.crypto import MASTER_BYTES
from giaoban.mcu_sim.sdp.offer_answer import (
    H264_720P30,
    PCMA,
    PCMU,
    audio,
    make_answer,
    video,
)

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


CISCO = b"""v=0\r
o=tandberg 7 1 IN IP4 10.67.0.9\r
s=-\r
c=IN IP4 10.67.0.9\r
b=AS:6000\r
t=0 0\r
m=audio 2336 RTP/AVP 9 8\r
a=maxptime:40\r
a=x-unknown:whatever\r
m=video 2338 RTP/SAVPF 97\r
b=TIAS:6000000\r
a=rtpmap:97 H264/90000\r
a=fmtp:97 profile-level-id=428014;packetization-mode=1;max-mbps=489600;max-fs=8160\r
a=rtcp-fb:* nack pli\r
a=rtcp-fb:97  ccm  fir\r
a=content:main\r
a=rtcp:2338\r
a=rtcp-mux\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r
a=crypto:7 AES_256_CM_HMAC_SHA1_80 inline:whatever-that-is\r
m=video 2340 RTP/AVP 97\r
a=rtpmap:97 H264/90000\r
a=content:Slides, alt\r
"""
RFC_4568_KEY = b"YS___semctl () {\t220;}\n}\nunles"
"""A key of RFC 4568's examples, in plain."""


KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


def section_with_key(line: str) -> Media:
    text = CISCO[: CISCO.index(b"a=crypto:1")] + f"a=crypto:{line}\r\n".encode()
    return sdp.parse(text).media[1]


@pytest.mark.parametrize(
    ("line", "usable"),
    [
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}", True),
        (f"1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}|1048576 WSH=64 -x", True),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:4", False),
        (f"1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}", False),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4;inline:{KEY}|2:4", False),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTCP", False),
        (f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1", False),
        ("1 AES_CM_128_HMAC_SHA1_80 elsewhere:key", False),
        ("1 F8_128_HMAC_SHA1_80 inline:x", False),
    ],
)
def test_keys_that_cannot_be_used_are_passed_over(line: str, usable: bool) -> None:
    assert section_with_key(line).crypto == ((Crypto(1, RFC_4568_KEY),) if usable else ())


def shows_key(text: str) -> bool:
    parts = [KEY[at : at + 6] for at in range(len(KEY) - 5)]
    return any(part in text for part in [*parts, "semctl", RFC_4568_KEY.hex()])


WITHOUT_EQUALS = st.text(st.characters(codec="utf-8", exclude_characters="="), max_size=5)


@given(st.integers(0, 90), st.integers(0, 90), WITHOUT_EQUALS)
def test_no_repr_and_no_error_shows_a_key(start: int, end: int, junk: str) -> None:
    line = CISCO.index(b"a=crypto:1")
    text = CISCO[: line + start] + junk.encode() + CISCO[line + end :]
    try:
        shown = repr(sdp.parse(text))
    except SdpError as error:
        shown = str(error)
    assert not shows_key(shown)


PORTS = st.integers(1, 65534)
RATES = st.none() | st.integers(0, 10**9)
PACKET_TIMES = st.none() | st.integers(1, 200)
KEYS = st.binary(min_size=MASTER_BYTES, max_size=MASTER_BYTES)
CRYPTO = st.builds(Crypto, st.integers(0, 999_999_999), KEYS)
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
    ptime_ms=PACKET_TIMES,
    rtcp_port=st.none() | PORTS,
    rtcp_mux=st.booleans(),
    as_kbps=RATES,
    tias_bps=RATES,
    content=st.lists(st.sampled_from(["main", "slides", "alt"]), max_size=2).map(tuple),
    crypto=st.lists(CRYPTO, max_size=2).map(tuple),
    feedback=st.lists(st.sampled_from(["* nack pli", "97 ccm fir"]), max_size=2).map(tuple),
)
SESSIONS = st.builds(
    SessionDescription,
    address=st.ip_addresses().map(str),
    media=st.lists(MEDIA, max_size=4).map(tuple),
    session_id=st.integers(0, 2**63),
    version=st.integers(0, 2**63),
    as_kbps=RATES,
)


@given(SESSIONS)
def test_building_and_parsing_gives_the_same_back(session: SessionDescription) -> None:
    again = sdp.parse(sdp.build(session))
    media = tuple(Media(**{**_fields(m), "formats": ()}) for m in again.media)
    assert SessionDescription(**{**_fields(again), "media": media}) == session
    assert sdp.build(again) == sdp.build(session)


def _fields(thing: Media | SessionDescription) -> dict[str, object]:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"v=0", b"v=1", "does not begin with v=0"),
        (b"s=-\r\n", b"", "no s= line"),
        (b"o=RMX1500 1381 2", b"o=RMX1500 1381", "six fields"),
        (b"o=RMX1500 1381 2", b"o=RMX1500 x 2", "whole numbers"),
        (b"m=audio 49152 RTP/AVP 9 8 0 101", b"m=audio 49152", "needs kind, port"),
        (b"t=0 0", b"tired", "line 6 is no SDP line"),
        (b"s=-", b"s=\xff", "not UTF-8"),
    ],
)
def test_mistakes_are_named(old: bytes, new: bytes, message: str) -> None:
    assert old in POLYCOM
    with pytest.raises(SdpError, match=message):
        sdp.parse(POLYCOM.replace(old, new, 1))


TIAS = b"b=TIAS:1920000"


TIAS = b"b=TIAS:1920000"


@pytest.mark.parametrize(
    ("old", "new", "sound", "pictures"),
    [
        (b"H264/90000", b"H264", "G722", None),
        (b"42801f", b"zzz", "G722", None),
        (TIAS, b"b=TIAS:much", "G722", "H264"),
        (b"a=rtcp:49999", b"a=rtcp:0", "G722", "H264"),
        (b"AVP 9 8", b"AVP 900 8", "PCMA", "H264"),
        (b"a=ptime:20", b"a=rtpmap:9 G722", "PCMA", "H264"),
        (b"m=audio 49152", b"m=audio 65535", None, "H264"),  # no port for RTCP
        (TIAS, b"c=IN IP4 a.vn", "G722", None),
        (TIAS, b"c=IN IP4 ::1", "G722", None),
        # the session's own, which only the sound needs here
        (b"c=IN IP4 10.67.0.2", b"c=IN IP4 a.vn", None, "H264"),
    ],
)
def test_a_bad_line_costs_a_codec_or_a_section_and_not_the_call(
    old: bytes, new: bytes, sound: str | None, pictures: str | None
) -> None:
    assert old in POLYCOM
    text = POLYCOM.replace(old, new, 1)
    if old.startswith(b"c="):
        text = text.replace(TIAS, b"c=IN IP4 10.67.0.2")
    can = [audio(20_000), video(20_002, 4000)]
    answer, agreed = make_answer(sdp.parse(text), can, "10.67.0.2", 1)
    assert [one and one.codec.name for one in agreed] == [sound, pictures, None]
    assert [bool(one.port) for one in answer.media] == [bool(sound), bool(pictures), False]


@given(st.binary(max_size=300), st.integers(0, len(POLYCOM)), st.integers(0, len(POLYCOM)))
def test_no_bytes_do_worse_than_sdp_error(junk: bytes, start: int, end: int) -> None:
    for data in (junk, POLYCOM[:start] + junk[:20] + POLYCOM[end:]):
        try:
            session = sdp.parse(data)
        except SdpError:
            continue
        assert isinstance(session, SessionDescription)
