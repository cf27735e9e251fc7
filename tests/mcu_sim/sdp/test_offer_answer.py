"""RFC 3264: what two sides agree on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
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
    G722,
    H264_720P30,
    NegotiatedMedia,
    audio,
    content,
    make_answer,
    make_offer,
    read_answer,
    refusals,
    reoffer,
    video,
)

BRIDGE, MCU = "10.68.0.2", "10.67.0.2"
CAN = [audio(20000), video(20002, 4000)]
OFFER = make_offer(BRIDGE, [audio(5004), video(5006, 2000)], 1)


def test_both_sides_come_to_the_same_terms() -> None:
    answer, at_mcu = make_answer(OFFER, CAN, MCU, 2)
    at_bridge = read_answer(OFFER, sdp.parse(sdp.build(answer)))
    sound, picture = at_mcu
    assert (sound.codec, sound.send_type) == (G722, 9)
    assert (sound.remote, sound.remote_rtcp) == ((BRIDGE, 5004), (BRIDGE, 5004))
    assert (picture.codec.name, picture.send_type, picture.max_kbps) == ("H264", 97, 2000.0)
    assert (answer.media[1].protocol, picture.content) == ("RTP/AVP", False)
    assert (picture.rtcp_mux, picture.feedback) == (True, {"pli", "fir"})
    assert (sound.max_kbps, sound.feedback) == (None, frozenset())
    assert (answer.session_id, answer.version) == (2, 2)
    there = at_bridge[1]
    assert (there.remote, there.max_kbps) == ((MCU, 20002), 2000.0)
    assert there.receive_type == picture.send_type
    assert (there.codec, there.feedback) == (picture.codec, picture.feedback)


@pytest.mark.parametrize(
    ("session_as", "as_kbps", "tias_bps", "fmtp", "limit", "answered"),
    [
        (None, None, 1_500_000, "", 1500, 1500),
        (None, 1800, 1_500_000, "", 1500, 1500),
        (None, 1800, None, "", 1800, 1800),
        (1984, None, None, "", 1984, 1984),
        (1984, 768, None, "", 768, 768),
        (384, None, 1_920_000, "", 384, 384),  # no section goes beyond the whole session
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
    section = replace(video(5006, 1000, [codec]), as_kbps=as_kbps, tias_bps=tias_bps)
    offer = replace(make_offer(BRIDGE, [section], 1), as_kbps=session_as)
    answer, [here] = make_answer(offer, CAN, MCU, 2)
    assert here.max_kbps == limit
    assert (answer.media[0].as_kbps, answer.media[0].tias_bps) == (answered, 1000 * answered)


def test_the_pictures_share_the_rate_of_the_whole_session() -> None:
    media = [audio(5004), video(5006, 4000), content(5008, 100)]
    offer = replace(make_offer(BRIDGE, media, 1), as_kbps=384)
    _, taken = make_answer(offer, CAN_ALL, MCU, 2)
    assert [terms and terms.max_kbps for terms in taken] == [None, 160, 100]  # sound has 64


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (video(5006, 31), "video: its rate (b=) is under 32 kb/s"),
        (video(5006, 9, [Codec(34, "H263", 90000)]), "video: no common codec (offered: H263; here"),
        (replace(video(5006, 9), protocol="UDP/TLS"), "video: the protocol UDP/TLS is not supp"),
        (replace(video(5006, 9), protocol="RTP/SAVP"), "video: it has no usable key (a=crypto)"),
        (audio(5008), "audio: no such section is left here"),
        (Media("audio", 5008, (Codec(8, "\x1b[31m", 8000),)), r"audio: no such section"),
    ],
)
def test_each_refused_section_has_a_reason(section: Media, reason: str) -> None:
    offer = make_offer(BRIDGE, [audio(5004)], 1)
    offer = replace(offer, media=(*offer.media, section))
    assert make_answer(offer, CAN, MCU, 2)[1][1] is None
    [text] = refusals(offer, CAN)
    assert text.startswith(reason)
    assert text.isprintable()


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
    assert (terms.sends, terms.receives) == (answered.sends, answered.receives)


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
        BRIDGE, [audio(5004), video(5006, 1000, [Codec(97, "h264", 90000, 1, fmtp)])], 1
    )
    answer, [_, picture] = make_answer(offer, CAN, MCU, 2)
    if answered is None:
        assert (picture, answer.media[1].port) == (None, 0)
    else:
        assert [codec.fmtp for codec in answer.media[1].codecs] == [answered]
        assert read_answer(offer, answer)[1] is not None


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
        read_answer(OFFER, replace(answer, media=(answer.media[0], video(1, 1000, [high]))))


CAN_ALL = [audio(20000), video(20002, 4000), content(20004, 1000)]


class Counter:
    """A source of keys that are all different and known."""

    def __init__(self, first: int = 0) -> None:
        self._next = itertools.count(first)

    def __call__(self, count: int) -> bytes:
        return bytes([next(self._next)]) * count


def key(number: int) -> bytes:
    return bytes([number]) * MASTER_BYTES


def ports(session: SessionDescription) -> list[int]:
    return [media.port for media in session.media]


def both(
    offer: SessionDescription, can: Sequence[Media] = CAN_ALL
) -> tuple[list[NegotiatedMedia], list[NegotiatedMedia], SessionDescription]:
    """Terms at the answerer, at the offerer, and the answer, where nothing is refused."""
    answer, here = make_answer(offer, can, MCU, 2, keys=Counter(100))
    there = read_answer(offer, sdp.parse(sdp.build(answer)))
    return [t for t in here if t], [t for t in there if t], answer


SLIDES, MAIN = {"content": ("slides",)}, {"content": ("main",)}


@pytest.mark.parametrize(
    ("sections", "shows_content"),
    [
        ([{}, {}], [False, True]),
        ([SLIDES, {}], [True, False]),
        ([{}, SLIDES], [False, True]),
        ([SLIDES, MAIN], [True, False]),
        ([{}, MAIN], [True, False]),
        ([SLIDES, SLIDES], [False, True]),
        ([{}], [False]),
        ([SLIDES], [False]),
        ([{}, {"content": ("alt",)}, SLIDES], [False, None, True]),
        ([{}, {}, {}], [False, True, None]),
        ([{"port": 0}, {}], [None, True]),
        ([{"port": 0, **SLIDES}, {}], [None, False]),
    ],
)
def test_which_video_is_content(
    sections: list[dict[str, object]], shows_content: list[bool | None]
) -> None:
    media = [replace(video(5000 + 2 * n, 500), **s) for n, s in enumerate(sections)]  # type: ignore[arg-type]
    offer = make_offer(BRIDGE, [*media, audio(4000)], 1)
    answer, here = make_answer(sdp.parse(sdp.build(offer)), CAN_ALL, MCU, 2)
    there = read_answer(offer, sdp.parse(sdp.build(answer)))
    for terms in (here, there):
        assert [t and t.content for t in terms] == [*shows_content, False]
    expected = {None: 0, False: 20002, True: 20004}
    assert ports(answer) == [*(expected[shows] for shows in shows_content), 20000]


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/SAVPF"])
def test_srtp_keys_go_crosswise(protocol: str) -> None:
    media = [audio(5004, protocol=protocol), video(5006, 2000, protocol=protocol)]
    offer = make_offer(BRIDGE, media, 1, keys=Counter(1))
    assert [m.crypto for m in offer.media] == [
        (Crypto(1, key(1)),),
        (Crypto(1, key(2)),),
    ]
    here, there, answer = both(sdp.parse(sdp.build(offer)))
    assert [(t.crypto_receive, t.crypto_send) for t in here] == [
        (key(1), key(100)),
        (key(2), key(101)),
    ]
    assert [(t.crypto_send, t.crypto_receive) for t in there] == [
        (key(1), key(100)),
        (key(2), key(101)),
    ]
    assert {m.protocol for m in answer.media} == {protocol}
    assert [len(m.crypto) for m in answer.media] == [1, 1]


def test_a_key_without_savp_asks_for_srtp_if_it_can_be_had() -> None:
    """RFC 8643 §3.1: opportunistic, in the answer as in offers within the call."""
    avp = replace(audio(5004), crypto=(Crypto(1, key(1)), Crypto(2, key(2))))
    offer = SessionDescription(BRIDGE, (avp,))
    [here], [there], answer = both(offer, CAN_ALL[:1])
    assert (answer.media[0].protocol, answer.media[0].crypto) == (
        "RTP/AVP",
        (Crypto(1, key(100)),),
    )
    assert (here.crypto_send, here.crypto_receive) == (key(100), key(1))
    assert (there.crypto_send, there.crypto_receive) == (key(1), key(100))
    again = reoffer(answer)
    assert (again.media[0].protocol, again.media[0].crypto) == ("RTP/AVP", answer.media[0].crypto)
    plain, _ = make_answer(again, [audio(5004)], BRIDGE, 3)  # by one that knows no SRTP
    [terms] = read_answer(again, plain)
    assert (terms.crypto_send, terms.crypto_receive) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crypto": ()}, "none of the SRTP keys offered for audio"),
        ({"crypto": (Crypto(3, key(1)),)}, "none of the SRTP keys"),
        ({"protocol": "RTP/AVP"}, "over RTP/AVP, not as offered"),
    ],
)
def test_an_answer_that_would_undo_srtp_is_refused(change: dict[str, str], message: str) -> None:
    offer = make_offer(BRIDGE, [audio(5004, protocol="RTP/SAVP")], 1, keys=Counter())
    _, _, answer = both(offer)
    changed = replace(answer, media=(replace(answer.media[0], **change),))  # type: ignore[arg-type]
    with pytest.raises(SdpError, match=message):
        read_answer(offer, changed)


H264 = st.builds(
    "profile-level-id={}{:02X}{}{}".format,
    st.sampled_from(["4200", "42E0", "42F0", "4D40", "6400", "640C", "5800"]),
    st.sampled_from([10, 11, 13, 20, 30, 31, 32, 40, 42]),
    st.sampled_from(["", ";packetization-mode=0", ";packetization-mode=1"]),
    st.sampled_from(
        ["", ";max-mbps=108000;max-fs=3600", ";max-mbps=245760;max-fs=8192;max-br=6000"]
    ),
)
BFCP = st.just(Media("application", 5070, protocol="UDP/BFCP", formats=("*",)))
