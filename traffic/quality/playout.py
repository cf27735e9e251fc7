"""What comes too late to be played: a receiver's playout buffer (ITU-T G.1020, RFC 3550 §6.4.1).

A buffer of a fixed length: the least delay of the first packets sets its clock, and everything is
played so long after it. What comes later is of no use to ear or eye. A buffer that only ever drops
is timed anew: after `PATIENCE` in a row that came late, or that all lay in it for too long, as the
MCU's own buffer does it (`giaoban.mcu_sim.media.audio.jitter`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.quality.bursts import runs
from giaoban.traffic.quality.measure import Trace

PATIENCE = 25
"""Packets or frames, half a second of sound: as many as the MCU's buffer takes to be sure."""
SURPLUS_NS = 200_000_000
"""A buffer that holds so much more than it has to, packet after packet, is made shorter."""


@dataclass(frozen=True)
class Playout:
    """When each of n packets or frames is played.

    Attributes:
        after_ns: (n,) from when it was due until it is played, if it is there by then.
        late: (n,) came, but after that.
    """

    after_ns: NDArray[np.int64]
    late: NDArray[np.bool_]


def playout(delay_ns: NDArray[np.int64], came: NDArray[np.bool_], buffer_ns: int) -> Playout:
    """What a buffer of `buffer_ns` does with n packets in the order in which they were due.

    Args:
        delay_ns: (n,) from due to arrived; of what did not come, anything.
        came: (n,) which came at all.
    """
    n = len(delay_ns)
    after = np.full(n, buffer_ns, np.int64)
    late = np.zeros(n, np.bool_)
    at = np.flatnonzero(came)
    delays = delay_ns[at]
    first = 0
    while first < len(at):
        begin = int(at[first]) if first else 0
        rest = delays[first:]
        least = int(rest[:PATIENCE].min())
        end = _timed_anew(rest, least, buffer_ns)
        stop = len(rest) if end is None else end
        after[begin:] = least + buffer_ns
        late[at[first : first + stop]] = rest[:stop] > least + buffer_ns
        first += stop
    return Playout(after, late)


def _timed_anew(delays: NDArray[np.int64], least: int, buffer_ns: int) -> int | None:
    """Where the packets begin by which a buffer is timed anew; None: it never is.

    They come after `PATIENCE` in a row that were too late, or too early.
    """
    found = []
    for strange in (delays > least + buffer_ns, delays < least - SURPLUS_NS):
        if strange.any():
            first, last = runs(strange)
            long = np.flatnonzero(last - first >= PATIENCE)
            if len(long):
                found.append(int(first[long[0]]) + PATIENCE)
    return min(found, default=None)


def heard(trace: Trace, buffer_ns: int) -> Trace:
    """A stream of sound with what of it comes too late to be played."""
    found = playout(trace.arrival_ns - trace.due_ns, trace.arrived, buffer_ns)
    return replace(trace, late=found.late, played_after_ns=found.after_ns)
