"""Sound of many calls: headers of a whole slot's calls in one piece of numpy, a write for each.

A packet is 20 ms of an encoding of 8 bits and 8 kHz on the RTP clock: G.711, and G.722 (RFC 3551
§4.5.2). Calls are spread over the slots of these 20 ms by their row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.media_load.sockets import put
from giaoban.traffic.rtp import AUDIO_PACKET_SAMPLES

SLOTS = 4
BYTES = rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES


class AudioSenders:
    """Sound of up to `capacity` calls, each in a row of its own."""

    def __init__(self, capacity: int, payload: bytes) -> None:
        """`payload`: what all say, one packet (160 bytes)."""
        if len(payload) != AUDIO_PACKET_SAMPLES:
            raise ValueError(f"{len(payload)} bytes are no packet of {AUDIO_PACKET_SAMPLES}")
        self._headers = np.zeros((capacity, rtp.HEADER_BYTES), np.uint8)
        self.sequence = np.zeros(capacity, np.int64)
        self.timestamp = np.zeros(capacity, np.int64)
        self.sent = np.zeros(capacity, np.int64)
        """Packets of the call that goes on, (capacity,)."""
        self._descriptors = [-1] * capacity
        self._rows: list[NDArray[np.intp]] = [np.empty(0, np.intp) for _ in range(SLOTS)]
        room = -(-capacity // SLOTS)
        self._data = np.zeros((room, BYTES), np.uint8)
        self._data[:, rtp.HEADER_BYTES :] = np.frombuffer(payload, np.uint8)
        self._views = [memoryview(row).cast("B") for row in self._data]

    def start(self, row: int, descriptor: int, stream: rtp.StreamId) -> None:
        """A call begins to send from its next slot on, to where its socket is connected."""
        self._headers[row] = np.frombuffer(rtp.template(stream), np.uint8)
        self.sequence[row], self.timestamp[row] = stream.first_sequence, stream.first_timestamp
        self.sent[row] = 0
        self._descriptors[row] = descriptor
        self._place(row, there=True)

    def stop(self, row: int) -> None:
        """It sends no more."""
        self._descriptors[row] = -1
        self.sent[row] = 0
        self._place(row, there=False)

    def turn(self, slot: int) -> tuple[int, int]:
        """Send a packet of each call of a slot: (packets, those of them that did not go)."""
        rows = self._rows[slot % SLOTS]
        n = len(rows)
        if not n:
            return 0, 0
        sequence = self.sequence[rows]
        rtp.patch_headers(
            self._data, self._headers[rows], sequence, self.timestamp[rows], np.zeros(n, np.bool_)
        )
        failed = 0
        for view, row in zip(self._views, rows.tolist(), strict=False):
            failed += not put(self._descriptors[row], view)
        self.sequence[rows] = sequence + 1
        self.timestamp[rows] += AUDIO_PACKET_SAMPLES
        self.sent[rows] += 1
        return n, failed

    def skip(self, rounds: int) -> None:
        """Time has gone by in which nothing could be sent: timestamps go on (RFC 3550 §5.1)."""
        for rows in self._rows:
            self.timestamp[rows] += rounds * AUDIO_PACKET_SAMPLES

    def _place(self, row: int, *, there: bool) -> None:
        slot = row % SLOTS
        others = self._rows[slot][self._rows[slot] != row]
        self._rows[slot] = np.sort(np.append(others, np.intp(row))) if there else others
