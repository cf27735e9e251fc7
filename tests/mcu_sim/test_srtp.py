"""SRTP: known answers, both ways between two contexts, forgeries, and a foreign sender."""

from __future__ import annotations

import base64
import random
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mcu_sim.audio import g711
from mcu_sim.sdp import CryptoKey, Suite
from mcu_sim.srtp import RTCP_TRAILER_BYTES, TAG_BYTES, SrtpContext, SrtpError

SHA1_80, SHA1_32 = Suite
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
    return CryptoKey(suite, rng.randbytes(30)), CryptoKey(suite, rng.randbytes(30))


def pair(suite: Suite = SHA1_80) -> tuple[SrtpContext, SrtpContext]:
    a, b = keys(suite)
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
    assert (TAG_BYTES[suite], RTCP_TRAILER_BYTES) == (rtp_tag, len(SRTCP) - len(RTCP))


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


@given(st.binary(max_size=300))
def test_no_bytes_do_worse_than_srtp_error(junk: bytes) -> None:
    _, there = pair()
    for function in (there.unprotect, there.unprotect_rtcp):
        with pytest.raises(SrtpError):
            function(junk)


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
    opened, good = there.unprotect_rows(data, sizes)
    assert good.tolist() == [True, True, False, True, True, False, True, False]
    assert opened[~good].tolist() == sizes[~good].tolist()
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
        "import sys; from mcu_sim.srtp import SrtpContext;"
        "from mcu_sim.sdp import CryptoKey, Suite;"
        "assert 'pylibsrtp' not in sys.modules; k = CryptoKey(list(Suite)[0], bytes(30));"
        "SrtpContext(k, k); assert 'pylibsrtp' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.realtime
@SUITES
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
