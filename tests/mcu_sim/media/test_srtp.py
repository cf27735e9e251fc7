"""SRTP: known answers, both ways between two contexts, forgeries, and a foreign sender."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.mcu_sim.media.srtp import TAG_BYTES, Keyring, SrtpContext, SrtpError
from giaoban.mcu_sim.sdp.crypto import MASTER_BYTES
from tests.mcu_sim.media_factory import FAR_KEY, MCU_KEY, secured

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


def keys(seed: int = 1) -> tuple[bytes, bytes]:
    rng = random.Random(seed)
    return rng.randbytes(MASTER_BYTES), rng.randbytes(MASTER_BYTES)


def pair() -> tuple[SrtpContext, SrtpContext]:
    a, b = keys()
    return SrtpContext(a, b), SrtpContext(b, a)


def rows(packets: list[bytes], width: int = 200) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = np.zeros((len(packets), width), np.uint8)
    for row, one in zip(data, packets, strict=True):
        row[: len(one)] = np.frombuffer(one, np.uint8)
    return data, np.array([len(one) for one in packets])


def test_known_answers() -> None:
    context = SrtpContext(MASTER, MASTER)
    assert context.protect(RTP) == SRTP
    assert context.unprotect(SRTP) == RTP
    assert context.protect_rtcp(RTCP) == SRTCP
    assert context.unprotect_rtcp(SRTCP) == RTCP
    assert (len(SRTP) - len(RTP), len(SRTCP) - len(RTCP)) == (TAG_BYTES, TAG_BYTES + 4)


def test_both_ways_with_streams_that_come_and_go_wrap_and_reorder() -> None:
    here, there = pair()
    sent = [packet(n % 65536, ssrc) for n in range(65_500, 65_600) for ssrc in (7, 2**32 - 1)]
    sent.append(packet(3, 99, size=1344))
    wire = [here.protect(one) for one in sent]
    assert all(len(w) == len(s) + TAG_BYTES for w, s in zip(wire, sent, strict=True))
    order = [place ^ 3 for place in range(200)] + [200]
    assert [there.unprotect(wire[place]) for place in order] == [sent[place] for place in order]
    assert here.unprotect(there.protect(sent[0])) == sent[0]


@given(at=st.integers(0, 181), bit=st.integers(0, 7))
def test_a_changed_bit_is_an_error_and_the_packet_itself_still_comes_in(at: int, bit: int) -> None:
    here, there = pair()
    wire = here.protect(packet(1))
    at %= len(wire)
    with pytest.raises(SrtpError):
        there.unprotect(wire[:at] + bytes([wire[at] ^ 1 << bit]) + wire[at + 1 :])
    assert there.unprotect(wire) == packet(1)


def test_replays_other_keys_other_directions_and_plain_packets_are_errors() -> None:
    here, there = pair()
    rtp, rtcp = here.protect(packet(1)), here.protect_rtcp(RTCP)
    assert there.unprotect(rtp) == packet(1)
    assert there.unprotect_rtcp(rtcp) == RTCP
    with pytest.raises(SrtpError, match="replay"):
        there.unprotect(rtp)
    with pytest.raises(SrtpError, match="replay"):
        there.unprotect_rtcp(rtcp)
    a, _ = keys(seed=2)
    with pytest.raises(SrtpError, match="authentication"):
        SrtpContext(a, a).unprotect(rtp)
    with pytest.raises(SrtpError, match="authentication"):
        SrtpContext(a, a).unprotect_rtcp(rtcp)
    with pytest.raises(SrtpError, match="authentication"):
        here.unprotect(here.protect(packet(2)))
    with pytest.raises(SrtpError, match="authentication"):
        there.unprotect(packet(3))


def test_rows_are_what_single_packets_are() -> None:
    one, _ = pair()
    here, there = pair()
    packets = [packet(n, ssrc=n % 3, size=20 * n) for n in range(1, 9)]
    data, lengths = rows(packets)
    sizes, _ = here.protect_rows(data, lengths)
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


OTHER_KEY = bytes(30)


def far(send: bytes = FAR_KEY, receive: bytes = MCU_KEY) -> SrtpContext:
    """The other end's context."""
    return SrtpContext(send=send, receive=receive)


def context(keys: Keyring, kind: str = "audio", row: int = 1) -> SrtpContext:
    found = keys.of(kind, row)  # type: ignore[arg-type]
    assert found is not None
    return found


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
