"""How late packets were, as a histogram: percentiles of a run of any length in fixed memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIN_NS = 1_000
BINS = 100_000
"""Up to 100 ms by the microsecond; what is later is known by its maximum alone."""


class Lateness:
    """Nanoseconds by which packets left after they should have; what was early counts as 0."""

    def __init__(self) -> None:
        self.count = 0
        self.worst_ns = 0
        self._bins = np.zeros(BINS + 1, np.int64)

    def add(self, late_ns: NDArray[np.int64]) -> None:
        """(n,) more packets."""
        if not len(late_ns):
            return
        late = np.maximum(late_ns, 0)
        self.count += len(late)
        self.worst_ns = max(self.worst_ns, int(late.max()))
        # a packet belongs to the microsecond that its lateness is not above
        which = np.minimum(-(-late // BIN_NS), BINS)
        low = int(which.min())
        counted = np.bincount(which - low)  # far fewer than there are bins, but for one that stalls
        self._bins[low : low + len(counted)] += counted

    def percentile_us(self, percent: float) -> float:
        """The least lateness that so many per cent of the packets did not exceed, up to 1 µs more.

        The worst if that is above 100 ms; 0 if there are no packets.
        """
        if not self.count:
            return 0.0
        reached = int(np.searchsorted(np.cumsum(self._bins), np.ceil(self.count * percent / 100)))
        return min(float(reached) if reached < BINS else np.inf, self.worst_ns / 1e3)
