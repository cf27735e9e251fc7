"""How much may wait for a line: packets, bytes, or so many milliseconds of its rate.

Pure. A queue of bytes or milliseconds holds what waits, not what is being sent; its bytes are those
that the line's rate counts (`giaoban.topology.lines.framing`).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from giaoban.sentence import Sentence
from giaoban.topology.lines.qos import FULL_FRAME_BYTES

KEYS = ("buffer_packets", "buffer_bytes", "buffer_ms")
MOST_BYTES = 1_000_000_000
"""The kernel's own limit, which netlink takes as a signed number of 32 bits, is a little above."""
BufferBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=MOST_BYTES)]
BufferMs = Annotated[float, Field(ge=0.01, le=60_000)]
CREDIT_NS = 5120
"""So much earlier than its turn a packet leaves such a queue in the emulation, after a pause
(`giaoban.topology.emulation.scheduler`)."""


class Buffer(NamedTuple):
    """One of the three; the others None."""

    packets: int | None
    size_bytes: int | None
    ms: float | None

    @property
    def given(self) -> list[str]:
        """The keys that say something."""
        return [key for key, value in zip(KEYS, self, strict=True) if value is not None]

    def bytes_at(self, rate_mbps: float, overhead_bytes: int) -> int:
        """What may wait at a rate, in bytes; 0 where packets are counted. A full frame always may:
        where it has no room the line carries nothing. More than `MOST_BYTES` never may; files that
        ask for it are refused (`too_large_at`), worlds with other figures than theirs are not."""
        if self.packets is not None:
            return 0
        least = FULL_FRAME_BYTES + overhead_bytes
        if self.size_bytes is not None:
            return max(self.size_bytes, least)
        return min(max(round(self._ms_bytes(rate_mbps)), least), MOST_BYTES)

    def too_large_at(self, rate_mbps: float) -> Sentence | None:
        """What is wrong with so many milliseconds of a rate; None if nothing is."""
        octets = self._ms_bytes(rate_mbps)
        if octets <= MOST_BYTES:
            return None
        return Sentence(
            "{ms:g} ms of {rate_mbps:g} Mb/s are {octets:.0f} bytes (allowed: {most} bytes, which "
            "are {most_ms} ms of it)",
            ms=self.ms,
            rate_mbps=rate_mbps,
            octets=octets,
            most=MOST_BYTES,
            most_ms=f"{MOST_BYTES / (rate_mbps * 125):g}",
        )

    def _ms_bytes(self, rate_mbps: float) -> float:
        return (self.ms or 0.0) * rate_mbps * 125


def packets_in(buffer_bytes: int, overhead_bytes: int) -> int:
    """So many full frames have room in a queue of bytes, with the one that is being sent."""
    return buffer_bytes // (FULL_FRAME_BYTES + overhead_bytes) + 1


def check_one(buffer: Buffer) -> None:
    """Raises `ValueError`: none is given, or more than one."""
    if len(buffer.given) != 1:
        raise ValueError(
            Sentence(
                "has no buffer or two (allowed: one of buffer_packets, buffer_bytes, buffer_ms)"
            )
        )
