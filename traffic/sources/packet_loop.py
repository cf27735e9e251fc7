"""Media laid out once, at an encoder's sizes and times, and sent round and round.

Each sender begins when it likes: so a packet costs a load generator next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic import rtp
from traffic.h264 import FU_INDICATOR
from traffic.sources.video_model import CLOCK_HZ, FrameSource, VideoModel, packetise

SECOND_NS = 1_000_000_000
LOOP_S = 30
"""After so long the same pictures come again."""


@dataclass(frozen=True)
class PacketLoop:
    """n packets of one stream in order of time, and after which time they begin again.

    Attributes:
        due_ns: (n,) when each leaves after the beginning.
        timestamp: (n,) likewise on the stream's clock.
        size: (n,) bytes of payload.
        marker: (n,) bool.
        head: (n, k) first bytes of the payload: what differs from packet to packet.
        key: (n,) whether it belongs to a key frame.
        length_ns, length_ticks: the next round begins so much later.
    """

    due_ns: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    size: NDArray[np.int64]
    marker: NDArray[np.bool_]
    head: NDArray[np.uint8]
    key: NDArray[np.bool_]
    length_ns: int
    length_ticks: int

    def __len__(self) -> int:
        return len(self.due_ns)


def video_loop(model: VideoModel, seconds: int, seed: int) -> PacketLoop:
    """Coded video, a key frame first."""
    frames = FrameSource(model, np.random.default_rng(seed)).take(seconds * model.fps)
    packets = packetise(frames, model)
    indicator = np.full_like(packets.fu_header, FU_INDICATOR)
    return PacketLoop(
        due_ns=np.rint((packets.frame + packets.offset) * 1e9 / model.fps).astype(np.int64),
        timestamp=packets.frame * CLOCK_HZ // model.fps,
        size=packets.size,
        marker=packets.marker,
        head=np.stack([indicator, packets.fu_header], axis=1),
        key=frames.key[packets.frame],
        length_ns=seconds * SECOND_NS,
        length_ticks=seconds * CLOCK_HZ,
    )


def audio_loop(
    packets: int, packet_ms: int, packet_ticks: int, size: int, head: NDArray[np.uint8]
) -> PacketLoop:
    """Packets of audio that never pauses; `head` (packets, k) as in `PacketLoop`."""
    nth = np.arange(packets)
    step_ns = packet_ms * 1_000_000
    return PacketLoop(
        due_ns=nth * step_ns,
        timestamp=nth * packet_ticks,
        size=np.full(packets, size),
        marker=np.zeros(packets, np.bool_),
        head=head,
        key=np.zeros(packets, np.bool_),
        length_ns=packets * step_ns,
        length_ticks=packets * packet_ticks,
    )


class LoopedStream:
    """One stream that sends a loop, from a moment on.

    Attributes:
        sent: packets so far.
    """

    def __init__(self, loop: PacketLoop, stream: rtp.StreamId, begun_ns: int) -> None:
        self._loop, self._stream = loop, stream
        self._header = np.frombuffer(rtp.template(stream), np.uint8)
        self._begun_ns = begun_ns
        self._done = 0
        self.sent = 0

    @property
    def position(self) -> tuple[int, int]:
        """Its next sequence number (extended), and a timestamp that is not before its last one."""
        stamp = int(self._timestamps(np.array([self._done]))[0])
        return self._stream.first_sequence + self.sent, self._stream.first_timestamp + stamp

    def restart(self, now_ns: int) -> None:
        """A key frame is wanted: the loop begins anew, its timestamps go on."""
        if now_ns > self._begun_ns:
            rounds = -(-self._done // len(self._loop))
            self._begun_ns = now_ns - rounds * self._loop.length_ns
            self._done = rounds * len(self._loop)

    def window(self, out: NDArray[np.uint8], now_ns: int) -> NDArray[np.int64]:
        """Fill the rows of `out` with what is due, as many as there are: (n,) lengths to send.

        Of a payload only `head` is written: the rest of a row stays as it is.
        """
        loop = self._loop
        rounds, inside = divmod(now_ns - self._begun_ns, loop.length_ns)
        until = rounds * len(loop) + int(np.searchsorted(loop.due_ns, inside, "right"))
        nth = np.arange(self._done, min(until, self._done + len(out)))
        n = len(nth)
        if n:
            of = nth % len(loop)
            sequences = self._stream.first_sequence + self.sent + np.arange(n)
            stamps = self._stream.first_timestamp + self._timestamps(nth)
            rtp.patch_headers(out, self._header, sequences, stamps, loop.marker[of])
            width = loop.head.shape[1]
            out[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + width] = loop.head[of]
            self._done += n
            self.sent += n
        return loop.size[nth % len(loop)] + rtp.HEADER_BYTES

    def _timestamps(self, nth: NDArray[np.int64]) -> NDArray[np.int64]:
        rounds, at = np.divmod(nth, len(self._loop))
        return rounds * self._loop.length_ticks + self._loop.timestamp[at]
