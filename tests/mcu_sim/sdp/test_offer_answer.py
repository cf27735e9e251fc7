"""RFC 3264: what two sides agree on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim import sdp
from mcu_sim.sdp import Codec, Direction, Media, SdpError
from mcu_sim.sdp.h264 import codec_for, resolution_of
from mcu_sim.sdp.offer_answer import (
    G722,
    H264_720P30,
    PCMA,
    PCMU,
    audio,
    make_answer,
    make_offer,
    read_answer,
    video,
)

BRIDGE, MCU = "10.68.0.2", "10.67.0.2"
CAN = [audio(20000), video(20002, 4000)]
OFFER = make_offer(BRIDGE, [audio(5004), video(5006, 2000)], 1)


def test_both_sides_come_to_the_same_terms() -> None:
    answer, at_mcu = make_answer(OFFER, CAN, MCU, 2)
    at_bridge = read_answer(OFFER, sdp.parse(sdp.build(answer)))
    sound, picture = at_mcu
    assert sound is not None
    assert picture is not None
    assert (sound.codec, sound.send_type, sound.ptime_ms) == (G722, 9, 20)
    assert (sound.remote, sound.remote_rtcp) == ((BRIDGE, 5004), (BRIDGE, 5004))
    assert (picture.codec.name, picture.send_type, picture.max_kbps) == ("H264", 97, 2000.0)
    assert (picture.protocol, picture.content) == ("RTP/AVP", False)
    assert (picture.rtcp_mux, picture.feedback) == (True, {"pli", "fir"})
    assert (sound.max_kbps, sound.feedback) == (None, frozenset())
    assert (answer.session_id, answer.version) == (2, 2)
    there = at_bridge[1]
    assert there is not None
    assert (there.remote, there.local_port, there.max_kbps) == ((MCU, 20002), 5006, 2000.0)
    assert there.receive_type == picture.send_type
    assert (there.codec, there.feedback) == (picture.codec, picture.feedback)


@pytest.mark.parametrize(("ours", "theirs"), [(True, False), (False, True), (False, False)])
def test_rtcp_has_its_own_port_unless_both_want_it_on_that_of_rtp(ours: bool, theirs: bool) -> None:
    offer = make_offer(BRIDGE, [audio(5004, rtcp_mux=theirs)], 1)
    answer, [here] = make_answer(offer, [audio(20000, rtcp_mux=ours)], MCU, 2)
    [there] = read_answer(offer, sdp.parse(sdp.build(answer)))
    assert here is not None
    assert there is not None
    assert (here.remote_rtcp, there.remote_rtcp) == ((BRIDGE, 5005), (MCU, 20001))
    assert [here.rtcp_mux, there.rtcp_mux, answer.media[0].rtcp_mux] == 3 * [False]


def test_an_answer_with_rtcp_on_the_same_port_names_no_other() -> None:
    answer, _ = make_answer(OFFER, CAN, MCU, 2)
    assert [(m.rtcp_mux, m.rtcp_port) for m in answer.media] == 2 * [(True, None)]


@pytest.mark.parametrize(
    ("session_as", "as_kbps", "tias_bps", "fmtp", "limit", "answered"),
    [
        (None, None, 1_500_000, "", 1500, 1500),
        (None, 1800, 1_500_000, "", 1500, 1500),
        (None, 1800, None, "", 1800, 1800),
        (1984, None, None, "", 1984, 1984),
        (1984, 768, None, "", 768, 768),
        (None, None, 9_000_000, "", 4000, 4000),
        (None, None, 3_000_000, ";max-br=2500", 2500, 3000),
        (None, None, 3_000_000, "", 3000, 3000),
        (None, None, None, "", 2000, 4000),  # the level's own, table A-1
    ],
)
def test_the_rate_is_the_lower_of_both_sides(
    session_as: int | None,
    as_kbps: int | None,
    tias_bps: int | None,
    fmtp: str,
    limit: int,
    answered: int,
) -> None:
    codec = replace(H264_720P30, fmtp=f"profile-level-id=428014;packetization-mode=1{fmtp}")
    section = replace(video(5006, 1, [codec]), as_kbps=as_kbps, tias_bps=tias_bps)
    offer = replace(make_offer(BRIDGE, [section], 1), as_kbps=session_as)
    answer, [here] = make_answer(offer, CAN, MCU, 2)
    assert here is not None
    assert here.max_kbps == limit
    assert (answer.media[0].as_kbps, answer.media[0].tias_bps) == (answered, 1000 * answered)


@pytest.mark.parametrize(
    ("ptime_ms", "maxptime_ms", "agreed"),
    [(None, None, None), (30, None, 30), (30, 20, 20), (20, 40, 20), (None, 40, None)],
)
def test_a_packet_is_no_longer_than_they_take(
    ptime_ms: int | None, maxptime_ms: int | None, agreed: int | None
) -> None:
    section = replace(audio(5004), ptime_ms=ptime_ms, maxptime_ms=maxptime_ms)
    _, [terms] = make_answer(make_offer(BRIDGE, [section], 1), CAN, MCU, 2)
    assert terms is not None
    assert terms.ptime_ms == agreed


@pytest.mark.parametrize(
    ("lines", "agreed"),
    [
        ((), set()),
        (("* nack", "* trr-int 100"), set()),
        (("97 nack pli",), {"pli"}),
        (("96 nack pli", "97 ccm fir"), {"fir"}),
        (("* nack pli", "97 ccm fir", "97 ccm tmmbr"), {"pli", "fir"}),
    ],
)
def test_only_key_frame_requests_that_both_know_are_answered(
    lines: tuple[str, ...], agreed: set[str]
) -> None:
    offer = make_offer(BRIDGE, [replace(video(5006, 2000), feedback=lines)], 1)
    answer, [here] = make_answer(offer, CAN, MCU, 2)
    [there] = read_answer(offer, sdp.parse(sdp.build(answer)))
    assert here is not None
    assert there is not None
    assert here.feedback == there.feedback == agreed
    assert len(answer.media[0].feedback) == len(agreed)


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


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_old_style_hold_by_address_zero_stops_our_sending(address: str) -> None:
    answer, [terms, _] = make_answer(replace(OFFER, address=address), CAN, MCU, 2)
    assert terms is not None
    assert (terms.sends, terms.receives) == (False, True)
    assert answer.media[0].direction is Direction.RECVONLY


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
        (
            "profile-level-id=42801F;packetization-mode=1",
            "profile-level-id=42801F;packetization-mode=1",
        ),
        (
            "profile-level-id=42E028;packetization-mode=1",
            "profile-level-id=42E01F;packetization-mode=1",
        ),
        (
            "packetization-mode=1; profile-level-id=42000d",
            "profile-level-id=42000D;packetization-mode=1",
        ),
        (
            "profile-level-id=42801F;packetization-mode=0",
            "profile-level-id=42801F;packetization-mode=0",
        ),
        ("profile-level-id=4D401F", "profile-level-id=4D401F"),
        (
            "profile-level-id=640C29;packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==",
            "profile-level-id=640C1F;packetization-mode=1",
        ),
        ("profile-level-id=58001F;packetization-mode=1", None),
        ("profile-level-id=42801F;packetization-mode=2", None),
    ],
)
def test_h264_is_answered_in_their_profile_and_mode_at_the_lower_level(
    fmtp: str, answered: str | None
) -> None:
    offer = make_offer(
        BRIDGE, [audio(5004), video(5006, 1, [Codec(97, "h264", 90000, 1, fmtp)])], 1
    )
    answer, [_, picture] = make_answer(offer, CAN, MCU, 2)
    if answered is None:
        assert (picture, answer.media[1].port) == (None, 0)
    else:
        assert [codec.fmtp for codec in answer.media[1].codecs] == [answered]
        assert read_answer(offer, answer)[1] is not None


def test_both_sides_see_the_same_resolution_below_what_either_can() -> None:
    raised = replace(
        H264_720P30,
        fmtp="profile-level-id=42000D;packetization-mode=1;max-mbps=108000;max-fs=3600",
    )
    for ours, theirs, both in (
        (codec_for("1080p30", 96), codec_for("720p60", 97), "720p60"),
        (codec_for("SD30", 96), codec_for("1080p60", 97), "SD30"),
        (codec_for("1080p30", 96), raised, "720p30"),
        (codec_for("SD30", 96), raised, "SD30"),
    ):
        offer = make_offer(BRIDGE, [video(5006, 2000, [theirs])], 1)
        answer, [here] = make_answer(offer, [video(20002, 2000, [ours])], MCU, 2)
        [there] = read_answer(offer, sdp.parse(sdp.build(answer)))
        assert here is not None
        assert there is not None
        assert resolution_of(here.codec) == resolution_of(there.codec) == both


def test_our_order_of_codecs_decides() -> None:
    offer = make_offer(BRIDGE, [audio(5004, [PCMU, PCMA])], 1)
    answer, _ = make_answer(offer, CAN, MCU, 2)
    assert [codec.name for codec in answer.media[0].codecs] == ["PCMA"]


@pytest.mark.parametrize(
    "media",
    [
        audio(5004, [Codec(18, "G729", 8000)]),
        replace(audio(5004), protocol="UDP/TLS/RTP/SAVPF"),
        replace(audio(5004), port=0),
        video(5006, 1, [replace(H264_720P30, fmtp="profile-level-id=zz;packetization-mode=1")]),
        replace(audio(65535, rtcp_mux=False), rtcp_port=None),
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
    wrong = replace(answer.media[0], codecs=(Codec(18, "G729", 8000),))
    with pytest.raises(SdpError, match="codec was not offered"):
        read_answer(OFFER, replace(answer, media=(wrong, answer.media[1])))
    dtls = replace(answer.media[0], protocol="UDP/TLS/RTP/SAVPF")
    with pytest.raises(SdpError, match="over UDP/TLS/RTP/SAVPF, not as offered"):
        read_answer(OFFER, replace(answer, media=(dtls, answer.media[1])))
    only_sound = replace(OFFER, media=(OFFER.media[0], replace(OFFER.media[1], port=0)))
    with pytest.raises(SdpError, match="takes video that was not offered"):
        read_answer(only_sound, answer)
    high = replace(H264_720P30, fmtp="profile-level-id=64001F;packetization-mode=1")
    with pytest.raises(SdpError, match="codec was not offered"):
        read_answer(OFFER, replace(answer, media=(answer.media[0], video(1, 1, [high]))))


def test_an_answer_may_use_another_payload_type_than_the_offer() -> None:
    answer, _ = make_answer(OFFER, CAN, MCU, 2)
    other = replace(H264_720P30, payload_type=120)
    picture = read_answer(OFFER, replace(answer, media=(answer.media[0], video(1, 1, [other]))))[1]
    assert picture is not None
    assert (picture.send_type, picture.receive_type) == (120, 97)
