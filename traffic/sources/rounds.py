"""Packets that are sent round and round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rounds:
    """n packets of one stream in order of time, that are sent round and round.

    Attributes:
        due_ns: (n,) when each leaves, from the beginning; never falling, below `length_ns`.
        timestamp: (n,) RTP timestamps from the beginning's.
        marker: (n,) marker bits.
        key: (n,) whether it belongs to a key frame.
        length_ns, length_ticks: the next round begins so much later, in time and in timestamps.
    """

    due_ns: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    marker: NDArray[np.bool_]
    key: NDArray[np.bool_]
    length_ns: int
    length_ticks: int

    def __len__(self) -> int:
        return len(self.due_ns)

    def due_before(self, until_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many packets, all rounds together, are due before each time from the beginning."""
        rounds, rest = np.divmod(until_ns, self.length_ns)
        return rounds * len(self) + np.searchsorted(self.due_ns, rest)

    def timestamps(self, nth: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of packets by their numbers, which go on from round to round."""
        rounds, at = np.divmod(nth, len(self))
        return rounds * self.length_ticks + self.timestamp[at]
