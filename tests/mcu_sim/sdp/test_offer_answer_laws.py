"""Laws of offer and answer: an answer fits its offer, and both sides see the same call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mcu_sim import sdp
from mcu_sim.sdp import Codec, Direction, Media, SdpError, Session
from mcu_sim.sdp.h264 import LEVELS, codec_for, resolution_of
from mcu_sim.sdp.offer_answer import (
    G722,
    PCMA,
    PCMU,
    Agreed,
    audio,
    content,
    make_answer,
    make_offer,
    make_reoffer,
    read_answer,
    roles,
    video,
)
from mcu_sim.secret_source import SeededSecrets

BRIDGE, MCU = "10.68.0.2", "10.67.0.2"
PROTOCOLS = st.sampled_from(["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF"])
SOUND = st.lists(
    st.sampled_from(
        [G722, PCMA, PCMU, Codec(101, "telephone-event", 8000), Codec(18, "G729", 8000)]
    ),
    min_size=1,
    unique=True,
)
H264 = st.builds(
    "profile-level-id={}{:02X}{}{}".format,
    st.sampled_from(["4200", "42E0", "42F0", "4D40", "6400", "640C", "5800"]),
    st.sampled_from([10, 11, 13, 20, 30, 31, 32, 40, 42]),
    st.sampled_from(["", ";packetization-mode=0", ";packetization-mode=1"]),
    st.sampled_from(
        ["", ";max-mbps=108000;max-fs=3600", ";max-mbps=245760;max-fs=8192;max-br=6000"]
    ),
)
PICTURES = st.lists(H264, min_size=1, max_size=3).map(
    lambda texts: [Codec(100 + n, "H264", 90_000, 1, text) for n, text in enumerate(texts)]
)
PORTS = st.sampled_from([0, 5004, 5006, 65534])
OPTIONS = {
    "direction": st.sampled_from(Direction),
    "protocol": PROTOCOLS,
    "rtcp_mux": st.booleans(),
    "port": PORTS,
    "rtcp_port": st.none() | st.just(6001),
    "address": st.sampled_from([None, "10.68.0.3", "0.0.0.0"]),
}
FOREIGN_AUDIO = st.builds(replace, st.builds(audio, PORTS, SOUND), **OPTIONS)  # type: ignore[arg-type]
FOREIGN_VIDEO = st.builds(
    replace,
    st.builds(video, PORTS, st.integers(1, 9000), PICTURES),
    content=st.sampled_from([(), ("main",), ("slides",), ("alt",)]),
    feedback=st.sampled_from([(), ("* nack pli",), ("100 ccm fir", "* ccm tmmbr")]),
    **OPTIONS,  # type: ignore[arg-type]
)
BFCP = st.just(Media("application", 5070, protocol="UDP/BFCP", formats=("*",)))
SECTIONS = st.lists(FOREIGN_AUDIO | FOREIGN_VIDEO | BFCP, min_size=1, max_size=5)
CODECS = [codec_for(name, 97) for name in reversed(LEVELS)]
CAN = st.builds(
    lambda first, kbps, direction, mux, count: [
        replace(media, direction=direction, rtcp_mux=mux)
        for media in (
            audio(20000),
            video(20002, kbps, CODECS[first:]),
            content(20004, 1000),
        )[:count]
    ],
    st.integers(0, len(CODECS) - 1),
    st.integers(1, 9000),
    st.sampled_from(Direction),
    st.booleans(),
    st.integers(1, 3),
)


def offer_of(sections: Sequence[Media]) -> Session:
    return make_offer(BRIDGE, sections, 1, keys=SeededSecrets(1, "keys"))


@given(SECTIONS, CAN)
def test_an_answer_fits_its_offer(sections: list[Media], can: list[Media]) -> None:
    offer = sdp.parse(sdp.build(offer_of(sections)))
    try:
        answer, agreed = make_answer(offer, can, MCU, 2, keys=SeededSecrets(2, "keys"))
    except SdpError:
        return
    answer = sdp.parse(sdp.build(answer))
    assert roles(answer.media) == roles(offer.media)
    for theirs, ours, terms in zip(offer.media, answer.media, agreed, strict=True):
        assert (ours.kind, ours.protocol) == (theirs.kind, theirs.protocol)
        assert set(ours.formats) <= set(theirs.formats)
        assert bool(ours.port) is (terms is not None)
        if terms is None:
            continue
        assert theirs.port
        assert not ours.direction.sends or theirs.direction.receives
        assert not ours.direction.receives or theirs.direction.sends
        assert theirs.rtcp_mux or not ours.rtcp_mux
        assert {line.tag for line in ours.crypto} <= {line.tag for line in theirs.crypto}
        assert bool(ours.crypto) is theirs.protocol.startswith("RTP/SAVP")
        assert terms.remote == (theirs.address or BRIDGE, theirs.port)
    assert len([t for t in agreed if t]) == len({(t.kind, t.content) for t in agreed if t})


@given(SECTIONS, CAN)
def test_both_sides_see_the_same_call(sections: list[Media], can: list[Media]) -> None:
    offer = offer_of(sections)
    try:
        answer, here = make_answer(
            sdp.parse(sdp.build(offer)), can, MCU, 2, keys=SeededSecrets(2, "keys")
        )
    except SdpError:
        return
    there = read_answer(offer, sdp.parse(sdp.build(answer)))
    for mine, yours in zip(here, there, strict=True):
        assert (mine is None) == (yours is None)
        if mine is not None and yours is not None:
            see_the_same(mine, yours)


def see_the_same(mine: Agreed, yours: Agreed) -> None:
    if mine.remote[0] != "0.0.0.0":
        assert mine.sends == yours.receives
    assert mine.receives == yours.sends
    assert (mine.kind, mine.content, mine.protocol) == (yours.kind, yours.content, yours.protocol)
    assert (mine.crypto_send, mine.crypto_receive) == (yours.crypto_receive, yours.crypto_send)
    assert mine.crypto_send is None or mine.crypto_send != mine.crypto_receive
    assert (mine.send_type, mine.receive_type) == (yours.receive_type, yours.send_type)
    assert (mine.rtcp_mux, mine.feedback) == (yours.rtcp_mux, yours.feedback)
    assert (mine.remote[1], mine.local_port) == (yours.local_port, yours.remote[1])
    if mine.kind == "video":
        assert resolution_of(mine.codec) == resolution_of(yours.codec)
        assert mine.max_kbps is not None
        assert yours.max_kbps is not None
        assert yours.max_kbps <= mine.max_kbps or "max-br" in mine.codec.fmtp


@given(SECTIONS, CAN, CAN)
def test_a_new_offer_keeps_what_there_is(
    sections: list[Media], can: list[Media], then: list[Media]
) -> None:
    keys = SeededSecrets(2, "keys")
    try:
        answer, agreed = make_answer(offer_of(sections), can, MCU, 2, keys=keys)
    except SdpError:
        return
    before = [(t.kind, t.content) if t else None for t in agreed]
    offer = sdp.parse(sdp.build(make_reoffer(answer, then, keys=keys)))
    assert (offer.session_id, offer.version) == (answer.session_id, answer.version + 1)
    assert len(offer.media) >= len(answer.media)
    wanted = {(m.kind, "slides" in m.content) for m in then}
    for old, new, what in zip(answer.media, offer.media, before, strict=False):
        assert new.kind == old.kind
        if what in wanted:
            assert new.port
            assert (new.protocol, new.crypto) == (old.protocol, old.crypto)
            assert set(old.tokens()) <= set(new.tokens())
            numbers = [codec.payload_type for codec in new.codecs]
            assert len(numbers) == len(set(numbers))
    back, terms = make_answer(offer, then, BRIDGE, 1, keys=SeededSecrets(3, "keys"))
    assert {(t.kind, t.content) for t in terms if t} == wanted
    assert back.version == 1
