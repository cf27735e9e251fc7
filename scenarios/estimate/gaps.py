"""Which streams have gaps, as their receivers see it while packets come: of all streams at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.estimate.packets import Packets

NOTHING = -1


class Gaps:
    """One receiver's view of each of n streams.

    Attributes:
        misses: (n,) a number between those known and the highest was missing when it was looked
            at last, or ever before `misses` was cleared by its owner.
    """

    def __init__(self, streams: int, *, twice: bool) -> None:
        """`twice`: packets may come twice."""
        self._highest = np.full(streams, NOTHING, np.int64)
        self._base = np.zeros(streams, np.int64)
        self._received = np.zeros(streams, np.int64)
        self._twice = twice
        self.misses = np.zeros(streams, np.bool_)

    def begin(self, stream: int) -> None:
        """A call begins: nothing of before is known."""
        self._highest[stream] = NOTHING
        self._received[stream] = 0
        self.misses[stream] = False

    def heard(self, stream: int) -> bool:
        """Whether anything has come."""
        return bool(self._highest[stream] != NOTHING)

    @property
    def lost(self) -> NDArray[np.int64]:
        """(n,) packets expected, from the first to the highest number, less those received."""
        return np.where(
            self._highest == NOTHING, 0, self._highest - self._base + 1 - self._received
        )

    def take(self, packets: Packets) -> None:
        """What came since the last time, in order of arrival."""
        flow, seq = packets.flow, packets.seq
        if not len(flow):
            return
        new = np.flatnonzero(self._highest[flow] == NOTHING)
        if len(new):
            streams, first = np.unique(flow[new], return_index=True)
            self._base[streams] = seq[new[first]]
            self._highest[streams] = seq[new[first]] - 1
        np.add.at(self._received, flow, 1)
        before = self._highest.copy()
        ahead = seq > before[flow]
        flow, seq = flow[ahead], seq[ahead]
        if not len(flow):
            return
        np.maximum.at(self._highest, flow, seq)
        if self._twice:
            pairs = np.unique(np.stack([flow.astype(np.int64), seq]), axis=1)
            flow = pairs[0].astype(np.int32)
        count = np.bincount(flow, minlength=len(before))
        self.misses |= self._highest - before > count
