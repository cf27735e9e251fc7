"""SRTP: known answers, both ways between two contexts, forgeries, and a foreign sender."""

from __future__ import annotations

import base64
import random
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mcu_sim.media.audio import g711
from mcu_sim.media.srtp import RTCP_INDEX_BYTES, RTCP_TAG_BYTES, TAG_BYTES, SrtpContext, SrtpError
from mcu_sim.sdp import CryptoKey, Suite
from mcu_sim.sdp.crypto import MASTER_BYTES, OFFERED

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
        "import sys; from mcu_sim.media.srtp import SrtpContext;"
        "from mcu_sim.sdp import CryptoKey, Suite;"
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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
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
