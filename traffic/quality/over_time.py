"""A stream's main figures second by second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic.quality.bursts import burst_ratios
from giaoban.traffic.quality.codecs import SpeechCodec, speech_mos
from giaoban.traffic.quality.frames import Frames, spent_until
from giaoban.traffic.quality.measure import Trace

_DELAY_BITS = 40  # of a sort key: 1100 s
Series = NDArray[np.float64]


@dataclass(frozen=True)
class OverTime:
    """Figures by the second in which packets were due, each (seconds,); NaN where there is none.

    Attributes:
        delay_p95_ms, jitter_ms: of what arrived; the jitter is RFC 3550's after the last of it.
        missing_pct: packets of no use to the listener.
        burst_ratio: of those, in G.107's sense.
    """

    delay_p95_ms: Series
    missing_pct: Series
    jitter_ms: Series
    burst_ratio: Series


def over_time(trace: Trace, start_ns: int, seconds: int) -> OverTime:
    """The figures of `seconds` seconds from `start_ns` on."""
    edges = np.searchsorted(trace.due_ns, start_ns + SECOND_NS * np.arange(seconds + 1))
    part = slice(int(edges[0]), int(edges[-1]))
    due, arrival = trace.due_ns[part], trace.arrival_ns[part]
    missing, jitter = trace.missing[part], trace.jitter_ms[part]
    second = (due - start_ns) // SECOND_NS
    packets = np.bincount(second, minlength=seconds)
    lacking = np.bincount(second[missing], minlength=seconds)
    arrived = np.flatnonzero(arrival >= 0)
    when = second[arrived]
    got = np.bincount(when, minlength=seconds)
    with np.errstate(invalid="ignore"):
        missing_pct = 100 * lacking / np.where(packets, packets, np.nan)
    return OverTime(
        delay_p95_ms=_p95_ms(when, arrival[arrived] - due[arrived], got),
        missing_pct=missing_pct,
        jitter_ms=_last_to_arrive(when, arrival[arrived], jitter[arrived], got),
        burst_ratio=burst_ratios(missing, second, seconds),
    )


def _p95_ms(when: NDArray[np.int64], delay_ns: NDArray[np.int64], got: NDArray[np.int64]) -> Series:
    """The 95th percentile of each second's delays, linear between neighbours as numpy's is."""
    out = np.full(len(got), np.nan)
    some = got > 0
    # one sort for all: the second in the high bits, the delay in the low ones
    ordered = np.sort(when << _DELAY_BITS | np.clip(delay_ns, 0, (1 << _DELAY_BITS) - 1))
    ordered &= (1 << _DELAY_BITS) - 1
    first = (np.cumsum(got) - got)[some]
    at = 0.95 * (got[some] - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, got[some] - 1)
    below, above = ordered[first + low], ordered[first + high]
    out[some] = (below + (at - low) * (above - below)) / 1e6
    return out


def _last_to_arrive(
    when: NDArray[np.int64],
    arrival_ns: NDArray[np.int64],
    jitter_ms: Series,
    got: NDArray[np.int64],
) -> Series:
    """J of the packet of each second that came last; of several at once, of the last sent."""
    out = np.full(len(got), np.nan)
    some = got > 0
    if not some.any():
        return out
    latest = np.zeros(len(got), np.int64)
    latest[some] = np.maximum.reduceat(arrival_ns, (np.cumsum(got) - got)[some])
    at = np.flatnonzero(arrival_ns == latest[when])
    out[when[at]] = jitter_ms[at]
    return out


def frozen_pct(found: Frames, start_ns: int, seconds: int) -> Series:
    """(seconds,) share of each second in which the picture stood still."""
    edges = start_ns + SECOND_NS * np.arange(seconds + 1)
    return 100 * np.diff(spent_until(found.frozen_ns, edges)) / SECOND_NS


def mos(
    figures: OverTime, codec: SpeechCodec, ta_ms: ArrayLike, encodings: ArrayLike = 1
) -> Series | None:
    """(seconds,) speech quality by the E-model; NaN where nothing arrived, None without factors.

    Args:
        ta_ms: from mouth to ear, a number or (seconds,); 0 for what a listener judges (MOS-LQ).
        encodings: as of `speech_mos`, a number or (seconds,).
    """
    score = speech_mos(codec, ta_ms, figures.missing_pct, figures.burst_ratio, encodings)
    return None if score is None else np.where(np.isnan(figures.delay_p95_ms), np.nan, score)
