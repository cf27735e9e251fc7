"""N−1 mixing: each call hears the sum of all the others, never itself.

Calls at 8 kHz and calls at 16 kHz are summed on two buses. Resampling is linear, so what one bus
hears of the other is that bus's sum, resampled once for all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.audio.resample import Downsampler, Upsampler

MAX_CALLS = 16_384
"""Above it the 32-bit sum of full-scale samples, resampled, could overflow."""

Frames = NDArray[np.int16]
Mask = NDArray[np.bool_]
Sum = NDArray[np.int32]


def mix_minus_one(frames: Frames, active: Mask | None = None) -> Frames:
    """What each call hears during one frame.

    `frames`: int16 (calls, samples), one row a call. `active`: bool (calls,), the calls whose
    sound goes into the mix; the others are heard by nobody but hear the mix. Summed in int32 and
    saturated to int16. Raises `ValueError` for other shapes or types.
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
        `mix_minus_one`. Between the buses sound is delayed by the resamplers, 2.4 ms. They only
        run while there are calls of both kinds. Raises `ValueError` for other shapes or types.
        """
        if not len(narrow) or not len(wide):
            self._resamplers = None  # what they remember is over when they run again
            return (
                mix_minus_one(narrow, narrow_active) if len(narrow) else narrow,
                mix_minus_one(wide, wide_active) if len(wide) else wide,
            )
        if wide.shape[1] != 2 * narrow.shape[1]:
            raise ValueError(f"frames of {narrow.shape[1]} and {wide.shape[1]} samples, not 1 : 2")
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
    if frames.ndim != 2 or frames.dtype != np.int16:
        raise ValueError(f"frames are int16 (calls, samples), not {frames.dtype} {frames.shape}")
    if len(frames) > MAX_CALLS:
        raise ValueError(f"{len(frames)} calls: at most {MAX_CALLS} can be summed in 32 bits")
    own: Sum = frames.astype(np.int32)
    if active is not None:
        if active.shape != (len(frames),) or active.dtype != np.bool_:
            raise ValueError(f"active is bool (calls,), not {active.dtype} {active.shape}")
        own[~active] = 0
    return own


def _minus_own(total: Sum, own: Sum) -> Frames:
    """Saturated to int16; `own` is used up."""
    np.subtract(total, own, out=own)
    np.clip(own, -32768, 32767, out=own)
    return own.astype(np.int16)
