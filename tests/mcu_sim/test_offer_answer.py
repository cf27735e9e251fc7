"""RFC 3264: what two sides agree on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim import sdp
from mcu_sim.offer_answer import (
    H264_720P30,
    PCMA,
    PCMU,
    audio,
    make_answer,
    make_offer,
    read_answer,
    video,
)
from mcu_sim.sdp import Codec, Direction, Media, SdpError

BRIDGE, MCU = "10.68.0.2", "10.67.0.2"
CAN = [audio(20000), video(20002, 4000)]
OFFER = make_offer(BRIDGE, [audio(5004), video(5006, 2000)], 1)


def test_both_sides_come_to_the_same_terms() -> None:
    answer, at_mcu = make_answer(OFFER, CAN, MCU, 2)
    at_bridge = read_answer(OFFER, sdp.parse(sdp.build(answer)))
    sound, picture = at_mcu
    assert sound is not None
    assert picture is not None
    assert (sound.codec, sound.send_type, sound.ptime_ms) == (PCMA, 8, 20)
    assert (sound.remote, sound.remote_rtcp) == ((BRIDGE, 5004), (BRIDGE, 5005))
    assert (picture.codec.name, picture.send_type, picture.max_kbps) == ("H264", 97, 2000.0)
    there = at_bridge[1]
    assert there is not None
    assert (there.remote, there.local_port, there.max_kbps) == ((MCU, 20002), 5006, 4000.0)
    assert there.receive_type == picture.send_type


def test_sections_keep_their_places_and_refused_ones_have_port_0() -> None:
    bfcp = Media("application", 5070, protocol="UDP/BFCP", formats=("*",))
    offer = make_offer(BRIDGE, [bfcp, video(5006, 2000), audio(5004), video(5008, 500)], 1)
    answer, agreed = make_answer(offer, CAN, MCU, 2)
    assert [(m.kind, m.port) for m in answer.media] == [
        ("application", 0),
        ("video", 20002),
        ("audio", 20000),
        ("video", 0),
    ]
    assert [terms is not None for terms in agreed] == [False, True, True, False]
    again = sdp.parse(sdp.build(answer))
    assert again.media[0].formats == ("*",)
    assert read_answer(offer, again)[0] is None


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (Direction.SENDRECV, Direction.SENDRECV),
        (Direction.SENDONLY, Direction.RECVONLY),
        (Direction.RECVONLY, Direction.SENDONLY),
        (Direction.INACTIVE, Direction.INACTIVE),
    ],
)
def test_directions_are_mirrored(offered: Direction, answered: Direction) -> None:
    offer = make_offer(BRIDGE, [replace(audio(5004), direction=offered)], 1)
    answer, [terms] = make_answer(offer, CAN, MCU, 2)
    assert answer.media[0].direction is answered
    assert terms is not None
    assert (terms.sends, terms.receives) == (answered.sends, answered.receives)


@given(st.sampled_from(Direction), st.sampled_from(Direction))
def test_one_side_sends_exactly_what_the_other_receives(a: Direction, b: Direction) -> None:
    offer = make_offer(BRIDGE, [replace(audio(5004), direction=a)], 1)
    can = [replace(audio(20000), direction=b)]
    answer, [there] = make_answer(offer, can, MCU, 2)
    [here] = read_answer(offer, answer)
    assert here is not None
    assert there is not None
    assert (here.sends, here.receives) == (there.receives, there.sends)


def test_old_style_hold_by_address_zero_stops_our_sending() -> None:
    _, [terms, _] = make_answer(replace(OFFER, address="0.0.0.0"), CAN, MCU, 2)
    assert terms is not None
    assert (terms.sends, terms.receives) == (False, True)


def test_the_offerers_number_is_used_for_a_dynamic_codec() -> None:
    theirs = replace(H264_720P30, payload_type=109)
    offer = make_offer(BRIDGE, [video(5006, 2000, [theirs])], 1)
    answer, [terms] = make_answer(offer, CAN, MCU, 2)
    assert answer.media[0].codecs[0].payload_type == 109
    assert terms is not None
    assert (terms.send_type, terms.receive_type) == (109, 109)


@pytest.mark.parametrize(
    ("fmtp", "answered"),
    [
        ("profile-level-id=42801F;packetization-mode=1", "profile-level-id=42801F"),
        ("profile-level-id=42E028;packetization-mode=1", "profile-level-id=42E01F"),
        ("packetization-mode=1; profile-level-id=42000d", "profile-level-id=42000D"),
        ("profile-level-id=42801F;packetization-mode=0", None),
        ("profile-level-id=42801F", None),
        ("profile-level-id=64001F;packetization-mode=1", None),
    ],
)
def test_h264_needs_the_same_mode_and_profile_and_takes_the_lower_level(
    fmtp: str, answered: str | None
) -> None:
    offer = make_offer(
        BRIDGE, [audio(5004), video(5006, 1, [Codec(97, "h264", 90000, 1, fmtp)])], 1
    )
    answer, [_, picture] = make_answer(offer, CAN, MCU, 2)
    assert (picture is None) == (answered is None)
    if answered is not None:
        assert answer.media[1].codecs[0].fmtp == f"{answered};packetization-mode=1"


def test_our_order_of_codecs_decides() -> None:
    offer = make_offer(BRIDGE, [audio(5004, [PCMU, PCMA])], 1)
    answer, _ = make_answer(offer, CAN, MCU, 2)
    assert [codec.name for codec in answer.media[0].codecs] == ["PCMA"]


@pytest.mark.parametrize(
    "media",
    [
        audio(5004, [Codec(18, "G729", 8000)]),
        replace(audio(5004), protocol="RTP/SAVP"),
        replace(audio(5004), port=0),
        video(5006, 1, [replace(H264_720P30, fmtp="profile-level-id=zz;packetization-mode=1")]),
        replace(audio(65535), rtcp_port=None),
    ],
)
def test_an_offer_without_common_ground_is_an_sdp_error(media: Media) -> None:
    with pytest.raises(SdpError):
        make_answer(make_offer(BRIDGE, [media], 1), CAN, MCU, 2)


def test_answers_that_do_not_fit_the_offer_are_refused() -> None:
    answer, _ = make_answer(OFFER, CAN, MCU, 2)
    with pytest.raises(SdpError, match="answer has 1 media, the offer 2"):
        read_answer(OFFER, replace(answer, media=answer.media[:1]))
    with pytest.raises(SdpError, match="video where the offer has audio"):
        read_answer(OFFER, replace(answer, media=answer.media[::-1]))
    wrong = replace(answer.media[0], codecs=(Codec(9, "G722", 8000),))
    with pytest.raises(SdpError, match="codec was not offered"):
        read_answer(OFFER, replace(answer, media=(wrong, answer.media[1])))
