"""The streams of calls that are sent without a meeting: of a call profile, or of a capture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic import rtp
from giaoban.traffic.impairments import Impairments, Interval
from giaoban.traffic.log import SENT, PacketLog
from giaoban.traffic.profiles import VIDEO_PAYLOAD_TYPE
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.audio_stream import AudioStream
from giaoban.traffic.sources.video_model import VideoModel
from giaoban.traffic.sources.video_stream import VideoStream, packets_in

WINDOW_NS = 50_000_000
"""So much of all streams is laid out at a time."""
SOUND_PACKETS = 50
"""Different packets of sound, which are sent round and round."""
NEVER_NS = np.iinfo(np.int64).max

Source = AudioStream | VideoStream | RecordedStream


@dataclass(frozen=True)
class Call:
    """The media of one call; at least one of them."""

    audio: AudioEncoding | None = None
    video: VideoModel | None = None
    recording: Recording | None = None
    recorded_type: int = VIDEO_PAYLOAD_TYPE


@dataclass(frozen=True)
class SendWindow:
    """n packets in order of leaving: (n, width) rows of RTP, (n,) bytes and times of each."""

    data: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    times_ns: NDArray[np.int64]

    def take(self, which: NDArray[np.intp] | slice) -> SendWindow:
        """Return some of the packets."""
        return SendWindow(self.data[which], self.lengths[which], self.times_ns[which])


class Calls:
    """Streams of `count` calls, each beginning at a moment of its own.

    Attributes:
        plans: of the streams.
        packets_per_s: the mean rate of all streams, about.
    """

    def __init__(self, call: Call, count: int, what: Impairments, seed: int, start_ns: int) -> None:
        self.plans: list[StreamPlan] = []
        self.packets_per_s = 0.0
        self._sources: list[Source] = []
        self._room = 0
        self._width = 0
        self._start_ns = start_ns
        self._what = what
        self._log = PacketLog(SENT, None)
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            if call.audio is not None:
                self._add_audio(call.audio, rng)
            if call.video is not None:
                self._add_video(call.video, rng)
            if call.recording is not None:
                self._add_recording(call.recording, call.recorded_type, rng)
        # an impairment may send packets twice, and hold a window's back until the next
        self._room *= (
            1 + any(p.duplicated for p in self.plans) + any(p.out_of_order for p in self.plans)
        )

    def _add_audio(self, encoding: AudioEncoding, rng: np.random.Generator) -> None:
        sound = rng.integers(0, 256, (SOUND_PACKETS, encoding.packet_bytes), np.uint8)
        step_ns = encoding.packet_ms * 1_000_000
        start_ns = self._start_ns + int(rng.integers(step_ns))
        self._sources.append(
            AudioStream(
                self._plan("audio", encoding.payload_type, rng),
                self._log,
                start_ns,
                sound,
                packet_ms=encoding.packet_ms,
                packet_ticks=encoding.packet_ticks,
                origin_ns=self._start_ns,
            )
        )
        self._expect(1000 / encoding.packet_ms, WINDOW_NS // step_ns + 2, encoding.packet_bytes)

    def _add_video(self, model: VideoModel, rng: np.random.Generator) -> None:
        start_ns = self._start_ns + int(rng.integers(SECOND_NS // model.fps))
        plan = self._plan("video", VIDEO_PAYLOAD_TYPE, rng)
        self._sources.append(
            VideoStream(plan, self._log, start_ns, model, origin_ns=self._start_ns)
        )
        per_frame = -(-model.share // model.max_payload)
        room = packets_in(WINDOW_NS, model.kbps, model)
        self._expect(model.fps * per_frame, room, model.max_payload)

    def _add_recording(
        self, recording: Recording, payload_type: int, rng: np.random.Generator
    ) -> None:
        start_ns = self._start_ns + int(rng.integers(SECOND_NS))
        plan = self._plan("video", payload_type, rng)
        self._sources.append(
            RecordedStream(plan, self._log, start_ns, recording, origin_ns=self._start_ns)
        )
        rate = len(recording) * SECOND_NS / recording.length_ns
        self._expect(rate, recording.packets_in_window(WINDOW_NS), int(recording.sizes.max()))

    def _expect(self, packets_per_s: float, room: int, payload_bytes: int) -> None:
        self.packets_per_s += packets_per_s
        self._room = max(self._room, room)
        self._width = max(self._width, rtp.HEADER_BYTES + payload_bytes)

    def _plan(self, kind: str, payload_type: int, rng: np.random.Generator) -> StreamPlan:
        first = rtp.StreamId(payload_type, *(int(rng.integers(2**n)) for n in (32, 15, 32)))
        plan = StreamPlan(
            index=len(self.plans),
            bridge="stream",
            kind="audio" if kind == "audio" else "video",
            direction="up",
            header_hex=rtp.template(first).hex(),
            ssrc=first.ssrc,
            first_sequence=first.first_sequence,
            first_timestamp=first.first_timestamp,
            seed=int(rng.integers(2**48)),
            impairments=[] if self._what.nothing else [Interval(what=self._what)],
        )
        self.plans.append(plan)
        return plan

    def windows(self, seconds: float) -> Iterator[SendWindow | None]:
        """Yield all packets in order of leaving; None after a piece of work of bounded length."""
        end_ns = self._start_ns + round(seconds * SECOND_NS)
        noise = np.random.default_rng(1681).integers(0, 256, self._width, np.uint8)
        scratch = np.tile(noise, (self._room, 1))
        held: list[SendWindow] = []
        for begin_ns in range(self._start_ns, end_ns, WINDOW_NS):
            until_ns = min(begin_ns + WINDOW_NS, end_ns)
            for source in self._sources:
                lengths, times_ns = source.window(scratch, until_ns)
                if len(lengths):
                    held.append(SendWindow(scratch[: len(lengths)].copy(), lengths, times_ns))
                yield None
            yield from _leaving_before(held, until_ns)
        for source in self._sources:
            while len((rest := source.flush(scratch))[0]):
                held.append(SendWindow(scratch[: len(rest[0])].copy(), *rest))
        yield from _leaving_before(held, NEVER_NS)


def _leaving_before(held: list[SendWindow], horizon_ns: int) -> Sequence[SendWindow]:
    """Return the packets that leave before the horizon; the others remain in `held`."""
    if not held:
        return ()
    data, lengths, times_ns = (
        np.concatenate([getattr(part, name) for part in held])
        for name in ("data", "lengths", "times_ns")
    )
    everything = SendWindow(data, lengths, times_ns)
    everything = everything.take(np.argsort(times_ns, kind="stable"))
    cut = int(np.searchsorted(everything.times_ns, horizon_ns))
    held[:] = [everything.take(slice(cut, None))]
    return (everything.take(slice(0, cut)),)
