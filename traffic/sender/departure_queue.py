"""Packets held back by their sender until all that leave before them are known.

The `fq` queueing discipline keeps a flow in the order in which it was handed over and lets nothing
pass a packet that waits for its time. Whoever sends packets out of order must hand them over in
order of leaving, so one that leaves after others still to come is held here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class DepartureQueue:
    """Rows of bytes with their lengths and times; nothing in it is ever dropped."""

    def __init__(self) -> None:
        self._data = np.zeros((0, 0), np.uint8)
        self._length = np.zeros(0, np.int64)
        self._time_ns = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._length)

    def put(
        self, data: NDArray[np.uint8], lengths: NDArray[np.int64], times_ns: NDArray[np.int64]
    ) -> None:
        """Take in n rows (n, width), copied: bytes of each, CLOCK_MONOTONIC of leaving."""
        if not len(lengths):
            return
        if not len(self):
            self._data, self._length, self._time_ns = data.copy(), lengths.copy(), times_ns.copy()
            return
        self._data = np.concatenate([self._data, data])
        self._length = np.concatenate([self._length, lengths])
        self._time_ns = np.concatenate([self._time_ns, times_ns])

    def take(
        self, before_ns: int, out: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Write what leaves before `before_ns` to the first rows of `out`: (lengths, times).

        In order of leaving; at equal times, of coming in. What finds no row stays.
        """
        order = np.argsort(self._time_ns, kind="stable")
        n = int(np.searchsorted(self._time_ns[order], before_ns))
        first = order[: min(n, len(out))]
        out[: len(first), : self._data.shape[1]] = self._data[first]
        lengths, times = self._length[first], self._time_ns[first]
        stay = np.ones(len(self), np.bool_)
        stay[first] = False
        self._data, self._length = self._data[stay], self._length[stay]
        self._time_ns = self._time_ns[stay]
        return lengths, times

    def flush(self, out: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Write all to `out`, as far as there is room: nothing comes any more."""
        return self.take(np.iinfo(np.int64).max, out)
