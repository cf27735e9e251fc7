"""Skew between picture and sound of a bridge (ITU-R BT.1359)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.quality.frames import Frames
from giaoban.traffic.quality.measure import Trace

SOUND_WITHIN_NS = 1_000_000_000
"""A frame without sound heard in the second before it has no skew."""


def skew_ms(found: Frames, sound: Trace) -> NDArray[np.float64]:
    """(f,) how much later than its sound each frame came; NaN where it or its sound is missing.

    A frame's delay until it was complete, less that of the last usable packet of sound that was due
    no later.
    """
    skew = np.full(len(found.due_ns), np.nan)
    heard = np.flatnonzero(~sound.missing)
    at = np.searchsorted(sound.due_ns[heard], found.due_ns, side="right") - 1
    known = found.decodable & (at >= 0)
    packet = heard[at[known]]
    near = found.due_ns[known] - sound.due_ns[packet] < SOUND_WITHIN_NS
    frame, packet = np.flatnonzero(known)[near], packet[near]
    picture_ns = found.complete_ns[frame] - found.due_ns[frame]
    sound_ns = sound.arrival_ns[packet] - sound.due_ns[packet]
    skew[frame] = (picture_ns - sound_ns) / 1e6
    return skew


def lip_sync(found: Frames, sound: Trace, start_ns: int, end_ns: int) -> float | None:
    """Median skew in ms of the frames due in [start, end), positive where the picture is later than
    its sound; None if there is none."""
    skew = skew_ms(found, sound)
    skew = skew[(found.due_ns >= start_ns) & (found.due_ns < end_ns) & ~np.isnan(skew)]
    return float(np.median(skew)) if len(skew) else None
