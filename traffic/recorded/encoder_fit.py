"""An encoder's figures out of a recording of its pictures, and how near the model comes to it.

Sizes of frames are in mean frames; frames count from 0. The same statistics are drawn from the
model (`giaoban.traffic.sources.video_model`), with key frames where the recording has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InputError
from giaoban.traffic.h264 import FU_A, FU_HEADER_BYTES, FU_START, TYPE_MASK
from giaoban.traffic.profiles import Encoder, figures_of
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.sources.video_model import FrameSource, VideoModel

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

SECOND = 30
"""Frames of a second, where nobody says otherwise; so many after a key frame or a cut are its
aftermath."""
LAGS = (1, 2, 3, 4, 6, 8)
WINDOWS = (1, 3, 10, 30)
"""Frames over which burstiness is counted: 33 ms to 1 s at 30 frames/s."""
LEAST_S = 20.0
"""A shorter recording says too little of how sizes differ."""
LEAST_SETTLED = 100
DRAWS = 20
"""Calls drawn from the model for each one recorded."""
REGULAR = 0.05
"""Key frames come by themselves where the distances between them differ by no more than this part
of their mean; else they were asked for."""
MOST_PAYLOAD = 1200
"""Of a packet, as the model has them."""


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


def settled(key: Flags, cuts: Sequence[int] = (), second: int = SECOND) -> Flags:
    """Which frames are predicted and no key frame or cut came within a second before; (n,)."""
    calm = np.ones(len(key), np.bool_)
    for at in (*np.flatnonzero(key).tolist(), *cuts):
        calm[at : at + second + 1] = False
    return calm


def statistics(size: Series, key: Flags, second: int = SECOND) -> Statistics:
    """Of a series without cuts; the start, before rate control has its bearings, is left out."""
    log, calm = np.log(size), settled(key, second=second)
    deviation = log - log[calm].mean()
    variance = float((deviation[calm] ** 2).mean())
    correlation = []
    for lag in LAGS:
        both = calm[lag:] & calm[:-lag]
        product = (deviation[lag:] * deviation[:-lag])[both].mean()
        correlation.append(float(product) / variance if variance else 0.0)
    later = np.flatnonzero(key)[1:]
    steady = size[second:]
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


def payback_frames(series: Iterable[tuple[Series, Flags]], second: int = SECOND) -> float | None:
    """Frames in which rate control pays back a key frame: time constant of its excess.

    What the frames up to the next second paid of a key frame's excess, relative to the frames of
    the second before it, tells the constant: paid = excess · (1 - exp(-second / constant)). None:
    no key frame but the first has a whole second on both sides, or none is larger than the others.
    """
    paid, excess = 0.0, 0.0
    for size, key in series:
        for at in np.flatnonzero(key)[1:].tolist():
            if at < second or at + 1 + second > len(size):
                continue
            before = size[at - second : at].mean()
            excess += float(size[at] - before)
            paid += float((before - size[at + 1 : at + 1 + second]).sum())
    if excess <= 0:
        return None
    part = min(max(paid / excess, 0.05), 0.99)
    return -second / math.log(1 - part)


def drawn_call(
    model: VideoModel, seed: int, length: int, keys: Iterable[int]
) -> tuple[Series, Flags]:
    """So many frames of the model, with key frames asked for at these."""
    source = FrameSource(model, np.random.default_rng(seed))
    parts, at = [], 0
    for end in (*keys, length):
        parts.append(source.take(end - at))
        source.request_key()
        at = end
    size = np.concatenate([part.size for part in parts])
    return size / model.share, np.concatenate([part.key for part in parts])


def mean_of(several: Sequence[Statistics]) -> Statistics:
    """Of each figure the mean."""

    def over(name: str) -> Any:
        return np.mean([getattr(one, name) for one in several], axis=0).tolist()

    return Statistics(
        mean=over("mean"),
        sigma=over("sigma"),
        correlation=tuple(over("correlation")),
        key_ratio=over("key_ratio"),
        dispersion=tuple(over("dispersion")),
        peak=(over("peak")[0], over("peak")[1]),
    )


@dataclass(frozen=True)
class Likeness:
    """What a model draws beside what was recorded: means over `DRAWS` calls, and the distance
    (`distance`) of the sizes of settled frames."""

    drawn: Statistics
    distance: float


def likeness(
    model: VideoModel, relative: Series, key: Flags, keys: Sequence[int], second: int = SECOND
) -> Likeness:
    """How near a model comes to frames, (n,) in mean frames; `keys`: where key frames are asked
    for, the first of all beside."""
    drawn, pooled = [], []
    for seed in range(DRAWS):
        sizes, drawn_key = drawn_call(model, seed, len(relative), keys)
        drawn.append(statistics(sizes, drawn_key, second))
        pooled.append(sizes[settled(drawn_key, second=second)])
    of_recorded = relative[settled(key, second=second)]
    return Likeness(mean_of(drawn), distance(of_recorded, np.concatenate(pooled)))


@dataclass(frozen=True)
class EncoderFit:
    """What a recording says of an encoder.

    Attributes:
        frames, key_frames, seconds: of the recording.
        fps, kbps: frames a second, and the rate of NAL units, where it leaves no picture out.
        figures: of `Encoder`, those that the recording tells.
        kept: the others, as they were.
        recorded: statistics of its frames.
        fitted, usual: how near the model comes with these figures, and with those as they were.
    """

    frames: int
    key_frames: int
    seconds: float
    fps: float
    kbps: float
    figures: dict[str, float]
    kept: dict[str, float]
    recorded: Statistics
    fitted: Likeness
    usual: Likeness

    def figures_at(self, fps: int) -> dict[str, float]:
        """The figures of the same encoder at other frames a second, as nobody recorded it: key
        frames of as many bytes, and motion that lasts as long."""
        slower = self.fps / fps
        changed = {
            "key_ratio": round(self.figures["key_ratio"] / slower, 2),
            "motion_persistence": round(self.figures["motion_persistence"] ** slower, 4),
        }
        return self.figures | changed


def fit_encoder(recording: Recording, usual: Encoder, name: str, *, timed: bool) -> EncoderFit:
    """Fit an encoder's figures to a recording.

    Args:
        usual: the figures for what a recording does not tell: the buffer, and scene changes.
        name: of its file, for errors.
        timed: its packets are at the distances and of the lengths in which they were sent.

    Raises:
        InputError: it is shorter than `LEAST_S`, has B pictures, or no key frame but at its
            beginning.
    """
    if (np.diff(recording.timestamp) < 0).any():
        raise InputError(
            "{name}: has pictures that refer to later ones (allowed: I and P pictures)", name=name
        )
    heads = np.flatnonzero(np.diff(recording.timestamp, prepend=-1))
    size, key = _frame_bytes(recording, heads), recording.key[heads]
    seconds = recording.length_ns / 1e9
    if seconds < LEAST_S:
        raise InputError(
            "{name}: lasts {seconds:.1f} s (allowed: {least} s or more)",
            name=name,
            seconds=seconds,
            least=f"{LEAST_S:g}",
        )
    at = np.flatnonzero(key)
    if len(at) < 2:
        raise InputError(
            "{name}: has a key frame at its beginning alone (allowed: two or more; ask for one "
            "while it is recorded)",
            name=name,
        )
    ticks = float(np.median(np.diff(recording.timestamp[heads])))
    fps = recording.clock_hz / ticks
    second = max(1, round(fps))
    if np.count_nonzero(settled(key, second=second)) < LEAST_SETTLED:
        raise InputError(
            "{name}: has a key frame nearly every second (allowed: {least} frames or more without "
            "one in the second before)",
            name=name,
            least=LEAST_SETTLED,
        )
    kbps = float(size.mean()) * 8 * fps / 1000
    relative = size / size.mean()
    recorded = statistics(relative, key, second)
    share, persistence = motion([recorded.correlation])
    figures = {
        "key_ratio": round(max(1.0, recorded.key_ratio), 2),
        "size_sigma": round(recorded.sigma, 3),
        "motion_share": round(share, 2),
        "motion_persistence": round(persistence, 2),
    }
    payback = payback_frames([(relative, key)], second)
    if payback is not None:
        figures["payback_s"] = round(payback / second, 2)
    apart_s = np.diff(at) / fps
    if len(apart_s) > 1 and float(apart_s.std()) <= REGULAR * float(apart_s.mean()):
        figures["key_interval_s"] = round(float(apart_s.mean()), 2)
    if timed:
        figures["spread"] = round(_spread(recording, heads, fps), 2)
        figures["max_payload"] = min(int(recording.sizes.max()), MOST_PAYLOAD)
    before = figures_of(usual)
    keys = at[1:].tolist()

    def near(figures_of: dict[str, float]) -> Likeness:
        # key frames are where the recording has them, and nowhere else
        told = before | figures_of | {"key_interval_s": 3600.0}
        model = VideoModel(kbps=kbps, fps=second, **told)
        return likeness(model, relative, key, keys, second)

    return EncoderFit(
        frames=len(size),
        key_frames=len(at),
        seconds=seconds,
        fps=fps,
        kbps=kbps,
        figures=figures,
        kept={k: v for k, v in before.items() if k not in figures},
        recorded=recorded,
        fitted=near(figures),
        usual=near({}),
    )


def _frame_bytes(recording: Recording, heads: NDArray[np.intp]) -> Series:
    """(frames,) bytes of each frame's NAL units (RFC 6184): what fragments have beside them does
    not count, and the header of what is cut does."""
    first = recording.payload[recording.offset[:-1]]
    fragment = (first & TYPE_MASK) == FU_A
    second = recording.payload[np.minimum(recording.offset[:-1] + 1, len(recording.payload) - 1)]
    begins = fragment & ((second & FU_START) != 0)
    whole = recording.sizes - FU_HEADER_BYTES * fragment + begins
    return np.add.reduceat(whole, heads).astype(np.float64)


def _spread(recording: Recording, heads: NDArray[np.intp], fps: float) -> float:
    """Over which part of a frame's interval its packets leave: the median of frames of several."""
    ends = np.append(heads[1:], len(recording)) - 1
    count = ends - heads + 1
    many = count > 1
    if not many.any():
        return 0.0
    took_s = (recording.due_ns[ends] - recording.due_ns[heads])[many] / 1e9
    return float(np.clip(np.median(took_s * fps * count[many] / (count[many] - 1)), 0, 1))
