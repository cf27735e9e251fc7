"""N−1 mixing: each call hears the sum of all the others, never itself.

Calls at 8 kHz and calls at 16 kHz are summed on two buses. Resampling is linear, so what one bus
hears of the other is that bus's sum, resampled once for all: by a linear-phase half-band FIR of 79
taps, as a stream, designed by windowing (Kaiser), flat up to 3.6 kHz and 58 dB down from 4.4 kHz.
Every second tap of a half-band filter is zero but the middle one, so only 40 products a sample are
left to do. Either direction delays by 39 samples at 16 kHz, 2.4 ms (group delay of a symmetric FIR:
half its order). In integers throughout, so a stream cut into frames gives bit for bit what it gives
in one piece.
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
        """The next (2 n,) samples, |x| < 2³¹ / `GAIN_LIMIT` → int32 (n,)."""
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


MAX_CALLS = 16_384
"""Above it the 32-bit sum of full-scale samples, resampled, could overflow."""

Frames = NDArray[np.int16]
Mask = NDArray[np.bool_]
Sum = NDArray[np.int32]


def mix_minus_one(frames: Frames, active: Mask | None = None) -> Frames:
    """What each call hears during one frame.

    `frames`: int16 (calls, samples), one row a call. `active`: bool (calls,), the calls whose
    audio goes into the mix; the others are heard by nobody but hear the mix. Summed in int32 and
    saturated to int16. Raises `ValueError` for more than `MAX_CALLS`.
    """
    own = _contributions(frames, active)
    return _minus_own(own.sum(axis=0, dtype=np.int32), own)


class TwoBusMixer:
    """Mixes narrowband with wideband calls, frame by frame."""

    def __init__(self) -> None:
        self._resamplers: tuple[Upsampler, Downsampler] | None = None

    def mix(
        self,
        narrow: Frames,
        wide: Frames,
        narrow_active: Mask | None = None,
        wide_active: Mask | None = None,
    ) -> tuple[Frames, Frames]:
        """What each call hears during one frame, at its own sampling.

        `narrow` (n, s) at 8 kHz and `wide` (w, 2 s) at 16 kHz, and their masks, are as for
        `mix_minus_one`. Between the buses audio is delayed by the resamplers, 2.4 ms. They only
        run while there are calls of both kinds.
        """
        if not len(narrow) or not len(wide):
            self._resamplers = None  # what they remember is over when they run again
            return (
                mix_minus_one(narrow, narrow_active) if len(narrow) else narrow,
                mix_minus_one(wide, wide_active) if len(wide) else wide,
            )
        up, down = self._resamplers = self._resamplers or (Upsampler(), Downsampler())
        own_narrow = _contributions(narrow, narrow_active)
        own_wide = _contributions(wide, wide_active)
        narrow_sum: Sum = own_narrow.sum(axis=0, dtype=np.int32)
        wide_sum: Sum = own_wide.sum(axis=0, dtype=np.int32)
        return (
            _minus_own(narrow_sum + down.process(wide_sum), own_narrow),
            _minus_own(wide_sum + up.process(narrow_sum), own_wide),
        )


def _contributions(frames: Frames, active: Mask | None) -> Sum:
    """Each call's part of the sum, int32 (calls, samples), in an array of its own."""
    if len(frames) > MAX_CALLS:
        raise ValueError(f"{len(frames)} calls: at most {MAX_CALLS} can be summed in 32 bits")
    own: Sum = frames.astype(np.int32)
    if active is not None:
        own[~active] = 0
    return own


def _minus_own(total: Sum, own: Sum) -> Frames:
    """Saturated to int16; `own` is used up."""
    np.subtract(total, own, out=own)
    np.clip(own, -32768, 32767, out=own)
    return own.astype(np.int16)
