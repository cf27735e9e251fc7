"""Which pictures cannot be decoded just now, as their receivers see it while packets come.

A picture builds on the one before it, back to a key frame (H.264 §7.4.1.2.4): from a missing packet
on nothing can be shown until a key frame has begun of which, and after which, nothing is missing.
So a loss that a key frame has cured needs no request, and a request that was lost, or whose key
frame was, is due again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.receiver.statistics import SEQUENCE_MOD
from giaoban.traffic.rtp import serial_difference

NOTHING = -1


class VideoGaps:
    """The pictures of n streams.

    Attributes:
        broken: (n,) a packet is missing, and no whole key frame has begun since.
        keys: (n,) how many key frames have begun.
    """

    def __init__(self, streams: int) -> None:
        self._highest = np.full(streams, NOTHING, np.int64)
        self.broken = np.zeros(streams, np.bool_)
        self.keys = np.zeros(streams, np.int64)

    def begin(self, stream: int) -> None:
        """A call begins: nothing of before is known."""
        self._highest[stream] = NOTHING
        self.broken[stream] = False

    def heard(self, stream: int) -> bool:
        """Whether anything has come."""
        return bool(self._highest[stream] != NOTHING)

    def reached(self, stream: int, sequence: int) -> bool:
        """Whether this packet or a later one has come."""
        return (
            self.heard(stream)
            and serial_difference(np.array([sequence - self._highest[stream]]), 16)[0] <= 0
        )

    def take(
        self,
        streams: NDArray[np.integer],
        sequence: NDArray[np.integer],
        starts_key: NDArray[np.bool_],
    ) -> None:
        """What came since the last time, in order of arrival; what only comes later is missing.

        Args:
            streams: (n,) whose each packet is.
            sequence: (n,) RTP sequence number, of 16 bits or extended.
            starts_key: (n,) a key frame begins with it.
        """
        if not len(streams):
            return
        number = sequence.astype(np.int64)
        new = np.flatnonzero(self._highest[streams] == NOTHING)
        if len(new):
            begun, first = np.unique(streams[new], return_index=True)
            self._highest[begun] = number[new[first]] - 1
        ahead = serial_difference(number - self._highest[streams], 16)
        later = np.flatnonzero(ahead > 0)
        if not len(later):
            return
        whose, ahead, key = streams[later], ahead[later], starts_key[later]
        named = whose.astype(np.int64) * SEQUENCE_MOD + ahead
        if not (named[1:] > named[:-1]).all():  # of several copies one
            _, once = np.unique(named, return_index=True)
            whose, ahead, key = whose[once], ahead[once], key[once]
        count = len(self._highest)
        reached = np.zeros(count, np.int64)
        np.maximum.at(reached, whose, ahead)
        # of each stream the last number before its latest key frame, counted like `ahead`
        since_key = np.zeros(count, np.int64)
        np.maximum.at(since_key, whose[key], ahead[key] - 1)
        begun = np.bincount(whose[key], minlength=count)
        came = np.bincount(whose[ahead > since_key[whose]], minlength=count)
        missing = reached - since_key > came
        self.broken = np.where(begun > 0, missing, self.broken | missing)
        self.keys += begun
        self._highest += reached
