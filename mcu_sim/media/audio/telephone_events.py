"""Keys that are pressed in a call: telephone-event in RTP (RFC 4733), each press told once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp

DIGITS = "0123456789*#ABCD"
"""Events 0 to 15 (RFC 4733 §3.2, table 3)."""
EVENT_BYTES = 4
MOST_WAITING = 1_000
"""Presses that nobody has taken: more are a flood, and are passed over."""

_NO_TYPE = 0xFF
_END = 0x80
_LONGEST = 0xFFFF


class DtmfDigit(NamedTuple):
    """A key pressed in the call of a row."""

    row: int
    digit: str


class _Latest(NamedTuple):
    ssrc: int
    event: int
    timestamp: int
    ended: bool


class DtmfReceiver:
    """The keys of all calls of a plane."""

    def __init__(self, capacity: int) -> None:
        self._type = np.full(capacity, _NO_TYPE, np.uint8)
        self._latest: dict[int, _Latest] = {}
        self._pressed: list[DtmfDigit] = []

    def turn(self, row: int, payload_type: int | None) -> None:
        """From now on a call's presses have this payload type; None: it has agreed on none."""
        self._type[row] = _NO_TYPE if payload_type is None else payload_type
        if payload_type is None:
            self._latest.pop(row, None)

    def put(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: NDArray[np.int64],
    ) -> None:
        """Look through received packets of audio for events; arguments as of `AudioBank.put`."""
        mine = np.flatnonzero(headers.payload_type == self._type[rows])
        if not len(mine):
            return
        starts, ends = rtp.payload_bounds(data[mine], lengths[mine])
        for i, start, end in zip(mine, starts, ends, strict=True):
            event = bytes(data[i, start:end])
            if len(event) >= EVENT_BYTES:
                stamp, ssrc = int(headers.timestamp[i]), int(headers.ssrc[i])
                self._came(int(rows[i]), ssrc, stamp, event)

    def take(self) -> list[DtmfDigit]:
        """The keys pressed since the last time, taken out."""
        pressed, self._pressed = self._pressed, []
        return pressed

    def _came(self, row: int, ssrc: int, timestamp: int, event: bytes) -> None:
        number, ended = event[0], bool(event[1] & _END)
        latest = self._latest.get(row)
        came = _Latest(ssrc, number, timestamp, ended)
        if latest is not None and latest.ssrc == ssrc:  # another one counts from anywhere
            since = (timestamp - latest.timestamp) % 2**32
            if since >= 2**31:  # overtaken by a later press
                return
            if since == 0:
                self._latest[row] = came._replace(ended=ended or latest.ended)
                return
            if number == latest.event and not latest.ended and since == _LONGEST:
                self._latest[row] = came  # a long press goes on in another segment (§2.5.1.3)
                return
        self._latest[row] = came
        if number < len(DIGITS) and len(self._pressed) < MOST_WAITING:
            self._pressed.append(DtmfDigit(row, DIGITS[number]))
