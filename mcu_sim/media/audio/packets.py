"""Received audio packets of many calls as arrays, cut down to what a jitter buffer needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.audio.codec import SLOT_BYTES
from traffic import rtp

MAX_SLOTS = 12
"""Of one packet: 120 ms."""
MAX_BYTES = MAX_SLOTS * SLOT_BYTES

_PLAIN = 0x80  # first octet: version 2 without padding, extension and CSRC
_SLOTS_OF_SIZE = np.zeros(MAX_BYTES + 2, np.int64)  # the last entry is for all that is longer
_SLOTS_OF_SIZE[: MAX_BYTES + 1 : SLOT_BYTES] = np.arange(MAX_SLOTS + 1)


@dataclass(frozen=True)
class Packets:
    """n packets of calls: `body` (n, ≥ 80 · slots) is the sound, `slots` 0 for foreign ones."""

    rows: NDArray[np.intp]
    ssrc: NDArray[np.uint32]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    slots: NDArray[np.int64]
    body: NDArray[np.uint8]
    arrival: NDArray[np.int64]

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Packets:
        """Some of them, by index or mask."""
        return Packets(
            self.rows[which],
            self.ssrc[which],
            self.sequence[which],
            self.timestamp[which],
            self.slots[which],
            self.body[which],
            self.arrival[which],
        )


def payloads(
    data: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The payloads of n RTP datagrams from the first column on, and how many 10 ms each is.

    That is 0 where it is no whole number of them, or more than `MAX_SLOTS`.
    """
    if (data[:, 0] == _PLAIN).all():
        body, size = data[:, rtp.HEADER_BYTES :], lengths - rtp.HEADER_BYTES
        if body.shape[1] < MAX_BYTES:
            size[size > body.shape[1]] = 0  # cut off when it was received
    else:
        begin, end = rtp.payload_bounds(data, lengths)
        columns = np.arange(min(MAX_BYTES, data.shape[1]))
        at = np.minimum(begin[:, np.newaxis] + columns, data.shape[1] - 1)
        body, size = np.take_along_axis(data, at, axis=1), end - begin
    slots = _SLOTS_OF_SIZE.take(size, mode="clip")
    return body[:, : int(slots.max()) * SLOT_BYTES], slots


def one_each(packets: Packets) -> Iterator[Packets]:
    """Parts with one packet of a row at most, in order: a packet is judged by those before it."""
    if not len(packets.rows):
        return
    often = np.bincount(packets.rows)
    if often.max() == 1:
        yield packets
        return
    by_row = np.argsort(packets.rows, kind="stable")
    first = np.cumsum(often) - often
    turn = np.empty(len(by_row), np.intp)
    turn[by_row] = np.arange(len(by_row)) - first[packets.rows[by_row]]
    by_turn = np.argsort(turn, kind="stable")
    for which in np.split(by_turn, np.cumsum(np.bincount(turn))[:-1]):
        yield packets.take(which)
