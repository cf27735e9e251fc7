"""SRTP: known answers, both ways between two contexts, forgeries, and a foreign sender."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.srtp import (
    RTCP_INDEX_BYTES,
    RTCP_TAG_BYTES,
    TAG_BYTES,
    Keyring,
    SrtpContext,
    SrtpError,
)
from giaoban.mcu_sim.sdp import CryptoKey, Suite
from giaoban.mcu_sim.sdp.crypto import MASTER_BYTES, OFFERED
from tests.loopback import udp_socket
from tests.mcu_sim.media_factory import FAR_KEY, MCU_KEY, secured, terms

SHA1_80, SHA1_32 = OFFERED
SUITES = pytest.mark.parametrize("suite", Suite)
# RFC 3711 appendix B.3's master key and salt; packets of libsrtp's own self test
MASTER = bytes.fromhex("e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6")
RTP = bytes.fromhex("800f1234decafbadcafebabe" + 16 * "ab")
SRTP = bytes.fromhex(
    "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb"
)
RTCP = bytes.fromhex("81c8000bcafebabe" + 16 * "ab")
SRTCP = bytes.fromhex(
    "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798"
)


def packet(sequence: int, ssrc: int = 1, size: int = 160) -> bytes:
    head = bytes([0x80, 8]) + sequence.to_bytes(2, "big") + (160 * sequence).to_bytes(4, "big")
    return head + ssrc.to_bytes(4, "big") + random.Random(sequence).randbytes(size)


def keys(suite: Suite, seed: int = 1) -> tuple[CryptoKey, CryptoKey]:
    rng = random.Random(seed)
    a, b = (CryptoKey(suite, rng.randbytes(MASTER_BYTES[suite])) for _ in range(2))
    return a, b


def pair(
    suite: Suite = SHA1_80, mki: bytes = b"", other_mki: bytes = b""
) -> tuple[SrtpContext, SrtpContext]:
    a, b = keys(suite)
    a, b = replace(a, mki=mki), replace(b, mki=other_mki)
    return SrtpContext(a, b), SrtpContext(b, a)


def rows(packets: list[bytes], width: int = 200) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = np.zeros((len(packets), width), np.uint8)
    for row, one in zip(data, packets, strict=True):
        row[: len(one)] = np.frombuffer(one, np.uint8)
    return data, np.array([len(one) for one in packets])


@pytest.mark.parametrize(("suite", "rtp_tag"), [(SHA1_80, 10), (SHA1_32, 4)])
def test_known_answers(suite: Suite, rtp_tag: int) -> None:
    key = CryptoKey(suite, MASTER)
    context = SrtpContext(key, key)
    protected = SRTP[: len(RTP) + rtp_tag]
    assert context.protect(RTP) == protected
    assert context.unprotect(protected) == RTP
    assert context.protect_rtcp(RTCP) == SRTCP
    assert context.unprotect_rtcp(SRTCP) == RTCP
    more = RTCP_TAG_BYTES[suite] + RTCP_INDEX_BYTES
    assert (TAG_BYTES[suite], more) == (rtp_tag, len(SRTCP) - len(RTCP))


@SUITES
def test_both_ways_with_streams_that_come_and_go_wrap_and_reorder(suite: Suite) -> None:
    here, there = pair(suite)
    sent = [packet(n % 65536, ssrc) for n in range(65_500, 65_600) for ssrc in (7, 2**32 - 1)]
    sent.append(packet(3, 99, size=1488))
    wire = [here.protect(one) for one in sent]
    assert all(len(w) == len(s) + TAG_BYTES[suite] for w, s in zip(wire, sent, strict=True))
    order = [place ^ 3 for place in range(200)] + [200]
    assert [there.unprotect(wire[place]) for place in order] == [sent[place] for place in order]
    assert here.unprotect(there.protect(sent[0])) == sent[0]


@SUITES
@given(at=st.integers(0, 181), bit=st.integers(0, 7))
def test_a_changed_bit_is_an_error_and_the_packet_itself_still_comes_in(
    suite: Suite, at: int, bit: int
) -> None:
    here, there = pair(suite)
    wire = here.protect(packet(1))
    at %= len(wire)
    with pytest.raises(SrtpError):
        there.unprotect(wire[:at] + bytes([wire[at] ^ 1 << bit]) + wire[at + 1 :])
    assert there.unprotect(wire) == packet(1)


@SUITES
def test_replays_other_keys_other_directions_and_plain_packets_are_errors(suite: Suite) -> None:
    here, there = pair(suite)
    rtp, rtcp = here.protect(packet(1)), here.protect_rtcp(RTCP)
    assert there.unprotect(rtp) == packet(1)
    assert there.unprotect_rtcp(rtcp) == RTCP
    with pytest.raises(SrtpError, match="replay"):
        there.unprotect(rtp)
    with pytest.raises(SrtpError, match="replay"):
        there.unprotect_rtcp(rtcp)
    a, _ = keys(suite, seed=2)
    with pytest.raises(SrtpError, match="authentication"):
        SrtpContext(a, a).unprotect(rtp)
    with pytest.raises(SrtpError, match="authentication"):
        SrtpContext(a, a).unprotect_rtcp(rtcp)
    with pytest.raises(SrtpError, match="authentication"):
        here.unprotect(here.protect(packet(2)))
    with pytest.raises(SrtpError, match="authentication"):
        there.unprotect(packet(3))


@SUITES
@given(st.binary(max_size=300), st.binary(max_size=4))
def test_no_bytes_do_worse_than_srtp_error(suite: Suite, junk: bytes, mki: bytes) -> None:
    _, there = pair(suite, mki)
    for function in (there.unprotect, there.unprotect_rtcp):
        with pytest.raises(SrtpError):
            function(junk)
    data, lengths = rows([junk], width=300)
    opened, good = there.unprotect_rows(data, lengths)
    assert (opened.tolist(), good.tolist()) == ([len(junk)], [False])
    assert data[0, : len(junk)].tobytes() == junk


MKIS = pytest.mark.parametrize("mki", [b"\1", bytes(range(16))])


@SUITES
@MKIS
def test_the_mki_is_before_the_tag_or_behind_gcm(suite: Suite, mki: bytes) -> None:
    """RFC 3711 §3.1, §3.4; RFC 7714 §8.2, §9.2."""
    (plain, _), (here, there) = pair(suite), pair(suite, mki)
    for protect_bare, protect, tags, opened, source in (
        (plain.protect, here.protect, TAG_BYTES, there.unprotect, RTP),
        (plain.protect_rtcp, here.protect_rtcp, RTCP_TAG_BYTES, there.unprotect_rtcp, RTCP),
    ):
        bare, wire = protect_bare(source), protect(source)
        at = len(bare) - (0 if "GCM" in suite else tags[suite])
        assert wire == bare[:at] + mki + bare[at:]
        other = wire[:at] + bytes([mki[0] ^ 1]) + wire[at + 1 :]
        with pytest.raises(SrtpError, match="does not name the key"):
            opened(other)
        with pytest.raises(SrtpError):
            opened(bare)
        assert opened(wire) == source
        with pytest.raises(SrtpError, match="replay"):
            opened(wire)


@SUITES
@MKIS
def test_rows_with_an_mki_are_what_single_packets_are(suite: Suite, mki: bytes) -> None:
    (one, _), (here, there) = pair(suite, mki, b"ab"), pair(suite, mki, b"ab")
    packets = [packet(n % 65536, ssrc=n % 3, size=n % 7) for n in range(65_530, 65_545)]
    data, lengths = rows(packets, width=52)
    order = np.random.default_rng(1).permutation(len(packets))[:12]
    sizes = here.protect_rows(data, lengths[order], order)
    wire = [one.protect(packets[place]) for place in order]
    came = [data[place, :n].tobytes() for place, n in zip(order, sizes, strict=True)]
    assert came == wire
    data[order[3], 13] ^= 1
    data[order[5], : sizes[5]] = np.roll(data[order[5], : sizes[5]], 1)
    before = data.copy()
    opened, good = there.unprotect_rows(data, sizes, order)
    assert np.flatnonzero(~good).tolist() == [3, 5]
    for number, place in enumerate(order):
        if good[number]:
            assert data[place, : opened[number]].tobytes() == packets[place]
        else:
            assert opened[number] == sizes[number]
            assert (data[place] == before[place]).all()
    # the other way has another
    assert here.unprotect(there.protect(packet(1))) == packet(1)
    assert there.protect(packet(2))[-2:] == b"ab" or "GCM" not in suite
    with pytest.raises(ValueError, match=f"not within 0 and {52 - TAG_BYTES[suite] - len(mki)}"):
        here.protect_rows(data, np.array([49]))


@SUITES
def test_a_new_key_of_the_far_end_comes_with_its_own_mki(suite: Suite) -> None:
    here, there = pair(suite, b"\1", b"\1")
    _, key = keys(suite, seed=5)
    later, mine = replace(key, mki=b"\0\2"), keys(suite)[0]
    turned = here.with_receive_key(later)
    sender = SrtpContext(later, replace(mine, mki=b"\1"))
    data, lengths = rows([sender.protect(packet(n)) for n in (1, 2)])
    opened, good = turned.unprotect_rows(data, lengths)
    assert good.all()
    assert data[1, : opened[1]].tobytes() == packet(2)
    assert turned.unprotect_rtcp(sender.protect_rtcp(RTCP)) == RTCP
    assert sender.unprotect(turned.protect(packet(3))) == packet(3)
    with pytest.raises(SrtpError):
        turned.unprotect(there.protect(packet(4)))


@SUITES
def test_rows_are_what_single_packets_are(suite: Suite) -> None:
    one, _ = pair(suite)
    here, there = pair(suite)
    packets = [packet(n, ssrc=n % 3, size=20 * n) for n in range(1, 9)]
    data, lengths = rows(packets)
    sizes = here.protect_rows(data, lengths)
    assert [row[:n].tobytes() for row, n in zip(data, sizes, strict=True)] == [
        one.protect(p) for p in packets
    ]
    data[2, 30] ^= 1
    data[5] = data[4]
    sizes[5] = sizes[4]
    sizes[7] = 11
    before = data.copy()
    opened, good = there.unprotect_rows(data, sizes)
    assert good.tolist() == [True, True, False, True, True, False, True, False]
    assert opened[~good].tolist() == sizes[~good].tolist()
    assert (data[~good] == before[~good]).all()
    for place in np.flatnonzero(good):
        assert data[place, : opened[place]].tobytes() == packets[place]


def test_chosen_rows_only_are_touched() -> None:
    here, there = pair()
    data, lengths = rows([packet(n) for n in range(6)])
    before = data.copy()
    chosen = np.array([4, 1])
    sizes = here.protect_rows(data, lengths[chosen], chosen)
    assert (data[[0, 2, 3, 5]] == before[[0, 2, 3, 5]]).all()
    assert not (data[chosen] == before[chosen]).all(axis=1).any()
    opened, good = there.unprotect_rows(data, sizes, chosen)
    assert good.all()
    assert opened.tolist() == lengths[chosen].tolist()
    assert data[1, : opened[1]].tobytes() == packet(1)
    none, mask = there.unprotect_rows(data, np.array([], np.int64), np.array([], np.int64))
    assert (len(none), len(mask)) == (0, 0)


def test_rows_without_room_or_alignment_and_rows_that_are_not_there_are_refused() -> None:
    here, there = pair()
    data, lengths = rows([packet(1)], width=180)
    with pytest.raises(ValueError, match="not within 0 and 170 bytes"):
        here.protect_rows(data, lengths)
    with pytest.raises(ValueError, match="not within 0 and 180 bytes"):
        there.unprotect_rows(data, np.array([181]))
    with pytest.raises(ValueError, match="not within 0 and 180 bytes"):
        there.unprotect_rows(data, np.array([-1]))
    for place in (-1, 1):
        with pytest.raises(ValueError, match="not within the 1 there are"):
            there.unprotect_rows(data, lengths, np.array([place]))
    for odd in (np.zeros((2, 201), np.uint8), np.zeros((2, 204), np.uint8)[:, 1:]):
        with pytest.raises(ValueError, match="multiples of 4"):
            there.unprotect_rows(odd, lengths)
    with pytest.raises(ValueError, match="multiples of 4"):
        there.unprotect_rows(np.zeros((200, 4), np.uint8).T, lengths)


def test_sending_what_is_no_rtp_is_an_error() -> None:
    here, _ = pair()
    data, lengths = rows([packet(1), b"\x80"])
    with pytest.raises(SrtpError):
        here.protect_rows(data, lengths)


def test_libsrtp_is_loaded_with_the_first_context() -> None:
    code = (
        "import sys; from giaoban.mcu_sim.media.srtp import SrtpContext;"
        "from giaoban.mcu_sim.sdp import CryptoKey, Suite;"
        "assert 'pylibsrtp' not in sys.modules; "
        "k = CryptoKey(Suite.AES_CM_128_HMAC_SHA1_80, bytes(30));"
        "SrtpContext(k, k); assert 'pylibsrtp' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.realtime
@pytest.mark.parametrize("suite", OFFERED)  # ffmpeg has no others
def test_what_ffmpeg_sends_is_opened(suite: Suite) -> None:
    here, there = keys(suite)
    context = SrtpContext(here, there)
    with udp_socket("127.0.0.1", timeout_s=20) as sock:
        arguments = ["-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=frequency=400:d=0.5"]
        arguments += ["-ar", "8000", "-c:a", "pcm_alaw", "-f", "rtp", "-ssrc", "77"]
        arguments += ["-srtp_out_suite", suite, "-srtp_out_params"]
        arguments.append(base64.b64encode(there.master).decode())
        target = f"srtp://127.0.0.1:{sock.getsockname()[1]}?rtcpport=9"
        with subprocess.Popen(
            ["ffmpeg", *arguments, target], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        ) as sender:
            opened = [context.unprotect(sock.recv(2048)) for _ in range(5)]
            sender.terminate()
    assert {p[1] & 0x7F for p in opened} == {8}
    assert {p[8:12] for p in opened} == {(77).to_bytes(4, "big")}
    sequences = [int.from_bytes(p[2:4], "big") for p in opened]
    assert [(n - sequences[0]) % 65536 for n in sequences] == [0, 1, 2, 3, 4]
    sound = g711.a_law_decode(np.frombuffer(b"".join(p[12:] for p in opened), np.uint8))
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert abs(np.argmax(spectrum) * 8000 / len(sound) - 400) < 8000 / len(sound)


GCM_128, GCM_256 = Suite.AEAD_AES_128_GCM, Suite.AEAD_AES_256_GCM
SALT_BYTES = 12
ENCRYPTED = 1 << 31
SALT = b"Quid pro quo"
KEYS = {GCM_128: bytes(range(16)), GCM_256: bytes(range(32))}
GCM_RTP = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
GCM_RTCP = bytes.fromhex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" + 5 * "deadbeef"
)
GCM_SRTP = {  # §16.1.1, §16.2.1
    GCM_128: "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
    "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    GCM_256: "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a02"
    "76ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
}
GCM_SRTCP = {  # §17.1, §17.2
    GCM_128: "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
    "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    GCM_256: "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
    "8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
}
GCM_SUITES = pytest.mark.parametrize("suite", [GCM_128, GCM_256])


def nonce(salt: bytes, ssrc: bytes, index: bytes) -> bytes:
    """§8.1 (6 bytes of index: rollover counter and sequence number) and §9.1 (4 bytes)."""
    plain = bytes(2) + ssrc + bytes(6 - len(index)) + index
    return bytes(a ^ b for a, b in zip(plain, salt, strict=True))


def seal_rtp(key: bytes, salt: bytes, packet: bytes, rollovers: int = 0) -> bytes:
    head, payload = packet[:12], packet[12:]
    index = rollovers.to_bytes(4, "big") + packet[2:4]
    return head + AESGCM(key).encrypt(nonce(salt, packet[8:12], index), payload, head)


def seal_rtcp(key: bytes, salt: bytes, packet: bytes, index: int) -> bytes:
    head, rest = packet[:8], packet[8:]
    word = (ENCRYPTED | index).to_bytes(4, "big")
    number = nonce(salt, packet[4:8], index.to_bytes(4, "big"))
    return head + AESGCM(key).encrypt(number, rest, head + word) + word


def derive(master: bytes, label: int, size: int) -> bytes:
    """RFC 3711 §4.3 with AES-CM, a salt of 96 bits shifted to 112 (RFC 7714 §11)."""
    key, salt = master[:-SALT_BYTES], master[-SALT_BYTES:]
    return counter_mode(key, salt + bytes(2), label, size)


def counter_mode(key: bytes, salt: bytes, label: int, size: int) -> bytes:
    start = (int.from_bytes(salt, "big") ^ label << 48) << 16
    return (
        Cipher(algorithms.AES(key), modes.CTR(start.to_bytes(16, "big")))
        .encryptor()
        .update(bytes(size))
    )


def session(key: CryptoKey, first_label: int) -> tuple[bytes, bytes]:
    """Session key and salt; labels begin with 0 for GCM_RTP, with 3 for RTCP."""
    size = MASTER_BYTES[key.suite] - SALT_BYTES
    return derive(key.master, first_label, size), derive(key.master, first_label + 2, SALT_BYTES)


@GCM_SUITES
def test_packets_of_the_rfc(suite: Suite) -> None:
    assert seal_rtp(KEYS[suite], SALT, GCM_RTP).hex() == GCM_SRTP[suite]
    assert seal_rtcp(KEYS[suite], SALT, GCM_RTCP, 0x5D4).hex() == GCM_SRTCP[suite]
    assert len(GCM_SRTP[suite]) // 2 == len(GCM_RTP) + TAG_BYTES[suite]
    assert len(GCM_SRTCP[suite]) // 2 == len(GCM_RTCP) + RTCP_TAG_BYTES[suite] + RTCP_INDEX_BYTES


def test_derivation_of_rfc_3711() -> None:
    """Appendix B.3: cipher key and salt."""
    key = bytes.fromhex("e1f97a0d3e018be0d64fa32c06de4139")
    salt = bytes.fromhex("0ec675ad498afeebb6960b3aabe6")
    assert counter_mode(key, salt, 0, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
    assert counter_mode(key, salt, 2, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"


@GCM_SUITES
@given(seed=st.integers(0, 2**32), size=st.integers(0, 300), mki=st.binary(max_size=16))
def test_ours_are_those_of_the_second_implementation(
    suite: Suite, seed: int, size: int, mki: bytes
) -> None:
    """Over a rollover of the sequence number, and for the first reports."""
    rng = random.Random(seed)
    key, back = (CryptoKey(suite, rng.randbytes(MASTER_BYTES[suite]), mki) for _ in range(2))
    here, there = SrtpContext(key, back), SrtpContext(back, key)
    ssrc = rng.randbytes(4)
    for rollovers, sequence in ((0, 65_535), (1, 0), (1, 30_000), (1, 60_000), (2, 3)):
        packet = b"\x80\x08" + sequence.to_bytes(2, "big") + bytes(4) + ssrc + rng.randbytes(size)
        wire = here.protect(packet)
        assert wire == seal_rtp(*session(key, 0), packet, rollovers) + mki
        assert there.unprotect(wire) == packet
    for _ in range(3):
        packet = b"\x81\xc8\x00\x06" + ssrc + rng.randbytes(20)
        wire = here.protect_rtcp(packet)
        index = int.from_bytes(wire[len(wire) - len(mki) - 4 :][:4], "big") ^ ENCRYPTED
        assert index < 10
        assert wire == seal_rtcp(*session(key, 3), packet, index) + mki
        assert there.unprotect_rtcp(wire) == packet


OTHER_KEY = CryptoKey(Suite.AES_CM_128_HMAC_SHA1_80, bytes(30))


def far(send: CryptoKey = FAR_KEY, receive: CryptoKey = MCU_KEY) -> SrtpContext:
    """The other end's context."""
    return SrtpContext(send=send, receive=receive)


