"""Pictures as a stream of RTP packets."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import rtp
from giaoban.traffic.h264 import FU_HEADER_BYTES, FU_INDICATOR, NAL_IDR, TYPE_MASK
from giaoban.traffic.log import PacketLog
from giaoban.traffic.sender.stream import OutgoingStream
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.content import ContentModel, ContentSource
from giaoban.traffic.sources.video_model import (
    CLOCK_HZ,
    EncodedFrames,
    FrameModel,
    FrameSource,
    VideoModel,
    joined_frames,
    packetise,
)


class VideoStream(OutgoingStream):
    """H.264 by a source of frames, in FU-A fragments on a 90 kHz clock (RFC 6184).

    The model says which: a camera's picture, or shared slides.
    """

    def __init__(
        self,
        plan: StreamPlan,
        log: PacketLog,
        start_ns: int,
        model: VideoModel | ContentModel,
        delay_ns: int = 0,
        *,
        origin_ns: int | None = None,
    ) -> None:
        """`delay_ns`: from a frame's capture, which its timestamp tells, to its first packet.

        `origin_ns`: see `OutgoingStream`.
        """
        super().__init__(plan, log, origin_ns)
        self._start_ns = start_ns
        self._delay_ns = delay_ns
        self._frames = _source(model, np.random.default_rng(plan.seed))
        self._done = 0
        self._keys: list[int] = []
        """From when on key frames are asked for that is not yet, a heap."""

    def request_key(self, from_ns: int | None = None) -> None:
        """The next frame is a key frame, or the first that is due from a moment on."""
        if from_ns is None:
            self._frames.request_key()
        else:
            heapq.heappush(self._keys, from_ns)

    def change_rate(self, kbps: float) -> None:
        """Encode the next frame, and those after it, at another rate in kb/s."""
        self._frames.model = self._frames.model.model_copy(update={"kbps": kbps})

    def position(self) -> tuple[int, int, int]:
        """The next packet's extended sequence number, its timestamp, and when that is."""
        fps = self._frames.model.fps
        timestamp = self.plan.first_timestamp + self._done * CLOCK_HZ // fps
        return self._sequence, timestamp, self._start_ns + self._done * 1_000_000_000 // fps

    def pass_over(self, until_ns: int) -> None:
        """Nobody takes the frames whose first packet is due before `until_ns`.

        They use up no sequence numbers, and a key frame follows.
        """
        count = self._due_before(until_ns)
        if count:
            while self._keys and self._keys[0] < until_ns:
                heapq.heappop(self._keys)
            self._frames.take(count)
            self._frames.request_key()

    def _due_before(self, until_ns: int) -> int:
        """How many frames are next, done with from now on."""
        first_ns = self._start_ns + self._delay_ns
        last = -(-(until_ns - first_ns) * self._frames.model.fps // 1_000_000_000)
        count = max(0, last - self._done)
        self._done += count
        return count

    def window(
        self, out: NDArray[np.uint8] | None, until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fill `out` with the packets of frames whose first packet is due before `until_ns`.

        Of a payload only the FU indicator and header are written: the rest of a row stays as it
        is (see `fill_with_noise`). Without `out` they are only logged. Returns (lengths, times) to
        send.
        """
        parts = []
        while self._keys and self._keys[0] < until_ns:
            parts.append(self._frames.take(self._due_before(heapq.heappop(self._keys))))
            self._frames.request_key()
        parts.append(self._frames.take(self._due_before(until_ns)))
        return self._fill(out, joined_frames(parts), until_ns)

    def _fill(
        self, out: NDArray[np.uint8] | None, frames: EncodedFrames, until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        model = self._frames.model
        first_ns = self._start_ns + self._delay_ns
        packets = packetise(frames, model)
        if out is not None:
            n = len(packets.frame)
            out[:n, rtp.HEADER_BYTES] = FU_INDICATOR
            out[:n, rtp.HEADER_BYTES + 1] = packets.fu_header
        at = (packets.frame + packets.offset) * 1e9 / model.fps
        return self._emit(
            out,
            packets.size,
            self.plan.first_timestamp + packets.frame * CLOCK_HZ // model.fps,
            packets.marker,
            first_ns + np.rint(at).astype(np.int64),
            until_ns,
            key=packets.fu_header & TYPE_MASK == NAL_IDR,
        )


def _source(
    model: VideoModel | ContentModel, rng: np.random.Generator
) -> FrameSource | ContentSource:
    if isinstance(model, ContentModel):
        return ContentSource(model, rng)
    return FrameSource(model, rng)


def fill_with_noise(rows: NDArray[np.uint8]) -> None:
    """Give the rows of a batch payload bytes that look like coded video.

    Synthetic video writes headers only, so once is enough; (n, width) uint8, changed in place.
    """
    rows[:] = np.random.default_rng(1681).integers(0, 256, rows.shape[1], np.uint8)


def packets_in(window_ns: int, kbps: float, model: FrameModel) -> int:
    """How many packets a window can hold at the most: room for a batch.

    It bounds every draw, as rate control bounds the bytes of consecutive frames; `kbps` is the
    highest rate in the stream's life.
    """
    frames = window_ns * model.fps // 1_000_000_000 + 2
    most = model.model_copy(update={"kbps": kbps}).most_bytes(frames)
    # a frame of b bytes has at most max(2, b / room + 1) fragments
    return math.ceil(most / (model.max_payload - FU_HEADER_BYTES)) + 2 * frames
