"""Between 8 and 16 kHz: a linear-phase half-band FIR, 79 taps, as a stream.

Designed by windowing (Kaiser); flat up to 3.6 kHz, 58 dB down from 4.4 kHz. Every second tap of a
half-band filter is zero but the middle one, so only 40 products a sample are left to do. Either
direction delays by 39 samples at 16 kHz, 2.4 ms (group delay of a symmetric FIR: half its order).

In integers throughout, so a stream cut into frames gives bit for bit what it gives in one piece.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FACTOR = 2
DELAY_SAMPLES = 39
"""At 16 kHz."""
GAIN_LIMIT = 3
"""No output is more than so many times the largest input: sum of the taps' magnitudes."""

_BRANCH = (DELAY_SAMPLES + 1) // 2 * 2  # taps besides the middle one
_KAISER_BETA = 5.65  # 60 dB (Kaiser's formula 0.1102 (A − 8.7))
_FRACTION_BITS = 20


def _side_taps() -> NDArray[np.int64]:
    """(40,) the non-zero taps but the middle one, scaled so that they sum up to 2²⁰.

    Tap k of them stands 2 k − 39 samples from the middle.
    """
    offset = np.arange(-DELAY_SAMPLES, DELAY_SAMPLES + 1, FACTOR)
    window = np.kaiser(2 * DELAY_SAMPLES + 1, _KAISER_BETA)[::FACTOR]
    taps = np.sinc(offset / FACTOR) * window
    half = np.rint(taps[: _BRANCH // 2] / taps.sum() * (1 << _FRACTION_BITS)).astype(np.int64)
    # what rounding lost goes to the largest tap: a constant passes unchanged
    half[-1] += (1 << _FRACTION_BITS - 1) - half.sum()
    return np.concatenate([half, half[::-1]])


_TAPS = _side_taps()


class Upsampler:
    """8 → 16 kHz, one stream."""

    def __init__(self) -> None:
        self._past = np.zeros(_BRANCH - 1, np.int64)

    def process(self, samples: NDArray[np.integer]) -> NDArray[np.int32]:
        """The next (n,) samples, |x| < 2³¹ / `GAIN_LIMIT` → int32 (2 n,)."""
        x = np.concatenate([self._past, samples])
        self._past = x[len(x) - (_BRANCH - 1) :]
        out = np.empty((len(samples), FACTOR), np.int32)
        out[:, 0] = _rounded(_filtered(x), _FRACTION_BITS)
        # the middle tap: the sample itself
        middle = _BRANCH // 2
        out[:, 1] = x[middle : middle + len(samples)]
        return out.reshape(-1)


class Downsampler:
    """16 → 8 kHz, one stream."""

    def __init__(self) -> None:
        self._even = np.zeros(_BRANCH - 1, np.int64)
        self._odd = np.zeros(_BRANCH // 2, np.int64)

    def process(self, samples: NDArray[np.integer]) -> NDArray[np.int32]:
        """The next (2 n,) samples, |x| < 2³¹ / `GAIN_LIMIT` → int32 (n,).

        Raises `ValueError` for an odd number.
        """
        if len(samples) % FACTOR:
            raise ValueError(f"{len(samples)} samples cannot be halved")
        even = np.concatenate([self._even, samples[::2]])
        odd = np.concatenate([self._odd, samples[1::2]])
        self._even = even[len(even) - (_BRANCH - 1) :]
        self._odd = odd[len(odd) - _BRANCH // 2 :]
        middle = odd[: len(samples) // FACTOR] << _FRACTION_BITS
        return _rounded(_filtered(even) + middle, _FRACTION_BITS + 1)


def _filtered(x: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n + 39,) samples, the first 39 of them past, through the taps: (n,)."""
    if len(x) < _BRANCH:
        return np.empty(0, np.int64)
    return np.convolve(x, _TAPS, "valid")


def _rounded(scaled: NDArray[np.int64], bits: int) -> NDArray[np.int32]:
    return ((scaled + (1 << bits - 1)) >> bits).astype(np.int32)
