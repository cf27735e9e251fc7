"""The audio codecs of the MCU, all at 64 kb/s with one RTP clock (RFC 3551 §4.5.2, §4.5.14).

So 20 ms are 160 bytes and 160 ticks of the RTP clock in every one of them: G.722 samples at 16 kHz,
but its RTP clock is 8000 Hz for historical reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_HZ = 8000
FRAME_MS, SLOT_MS = 20, 10
FRAME_BYTES, SLOT_BYTES = CLOCK_HZ * FRAME_MS // 1000, CLOCK_HZ * SLOT_MS // 1000
"""Bytes are also ticks of the RTP clock."""
TICK_NS = FRAME_MS * 1_000_000
"""The MCU mixes one frame of every call at a time."""
NARROW_HZ, WIDE_HZ = 8000, 16_000


@dataclass(frozen=True)
class AudioCodec:
    """One codec: its encoding name, its static payload type (RFC 3551 table 4), its sampling."""

    name: str
    payload_type: int
    sample_hz: int

    @property
    def wide(self) -> bool:
        """Sampled at 16 kHz, not at 8 kHz."""
        return self.sample_hz == WIDE_HZ

    @property
    def frame_samples(self) -> int:
        """Linear samples of 20 ms."""
        return self.sample_hz * FRAME_MS // 1000


PCMU = AudioCodec("PCMU", 0, NARROW_HZ)
PCMA = AudioCodec("PCMA", 8, NARROW_HZ)
G722 = AudioCodec("G722", 9, WIDE_HZ)
CODECS = (PCMU, PCMA, G722)


def codec_named(name: str) -> AudioCodec:
    """The codec of an encoding name, in upper or lower case (RFC 4855 §3). Raises `ValueError`."""
    for codec in CODECS:
        if codec.name == name.upper():
            return codec
    raise ValueError(f"no audio codec {name!r}: there are {', '.join(c.name for c in CODECS)}")
