"""Outgoing RTP streams: from media to datagrams in a batch, with impairments and a log."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from giaoban.tomlfile import StrictModel
from traffic import rtp
from traffic.impairments import Jitter, JitterProcess, Loss, loss_process
from traffic.log import PacketLog
from traffic.profiles import AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES
from traffic.video import CLOCK_HZ, FU_INDICATOR, FrameSource, VideoModel, packetise


class StreamPlan(StrictModel):
    """Everything a stream needs that is known before the run."""

    index: int
    bridge: str
    kind: Literal["audio", "video"]
    direction: Literal["up", "down"]
    header_hex: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    ssrc: int
    first_sequence: int
    first_timestamp: int
    seed: int
    loss: Loss | None = None
    jitter: Jitter | None = None


class Injector:
    """What happens to a stream's packets between its source and the wire."""

    def __init__(self, plan: StreamPlan) -> None:
        self._loss = loss_process(plan.loss, plan.seed + 1) if plan.loss else None
        self._jitter = JitterProcess(plan.jitter, plan.seed + 2) if plan.jitter else None

    def apply(self, due_ns: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """(which of n packets go out, when each of the n leaves)."""
        keep = ~self._loss.draw(len(due_ns)) if self._loss else np.ones(len(due_ns), np.bool_)
        return keep, self._jitter.apply(due_ns) if self._jitter else due_ns


class OutgoingStream:
    """Sequence numbers, header and log of one stream; media comes from a subclass."""

    def __init__(self, plan: StreamPlan, log: PacketLog) -> None:
        self.plan = plan
        self._header = np.frombuffer(bytes.fromhex(plan.header_hex), np.uint8)
        self._sequence = plan.first_sequence
        self._injector = Injector(plan)
        self._log = log

    def _emit(
        self,
        out: NDArray[np.uint8],
        payload_sizes: NDArray[np.int64],
        timestamps: NDArray[np.int64],
        markers: NDArray[np.bool_],
        due_ns: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Headers for the n rows of `out` whose payloads are filled; (lengths, times) to send.

        Rows that the injector removes are closed up, so what is sent are the first rows.
        """
        n = len(due_ns)
        sequences = self._sequence + np.arange(n)
        self._sequence += n
        rtp.patch_headers(out, self._header, sequences, timestamps, markers)
        lengths = payload_sizes + rtp.HEADER_BYTES
        keep, leaving = self._injector.apply(due_ns)
        self._log.append(
            n,
            stream=self.plan.index,
            sequence=sequences,
            timestamp=timestamps & 0xFFFFFFFF,
            due_ns=due_ns,
            leaving_ns=leaving,
            size=lengths,
            impaired=~keep,
        )
        if not keep.all():
            kept = np.flatnonzero(keep)
            out[: len(kept)] = out[kept]
            lengths, leaving = lengths[kept], leaving[kept]
        return lengths, leaving


class AudioStream(OutgoingStream):
    """G.711 in packets of 20 ms; the marker is on the first (RFC 3551 §4.1)."""

    def __init__(
        self, plan: StreamPlan, log: PacketLog, start_ns: int, sound: NDArray[np.uint8]
    ) -> None:
        """`sound`: (m, 160) encoded packets that are sent round and round."""
        super().__init__(plan, log)
        self._start_ns = start_ns
        self._sound = sound
        self._done = 0

    def position(self) -> tuple[int, int, int]:
        """The next packet's extended sequence number, its timestamp, and when that is."""
        timestamp = self.plan.first_timestamp + self._done * AUDIO_PACKET_SAMPLES
        at_ns = self._start_ns + self._done * AUDIO_PACKET_MS * 1_000_000
        return self._sequence, timestamp, at_ns

    def window(
        self, out: NDArray[np.uint8], until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fill `out` with the packets due before `until_ns`: (lengths, times) to send."""
        step = AUDIO_PACKET_MS * 1_000_000
        count = max(0, -(-(until_ns - self._start_ns) // step) - self._done)
        nth = self._done + np.arange(count)
        self._done += count
        out[:count, rtp.HEADER_BYTES : rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES] = self._sound[
            nth % len(self._sound)
        ]
        return self._emit(
            out,
            np.full(count, AUDIO_PACKET_SAMPLES),
            self.plan.first_timestamp + nth * AUDIO_PACKET_SAMPLES,
            nth == 0,
            self._start_ns + nth * step,
        )


class VideoStream(OutgoingStream):
    """H.264 by a `FrameSource`, in FU-A fragments on a 90 kHz clock (RFC 6184)."""

    def __init__(
        self, plan: StreamPlan, log: PacketLog, start_ns: int, model: VideoModel, delay_ns: int = 0
    ) -> None:
        """`delay_ns`: from a frame's capture, which its timestamp tells, to its first packet."""
        super().__init__(plan, log)
        self._start_ns = start_ns
        self._delay_ns = delay_ns
        self._frames = FrameSource(model, np.random.default_rng(plan.seed))
        self._done = 0

    def request_key(self) -> None:
        """The next frame is a key frame."""
        self._frames.request_key()

    def change_rate(self, kbps: float) -> None:
        """Another rate from the next frame on."""
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
        self, out: NDArray[np.uint8], until_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fill `out` with the packets of frames whose first packet is due before `until_ns`.

        Of a payload only the FU indicator and header are written: the rest of a row stays as it
        is (see `fill_with_noise`). Returns (lengths, times) to send.
        """
        model = self._frames.model
        first_ns = self._start_ns + self._delay_ns
        packets = packetise(self._frames.take(self._due_before(until_ns)), model)
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
        )


def next_start_ns(now_ns: int, origin_ns: int) -> int:
    """The next step of a 20 ms grid: when a stream starts does not hang on a microsecond.

    Packets of two streams that come to a link at nearly the same moment would otherwise change
    places from run to run.
    """
    step = AUDIO_PACKET_MS * 1_000_000
    return origin_ns + -(-(now_ns - origin_ns) // step) * step


def fill_with_noise(rows: NDArray[np.uint8]) -> None:
    """Give the rows of a batch payload bytes that look like coded video.

    Synthetic video writes headers only, so once is enough; (n, width) uint8, changed in place.
    """
    rows[:] = np.random.default_rng(1681).integers(0, 256, rows.shape[1], np.uint8)


def packets_in(window_ns: int, kbps: float, model: VideoModel) -> int:
    """How many packets a window can hold at the most: room for a batch."""
    frames = window_ns * model.fps // 1_000_000_000 + 2
    largest = kbps * 1000 / 8 / model.fps * model.key_ratio * np.exp(6 * model.size_sigma)
    mean = kbps * 1000 / 8 / model.fps * np.exp(4 * model.size_sigma)
    room = model.max_payload - 2
    return int(2 * largest / room + frames * (mean / room + 2)) + 16
