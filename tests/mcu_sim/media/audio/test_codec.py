"""G.711 against the ITU-T reference procedure, known values, and the laws of companding."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.codec import (
    G722,
    G722Call,
)
from tests.mcu_sim.audio_factory import sine, tone_and_rest

ALL_SAMPLES = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
ALL_CODES = np.arange(256, dtype=np.uint8)


def reference_a_encode(sample: int) -> int:
    """Bit by bit, as the procedure alaw_compress of ITU-T G.191 describes it."""
    magnitude = (~sample if sample < 0 else sample) >> 4
    if magnitude > 15:
        exponent = 1
        while magnitude > 16 + 15:
            magnitude >>= 1
            exponent += 1
        magnitude += (exponent << 4) - 16
    return (magnitude | (0x80 if sample >= 0 else 0)) ^ 0x55


def reference_mu_encode(sample: int) -> int:
    """Bit by bit, as the procedure ulaw_compress of ITU-T G.191 describes it."""
    magnitude = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment = magnitude.bit_length() - 5
    low = 0xF - ((magnitude >> segment) & 0xF)
    return (8 - segment) << 4 | low | (0x80 if sample >= 0 else 0)


def reference_a_decode(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 264) << (exponent - 1)
    return value if code & 0x80 else -value


def reference_mu_decode(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132
    return -value if code & 0x80 else value


def test_every_sample_is_encoded_as_the_reference_does() -> None:
    a = np.array([reference_a_encode(int(s)) for s in ALL_SAMPLES], np.uint8)
    mu = np.array([reference_mu_encode(int(s)) for s in ALL_SAMPLES], np.uint8)
    np.testing.assert_array_equal(g711.a_law_encode(ALL_SAMPLES), a)
    np.testing.assert_array_equal(g711.mu_law_encode(ALL_SAMPLES), mu)


def test_every_code_is_decoded_as_the_reference_does() -> None:
    a = np.array([reference_a_decode(int(c)) for c in ALL_CODES], np.int16)
    mu = np.array([reference_mu_decode(int(c)) for c in ALL_CODES], np.int16)
    np.testing.assert_array_equal(g711.a_law_decode(ALL_CODES), a)
    np.testing.assert_array_equal(g711.mu_law_decode(ALL_CODES), mu)


RATE = 16_000


def by_frames(sound: np.ndarray) -> np.ndarray:
    """Encoded and decoded, 20 ms at a time, each direction by a call of its own."""
    here, there = G722Call(), G722Call()
    frames = sound.reshape(-1, G722.frame_samples)
    return np.concatenate([there.decode(here.encode(frame)) for frame in frames])


@pytest.mark.parametrize(("hz", "least_db"), [(300, 30), (1000, 30), (5000, 17), (6500, 14)])
def test_a_tone_survives_also_above_what_narrowband_carries(hz: int, least_db: float) -> None:
    heard = by_frames(sine(hz, RATE, RATE))[RATE // 2 :]  # adapted by then
    amplitude, rest = tone_and_rest(heard, hz, RATE)
    assert amplitude == pytest.approx(8000, rel=0.05)
    assert 20 * np.log10(amplitude / np.sqrt(2) / rest) >= least_db
