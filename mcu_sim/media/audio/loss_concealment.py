"""What is heard in place of audio that did not come: the last frame again, dying away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio.codec import FRAME_MS, SLOT_MS

FADE_MS = 60
"""Then there is silence."""

_FADE_SLOTS = FADE_MS // SLOT_MS


class Concealer:
    """The calls of one sampling rate. A row has nothing to repeat until it was heard."""

    def __init__(self, capacity: int, frame_samples: int) -> None:
        self._slot = frame_samples * SLOT_MS // FRAME_MS
        self._last = np.zeros((capacity, frame_samples), np.int16)
        self._gap = np.full(capacity, _FADE_SLOTS, np.int64)

    def clear(self, row: int) -> None:
        """A new call in the row."""
        self._gap[row] = _FADE_SLOTS

    def fill(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        present: NDArray[np.bool_],
        paused: NDArray[np.bool_],
    ) -> NDArray[np.intp]:
        """Fill, in place, the slots of `frames` (n, samples) that are not `present` (n, 2).

        Where `paused` (n, 2) the sender is known to have said nothing: that is silence. Returns
        those of `rows` in which anything was repeated.
        """
        if present.all():
            self._last[rows] = frames
            self._gap[rows] = 0
            return rows[:0]
        lacking = np.flatnonzero(~present.all(axis=1))
        their_rows = rows[lacking]
        last, gap = self._last[their_rows], self._gap[their_rows]
        # what is missing is repeated from the same place of the frame before, without its fading
        whole = frames.copy()
        repeated = np.zeros(len(lacking), np.bool_)
        self._gap[rows] = 0
        for k in range(present.shape[1]):
            part = slice(k * self._slot, (k + 1) * self._slot)
            missing, silent = ~present[lacking, k], paused[lacking, k]
            gap[silent] = _FADE_SLOTS
            repeated |= missing & (gap < _FADE_SLOTS)
            since = gap[:, np.newaxis] * self._slot + np.arange(self._slot)
            fade = np.maximum(1 - since / (_FADE_SLOTS * self._slot), 0)
            replacement = np.rint(last[:, part] * fade).astype(np.int16)
            at = lacking[missing]
            frames[at, part] = replacement[missing]
            whole[at, part] = last[missing, part]
            gap = np.where(missing, np.minimum(gap + 1, _FADE_SLOTS), 0)
        self._last[rows] = whole
        self._gap[their_rows] = gap
        return their_rows[repeated]
