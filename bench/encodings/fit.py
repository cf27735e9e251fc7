"""Statistics of frame sizes, the same for an encoding and for the model; and the fit.

Sizes are in mean frames of the rate that was set, frames count from 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

SETTLED = 30
"""Frames after a key frame or a cut that count as its aftermath: a second at 30 frames/s."""
LAGS = (1, 2, 3, 4, 6, 8)
WINDOWS = (1, 3, 10, 30)
"""Frames over which burstiness is counted: 33 ms to 1 s at 30 frames/s."""


@dataclass(frozen=True)
class Statistics:
    """What is compared.

    Attributes:
        mean: mean size.
        sigma: standard deviation of the logarithm of settled predicted frames.
        correlation: of that logarithm at `LAGS`.
        key_ratio: mean size of the key frames after the first; 0 if there is none.
        dispersion: index of dispersion of bytes over `WINDOWS`, in mean frames.
        peak: largest mean over 3 frames (100 ms) and 30 frames (1 s).
    """

    mean: float
    sigma: float
    correlation: tuple[float, ...]
    key_ratio: float
    dispersion: tuple[float, ...]
    peak: tuple[float, float]


def settled(key: Flags, cuts: Sequence[int] = ()) -> Flags:
    """Which frames are predicted and no key frame or cut came shortly before; (n,)."""
    calm = np.ones(len(key), np.bool_)
    for at in (*np.flatnonzero(key).tolist(), *cuts):
        calm[at : at + SETTLED + 1] = False
    return calm


def statistics(size: Series, key: Flags) -> Statistics:
    """Of a series without cuts; the start, before rate control has its bearings, is left out."""
    log, calm = np.log(size), settled(key)
    deviation = log - log[calm].mean()
    variance = float((deviation[calm] ** 2).mean())
    correlation = []
    for lag in LAGS:
        both = calm[lag:] & calm[:-lag]
        product = (deviation[lag:] * deviation[:-lag])[both].mean()
        correlation.append(float(product) / variance if variance else 0.0)
    later = np.flatnonzero(key)[1:]
    steady = size[SETTLED:]
    sums = {n: np.convolve(steady, np.ones(n), "valid") for n in WINDOWS}
    return Statistics(
        mean=float(size.mean()),
        sigma=math.sqrt(variance),
        correlation=tuple(correlation),
        key_ratio=float(size[later].mean()) if len(later) else 0.0,
        dispersion=tuple(float(sums[n].var() / sums[n].mean()) for n in WINDOWS),
        peak=(float(sums[3].max() / 3), float(sums[30].max() / 30)),
    )


def distance(one: Series, other: Series) -> float:
    """Kolmogorov and Smirnov's two-sample distance: the distribution functions' largest gap."""
    grid = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(a), grid, side="right") / len(a) for a in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def motion(correlations: Iterable[Sequence[float]]) -> tuple[float, float]:
    """(share, persistence) of an AR(1) process with white noise beside it, by least squares.

    Its correlation at lag k is share · persistence^k.
    """
    measured = np.mean(list(correlations), axis=0)
    lags = np.array(LAGS)
    best = (math.inf, 0.0, 0.0)
    for persistence in np.arange(0.01, 0.995, 0.01):
        powers = persistence**lags
        share = float(np.clip((measured @ powers) / (powers @ powers), 0, 1))
        error = float(((measured - share * powers) ** 2).sum())
        best = min(best, (error, share, float(persistence)))
    return best[1], best[2]


def payback_frames(series: Iterable[tuple[Series, Flags]]) -> float:
    """Frames in which rate control pays back a key frame: time constant of its excess.

    What the frames up to the next second paid of a key frame's excess, relative to the frames of
    the second before it, tells the constant: paid = excess · (1 - exp(-SETTLED / constant)).
    """
    paid, excess = 0.0, 0.0
    for size, key in series:
        for at in np.flatnonzero(key)[1:].tolist():
            before = size[at - SETTLED : at].mean()
            excess += float(size[at] - before)
            paid += float((before - size[at + 1 : at + 1 + SETTLED]).sum())
    part = min(max(paid / excess, 0.05), 0.99)
    return -SETTLED / math.log(1 - part)


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
            level = size[at + SETTLED : at + 2 * SETTLED].mean()
            after.append(size[at + 1 : at + 1 + SETTLED] / level - 1)
    mean = np.mean(after, axis=0)
    nth = np.arange(1, SETTLED + 1)
    best = (math.inf, 0.0, 1.0)
    for settle in range(1, SETTLED + 1):
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


def slides(series: Iterable[tuple[NDArray[np.int64], Sequence[int]]], stands: int) -> Slides:
    """From encodings of slides that stand for `stands` frames each; the first is left out."""
    pictures, ratios, times, idle = [], [], [], []
    for size, changes in series:
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
