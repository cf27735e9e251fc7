"""AES-GCM in SRTP: RFC 7714's own packets, by a second implementation, and libsrtp against that.

The RFC states its vectors for session keys, which libsrtp derives and takes from nobody. So they
check the second implementation, which then says what comes of master keys.
"""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.media.srtp import RTCP_INDEX_BYTES, RTCP_TAG_BYTES, TAG_BYTES, SrtpContext
from mcu_sim.sdp import CryptoKey, Suite
from mcu_sim.sdp.crypto import MASTER_BYTES

GCM_128, GCM_256 = Suite.AEAD_AES_128_GCM, Suite.AEAD_AES_256_GCM
SALT_BYTES = 12
ENCRYPTED = 1 << 31

SALT = b"Quid pro quo"
KEYS = {GCM_128: bytes(range(16)), GCM_256: bytes(range(32))}
RTP = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
RTCP = bytes.fromhex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" + 5 * "deadbeef"
)
SRTP = {  # §16.1.1, §16.2.1
    GCM_128: "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
    "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    GCM_256: "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a02"
    "76ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
}
SRTCP = {  # §17.1, §17.2
    GCM_128: "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
    "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    GCM_256: "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
    "8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
}
SUITES = pytest.mark.parametrize("suite", [GCM_128, GCM_256])


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
    """Session key and salt; labels begin with 0 for RTP, with 3 for RTCP."""
    size = MASTER_BYTES[key.suite] - SALT_BYTES
    return derive(key.master, first_label, size), derive(key.master, first_label + 2, SALT_BYTES)


@SUITES
def test_packets_of_the_rfc(suite: Suite) -> None:
    assert seal_rtp(KEYS[suite], SALT, RTP).hex() == SRTP[suite]
    assert seal_rtcp(KEYS[suite], SALT, RTCP, 0x5D4).hex() == SRTCP[suite]
    assert len(SRTP[suite]) // 2 == len(RTP) + TAG_BYTES[suite]
    assert len(SRTCP[suite]) // 2 == len(RTCP) + RTCP_TAG_BYTES[suite] + RTCP_INDEX_BYTES


def test_derivation_of_rfc_3711() -> None:
    """Appendix B.3: cipher key and salt."""
    key = bytes.fromhex("e1f97a0d3e018be0d64fa32c06de4139")
    salt = bytes.fromhex("0ec675ad498afeebb6960b3aabe6")
    assert counter_mode(key, salt, 0, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
    assert counter_mode(key, salt, 2, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"


@SUITES
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
