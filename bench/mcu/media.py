"""A load generator: many senders and receivers of RTP, each with a socket of its own.

What is sent was drawn once, with the encoder model's sizes and times, and is sent by each from
another place on: so it costs the generator little, and its core keeps up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.mcu.process import HOST
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.sip.message.addresses import HostPort
from giaoban.traffic import rtp
from giaoban.traffic.batch import ReceiveBatch, SendBatch, media_socket, sockaddr
from giaoban.traffic.profiles import AUDIO_PAYLOAD_TYPE, DSCP_AUDIO, DSCP_VIDEO, VIDEO_PAYLOAD_TYPE
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ, AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES
from giaoban.traffic.sources.packet_loop import LOOP_S, LoopedStream, PacketLoop, audio_loop
from giaoban.traffic.sources.video_model import VideoModel
from giaoban.traffic.sources.video_stream import fill_with_noise

SLOT_NS = 5_000_000
SLOTS = 4
"""A sender's turn comes every SLOTS slots: a packet of audio, or what is due of the video."""
DRAIN_EVERY = 40
"""A receiver is read every so many slots."""
LATE_NS = 20_000_000
TONE_HZ, TONE_PEAK = 440.0, 4000.0
SLACK_SLOTS = 20


def g711_loop() -> PacketLoop:
    """G.711 in packets of 20 ms; its payload is in the batch."""
    n = LOOP_S * 1000 // AUDIO_PACKET_MS
    each = AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES, AUDIO_PACKET_SAMPLES
    return audio_loop(n, *each, np.zeros((n, 0), np.uint8))


@dataclass
class EchoedPackets:
    """What a receiver of audio got: media time on the sender's clock, and the time of arrival."""

    timestamps: list[NDArray[np.int64]] = field(default_factory=list)
    arrivals_ns: list[NDArray[np.int64]] = field(default_factory=list)

    def behind_ns(self) -> NDArray[np.int64]:
        """How much longer each packet took than the fastest one."""
        if not self.timestamps:
            return np.zeros(0, np.int64)
        stamps = np.concatenate(self.timestamps)
        # timestamps are of 32 bits and may begin anew
        since = (stamps - stamps[0]).astype(np.uint32).view(np.int32)
        media_ns = since.astype(np.int64) * (1_000_000_000 // AUDIO_CLOCK_HZ)
        transit = np.concatenate(self.arrivals_ns) - media_ns
        behind: NDArray[np.int64] = transit - transit.min()
        return behind


class MediaEndpoint:
    """One end of one medium: a port on which it receives, and from which it sends."""

    def __init__(self, number: int, *, audio: bool) -> None:
        self.audio = audio
        self.socket = media_socket(HOST, 0, dscp=DSCP_AUDIO if audio else DSCP_VIDEO)
        self.port = int(self.socket.getsockname()[1])
        self.number = number
        self.received = 0
        self.heard = EchoedPackets()
        self._to: NDArray[np.void] | None = None
        self._from_port = 0
        kind = AUDIO_PAYLOAD_TYPE if audio else VIDEO_PAYLOAD_TYPE
        self._id = rtp.StreamId(kind, 0x10000 * (1 + audio) + number, 0, 0)
        self._stream: LoopedStream | None = None

    @property
    def sent(self) -> int:
        """Packets so far."""
        return 0 if self._stream is None else self._stream.sent

    def send(self, loop: PacketLoop, to: HostPort, now_ns: int) -> None:
        """Send a loop from its beginning, from now on."""
        self._stream, self._to = LoopedStream(loop, self._id, now_ns), sockaddr(*to)
        self._from_port = to[1]

    def rewind(self, now_ns: int) -> None:
        """A key frame is wanted."""
        if self._stream is not None:
            self._stream.restart(now_ns)

    def turn(self, batch: SendBatch, now_ns: int) -> None:
        """Send what is due."""
        if self._stream is None or self._to is None:
            return
        lengths = self._stream.window(batch.data, now_ns + 1)
        if n := len(lengths):
            batch.send(self.socket.fileno(), lengths, None, np.broadcast_to(self._to, (n,)))

    def drain(self, inbox: ReceiveBatch) -> None:
        """Take in and count what came."""
        while len(got := inbox.receive(self.socket.fileno())):
            self.received += len(got)
            if self.audio:
                # other programs of this machine may send to any port of the loopback
                ours = np.flatnonzero(got.sources["port"] == self._from_port)
                words = np.ascontiguousarray(got.data[ours, 4:8]).view(">u4")[:, 0]
                self.heard.timestamps.append(words.astype(np.int64))
                self.heard.arrivals_ns.append(got.arrival_ns[ours])
            if len(got) < inbox.capacity:
                break


class Generator:
    """All ends, served in slots; the owner's `also` is called once a slot."""

    def __init__(self, model: VideoModel) -> None:
        self._inbox = ReceiveBatch(512, 2048, cut_long=True)
        width = rtp.HEADER_BYTES + max(model.max_payload, AUDIO_PACKET_SAMPLES)
        self._video, self._audio = SendBatch(256, width), SendBatch(16, width)
        fill_with_noise(self._video.data)
        at = np.arange(AUDIO_PACKET_SAMPLES)
        tone = TONE_PEAK * np.sin(2 * np.pi * TONE_HZ * at / AUDIO_CLOCK_HZ)
        payload = g711.a_law_encode(tone.astype(np.int16))
        self._audio.data[:, rtp.HEADER_BYTES : rtp.HEADER_BYTES + len(payload)] = payload
        self.ends: list[MediaEndpoint] = []
        self._slot = 0
        self._next_ns = time.monotonic_ns()
        self.behind_ns = 0
        """By how much it was ever behind its own times: above a slot's, its load is not even."""

    def add(self, *, audio: bool) -> MediaEndpoint:
        """One end more."""
        end = MediaEndpoint(len(self.ends), audio=audio)
        self.ends.append(end)
        return end

    def run(self, seconds: float, also: Callable[[int], None]) -> None:
        """Send and receive for so long; `also` gets CLOCK_MONOTONIC in ns."""
        until_ns = time.monotonic_ns() + round(seconds * 1e9)
        self._next_ns = max(self._next_ns, time.monotonic_ns() - SLACK_SLOTS * SLOT_NS)
        while (now_ns := time.monotonic_ns()) < until_ns:
            if now_ns < self._next_ns:
                time.sleep((self._next_ns - now_ns) / 1e9)
                continue
            self.behind_ns = max(self.behind_ns, now_ns - self._next_ns)
            for end in self.ends[self._slot % SLOTS :: SLOTS]:
                end.turn(self._audio if end.audio else self._video, now_ns)
            for end in self.ends[self._slot % DRAIN_EVERY :: DRAIN_EVERY]:
                end.drain(self._inbox)
            also(now_ns)
            self._slot += 1
            self._next_ns += SLOT_NS

    def drain(self) -> None:
        """Take in all that has come."""
        for end in self.ends:
            end.drain(self._inbox)

    def count_anew(self) -> None:
        """What came so far does not count."""
        self.drain()
        self.behind_ns = 0
        for end in self.ends:
            end.received = 0
            end.heard = EchoedPackets()

    def close(self) -> None:
        """Close all sockets."""
        for end in self.ends:
            end.socket.close()
