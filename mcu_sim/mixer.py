"""N−1 mixing: each bridge hears the sum of all the others, never itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_CALLS = 65_535
"""Above it the 32-bit sum of full-scale samples could overflow."""


def mix_minus_one(
    frames: NDArray[np.int16], active: NDArray[np.bool_] | None = None
) -> NDArray[np.int16]:
    """What each call hears during one frame.

    `frames`: int16 (calls, samples), one row a call. `active`: bool (calls,), the calls whose
    sound goes into the mix; the others are heard by nobody but hear the mix. Summed in int32 and
    saturated to int16. Raises `ValueError` for other shapes or types.
    """
    if frames.ndim != 2 or frames.dtype != np.int16:
        raise ValueError(f"frames are int16 (calls, samples), not {frames.dtype} {frames.shape}")
    if len(frames) > MAX_CALLS:
        raise ValueError(f"{len(frames)} calls: at most {MAX_CALLS} can be summed in 32 bits")
    heard = frames.astype(np.int32)
    if active is not None:
        if active.shape != (len(frames),) or active.dtype != np.bool_:
            raise ValueError(f"active is bool (calls,), not {active.dtype} {active.shape}")
        heard[~active] = 0
    mixed = heard.sum(axis=0, dtype=np.int32) - heard
    saturated: NDArray[np.int16] = np.clip(mixed, -32768, 32767).astype(np.int16)
    return saturated
