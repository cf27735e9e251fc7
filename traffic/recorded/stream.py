"""A recording as an outgoing stream of RTP packets."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.log import PacketLog
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.sender.stream import OutgoingStream
from giaoban.traffic.sender.stream_plan import StreamPlan


class RecordedStream(OutgoingStream):
    """Sends a recording round and round under the plan's SSRC, payload type and numbers.

    Sequence numbers and timestamps go on from round to round. Rate and key frames are as they were
    recorded: `request_key` is answered by the next key frame that comes.
    """

    def __init__(
        self,
        plan: StreamPlan,
        log: PacketLog,
        start_ns: int,
        recording: Recording,
        *,
        origin_ns: int | None = None,
    ) -> None:
        """`start_ns`: when the recording begins, CLOCK_MONOTONIC."""
        super().__init__(plan, log, origin_ns)
        self.recording = recording
        self._start_ns = start_ns
        self._done = 0
        # row k of the view is what begins at byte k; the end is padded, or it would have none
        width = recording.max_bytes - rtp.HEADER_BYTES
        padded = np.concatenate([recording.payload, np.zeros(width, np.uint8)])
        self._from_byte = sliding_window_view(padded, width) if width else None

    def request_key(self, _from_ns: int | None = None) -> None:
        """A recording makes no key frames: its next one answers."""

    def position(self) -> tuple[int, int, int]:
        """The next packet's extended sequence number, its timestamp, and when that was taken."""
        recording = self.recording
        rounds, at = divmod(self._done, len(recording))
        timestamp = int(recording.timestamps(np.array(self._done)))
        taken_ns = rounds * recording.length_ns + int(recording.capture_ns[at])
        return self._sequence, self.plan.first_timestamp + timestamp, self._start_ns + taken_ns

    def pass_over(self, until_ns: int) -> None:
        """Nobody takes the packets due before `until_ns`, nor the rest of a frame begun by then.

        They use up no sequence numbers. Whoever looks afterwards sees nothing before the
        recording's next key frame.
        """
        passed = self._due_before(until_ns)
        if not len(passed):
            return
        n, stamps = len(self.recording), self.recording.timestamp
        while self._done % n and stamps[self._done % n] == stamps[self._done % n - 1]:
            self._done += 1

    def window(
        self, out: NDArray[np.uint8] | None, until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fill `out` with the packets due before `until_ns`: (lengths, times) to send. Without it
        they are only logged.

        Raises:
            ValueError: `out` has too few rows, or they are too short
                (see `Recording.packets_in_window` and `max_bytes`).
        """
        recording = self.recording
        nth = self._due_before(until_ns)
        n = len(nth)
        if out is not None and (out.shape[0] < n or out.shape[1] < recording.max_bytes):
            raise ValueError(f"{n} packets of {recording.max_bytes} bytes in rows {out.shape}")
        rounds, at = np.divmod(nth, len(recording))
        if out is not None and self._from_byte is not None:
            out[:n, rtp.HEADER_BYTES : recording.max_bytes] = self._from_byte[recording.offset[at]]
        return self._emit(
            out,
            recording.sizes[at],
            self.plan.first_timestamp + recording.timestamps(nth),
            recording.marker[at],
            self._start_ns + rounds * recording.length_ns + recording.due_ns[at],
            until_ns,
            key=recording.key[at],
        )

    def _due_before(self, until_ns: int) -> NDArray[np.int64]:
        """The numbers of the packets that are next, done with from now on."""
        elapsed_ns = np.array(max(0, until_ns - self._start_ns), np.int64)
        end = max(self._done, int(self.recording.due_before(elapsed_ns)))
        nth = np.arange(self._done, end)
        self._done = end
        return nth
