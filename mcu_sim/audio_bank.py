"""All calls' audio at once: jitter buffers, N−1 mixing and outgoing packets as array operations.

Time runs in ticks of 20 ms. A packet is played at the tick that its timestamp puts it at, counted
from the call's first packet plus the playout delay; one that arrives later than its tick is late.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mcu_sim import g711
from mcu_sim.mixer import mix_minus_one
from traffic import rtp
from traffic.profiles import AUDIO_PACKET_SAMPLES

TICK_NS = 20_000_000
RING = 64  # ticks a jitter buffer holds: more than any playout delay plus a wake-up


class AudioBank:
    """One row a call; rows are reused only by the same call.

    Attributes:
        late: packets that came after their tick.
        concealed: ticks at which an active call had nothing to play.
    """

    def __init__(self, capacity: int, origin_ns: int, playout_ms: float) -> None:
        self._origin_ns = origin_ns
        self._playout_ns = round(playout_ms * 1e6)
        self._ring = np.full((capacity, RING, AUDIO_PACKET_SAMPLES), g711.A_LAW_SILENCE, np.uint8)
        self._filled = np.full((capacity, RING), -1, np.int64)
        self._active = np.zeros(capacity, np.bool_)
        self._first_tick = np.full(capacity, -1, np.int64)
        self._first_timestamp = np.zeros(capacity, np.int64)
        self.late = 0
        self.concealed = 0

    def open(self, row: int) -> None:
        """The call takes part from now on."""
        self._active[row] = True
        self._first_tick[row] = -1
        self._filled[row] = -1

    def close(self, row: int) -> None:
        """The call takes no part any more."""
        self._active[row] = False

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the calls that take part, ascending."""
        return np.flatnonzero(self._active)

    def put(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        payloads: NDArray[np.uint8],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        """Take n packets of whole 20 ms frames: call's row, payload (n, 160), arrival time."""
        timestamps = headers.timestamp.astype(np.int64)
        fresh = np.flatnonzero(self._first_tick[rows] < 0)
        for i in fresh:
            row = rows[i]
            if self._first_tick[row] < 0:
                due_ns = arrival_ns[i] + self._playout_ns - self._origin_ns
                self._first_tick[row] = -(-due_ns // TICK_NS)
                self._first_timestamp[row] = timestamps[i]
        since = (timestamps - self._first_timestamp[rows] + 0x8000_0000) % 0x1_0000_0000
        ticks = self._first_tick[rows] + (since - 0x8000_0000) // AUDIO_PACKET_SAMPLES
        in_time = arrival_ns <= self._origin_ns + ticks * TICK_NS
        self.late += int(np.count_nonzero(~in_time))
        row, tick = rows[in_time], ticks[in_time]
        self._ring[row, tick % RING] = payloads[in_time]
        self._filled[row, tick % RING] = tick

    def mix(self, tick: int) -> NDArray[np.uint8]:
        """What each of `rows` hears at a tick, A-law, (calls, 160)."""
        rows, at = self.rows, tick % RING
        present = self._filled[rows, at] == tick
        started = (self._first_tick[rows] >= 0) & (self._first_tick[rows] <= tick)
        self.concealed += int(np.count_nonzero(started & ~present))
        frames = g711.a_law_decode(self._ring[rows, at])
        frames[~present] = 0
        return g711.a_law_encode(mix_minus_one(frames))


class AudioOut:
    """Outgoing audio of all calls: RTP headers, one packet a call and tick."""

    def __init__(self, headers: Sequence[bytes], sequences: Sequence[int], stamps: Sequence[int]):
        """One entry a row: header template, first sequence number, first timestamp."""
        self._headers = np.frombuffer(b"".join(headers), np.uint8).reshape(-1, rtp.HEADER_BYTES)
        self._sequence = np.array(sequences, np.int64)
        self._timestamp = np.array(stamps, np.int64)
        self._first = np.ones(len(headers), np.bool_)

    def fill(
        self, out: NDArray[np.uint8], rows: NDArray[np.intp], payloads: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One packet for each of `rows` into `out`; their sequence numbers and timestamps."""
        n = len(rows)
        sequences, stamps = self._sequence[rows], self._timestamp[rows]
        rtp.patch_headers(out, self._headers[rows], sequences, stamps, self._first[rows])
        out[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES] = payloads
        self._sequence[rows] += 1
        self._timestamp[rows] += AUDIO_PACKET_SAMPLES
        self._first[rows] = False
        return sequences, stamps
