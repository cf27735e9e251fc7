"""The composed stream of every call: one encoder a bridge, sent at the rate of its call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from traffic.log import PacketLog
from traffic.stream import StreamPlan, VideoStream
from traffic.video import VideoModel


class VideoBank:
    """Continuous presence with synthetic payload: real packet sizes and timing.

    A change of layout (a call joins or leaves) starts every encoder afresh with a key frame.
    """

    def __init__(self, compose_delay_ms: float, log: PacketLog) -> None:
        self._delay_ns = round(compose_delay_ms * 1e6)
        self._log = log
        self._streams: dict[int, VideoStream] = {}

    def open(self, row: int, plan: StreamPlan, model: VideoModel, from_ns: int) -> None:
        """Start the call's stream; the others show it, so they change their layout."""
        self._relayout()
        # encoders are not in step: each starts somewhere within its frame interval
        phase = np.random.default_rng(plan.seed).random() / model.fps
        start_ns = from_ns + round(phase * 1e9)
        self._streams[row] = VideoStream(plan, self._log, start_ns, model, self._delay_ns)

    def close(self, row: int) -> None:
        """End the call's stream."""
        del self._streams[row]
        self._relayout()

    def _relayout(self) -> None:
        for stream in self._streams.values():
            stream.request_key()

    def fill(
        self, out: NDArray[np.uint8], until_ns: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Packets due before `until_ns` of all calls into `out`: (rows, lengths, times)."""
        rows: list[NDArray[np.intp]] = []
        lengths: list[NDArray[np.int64]] = []
        times: list[NDArray[np.int64]] = []
        used = 0
        for row, stream in self._streams.items():
            length, time = stream.window(out[used:], until_ns)
            used += len(length)
            rows.append(np.full(len(length), row))
            lengths.append(length)
            times.append(time)
        if not rows:
            nothing = np.empty(0, np.int64)
            return nothing.astype(np.intp), nothing, nothing
        return np.concatenate(rows), np.concatenate(lengths), np.concatenate(times)
