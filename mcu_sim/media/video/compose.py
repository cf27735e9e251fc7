"""Composed video: the streams made for the calls, and losses of their sources.

There is one encoder a bridge, sent at the rate of its call. A camera of which packets were lost is
not seen by anybody until a key frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.video.forward import KeyFrameDetector
from giaoban.traffic import rtp
from giaoban.traffic.log import PacketLog
from giaoban.traffic.receiver.feedback import KeyFrameRequestTimer, dither_max_ns
from giaoban.traffic.receiver.video_gaps import VideoGaps
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import VideoModel
from giaoban.traffic.sources.video_stream import VideoStream


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

    def __len__(self) -> int:
        """How many calls have a picture composed."""
        return len(self._streams)

    def change_rate(self, row: int, kbps: float) -> None:
        """The call allows another rate from its next frame on."""
        self._streams[row].change_rate(kbps)

    def request_key(self, row: int, from_ns: int | None = None) -> None:
        """A viewer lost its picture (RFC 4585 §6.3.1): its next frame is a key frame, or the first
        that is due from `from_ns` on.

        Without effect where there is no stream: a request may come when it has ended.
        """
        if row in self._streams:
            self._streams[row].request_key(from_ns)

    def fill(
        self,
        out: NDArray[np.uint8],
        until_ns: int,
        sending: NDArray[np.bool_] | None = None,
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


class DecodingLosses:
    """Watches the pictures that the MCU itself decodes, to compose them (RFC 4585 §6.3.1).

    Its cameras are one group: after a loss of all, they are not all asked at once.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity`: rows, one a camera."""
        self._gaps = VideoGaps(capacity)
        self._keys = KeyFrameDetector(capacity)
        self._ssrc = np.full(capacity, -1, np.int64)
        self._open = np.zeros(capacity, np.bool_)
        self._came: list[tuple[NDArray[np.intp], NDArray[np.uint16], NDArray[np.bool_]]] = []
        self._asking: dict[int, KeyFrameRequestTimer] = {}
        self._kbps: dict[int, float] = {}
        self._waiting: dict[int, int] = {}
        """Row → when its request is to leave."""

    def open(self, row: int, kbps: float, seed: int) -> None:
        """Pictures of this row are decoded from now on. `seed`: of the times of its requests;
        `kbps`: the call's rate."""
        self.close(row)
        self._open[row] = True
        self._asking[row], self._kbps[row] = KeyFrameRequestTimer(seed), kbps

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
        """Take packets of pictures, in order of arrival, for the next `look`."""
        at = np.flatnonzero(self._open[rows])
        if not len(at):
            return
        rows, headers, data, lengths = rows[at], headers.take(at), data[at], lengths[at]
        for place in np.flatnonzero(self._ssrc[rows] != headers.ssrc).tolist():
            if self._ssrc[rows[place]] != headers.ssrc[place]:  # another stream begins anew
                self._ssrc[rows[place]] = headers.ssrc[place]
                self._look_at_all()
                self._gaps.begin(int(rows[place]))
        start, end = rtp.payload_bounds(data, lengths)
        starts_key = self._keys.find(rows, headers, data, start, end)
        self._came.append((rows, headers.sequence, starts_key))

    def look(self, now_ns: int) -> None:
        """Find pictures that cannot be decoded; cameras asked just now are left until later."""
        if not (self._asking or self._came):
            return
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
