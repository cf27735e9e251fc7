"""Cameras of which packets were lost: who decodes their pictures sees none until a key frame."""

from __future__ import annotations

import numpy as np

from mcu_sim.video.keyframes import RequestDamper
from traffic.reception import ReceptionBank


class DecodingLosses:
    """Watches the pictures that the MCU itself decodes, to compose them (RFC 4585 §6.3.1)."""

    def __init__(self, statistics: ReceptionBank) -> None:
        """`statistics`: of the pictures that come, by row."""
        self._statistics = statistics
        self._damper = RequestDamper()
        self._known: dict[int, int] = {}
        """Row → losses for which a key frame was asked."""

    def open(self, row: int) -> None:
        """Pictures of this row are decoded from now on."""
        self._known[row] = 0

    def close(self, row: int) -> None:
        """They are not any more."""
        self._known.pop(row, None)
        self._damper.forget(row)

    def take(self, now_ns: int) -> list[int]:
        """Rows to be asked for a key frame now; one that was asked just now waits."""
        if not self._known:
            return []
        lost = self._statistics.lost
        asked = []
        rows = np.fromiter(self._known, np.intp, len(self._known))
        known = np.fromiter(self._known.values(), np.int64, len(self._known))
        for row in rows[lost[rows] != known].tolist():
            count = int(lost[row])
            # a late packet takes a loss back: nothing to ask for
            if count < self._known[row] or self._damper.allows(row, now_ns):
                if count > self._known[row]:
                    asked.append(row)
                self._known[row] = count
        return asked
