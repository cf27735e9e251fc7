"""What a terminal sends: its microphone, its camera or a recording in its place, its slides."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban.errors import InvalidRun
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.codec import WIDE_HZ, G722Call, stand_in
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.traffic.log import PacketLog
from giaoban.traffic.receiver.feedback import KeyFrameRequestTimer, dither_max_ns
from giaoban.traffic.recorded.recording import RATE_MARGIN, Recording
from giaoban.traffic.recorded.recording import load as load_recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ
from giaoban.traffic.sender.stream import next_start_ns
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.audio_stream import AudioStream, Talk
from giaoban.traffic.sources.talk_spurts import Speech
from giaoban.traffic.sources.tone import tone, tone_hz, utterance
from giaoban.traffic.sources.video_model import CLOCK_HZ as VIDEO_CLOCK_HZ
from giaoban.traffic.sources.video_stream import VideoStream

SETTLING_PACKETS = 50
"""G.722 adapts to what it encodes: a second in, a steady sound is encoded the same again."""

Packets = NDArray[np.uint8]
Samples = NDArray[np.int16]


def sound_for(encoding: AudioEncoding, number: int, *, speech: bool) -> tuple[Packets, Packets]:
    """The nth bridge's sound and its silence, both (k, bytes) packets.

    A steady tone, or with `speech` one that swells and fades as syllables do. For an encoding
    that nobody here has, both are stand-ins of the packets' size.
    """
    encode = _ENCODERS.get(encoding.encoding) or partial(stand_in, size=encoding.packet_bytes)
    hz = tone_hz(number)
    sample_hz = WIDE_HZ if encoding.encoding == "G722" else AUDIO_CLOCK_HZ
    steady = tone(hz, sample_hz=sample_hz)[np.newaxis]
    sound = utterance(hz, sample_hz=sample_hz) if speech else steady
    return encode(sound), encode(np.zeros_like(steady))


def _g722(samples: Samples) -> Packets:
    """(m, samples) → (k, octets), a whole number of rounds of about a second, once it settled."""
    rounds = -(-SETTLING_PACKETS // len(samples))
    once = np.tile(samples, (rounds, 1))
    octets = G722Call().encode(np.concatenate([once, once]).reshape(-1))
    return octets.reshape(2 * len(once), -1)[len(once) :].copy()


_ENCODERS: dict[str, Callable[[Samples], Packets]] = {
    "PCMA": g711.a_law_encode,
    "PCMU": g711.mu_law_encode,
    "G722": _g722,
}


Source = AudioStream | VideoStream | RecordedStream
SOURCE_START_NS, SOURCE_PHASE_NS = 20_000_000, 33_000_000  # first capture after the answer
BRIDGE_REQUESTS = 5
"""Tells the seed of what is drawn for a bridge's requests from that of the stream it sees."""
GRANTED_NS = 100_000_000
"""Slides come so long after the technician gave the content channel: the word has to reach the
bridge."""


def key_frame_request_timer(
    plan: Plan, call: CallPlan, kind: Kind
) -> tuple[KeyFrameRequestTimer, int]:
    """How a bridge asks for key frames of what it sees, and its T_dither_max in ns: all who are in
    the meeting may miss what it misses."""
    seed = plan.streams[call.down[kind]].seed + BRIDGE_REQUESTS
    shown = plan.content
    kbps = shown.model.kbps if kind == "content" and shown else plan.video.kbps
    return KeyFrameRequestTimer(seed), dither_max_ns(kbps, len(plan.calls) + 1)


@dataclass(frozen=True)
class Sources:
    """The sources of one bridge. `folder` is the run's: recordings lie in it."""

    plan: Plan
    number: int
    origin_ns: int
    log: PacketLog
    folder: Path

    @property
    def call(self) -> CallPlan:
        """The bridge's planned call."""
        return self.plan.calls[self.number]

    def clock_hz(self, kind: Kind) -> int:
        """The RTP clock of a medium."""
        return self.plan.audio.clock_hz if kind == "audio" else VIDEO_CLOCK_HZ

    def start_ns(self, kind: Kind, planned: StreamPlan, now_ns: int) -> int:
        """Return when a source begins whose call was set up now; slides wait for their time."""
        # neither devices nor their cameras and microphones are in step
        phase_ns = random.Random(planned.seed).randrange(SOURCE_PHASE_NS)
        start_ns = next_start_ns(now_ns, self.origin_ns) + SOURCE_START_NS + phase_ns
        shown = self.plan.content
        if kind == "content" and shown is not None:
            given_ns = self.origin_ns + round(shown.from_s * 1e9) + GRANTED_NS
            start_ns = max(start_ns, given_ns + phase_ns)
        return start_ns

    def end_ns(self, kind: Kind, otherwise_ns: int) -> int:
        """Before when a source's packets are due."""
        if kind == "content" and self.plan.content is not None:
            return min(otherwise_ns, self.origin_ns + round(self.plan.content.to_s * 1e9))
        return otherwise_ns

    def open(
        self, kind: Kind, planned: StreamPlan, terms: NegotiatedMedia, start_ns: int
    ) -> Source:
        """The source of a medium, on the terms that were agreed on."""
        if kind == "audio":
            return self._microphone(planned, start_ns)
        if kind == "video":
            for item in self.plan.recordings:
                if item.bridge == self.call.bridge:
                    recording = recorded(self.folder / item.file)
                    if terms.max_kbps and recording.mean_kbps > RATE_MARGIN * terms.max_kbps:
                        raise InvalidRun(
                            "{bridge}: the call got {max_kbps} kb/s, its recording has "
                            "{mean_kbps:.0f} kb/s",
                            bridge=item.bridge,
                            max_kbps=terms.max_kbps,
                            mean_kbps=recording.mean_kbps,
                        )
                    return RecordedStream(
                        planned, self.log, start_ns, recording, origin_ns=self.origin_ns
                    )
        shown = self.plan.content
        model = shown.model if kind == "content" and shown is not None else self.plan.video
        if terms.max_kbps is not None and terms.max_kbps < model.kbps:
            model = model.model_copy(update={"kbps": terms.max_kbps})
        return VideoStream(planned, self.log, start_ns, model, origin_ns=self.origin_ns)

    def _microphone(self, planned: StreamPlan, start_ns: int) -> AudioStream:
        plan, encoding, talk = self.plan, self.plan.audio, None
        talks = plan.sound == "conversation"
        sound, silence = sound_for(encoding, self.number, speech=talks)
        if talks:
            speech = Speech(plan.speech, planned.seed + 4, self.origin_ns)
            talk = Talk(speech, None if plan.silence_suppression else silence)
        return AudioStream(
            planned,
            self.log,
            start_ns,
            sound,
            packet_ms=encoding.packet_ms,
            packet_ticks=encoding.packet_ticks,
            talk=talk,
            origin_ns=self.origin_ns,
        )


@lru_cache(maxsize=8)
def recorded(path: Path) -> Recording:
    """A recording of the run's folder, read once."""
    return load_recording(path)
