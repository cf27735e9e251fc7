"""The packets that devices plan to send: each stream, through all calls of its bridge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.leg import Kind, Position
from giaoban.mcu_sim.media.plane import AHEAD_LEAD_NS, AHEAD_NS
from giaoban.scenarios.bridge.sources import Sources
from giaoban.scenarios.estimate.calls import Call, Timetable
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.log import SENT, PacketLog
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import AUDIO_PACKET_MS, HEADER_BYTES
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sender.stream import next_start_ns
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_stream import AudioStream, Talk
from giaoban.traffic.sources.talk_spurts import Speech
from giaoban.traffic.sources.video_model import CLOCK_HZ
from giaoban.traffic.sources.video_stream import VideoStream

Sent = NDArray[np.void]
"""(n,) records of dtype `SENT`, in the order in which they are due."""
Stream = AudioStream | VideoStream | RecordedStream
NOTHING = np.empty(0, SENT)
MIXES_SINGLY_NS = 25_000_000
"""A device that has to mix within this mixes each tick by itself, others two at a time."""


class SentLog(PacketLog):
    """A log in memory."""

    def __init__(self) -> None:
        self.parts: list[Sent] = []

    def append(self, n: int, **columns: object) -> None:
        """Add n packets."""
        part = np.empty(n, SENT)
        for name, column in columns.items():
            part[name] = column
        self.parts.append(part)

    @property
    def packets(self) -> Sent:
        """Return all of them."""
        return np.concatenate(self.parts) if self.parts else NOTHING


@dataclass(frozen=True)
class _Segment:
    """A stream within one call. `make`: from the position in which the one before it ended."""

    make: Callable[[Position | None, PacketLog], Stream]
    start_ns: int
    end_ns: int


class Media:
    """All streams of a plan that devices make; forwarded ones are not among them."""

    def __init__(
        self,
        plan: Plan,
        table: Timetable,
        recordings: Mapping[str, Recording],
        known: dict[object, Sent],
    ) -> None:
        """`known`: streams of the same plan that were made in another meeting."""
        self._plan, self._known = plan, known
        self._recordings = recordings
        self._segments: dict[int, list[_Segment]] = {}
        self._mixed: dict[int, list[Call]] = {}
        self._keys: dict[int, list[int]] = {}
        for call in table.calls:
            planned = plan.calls[call.row]
            for kind in call.kinds:
                if (index := planned.up.get(kind)) is not None:
                    self._segments.setdefault(index, []).append(self._of_bridge(call, kind, index))
            self._mixed.setdefault(planned.down["audio"], []).append(call)
            if "video" in call.kinds and plan.meeting.video == "presence":
                index = planned.down["video"]
                self._segments.setdefault(index, []).append(self._composed(call, index))
                self._keys[index] = [
                    (at_ns // AHEAD_NS + 1) * AHEAD_NS + AHEAD_LEAD_NS
                    for at_ns, row in table.relayouts
                    if row == call.row
                ]

    def makes(self, index: int) -> bool:
        """Return whether a device makes this stream, so that it can be asked for a key frame."""
        return index in self._segments

    def __getitem__(self, index: int) -> Sent:
        """Return a stream without key frames that are asked for."""
        return self.stream(index, ())

    def stream(self, index: int, asked: Iterable[int]) -> Sent:
        """Return a stream; `asked`: from when on key frames are asked for."""
        if index in self._mixed:
            return self._mix(index, self._mixed[index])
        segments = self._segments.get(index)
        if not segments:
            return NOTHING
        keys = tuple(sorted({*self._keys.get(index, ()), *asked}))
        key = (index, keys, *((each.start_ns, each.end_ns) for each in segments))
        if key not in self._known:
            self._known[key] = self._make(segments, keys, self._clock_hz(index))
        return self._known[key]

    def _clock_hz(self, index: int) -> int:
        audio = self._plan.streams[index].kind == "audio"
        return self._plan.audio.clock_hz if audio else CLOCK_HZ

    def _make(self, segments: Sequence[_Segment], keys: Sequence[int], clock_hz: int) -> Sent:
        log, position = SentLog(), None
        for segment in segments:
            stream = segment.make(position, log)
            if not isinstance(stream, AudioStream):
                for at_ns in keys:
                    if at_ns < segment.end_ns:
                        stream.request_key(at_ns)
            stream.window(None, segment.end_ns)
            position = Position(*stream.position(), clock_hz)
        return log.packets

    def _of_bridge(self, call: Call, kind: Kind, index: int) -> _Segment:
        plan, planned = self._plan, self._plan.streams[index]
        sources = Sources(plan, call.row, 0, SentLog(), Path())
        start_ns = sources.start_ns(kind, planned, call.bridge_from_ns)
        end_ns = min(call.bridge_to_ns, round(plan.hang_up_s * 1e9))
        make = partial(self._open, call.row, kind, planned, start_ns)
        return _Segment(make, start_ns, sources.end_ns(kind, end_ns))

    def _open(
        self,
        row: int,
        kind: Kind,
        planned: StreamPlan,
        start_ns: int,
        before: Position | None,
        log: PacketLog,
    ) -> Stream:
        plan = self._plan
        if before is not None:
            start_ns = max(start_ns, before.at_ns)
            planned = _going_on(planned, *before.at(start_ns))
        if kind == "audio":
            return self._microphone(planned, start_ns, log)
        own = self._recordings.get(plan.calls[row].bridge)
        if kind == "video" and own is not None:
            return RecordedStream(planned, log, start_ns, own, origin_ns=0)
        shown = plan.content
        model = shown.model if kind == "content" and shown is not None else plan.video
        return VideoStream(planned, log, start_ns, model, origin_ns=0)

    def _microphone(self, planned: StreamPlan, start_ns: int, log: PacketLog) -> AudioStream:
        plan, encoding = self._plan, self._plan.audio
        payload = np.zeros((1, encoding.packet_bytes), np.uint8)
        talk = None
        if plan.sound == "conversation":
            silence = None if plan.silence_suppression else payload
            talk = Talk(Speech(plan.speech, planned.seed + 4, 0), silence)
        return AudioStream(
            planned,
            log,
            start_ns,
            payload,
            packet_ms=encoding.packet_ms,
            packet_ticks=encoding.packet_ticks,
            talk=talk,
            origin_ns=0,
        )

    def _composed(self, call: Call, index: int) -> _Segment:
        plan, planned = self._plan, self._plan.streams[index]
        phase = np.random.default_rng(planned.seed).random() / plan.video.fps
        delay_ns = round(plan.device.compose_delay_ms * 1e6)

        def make(before: Position | None, log: PacketLog) -> VideoStream:
            down, from_ns = planned, next_start_ns(call.mcu_from_ns, 0)
            if before is not None:
                from_ns = max(from_ns, before.at_ns)
                down = _going_on(planned, *before.at(call.mcu_from_ns))
            start_ns = from_ns + round(phase * 1e9)
            return VideoStream(down, log, start_ns, plan.video, delay_ns, origin_ns=0)

        end_ns = min(call.mcu_to_ns, round(plan.end_s * 1e9))
        return _Segment(make, next_start_ns(call.mcu_from_ns, 0), end_ns)

    def _mix(self, index: int, calls: Sequence[Call]) -> Sent:
        """Return the mix for a bridge: a packet at every tick of the MCU's clock in its calls."""
        plan, encoding = self._plan, self._plan.audio
        delay_ns = round(plan.device.audio_mix_delay_ms * 1e6)
        stride_ns = TICK_NS if delay_ns <= MIXES_SINGLY_NS else 2 * TICK_NS
        end_ns = round(plan.end_s * 1e9)
        due = [
            np.arange(
                call.mcu_from_ns // stride_ns * stride_ns + TICK_NS,
                min(call.mcu_to_ns, end_ns),
                TICK_NS,
            )
            for call in calls
        ]
        due_ns = np.concatenate(due) + delay_ns
        planned, sent = plan.streams[index], np.zeros(len(due_ns), SENT)
        sizes = np.full(len(due_ns), HEADER_BYTES + encoding.octets(AUDIO_PACKET_MS))
        fate = Injector(planned, 0).apply(due_ns, sizes)
        ticks = (due_ns - due_ns[:1]) // TICK_NS * encoding.ticks(AUDIO_PACKET_MS)
        sent["stream"], sent["due_ns"], sent["size"] = index, due_ns, sizes
        sent["sequence"] = planned.first_sequence + np.arange(len(due_ns))
        sent["timestamp"] = (planned.first_timestamp + ticks) & 0xFFFFFFFF
        sent["leaving_ns"], sent["copies"] = fate.leaving_ns, fate.copies
        sent["corrupted"] = fate.corrupted
        return sent


def _going_on(planned: StreamPlan, sequence: int, timestamp: int) -> StreamPlan:
    """Return a stream that goes on in a later call."""
    return planned.model_copy(update={"first_sequence": sequence, "first_timestamp": timestamp})
