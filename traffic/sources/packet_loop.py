"""Media laid out once, at an encoder's sizes and times, and sent round and round.

Each sender begins when it likes: so a packet costs a load generator next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic import rtp
from giaoban.traffic.h264 import FU_INDICATOR
from giaoban.traffic.sources.rounds import Rounds
from giaoban.traffic.sources.video_model import CLOCK_HZ, FrameSource, VideoModel, packetise

LOOP_S = 30
"""After so long the same pictures come again."""


@dataclass(frozen=True)
class PacketLoop(Rounds):
    """Made of a model: of the payload, only what differs from packet to packet is laid out.

    Attributes:
        size: (n,) bytes of payload.
        head: (n, k) its first bytes.
    """

    size: NDArray[np.int64]
    head: NDArray[np.uint8]


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
        stamp = int(self._loop.timestamps(np.array([self._done]))[0])
        return self._stream.first_sequence + self.sent, self._stream.first_timestamp + stamp

    def restart(self, now_ns: int) -> None:
        """A key frame is wanted: the loop begins anew, its timestamps go on."""
        if now_ns > self._begun_ns:
            rounds = -(-self._done // len(self._loop))
            self._begun_ns = now_ns - rounds * self._loop.length_ns
            self._done = rounds * len(self._loop)

    def window(self, out: NDArray[np.uint8], until_ns: int) -> NDArray[np.int64]:
        """Fill the rows of `out` with what is due before `until_ns`, as many as there are: (n,)
        lengths to send.

        Of a payload only `head` is written: the rest of a row stays as it is.
        """
        loop = self._loop
        until = int(loop.due_before(np.array(until_ns - self._begun_ns)))
        nth = np.arange(self._done, min(until, self._done + len(out)))
        n = len(nth)
        if n:
            of = nth % len(loop)
            sequences = self._stream.first_sequence + self.sent + np.arange(n)
            stamps = self._stream.first_timestamp + loop.timestamps(nth)
            rtp.patch_headers(out, self._header, sequences, stamps, loop.marker[of])
            width = loop.head.shape[1]
            out[:n, rtp.HEADER_BYTES : rtp.HEADER_BYTES + width] = loop.head[of]
            self._done += n
            self.sent += n
        return loop.size[nth % len(loop)] + rtp.HEADER_BYTES