def context(keys: Keyring, kind: str = "audio", row: int = 1) -> SrtpContext:
    found = keys.of(kind, row)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_plain_flows_have_none() -> None:
    keys = Keyring()
    keys.turn("audio", 1, terms("audio", 28_000))
    assert keys.of("audio", 1) is None
    assert list(keys.all_of("audio")) == []
    keys.close(1)


def test_each_flow_has_its_own() -> None:
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    keys.turn("video", 1, secured("video", 28_002))
    keys.turn("audio", 2, secured("audio", 28_100))
    assert [row for row, _ in keys.all_of("audio")] == [1, 2]
    assert keys.of("content", 1) is None
    keys.close(1)
    assert [row for row, _ in keys.all_of("audio")] == [2]
    assert list(keys.all_of("video")) == []


def test_terms_with_the_same_keys_leave_the_ciphers_as_they_are() -> None:
    """Else what was received could be repeated, and sequence numbers would begin anew."""
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    before = context(keys)
    keys.turn("audio", 1, secured("audio", 29_000, sends=False))
    assert context(keys) is before


def test_another_key_of_the_far_end() -> None:
    """What comes is opened with it, what goes on is the same stream."""
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    there = far()
    assert there.unprotect(context(keys).protect(packet(1))) == packet(1)
    keys.turn("audio", 1, replace(secured("audio", 28_000), crypto_receive=OTHER_KEY))
    assert context(keys).unprotect(far(OTHER_KEY).protect(packet(9))) == packet(9)
    with pytest.raises(SrtpError):
        context(keys).unprotect(far().protect(packet(10)))
    assert there.unprotect(context(keys).protect(packet(2))) == packet(2)
    with pytest.raises(SrtpError):
        context(keys).protect(packet(1))


def test_another_key_of_ours_and_none_at_all() -> None:
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    keys.turn("audio", 1, replace(secured("audio", 28_000), crypto_send=OTHER_KEY))
    assert far(receive=OTHER_KEY).unprotect(context(keys).protect(packet(1))) == packet(1)
    keys.turn("audio", 1, terms("audio", 28_000))
    assert keys.of("audio", 1) is None
    keys.turn("audio", 1, secured("audio", 28_000))
    assert far().unprotect(context(keys).protect(packet(1))) == packet(1)


def test_good_packets_of_a_batch_are_protected_and_others_told() -> None:
    mine = SrtpContext(send=MCU_KEY, receive=FAR_KEY)
    data = np.zeros((4, 200), np.uint8)
    for row, number in enumerate((5, 6, 5, 7)):
        data[row, :172] = np.frombuffer(packet(number), np.uint8)
    sizes, good = mine.protect_good_rows(data, np.full(3, 172), np.array([0, 2, 3]))
    assert good.tolist() == [True, False, True]
    assert sizes[good].tolist() == [182, 182]
    there = far()
    opened = [there.unprotect(data[row, :182].tobytes()) for row in (0, 3)]
    assert opened == [packet(5), packet(7)]
