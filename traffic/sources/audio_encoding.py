"""Audio encodings as they go over RTP (RFC 3551 §4.5 and the encodings' own payload formats)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.provenance import Name, Sourced
from giaoban.sentence import Sentence

DYNAMIC_PAYLOAD_TYPE = 96
"""The lowest one without a fixed meaning (RFC 3551 §6)."""
ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class AudioEncoding(Sourced):
    """One encoding at one rate.

    `encoding`, `clock_hz` and `channels` are those of a=rtpmap, `fmtp` of a=fmtp (RFC 8866 §6.6,
    §6.15). `packet_ms` is the sound in a packet, `frame_ms` the lengths of frame that the codec
    has; one that encodes sample by sample has none. `dtx` is how silence may be left out:
    `comfort-noise` by the sender alone, with RFC 3389 for the listener; `codec` by the codec's own
    discontinuous transmission; `none` not at all.
    """

    id: Annotated[str, Field(pattern=ID)]
    name: Name
    encoding: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    payload_type: Annotated[int, Field(ge=0, le=127)]
    clock_hz: Annotated[int, Field(ge=8000, le=96_000)]
    channels: Annotated[int, Field(ge=1, le=2)] = 1
    fmtp: str = ""
    kbps: Annotated[float, Field(ge=5, le=510)]
    packet_ms: Annotated[int, Field(ge=10, le=120)]
    frame_ms: Annotated[list[float], Field(default_factory=list)]
    dtx: Literal["comfort-noise", "codec", "none"]

    @property
    def packet_bytes(self) -> int:
        """Octets of payload in a packet at the encoding's rate."""
        return round(self.kbps * self.packet_ms / 8)

    @property
    def packet_ticks(self) -> int:
        """What a packet adds to the RTP timestamp."""
        return self.clock_hz * self.packet_ms // 1000

    @property
    def static(self) -> bool:
        """Whether the payload type has its meaning from RFC 3551 table 4."""
        return self.payload_type < DYNAMIC_PAYLOAD_TYPE

    @model_validator(mode="after")
    def _packets_are_whole(self) -> Self:
        if self.kbps * self.packet_ms % 8:
            raise ValueError(
                Sentence(
                    "{kbps:g} kb/s for {packet_ms} ms is no whole number of octets",
                    kbps=self.kbps,
                    packet_ms=self.packet_ms,
                )
            )
        if self.clock_hz * self.packet_ms % 1000:
            raise ValueError(
                Sentence(
                    "{packet_ms} ms is no whole number of ticks of {clock_hz} Hz",
                    packet_ms=self.packet_ms,
                    clock_hz=self.clock_hz,
                )
            )
        if self.frame_ms and all(self.packet_ms % frame for frame in self.frame_ms):
            lengths = ", ".join(f"{frame:g}" for frame in self.frame_ms)
            raise ValueError(
                Sentence(
                    "packet_ms = {packet_ms} holds no whole number of frames "
                    "(allowed: multiples of {lengths} ms)",
                    packet_ms=self.packet_ms,
                    lengths=lengths,
                )
            )
        return self
