"""Cameras of which packets were lost: who decodes their pictures sees none until a key frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.video.sources import KeyStarts
from traffic import rtp
from traffic.receiver.feedback import Asking, dither_max_ns
from traffic.receiver.picture_gaps import PictureGaps


class DecodingLosses:
    """Watches the pictures that the MCU itself decodes, to compose them (RFC 4585 §6.3.1).

    Its cameras are one group: what hits all of them is not asked of all at once.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity`: rows, one a camera."""
        self._gaps = PictureGaps(capacity)
        self._keys = KeyStarts(capacity)
        self._ssrc = np.full(capacity, -1, np.int64)
        self._open = np.zeros(capacity, np.bool_)
        self._came: list[tuple[NDArray[np.intp], NDArray[np.uint16], NDArray[np.bool_]]] = []
        self._asking: dict[int, Asking] = {}
        self._kbps: dict[int, float] = {}
        self._waiting: dict[int, int] = {}
        """Row → when its request is to leave."""

    def open(self, row: int, kbps: float, seed: int) -> None:
        """Pictures of this row are decoded from now on. `seed`: of what is drawn for its requests;
        `kbps`: the call's rate."""
        self.close(row)
        self._open[row] = True
        self._asking[row], self._kbps[row] = Asking(seed), kbps

    def close(self, row: int) -> None:
        """They are not any more."""
        self._open[row] = False
        self._ssrc[row] = -1
        self._gaps.begin(row)
        self._keys.forget(row)
        for of_rows in (self._asking, self._kbps, self._waiting):
            of_rows.pop(row, None)

    def came(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: NDArray[np.int64],
    ) -> None:
        """Packets of pictures, in order of arrival; what came is looked at by the next `look`."""
        at = np.flatnonzero(self._open[rows])
        if not len(at):
            return
        rows, headers, data, lengths = rows[at], headers.take(at), data[at], lengths[at]
        changed = self._ssrc[rows] != headers.ssrc
        current = np.ones(len(rows), np.bool_)
        for place in np.flatnonzero(changed).tolist():  # another stream begins anew
            if self._ssrc[rows[place]] != headers.ssrc[place]:
                self._ssrc[rows[place]] = headers.ssrc[place]
                self._look_at_all()
                self._gaps.begin(int(rows[place]))
                # of the one before nothing is shown any more
                current[:place] &= rows[:place] != rows[place]
        if not current.all():
            at = np.flatnonzero(current)
            rows, headers, data, lengths = rows[at], headers.take(at), data[at], lengths[at]
        start, end = rtp.payload_bounds(data, lengths)
        starts_key = self._keys.find(rows, headers, data, start, end)
        self._came.append((rows, headers.sequence, starts_key))

    def look(self, now_ns: int) -> None:
        """See what cannot be decoded; a camera that was asked just now is looked at again later."""
        self._look_at_all()
        for row in np.flatnonzero(self._gaps.broken & self._open).tolist():
            dither_ns = dither_max_ns(self._kbps[row], len(self._asking) + 1)
            at_ns = self._asking[row].ask(now_ns, dither_ns, int(self._gaps.keys[row]))
            if at_ns is not None:
                self._waiting[row] = at_ns

    def take(self, before_ns: int) -> list[tuple[int, int]]:
        """Rows to be asked for a key frame before a moment, and when; taken out."""
        due = [(row, at_ns) for row, at_ns in self._waiting.items() if at_ns < before_ns]
        for row, _ in due:
            del self._waiting[row]
        return due

    def _look_at_all(self) -> None:
        if self._came:
            self._gaps.take(*(np.concatenate(column) for column in zip(*self._came, strict=True)))
            self._came.clear()
