"""Offers and answers over a call's life: content, SRTP, hold, stepping down, new offers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from mcu_sim import sdp
from mcu_sim.sdp import Codec, Crypto, CryptoKey, Direction, Media, SdpError, Session, Suite
from mcu_sim.sdp.crypto import MASTER_BYTES
from mcu_sim.sdp.h264 import codec_for, resolution_of
from mcu_sim.sdp.offer_answer import (
    PCMA,
    Agreed,
    at_level,
    audio,
    content,
    make_answer,
    make_offer,
    make_reoffer,
    read_answer,
    video,
    without_video,
)
from mcu_sim.secret_source import Secrets

BRIDGE, MCU = "10.68.0.2", "10.67.0.2"
CAN = [audio(20000), video(20002, 4000), content(20004, 1000)]
SHA1_80, SHA1_32 = Suite.AES_CM_128_HMAC_SHA1_80, Suite.AES_CM_128_HMAC_SHA1_32
GCM_128, GCM_256 = Suite.AEAD_AES_128_GCM, Suite.AEAD_AES_256_GCM


class Counter(Secrets):
    """A source of keys that are all different and known."""

    def __init__(self, first: int = 0) -> None:
        self._next = itertools.count(first)

    def take(self, count: int) -> bytes:
        return bytes([next(self._next)]) * count


def key(number: int, suite: Suite = SHA1_80, mki: bytes = b"") -> CryptoKey:
    return CryptoKey(suite, bytes([number]) * MASTER_BYTES[suite], mki)


def ports(session: Session) -> list[int]:
    return [media.port for media in session.media]


def both(offer: Session, can: Sequence[Media] = CAN) -> tuple[list[Agreed], list[Agreed], Session]:
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
    answer, here = make_answer(sdp.parse(sdp.build(offer)), CAN, MCU, 2)
    there = read_answer(offer, sdp.parse(sdp.build(answer)))
    for terms in (here, there):
        assert [t and t.content for t in terms] == [*shows_content, False]
    expected = {None: 0, False: 20002, True: 20004}
    assert ports(answer) == [*(expected[shows] for shows in shows_content), 20000]
    for old, new in zip(answer.media, make_reoffer(answer, CAN).media, strict=False):
        assert new.port == old.port or not old.port


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/SAVPF"])
def test_srtp_keys_go_crosswise(protocol: str) -> None:
    media = [audio(5004, protocol=protocol), video(5006, 2000, protocol=protocol)]
    offer = make_offer(BRIDGE, media, 1, keys=Counter(1))
    assert [m.crypto for m in offer.media] == [
        (Crypto(1, key(1)), Crypto(2, key(2, SHA1_32))),
        (Crypto(1, key(3)), Crypto(2, key(4, SHA1_32))),
    ]
    here, there, answer = both(sdp.parse(sdp.build(offer)))
    assert [(t.crypto_receive, t.crypto_send) for t in here] == [
        (key(1), key(100)),
        (key(3), key(101)),
    ]
    assert [(t.crypto_send, t.crypto_receive) for t in there] == [
        (key(1), key(100)),
        (key(3), key(101)),
    ]
    assert {t.protocol for t in here + there} == {protocol}
    assert [len(m.crypto) for m in answer.media] == [1, 1]


def test_the_stronger_suite_is_taken_with_the_tag_it_has() -> None:
    lines = (Crypto(5, key(1, SHA1_32)), Crypto(9, key(2)), Crypto(7, key(3)))
    section = replace(audio(5004, protocol="RTP/SAVP"), crypto=lines)
    [here], [there], answer = both(make_offer(BRIDGE, [section], 1))
    assert answer.media[0].crypto == (Crypto(9, key(100)),)
    assert there.crypto_send == here.crypto_receive == key(2)
    [here], _, answer = both(make_offer(BRIDGE, [replace(section, crypto=lines[:1])], 1))
    assert answer.media[0].crypto == (Crypto(5, key(100, SHA1_32)),)


def test_gcm_is_taken_before_counter_mode_and_is_not_offered() -> None:
    lines = (Crypto(1, key(1)), Crypto(2, key(2, GCM_128)), Crypto(3, key(3, GCM_256)))
    section = replace(audio(5004, protocol="RTP/SAVP"), crypto=lines)
    [here], [there], answer = both(make_offer(BRIDGE, [section], 1))
    assert answer.media[0].crypto == (Crypto(3, key(100, GCM_256)),)
    assert there.crypto_send == here.crypto_receive == key(3, GCM_256)
    assert there.crypto_receive == here.crypto_send == key(100, GCM_256)
    [here], _, answer = both(make_offer(BRIDGE, [replace(section, crypto=lines[:2])], 1))
    assert answer.media[0].crypto == (Crypto(2, key(100, GCM_128)),)
    plain = make_offer(BRIDGE, [audio(5004, protocol="RTP/SAVP")], 1, keys=Counter())
    assert [line.key.suite for line in plain.media[0].crypto] == [SHA1_80, SHA1_32]


@pytest.mark.parametrize("suite", Suite)
def test_packets_with_an_mki_are_answered_with_the_same(suite: Suite) -> None:
    lines = (Crypto(1, key(1, suite, b"\0\0\0\1")),)
    section = replace(audio(5004, protocol="RTP/SAVP"), crypto=lines)
    [here], [there], answer = both(make_offer(BRIDGE, [section], 1))
    assert answer.media[0].crypto == (Crypto(1, key(100, suite, b"\0\0\0\1")),)
    assert there.crypto_send == here.crypto_receive == lines[0].key
    assert there.crypto_receive == here.crypto_send == answer.media[0].crypto[0].key
    # their next key has another number; ours stays, and so does its cipher
    other = Crypto(1, key(2, suite, b"\0\0\0\2"))
    offer = make_offer(BRIDGE, [replace(section, crypto=(other,))], 2)
    again, [terms] = make_answer(offer, CAN, MCU, 3, previous=answer, keys=Counter(200))
    assert again.media[0].crypto == answer.media[0].crypto
    assert terms is not None
    assert terms.crypto_receive == other.key
    # none any more: a new key of ours, without a number
    plain = make_offer(BRIDGE, [replace(section, crypto=(Crypto(1, key(3, suite)),))], 3)
    again, _ = make_answer(plain, CAN, MCU, 4, previous=again, keys=Counter(200))
    assert again.media[0].crypto == (Crypto(1, key(200, suite)),)


def test_a_key_without_savp_asks_for_srtp_if_it_can_be_had() -> None:
    """RFC 8643 §3.1: opportunistic, in the answer as in offers within the call."""
    avp = replace(audio(5004), crypto=(Crypto(1, key(1)), Crypto(2, key(2, SHA1_32))))
    offer = Session(BRIDGE, (avp,))
    [here], [there], answer = both(offer, CAN[:1])
    assert (here.protocol, there.protocol) == ("RTP/AVP", "RTP/AVP")
    assert answer.media[0].crypto == (Crypto(1, key(100)),)
    assert (here.crypto_send, here.crypto_receive) == (key(100), key(1))
    assert (there.crypto_send, there.crypto_receive) == (key(1), key(100))
    again = make_reoffer(answer, CAN[:1], keys=Counter(7))
    assert (again.media[0].protocol, again.media[0].crypto) == ("RTP/AVP", answer.media[0].crypto)
    plain, _ = make_answer(again, [audio(5004)], BRIDGE, 3)  # by one that knows no SRTP
    [terms] = read_answer(again, plain)
    assert terms is not None
    assert (terms.crypto_send, terms.crypto_receive) == (None, None)


def test_srtp_without_a_key_on_either_side_is_refused_and_without_savp_it_is_left_out() -> None:
    savp = replace(video(5006, 2000), protocol="RTP/SAVP")
    avp = replace(audio(5004), crypto=(Crypto(1, key(1)),))
    answer, [sound, picture, _] = make_answer(
        Session(BRIDGE, (avp, savp, replace(savp, crypto=(Crypto(1, key(1)),)))), CAN[:2], MCU, 2
    )
    assert ports(answer) == [20000, 0, 0]
    assert picture is None
    assert sound is not None
    assert (sound.protocol, sound.crypto_send, answer.media[0].crypto) == ("RTP/AVP", None, ())
    with pytest.raises(SdpError, match="no audio or video"):
        make_answer(Session(BRIDGE, (savp,)), CAN, MCU, 2, keys=Counter())
    with pytest.raises(ValueError, match="needs a source of keys"):
        make_offer(BRIDGE, [savp], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crypto": ()}, "none of the SRTP keys offered for audio"),
        ({"crypto": (Crypto(3, key(1)),)}, "none of the SRTP keys"),
        ({"crypto": (Crypto(1, key(1, SHA1_32)),)}, "none of the SRTP keys"),
        ({"protocol": "RTP/AVP"}, "over RTP/AVP, not as offered"),
    ],
)
def test_an_answer_that_would_undo_srtp_is_refused(change: dict[str, str], message: str) -> None:
    offer = make_offer(BRIDGE, [audio(5004, protocol="RTP/SAVP")], 1, keys=Counter())
    _, _, answer = both(offer)
    changed = replace(answer, media=(replace(answer.media[0], **change),))  # type: ignore[arg-type]
    with pytest.raises(SdpError, match=message):
        read_answer(offer, changed)


def test_a_call_is_held_resumed_and_refreshed() -> None:
    media = [audio(5004, protocol="RTP/SAVP"), video(5006, 2000)]
    offer = make_offer(BRIDGE, media, 1, keys=Counter(1))
    answer, first = make_answer(offer, CAN, MCU, 2, keys=Counter(100))
    for version, (direction, back) in enumerate(
        [
            (Direction.SENDONLY, Direction.RECVONLY),
            (Direction.INACTIVE, Direction.INACTIVE),
            (Direction.RECVONLY, Direction.SENDONLY),
            (Direction.SENDRECV, Direction.SENDRECV),
        ],
        start=3,
    ):
        offer = make_reoffer(offer, [replace(m, direction=direction) for m in media])
        answer, terms = make_answer(offer, CAN, MCU, 2, previous=answer, keys=Counter(200))
        assert (offer.session_id, offer.version) == (1, version - 1)
        assert (answer.session_id, answer.version) == (2, version)
        assert [m.direction for m in answer.media] == [back, back]
        for now, then, theirs in zip(terms, first, read_answer(offer, answer), strict=True):
            assert now is not None
            assert then is not None
            assert theirs is not None
            assert (now.sends, now.receives) == (theirs.receives, theirs.sends)
            assert (now.sends, now.receives) == (back.sends, back.receives)
            assert (now.crypto_send, now.crypto_receive) == (then.crypto_send, then.crypto_receive)


def test_a_version_can_be_given_and_a_changed_suite_gets_a_new_key() -> None:
    section = audio(5004, protocol="RTP/SAVP")
    lines = (Crypto(1, key(1)), Crypto(2, key(2, SHA1_32)))
    offer = Session(BRIDGE, (replace(section, crypto=lines[:1]),))
    answer, _ = make_answer(offer, CAN, MCU, 2, version=40, keys=Counter(100))
    assert (answer.session_id, answer.version) == (2, 40)
    offer = Session(BRIDGE, (replace(section, crypto=lines[1:]),))
    answer, [terms] = make_answer(offer, CAN, MCU, 2, previous=answer, keys=Counter(200))
    assert answer.version == 41
    assert terms is not None
    assert terms.crypto_send == key(200, SHA1_32)


def test_sections_never_vanish_and_refused_ones_can_be_revived() -> None:
    offer = make_offer(BRIDGE, [audio(5004), video(5006, 2000)], 1)
    answer, [_, refused] = make_answer(offer, without_video(CAN), MCU, 2)
    assert (ports(answer), refused) == ([20000, 0], None)
    fewer = replace(offer, media=offer.media[:1])
    with pytest.raises(SdpError, match="offer has 1 media, the call 2"):
        make_answer(fewer, CAN, MCU, 2, previous=answer)
    answer, [_, revived] = make_answer(offer, CAN, MCU, 2, previous=answer)
    assert (ports(answer), answer.version) == ([20000, 20002], 3)
    assert revived is not None


def test_new_offers_keep_places_forms_and_numbers() -> None:
    bfcp = Media("application", 5070, protocol="UDP/BFCP", formats=("*",))
    theirs = Codec(109, "H264", 90_000, 1, "profile-level-id=64001F;packetization-mode=0")
    offer = make_offer(BRIDGE, [bfcp, video(5006, 2000, [theirs]), audio(5004, [PCMA])], 1)
    answer, _ = make_answer(offer, CAN, MCU, 2)
    down = make_reoffer(answer, without_video(CAN))
    assert ports(down) == [0, 0, 20000]
    assert (down.session_id, down.version) == (2, 3)
    assert down.media[0].formats == ("*",)
    can = [audio(20000), video(20002, 4000, [codec_for("1080p30", 97)]), *CAN[2:]]
    more = make_reoffer(answer, can)
    assert ports(more) == [0, 20002, 20000, 20004]
    again = sdp.parse(sdp.build(more))
    high = "profile-level-id=640028;packetization-mode=0"
    assert again.media[1].codecs == (Codec(109, "H264", 90_000, 1, high),)
    assert [codec.name for codec in again.media[2].codecs] == ["G722", "PCMA", "PCMU"]
    assert again.media[3].content == ("slides",)
    revived = make_reoffer(down, can)
    assert ports(revived) == [0, 20002, 20000, 20004]


def test_a_payload_type_in_use_is_given_to_nothing_else() -> None:
    in_use = replace(audio(1), codecs=(Codec(97, "opus", 48_000, 2), Codec(96, "iLBC", 8_000)))
    wanted = audio(2, [Codec(97, "G7221", 16_000), Codec(99, "opus", 48_000, 2), PCMA])
    [section] = make_reoffer(make_offer(MCU, [in_use], 1), [wanted]).media
    assert [(codec.payload_type, codec.name) for codec in section.codecs] == [
        (98, "G7221"),
        (97, "opus"),
        (8, "PCMA"),
    ]


def test_srtp_stays_on_in_a_new_offer_and_new_sections_get_new_keys() -> None:
    offer = make_offer(BRIDGE, [audio(5004, protocol="RTP/SAVP")], 1, keys=Counter(1))
    _, _, answer = both(offer)
    secure = video(20002, 4000, protocol="RTP/SAVPF")
    more = make_reoffer(answer, [audio(20000), secure], keys=Counter(50))
    assert [m.protocol for m in more.media] == ["RTP/SAVP", "RTP/SAVPF"]
    assert more.media[0].crypto == answer.media[0].crypto == (Crypto(1, key(100)),)
    assert [line.key for line in more.media[1].crypto] == [key(50), key(51, SHA1_32)]


@pytest.mark.parametrize("cap", ["CIF30", "SD30", "720p30"])
def test_a_call_is_stepped_down_to_a_resolution(cap: str) -> None:
    can = [audio(20000), video(20002, 4000, [codec_for("1080p30", 97)]), content(20004, 1000)]
    offer = make_offer(BRIDGE, [audio(1), *(video(n, 1, can[1].codecs) for n in (3, 5))], 1)
    here, there, _ = both(offer, at_level(can, cap))
    for terms in (here, there):
        assert [resolution_of(t.codec) for t in terms[1:]] == [cap, "720p30"]
    with pytest.raises(KeyError):
        at_level(can, "8K")
