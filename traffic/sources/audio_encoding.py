"""Audio encodings as they go over RTP (RFC 3551 §4.5 and the encodings' own payload formats)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.provenance import Name, Sourced
from giaoban.sentence import Sentence

ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class AudioEncoding(Sourced):
    """One encoding at one rate."""

    id: Annotated[str, Field(pattern=ID)]
    """Short name by which profiles choose it: a-z, 0-9 and `-`."""
    name: Name
    """Name in documents."""
    encoding: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    """Encoding name of a=rtpmap (RFC 8866 §6.6)."""
    payload_type: Annotated[int, Field(ge=0, le=127)]
    """RTP payload type (RFC 3551 table 4; from 96 on dynamic)."""
    clock_hz: Annotated[int, Field(ge=8000, le=96_000)]
    """RTP clock rate in Hz, of a=rtpmap."""
    channels: Annotated[int, Field(ge=1, le=2)] = 1
    """Channels, of a=rtpmap."""
    fmtp: str = ""
    """Parameters, of a=fmtp (RFC 8866 §6.15)."""
    kbps: Annotated[float, Field(ge=5, le=510)]
    """Rate of the sound in kb/s, without headers."""
    packet_ms: Annotated[int, Field(ge=10, le=120)]
    """The sound in a packet, in ms."""
    frame_ms: Annotated[list[float], Field(default_factory=list)]
    """Lengths of frame that the codec has, in ms; one that encodes sample by sample has none."""
    lookahead_ms: Annotated[float, Field(ge=0, le=100)] = 0.0
    """How much sound after a frame its encoder has to know, in ms: the algorithmic delay without
    the frame. Like `6.5`."""
    dtx: Literal["comfort-noise", "codec", "none"]
    """How silence may be left out: `comfort-noise` by the sender alone, with RFC 3389 for the
    listener; `codec` by the codec's own discontinuous transmission; `none` not at all."""

    @property
    def packet_bytes(self) -> int:
        """Octets of payload in a packet at the encoding's rate."""
        return self.octets(self.packet_ms)

    @property
    def packet_ticks(self) -> int:
        """What a packet adds to the RTP timestamp."""
        return self.ticks(self.packet_ms)

    def octets(self, ms: int) -> int:
        """Octets of payload of so many ms of sound, at the encoding's rate."""
        return round(self.kbps * ms / 8)

    def ticks(self, ms: int) -> int:
        """What so many ms are on the RTP clock."""
        return self.clock_hz * ms // 1000

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
