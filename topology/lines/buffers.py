"""Sizes of a line's queue: packets, bytes, or milliseconds of its rate.

Pure. The queues of the network count packets, so bytes and milliseconds become full packets when a
province is loaded. Their bytes are those that the line's rate counts
(`giaoban.topology.lines.framing`).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from giaoban.sentence import Sentence
from giaoban.topology.lines.qos import FULL_FRAME_BYTES

KEYS = ("buffer_packets", "buffer_bytes", "buffer_ms")
LEAST_PACKETS, MOST_PACKETS = 2, 1_000_000
BufferBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=MOST_PACKETS * FULL_FRAME_BYTES)]
BufferMs = Annotated[float, Field(ge=0.01, le=60_000)]


class Buffer(NamedTuple):
    """One of the three; the others None."""

    packets: int | None
    size_bytes: int | None
    ms: float | None

    @property
    def given(self) -> list[str]:
        """The keys that are set."""
        return [key for key, value in zip(KEYS, self, strict=True) if value is not None]

    def packets_at(self, rate_mbps: float, overhead_bytes: int) -> int:
        """Return the packets that a queue holds at a rate, the one that is being sent included.

        Bytes and milliseconds hold as many full packets as fit, at least 2 packets and at most
        a million.
        """
        if self.packets is not None:
            return self.packets
        held_bytes = self.size_bytes or (self.ms or 0.0) * rate_mbps * 125
        full = int(held_bytes // (FULL_FRAME_BYTES + overhead_bytes)) + 1
        return min(max(full, LEAST_PACKETS), MOST_PACKETS)


def check_one(buffer: Buffer) -> None:
    """Raise `ValueError` if no key is set, or more than one."""
    if len(buffer.given) != 1:
        raise ValueError(
            Sentence(
                "has no buffer or two (allowed: one of buffer_packets, buffer_bytes, buffer_ms)"
            )
        )
