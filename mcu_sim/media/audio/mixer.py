"""N−1 mixing: each call hears the sum of all the others, never itself.

Calls at 8 kHz and calls at 16 kHz are summed on two buses. Each bus hears the sum of the other one,
resampled by a linear-phase half-band FIR of 79 taps (windowed by Kaiser), flat up to 3.6 kHz and
58 dB down from 4.4 kHz. Either direction delays by 39 samples at 16 kHz, 2.4 ms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FACTOR = 2
DELAY_SAMPLES = 39
"""At 16 kHz."""

Frames = NDArray[np.int16]
Mask = NDArray[np.bool_]
Sum = NDArray[np.float64]


def _half_band() -> NDArray[np.float64]:
    offset = np.arange(-DELAY_SAMPLES, DELAY_SAMPLES + 1)
    taps = np.sinc(offset / FACTOR) * np.kaiser(len(offset), 5.65)  # 60 dB
    normalised: NDArray[np.float64] = taps / taps.sum()
    return normalised


_TAPS = _half_band()


class Resampler:
    """One stream at 8 kHz or 16 kHz, resampled to the other rate frame by frame."""

    def __init__(self) -> None:
        self._past = np.zeros(len(_TAPS) - 1)

    def up(self, samples: NDArray[np.float64]) -> Sum:
        """Return the next (n,) samples at 8 kHz as (2 n,) at 16 kHz."""
        spread = np.zeros(FACTOR * len(samples))
        spread[::FACTOR] = FACTOR * samples
        return self._filter(spread)

    def down(self, samples: NDArray[np.float64]) -> Sum:
        """Return the next (2 n,) samples at 16 kHz as (n,) at 8 kHz."""
        return self._filter(samples)[::FACTOR]

    def _filter(self, samples: NDArray[np.float64]) -> Sum:
        with_past = np.concatenate([self._past, samples])
        self._past = with_past[len(samples) :]
        return np.convolve(with_past, _TAPS, "valid")


class Mixer:
    """The mix of one meeting."""

    def __init__(self) -> None:
        self._up, self._down = Resampler(), Resampler()

    def mix(
        self, narrow: Frames, wide: Frames, narrow_active: Mask, wide_active: Mask
    ) -> tuple[Frames, Frames]:
        """Return the frames that each call hears, at its own sampling rate.

        Args:
            narrow, wide: (n, s) samples at 8 kHz and (w, 2 s) at 16 kHz, one row a call.
            narrow_active, wide_active: (n,) and (w,) the calls whose audio goes into the mix; the
                others are not heard but hear the mix.
        """
        own_narrow, own_wide = narrow * narrow_active[:, None], wide * wide_active[:, None]
        narrow_sum: Sum = own_narrow.sum(axis=0, dtype=np.float64)
        wide_sum: Sum = own_wide.sum(axis=0, dtype=np.float64)
        if len(narrow) and len(wide):
            narrow_sum, wide_sum = (
                narrow_sum + self._down.down(wide_sum),
                wide_sum + self._up.up(narrow_sum),
            )
        return _minus_own(narrow_sum, own_narrow), _minus_own(wide_sum, own_wide)


def _minus_own(total: Sum, own: Frames) -> Frames:
    """Return the sum without each call's own part, saturated to int16."""
    return np.clip(np.rint(total) - own, -32768, 32767).astype(np.int16)
