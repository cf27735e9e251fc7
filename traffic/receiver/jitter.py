"""Interarrival jitter of many sources at once (RFC 3550 §6.4.1, appendix A.8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GAIN = 1 / 16


def transit_changes(
    arrival_steps_ns: NDArray[np.int64],
    timestamp_steps: NDArray[np.int64],
    clock_hz: int | NDArray[np.int64],
) -> NDArray[np.float64]:
    """|D| between n packets and the packets before them, in units of the timestamp.

    Args:
        arrival_steps_ns: (n,) time since the packet before arrived.
        timestamp_steps: (n,) difference of the two RTP timestamps, any number of wraps of 2³² off.
        clock_hz: of all timestamps, or (n,) of each.
    """
    transit = arrival_steps_ns * (clock_hz / 1e9) - timestamp_steps
    return np.abs(transit - 2.0**32 * np.round(transit / 2.0**32))


def smoothed(
    changes: NDArray[np.float64], starts: NDArray[np.intp], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """J after each of n packets, J += (|D| − J)/16, where the packets are g runs end to end.

    Args:
        changes: (n,) |D|, in any unit.
        starts: (g,) where each run begins, rising from 0.
        before: (g,) each run's J before its first packet, in the same unit.
    """
    if not len(changes):
        return np.empty(0)
    value = changes * GAIN
    value[starts] += (1 - GAIN) * before
    longest = int(np.diff(starts, append=len(changes)).max())
    # J[k] = factor·J[k − reach] + value, and each pass doubles the reach
    reach = 1
    if len(starts) == 1:  # one factor for all that lies so far from the start
        factor = 1 - GAIN
        while reach < longest and factor:
            value[reach:] += factor * value[:-reach]
            factor *= factor
            reach *= 2
        return value
    factors = np.full(len(changes), 1 - GAIN)
    factors[starts] = 0
    while reach < longest:
        value[reach:] += factors[reach:] * value[:-reach]
        factors[reach:] *= factors[:-reach]
        reach *= 2
    return value
