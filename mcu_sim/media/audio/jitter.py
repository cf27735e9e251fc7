"""The jitter buffers of all calls (RFC 3550): audio by frames of 20 ms, as array operations.

A packet is played at the tick (20 ms) of its timestamp, counted from the call's first packet plus
the playout delay; one that arrives after its tick is late and is not played. Whether a packet is in
time depends on its time of arrival only, never on when the program looks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio.codec import (
    FRAME_BYTES,
    FRAME_MS,
    PCMA,
    TICK_NS,
    AudioCodec,
    stood_for,
)
from giaoban.traffic import rtp

MAX_FRAMES = 6
"""Frames of one packet: 120 ms."""
HORIZON_NS = 1_000_000_000
"""A timestamp so far from its place is a new start, not an early or late packet."""
STALL_NS = 1_000_000_000
"""The mix may run so long after the packets' arrival without losing any."""
PATIENCE = 25
"""After so many late packets in a row the call is timed anew: the sender's clock drifts."""

_NO_SSRC = -1
_EMPTY = -1

Rows = NDArray[np.intp]
Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]


class JitterBuffers:
    """One row a call. Modelled audio (`giaoban.mcu_sim.media.audio.codec`) is buffered as the A-law
    that it stands for.

    Attributes (all (capacity,) int64):
        late: packets that came after their tick.
        resynchronised: how often the call was timed anew: another SSRC, a jump of the timestamp,
            or a sender whose clock has drifted away.
        odd: packets that are not 1 to 6 frames of the call's payload type.
    """

    def __init__(self, capacity: int, origin_ns: int, playout_ms: float) -> None:
        self._origin_ns = origin_ns
        self._playout_ns = round(playout_ms * 1e6)
        longest_ns = self._playout_ns + HORIZON_NS + STALL_NS
        self._ticks = longest_ns // TICK_NS + MAX_FRAMES
        self._ring = np.zeros((capacity, self._ticks, FRAME_BYTES), np.uint8)
        self._due = np.full((capacity, self._ticks), _EMPTY, np.int64)  # tick of each frame
        self._payload_type = np.zeros(capacity, np.uint8)
        self._frame_clock = np.full(capacity, FRAME_BYTES)  # RTP clock ticks of 20 ms
        self._frame_bytes = np.full(capacity, FRAME_BYTES)
        self._columns = np.tile(np.arange(FRAME_BYTES), (capacity, 1))
        # the stream of each call, and a tick with the timestamp that is played at it
        self._ssrc = np.full(capacity, _NO_SSRC, np.int64)
        self._timestamp = np.zeros(capacity, np.uint32)
        self._tick = np.zeros(capacity, np.int64)
        self._late_in_a_row = np.zeros(capacity, np.int64)
        self.late = np.zeros(capacity, np.int64)
        self.resynchronised = np.zeros(capacity, np.int64)
        self.odd = np.zeros(capacity, np.int64)

    def clear(self, row: int, payload_type: int, codec: AudioCodec = PCMA) -> None:
        """Begin a new call in the row: empty buffer, counters at 0."""
        self._payload_type[row] = payload_type
        self._frame_clock[row] = codec.ticks(FRAME_MS)
        self._frame_bytes[row] = codec.frame_bytes
        self._columns[row] = (
            stood_for(codec.frame_bytes) if codec.modelled else np.arange(FRAME_BYTES)
        )
        self._ssrc[row] = _NO_SSRC
        self._due[row] = _EMPTY
        for counter in (self.late, self.resynchronised, self.odd, self._late_in_a_row):
            counter[row] = 0

    def put(
        self,
        rows: Rows,
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: Int64s,
        arrival_ns: Int64s,
    ) -> None:
        """Take n datagrams in order of arrival; see `AudioBank.put`."""
        begin, end = rtp.payload_bounds(data, lengths)
        frames, rest = np.divmod(end - begin, self._frame_bytes[rows])
        usable = headers.valid & (headers.payload_type == self._payload_type[rows])
        usable &= (rest == 0) & (frames >= 1) & (frames <= MAX_FRAMES)
        if not usable.all():
            np.add.at(self.odd, rows[~usable], 1)
            at = np.flatnonzero(usable)
            rows, headers, data, arrival_ns = rows[at], headers.take(at), data[at], arrival_ns[at]
            begin, frames = begin[at], frames[at]
        if not len(rows):
            return
        tick, in_time = self._place(rows, headers, arrival_ns)
        # packet after packet, so that the result does not depend on the size of the batch
        rough = np.isin(rows, rows[~in_time])
        self._late_in_a_row[rows[~rough]] = 0
        for i in np.flatnonzero(rough).tolist():
            one = np.array([i])
            tick[i], in_time[i] = self._judge(rows[one], headers.take(one), arrival_ns[one])
        # a packet whose frames overlap those of an earlier one, after a new start, is stored later
        for nth in reversed(range(int(frames.max()))):
            at = np.flatnonzero(in_time & (nth < frames))
            row, due = rows[at], tick[at] + nth
            columns = self._columns[row] + (begin[at] + nth * self._frame_bytes[row])[:, None]
            columns = np.minimum(columns, data.shape[1] - 1)
            self._ring[row, due % self._ticks] = np.take_along_axis(data[at], columns, axis=1)
            self._due[row, due % self._ticks] = due

    def frames(self, rows: Rows, tick: int) -> tuple[NDArray[np.uint8], Mask]:
        """Return the octets (n, 160) to be played by (n,) rows at a tick, and which are there."""
        at = tick % self._ticks
        return self._ring[rows, at], self._due[rows, at] == tick

    def _place(self, rows: Rows, headers: rtp.Headers, arrival_ns: Int64s) -> tuple[Int64s, Mask]:
        """Return the tick of each packet, and whether it continues its stream and is in time."""
        ahead = (headers.timestamp - self._timestamp[rows]).view(np.int32)
        tick = self._tick[rows] + ahead.astype(np.int64) // self._frame_clock[rows]
        lead_ns = tick * TICK_NS + self._origin_ns - arrival_ns
        in_time = (lead_ns >= 0) & (lead_ns <= self._playout_ns + HORIZON_NS)
        return tick, in_time & (headers.ssrc == self._ssrc[rows])

    def _judge(self, row: Rows, header: rtp.Headers, arrival_ns: Int64s) -> tuple[int, bool]:
        """Place one packet (arrays of one) that is early, late or of another stream. Time the call
        anew if that is needed."""
        (tick,), (in_time,) = self._place(row, header, arrival_ns)
        if in_time:
            self._late_in_a_row[row] = 0
            return int(tick), True
        lead_ns = int(tick) * TICK_NS + self._origin_ns - int(arrival_ns[0])
        if header.ssrc[0] == self._ssrc[row[0]] and -HORIZON_NS <= lead_ns < 0:
            self.late[row] += 1
            self._late_in_a_row[row] += 1
            if self._late_in_a_row[row[0]] < PATIENCE:
                return int(tick), False
        self.resynchronised[row] += self._ssrc[row] != _NO_SSRC
        due_ns = int(arrival_ns[0]) - self._origin_ns + self._playout_ns
        self._ssrc[row], self._timestamp[row] = header.ssrc, header.timestamp
        self._tick[row] = first = -(-due_ns // TICK_NS)
        self._late_in_a_row[row] = 0
        return first, True
