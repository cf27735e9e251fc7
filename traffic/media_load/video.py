"""Video of many calls: each sends the same loop, from a moment of its own on."""

from __future__ import annotations

from giaoban.traffic import rtp
from giaoban.traffic.batch import SendBatch
from giaoban.traffic.media_load.audio import SLOTS
from giaoban.traffic.sources.packet_loop import LoopedStream, PacketLoop
from giaoban.traffic.sources.video_stream import fill_with_noise

MOST_AT_ONCE = 256


class VideoSenders:
    """Video of calls, by row."""

    def __init__(self, loop: PacketLoop, max_payload: int) -> None:
        self._loop = loop
        self._batch = SendBatch(MOST_AT_ONCE, rtp.HEADER_BYTES + max_payload)
        fill_with_noise(self._batch.data)
        self._streams: dict[int, tuple[int, LoopedStream]] = {}
        """With the descriptor of each one's socket."""
        self.mean_octets = round(float(loop.size.mean()))
        """Of a packet's payload."""

    def start(self, row: int, descriptor: int, stream: rtp.StreamId, now_ns: int) -> None:
        """A call begins to send, to where its socket is connected."""
        self._streams[row] = descriptor, LoopedStream(self._loop, stream, now_ns)

    def stop(self, row: int) -> None:
        """It sends no more."""
        self._streams.pop(row, None)

    def of(self, row: int) -> LoopedStream | None:
        """The stream of the call that goes on."""
        return self._streams[row][1] if row in self._streams else None

    def turn(self, slot: int, now_ns: int) -> tuple[int, int]:
        """Send what is due of the calls of a slot: (packets, those of them that did not go)."""
        packets = failed = 0
        for row, (descriptor, stream) in self._streams.items():
            if row % SLOTS == slot % SLOTS and len(
                lengths := stream.window(self._batch.data, now_ns + 1)
            ):
                packets += len(lengths)
                failed += self._batch.send(descriptor, lengths, skip_unsendable=True)
        return packets, failed
