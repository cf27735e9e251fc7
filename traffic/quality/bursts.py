"""Losses as runs, bursts and gaps (RFC 3611 §4.7.2) and their burst ratio (ITU-T G.107 §7.7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GMIN = 16
"""Received packets in a row that end a burst (RFC 3611 §4.7.2: recommended)."""


@dataclass(frozen=True)
class GapBurst:
    """Bursts and gaps of one window; None where there is no burst, or no gap.

    Attributes:
        bursts: how many. A loss with `GMIN` received packets on either side is in a gap, no burst.
        burst_density, gap_density: fractions, 0 to 1, of the packets in bursts or gaps that are
            missing; a gap's is hardly more than 1 / (GMIN + 1), but in a window of few packets.
        burst_ms: mean time a burst's packets would have filled.
        gap_ms: the time outside of bursts, for each burst: what is before the first and after the
            last counts as one gap, as in RFC 3611's example (23 and 29 packets of 10 ms: 520 ms)
            and appendix A.2.
    """

    bursts: int
    burst_density: float | None
    gap_density: float | None
    burst_ms: float | None
    gap_ms: float | None


def runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last index, each (runs,), of the runs of true flags."""
    edges = np.flatnonzero(np.diff(np.r_[0, flags.astype(np.int8), 0]))
    return edges[::2], edges[1::2] - 1


def ends_ns(due_ns: NDArray[np.int64], timestamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) until when each packet's contents last: until the next is due.

    But no longer than from one timestamp to the next as a rule: what comes before a pause (silence
    that is not sent, a call that is made anew) does not last through the pause. Nothing follows the
    very last packet: it lasts as long as the one before it.

    Args:
        due_ns, timestamps: (n,) of the packets in order.
    """
    if len(due_ns) < 2:
        return due_ns.copy()
    following = np.append(due_ns[1:], 2 * due_ns[-1] - due_ns[-2])
    new = due_ns[np.diff(timestamps, prepend=timestamps[0] - 1) != 0]
    if len(new) < 2:
        return following
    usual = round(float(np.median(np.diff(new))))
    ends: NDArray[np.int64] = np.minimum(following, due_ns + usual)
    return ends


def gap_burst(
    missing: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> GapBurst:
    """Bursts and gaps among n packets in order (RFC 3611 §4.7.2).

    Before the first and after the last packet at least `GMIN` are taken to have been received, as
    the RFC does.

    Args:
        missing: (n,) lost, or useless to the listener.
        starts, ends: (n,) ns from when until when each packet's contents last.
    """
    n = len(missing)
    at = np.flatnonzero(missing)
    if not n or not len(at):
        whole = float(ends[-1] - starts[0]) / 1e6 if n else None
        return GapBurst(0, None, 0.0 if n else None, None, whole)
    breaks = np.flatnonzero(np.diff(at) > GMIN)
    first, last = np.r_[0, breaks + 1], np.r_[breaks, len(at) - 1]
    burst = last > first
    first, last = first[burst], last[burst]
    bursts = len(first)
    lost_in = int(np.sum(last - first + 1))
    packets_in = int(np.sum(at[last] - at[first] + 1))
    filled = float(np.sum(ends[at[last]] - starts[at[first]])) / 1e6
    outside = float(ends[-1] - starts[0]) / 1e6 - filled
    in_gaps = n - packets_in
    return GapBurst(
        bursts=bursts,
        burst_density=lost_in / packets_in if bursts else None,
        gap_density=(len(at) - lost_in) / in_gaps if in_gaps else None,
        burst_ms=filled / bursts if bursts else None,
        gap_ms=outside / max(bursts, 1) if in_gaps else None,
    )


def run_lengths(missing: NDArray[np.bool_]) -> tuple[int, float | None]:
    """The longest and the mean run of missing packets; (0, None) without any."""
    first, last = runs(missing)
    lengths = last - first + 1
    return (int(lengths.max()), float(lengths.mean())) if len(lengths) else (0, None)


def burst_ratio(missing: NDArray[np.bool_]) -> float:
    """Mean length of loss bursts over what it would be if losses were independent (G.107 §7.7).

    1 for no loss and for independent losses; more for bursts.
    """
    if not missing.any():
        return 1.0
    return float(burst_ratios(missing, np.zeros(len(missing), np.int64), 1)[0])


def burst_ratios(
    missing: NDArray[np.bool_], part: NDArray[np.int64], parts: int
) -> NDArray[np.float64]:
    """(parts,) the burst ratio of each part of n packets; `part` (n,) does not fall."""
    lost = np.bincount(part[missing], minlength=parts)[:parts]
    packets = np.bincount(part, minlength=parts)[:parts]
    follows = np.zeros(len(missing), np.bool_)
    follows[1:] = missing[:-1] & (part[1:] == part[:-1])
    started = np.bincount(part[missing & ~follows], minlength=parts)[:parts]
    share = lost / np.maximum(packets, 1)
    ratio = lost / np.maximum(started, 1) * (1 - share)
    return np.where((lost == 0) | (lost == packets), 1.0, np.maximum(ratio, 1.0))
