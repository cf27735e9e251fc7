"""How much one call may send: what is more is thrown away before it costs anything.

All calls are served by one loop. A call that sends thousands of packets a second (a device that has
gone wrong, or somebody who means it) would have it work for that call alone, and everybody else
would hear nothing meanwhile. Packets are counted by their time of arrival, in windows: what is
taken does not hang on how often the loop looks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, NOBODY, Kind

WINDOW_NS = 250_000_000
MOST_AUDIO = 60
"""Sound of 1.2 s in packets of 20 ms: what a queue lets go all at once after so long is taken, and
of older sound nothing would be heard. Packets of 10 ms may all come twice."""
MOST_CONTROL = 100
"""RTCP and STUN of all media of a call: requests for lost packets (RFC 4585) come one by one."""
LEAST_VIDEO = 250
"""As many as a picture of 2 Mb/s has in a second, since key frames come at once."""


class MediaLimits(NamedTuple):
    """Packets of one call that are taken in `WINDOW_NS`, by what they are."""

    audio: int
    visual: int
    control: int

    @classmethod
    def of(cls, most_kbps: float) -> MediaLimits:
        """Where no call has more than `most_kbps` of a picture: as many packets in a second as if
        each had 125 bytes of it."""
        a_window = round(most_kbps * WINDOW_NS / 1_000_000_000)
        return cls(MOST_AUDIO, max(LEAST_VIDEO, a_window), MOST_CONTROL)


class Policer:
    """Which packets of `capacity` rows are taken."""

    def __init__(self, capacity: int, limits: MediaLimits) -> None:
        self._media = {
            kind: _Windows(capacity, limits.audio if kind == "audio" else limits.visual)
            for kind in KINDS
        }
        self._control = _Windows(capacity, limits.control)
        self._told: set[tuple[int, Kind]] = set()
        self._untold: list[tuple[int, Kind]] = []
        self.refused = 0
        """Packets that were too many."""

    def open(self, row: int) -> None:
        """A call begins in a row: nothing has been told of it."""
        self._told -= {(row, kind) for kind in KINDS}

    def admit(
        self,
        kind: Kind,
        rows: NDArray[np.intp],
        control: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Which of n packets of one medium, in order of arrival, are taken (n,). Those of nobody
        are. `control`: which are no RTP."""
        kept = np.ones(len(rows), np.bool_)
        known = rows != NOBODY
        for windows, which in (
            (self._media[kind], np.flatnonzero(known & ~control)),
            (self._control, np.flatnonzero(known & control)),
        ):
            if len(which):
                kept[which] = windows.admit(rows[which], arrival_ns[which])
        if not kept.all():
            self.refused += int(np.count_nonzero(~kept))
            for row in np.unique(rows[~kept]).tolist():
                if (row, kind) not in self._told:
                    self._told.add((row, kind))
                    self._untold.append((row, kind))
        return kept

    def take_refused(self) -> list[tuple[int, Kind]]:
        """Whose medium was found to be too much since the last time, once for each call."""
        untold, self._untold = self._untold, []
        return untold


class _Windows:
    """Packets of each row in its latest window."""

    def __init__(self, capacity: int, most: int) -> None:
        self._most = most
        self._window = np.full(capacity, -1, np.int64)
        self._count = np.zeros(capacity, np.int64)

    def admit(self, rows: NDArray[np.intp], arrival_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        windows = arrival_ns // WINDOW_NS
        if windows[0] == windows[-1] and (windows == windows[0]).all():
            return self._admit(rows, windows[0])
        kept = np.empty(len(rows), np.bool_)
        for window in np.unique(windows):
            which = np.flatnonzero(windows == window)
            kept[which] = self._admit(rows[which], window)
        return kept

    def _admit(self, rows: NDArray[np.intp], window: np.int64) -> NDArray[np.bool_]:
        came = np.bincount(rows)
        there = np.flatnonzero(came)
        anew = there[self._window[there] != window]
        self._window[anew] = window
        self._count[anew] = 0
        before = self._count[there]
        self._count[there] += came[there]
        kept = np.ones(len(rows), np.bool_)
        for i in np.flatnonzero(self._count[there] > self._most):
            of_row = np.flatnonzero(rows == there[i])
            kept[of_row[max(0, self._most - int(before[i])) :]] = False
        return kept
