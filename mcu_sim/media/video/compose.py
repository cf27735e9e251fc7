"""The composed stream of every call: one encoder a bridge, sent at the rate of its call."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from traffic.log import PacketLog
from traffic.sender.stream_plan import StreamPlan
from traffic.sources.video_model import VideoModel
from traffic.sources.video_stream import VideoStream


class VideoBank:
    """Continuous presence with synthetic payload: real packet sizes and timing.

    An encoder starts afresh with a key frame when its picture's layout changes, or on request.
    """

    def __init__(
        self, compose_delay_ms: float, log: PacketLog, origin_ns: int | None = None
    ) -> None:
        """`origin_ns`: CLOCK_MONOTONIC from which streams' impairments are timed."""
        self._delay_ns = round(compose_delay_ms * 1e6)
        self._log = log
        self._origin_ns = origin_ns
        self._streams: dict[int, VideoStream] = {}

    def open(self, row: int, plan: StreamPlan, model: VideoModel, from_ns: int) -> None:
        """Start the call's stream at its own rate; one that the row had before is over."""
        # encoders are not in step: each starts somewhere within its frame interval
        phase = np.random.default_rng(plan.seed).random() / model.fps
        start_ns = from_ns + round(phase * 1e9)
        self._streams[row] = VideoStream(
            plan, self._log, start_ns, model, self._delay_ns, origin_ns=self._origin_ns
        )

    def flush(
        self, row: int, out: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The row's packets held back so far into `out`: (lengths, times), until none is left."""
        return self._streams[row].flush(out)

    def close(self, row: int) -> None:
        """End the call's stream."""
        del self._streams[row]

    def position(self, row: int) -> tuple[int, int, int]:
        """The row's next sequence number (extended), the next frame's timestamp, and its time."""
        return self._streams[row].position()

    def change_rate(self, row: int, kbps: float) -> None:
        """The call's stream has another rate from its next frame on."""
        self._streams[row].change_rate(kbps)

    def relayout(self, rows: Iterable[int], from_ns: int | None = None) -> None:
        """The pictures of these calls are composed anew, those that are due from a moment on; a row
        without a stream has none."""
        for row in rows:
            self.request_key(row, from_ns)

    def request_key(self, row: int, from_ns: int | None = None) -> None:
        """A viewer lost its picture (RFC 4585 §6.3.1): its next frame is a key frame, or the first
        that is due from `from_ns` on.

        Nothing happens where there is no stream: a request may come when it has ended.
        """
        if row in self._streams:
            self._streams[row].request_key(from_ns)

    def fill(
        self, out: NDArray[np.uint8], until_ns: int, sending: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Packets due before `until_ns` of all calls into `out`: (rows, lengths, times).

        `sending`: (capacity,) which calls take theirs; None: all.
        """
        rows: list[NDArray[np.intp]] = []
        lengths: list[NDArray[np.int64]] = []
        times: list[NDArray[np.int64]] = []
        used = 0
        for row, stream in self._streams.items():
            if sending is not None and not sending[row]:
                stream.pass_over(until_ns)
                length, time = stream.flush(out[used:])
            else:
                length, time = stream.window(out[used:], until_ns)
            used += len(length)
            rows.append(np.full(len(length), row))
            lengths.append(length)
            times.append(time)
        if not rows:
            nothing = np.empty(0, np.int64)
            return nothing.astype(np.intp), nothing, nothing
        return np.concatenate(rows), np.concatenate(lengths), np.concatenate(times)
