"""Cameras of which packets were lost: who decodes their pictures sees none until a key frame."""

from __future__ import annotations

import numpy as np

from traffic.feedback import Asking, dither_max_ns
from traffic.reception import ReceptionBank


class DecodingLosses:
    """Watches the pictures that the MCU itself decodes, to compose them (RFC 4585 §6.3.1).

    Its cameras are one group: what hits all of them is not asked of all at once.
    """

    def __init__(self, statistics: ReceptionBank) -> None:
        """`statistics`: of the pictures that come, by row."""
        self._statistics = statistics
        self._known: dict[int, int] = {}
        """Row → losses for which a key frame was asked."""
        self._asking: dict[int, Asking] = {}
        self._kbps: dict[int, float] = {}
        self._waiting: dict[int, int] = {}
        """Row → when its request is to leave."""

    def open(self, row: int, kbps: float, seed: int) -> None:
        """Pictures of this row are decoded from now on. `seed`: of what is drawn for its requests;
        `kbps`: the call's rate."""
        self.close(row)
        self._known[row] = 0
        self._asking[row], self._kbps[row] = Asking(seed), kbps

    def close(self, row: int) -> None:
        """They are not any more."""
        for of_rows in (self._known, self._asking, self._kbps, self._waiting):
            of_rows.pop(row, None)

    def look(self, now_ns: int) -> None:
        """See what was lost; a camera that was asked just now is looked at again later."""
        if not self._known:
            return
        lost = self._statistics.lost
        rows = np.fromiter(self._known, np.intp, len(self._known))
        known = np.fromiter(self._known.values(), np.int64, len(self._known))
        for row in rows[lost[rows] != known].tolist():
            count = int(lost[row])
            if count > self._known[row]:
                dither_ns = dither_max_ns(self._kbps[row], len(self._known) + 1)
                at_ns = self._asking[row].ask(now_ns, dither_ns)
                if at_ns is None:
                    continue
                self._waiting[row] = at_ns
            # a late packet takes a loss back: nothing to ask for
            self._known[row] = count

    def take(self, before_ns: int) -> list[tuple[int, int]]:
        """Rows to be asked for a key frame before a moment, and when; taken out."""
        due = [(row, at_ns) for row, at_ns in self._waiting.items() if at_ns < before_ns]
        for row, _ in due:
            del self._waiting[row]
        return due
