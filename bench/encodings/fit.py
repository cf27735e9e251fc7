"""What of the study only made-up clips tell: what an encoder does at a cut, and with slides.

Sizes are in mean frames of the rate that was set, frames count from 0; the rest is fitted as any
recording is (`giaoban.traffic.recorded.encoder_fit`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.recorded.encoder_fit import SECOND, Series


@dataclass(frozen=True)
class SceneChange:
    """Frames at cuts: mean size, and the raise of those after it that decays in `settle` frames.

    `raised` is relative to the scene's own level later on; it may be negative.
    """

    ratio: float
    raised: float
    settle: float


def scene_change(series: Iterable[tuple[Series, Sequence[int]]]) -> SceneChange:
    """By least squares over the mean of all cuts; their scenes last two seconds or more."""
    peaks, after = [], []
    for size, cuts in series:
        for at in cuts:
            peaks.append(size[at])
            level = size[at + SECOND : at + 2 * SECOND].mean()
            after.append(size[at + 1 : at + 1 + SECOND] / level - 1)
    mean = np.mean(after, axis=0)
    nth = np.arange(1, SECOND + 1)
    best = (math.inf, 0.0, 1.0)
    for settle in range(1, SECOND + 1):
        decay = np.exp(-nth / settle)
        raised = float((mean @ decay) / (decay @ decay))
        best = min(best, (float(((mean - raised * decay) ** 2).sum()), raised, float(settle)))
    return SceneChange(float(np.mean(peaks)), best[1], best[2])


@dataclass(frozen=True)
class Slides:
    """Slides: median bytes of the first picture and deviation of its logarithm; the rest.

    `refine_ratio`: bytes of the sharpening frames to those of the picture; `refine_frames`: their
    mean time after it; `idle_bytes`: median of frames long after it.
    """

    picture_bytes: float
    picture_sigma: float
    refine_ratio: float
    refine_frames: float
    idle_bytes: float


def slides(size: NDArray[np.int64], changes: Sequence[int], stands: int) -> Slides:
    """From an encoding of slides that stand for `stands` frames each; the first is left out."""
    pictures, ratios, times, idle = [], [], [], []
    for at in changes:
        after = size[at + 1 : at + stands].astype(float)
        quiet = float(np.median(after[-stands // 4 :]))
        more = np.maximum(after - quiet, 0)
        pictures.append(float(size[at]))
        ratios.append(more.sum() / size[at])
        times.append(float(more @ np.arange(1, stands)) / more.sum())
        idle.append(quiet)
    return Slides(
        picture_bytes=float(np.median(pictures)),
        picture_sigma=float(np.log(pictures).std()),
        refine_ratio=float(np.mean(ratios)),
        refine_frames=float(np.mean(times)),
        idle_bytes=float(np.median(idle)),
    )
