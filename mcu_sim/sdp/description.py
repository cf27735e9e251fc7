"""What a session description says: sessions, their media sections, and codecs (RFC 8866)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import NamedTuple

from mcu_sim.sdp.crypto import Crypto


class Warn(enum.IntEnum):
    """Warning codes of RFC 3261 §20.43 that say what is wrong with a session description."""

    NETWORK = 301
    TRANSPORT = 302
    MEDIA = 304
    FORMAT = 305
    OTHER = 399


class Fault(NamedTuple):
    """Why a section, or something of it, cannot be had, and the code of that."""

    text: str
    warning: Warn = Warn.FORMAT


class SdpError(ValueError):
    """The text is no session description that can be worked with; `warning` says in what way."""

    def __init__(self, reason: str, warning: Warn = Warn.OTHER) -> None:
        super().__init__(reason)
        self.warning = warning


class Direction(enum.StrEnum):
    """Which way media flows, seen from the side that writes it (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the writer sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer receives."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @staticmethod
    def of(sends: bool, receives: bool) -> Direction:
        """The direction with these two properties."""
        outward = (Direction.SENDONLY, Direction.SENDRECV)
        return (outward if sends else (Direction.INACTIVE, Direction.RECVONLY))[receives]


@dataclass(frozen=True, slots=True)
class Codec:
    """One RTP payload type: name, clock and format parameters (the text after a=fmtp)."""

    payload_type: int
    name: str
    clock_hz: int
    channels: int = 1
    fmtp: str = ""

    def parameter(self, name: str) -> str | None:
        """One format parameter's value by its case-insensitive name, None if absent."""
        for part in self.fmtp.split(";"):
            key, _, value = part.strip().partition("=")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None


@dataclass(frozen=True, slots=True)
class Media:
    """One m= section. Port 0 means refused. `formats` are the m= line's tokens.

    Attributes:
        as_kbps: b=AS, the rate with IP, UDP and RTP (RFC 8866 §5.8).
        tias_bps: b=TIAS, the rate of the media alone (RFC 3890).
        rtcp_mux: RTCP on the port of RTP (RFC 5761).
        content: what a video section shows, e.g. `slides` or `main` (RFC 4796).
        label: the section's name in other protocols (RFC 4574).
        crypto: the a=crypto lines that can be used here, in their order (RFC 4568).
        feedback: values of a=rtcp-fb: a payload type or `*`, and what it may be answered with
            (RFC 4585 §4.2).
        faults: what is wrong with it and has cost something of it: a codec, a key, the section.
    """

    kind: str
    port: int
    codecs: tuple[Codec, ...] = ()
    direction: Direction = Direction.SENDRECV
    address: str | None = None
    protocol: str = "RTP/AVP"
    formats: tuple[str, ...] = ()
    ptime_ms: int | None = None
    maxptime_ms: int | None = None
    rtcp_port: int | None = None
    rtcp_mux: bool = False
    as_kbps: int | None = None
    tias_bps: int | None = None
    content: tuple[str, ...] = ()
    label: str | None = None
    crypto: tuple[Crypto, ...] = ()
    feedback: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def without(self, fault: Fault) -> Media:
        """The section refused, since this is wrong with it."""
        return replace(self, port=0, faults=(*self.faults, fault))

    def tokens(self) -> tuple[str, ...]:
        """The formats of the m= line, from the codecs if it was not read from one."""
        return self.formats or tuple(str(codec.payload_type) for codec in self.codecs)

    def feedback_for(self, payload_type: int) -> set[str]:
        """The kinds of RTCP feedback for one payload type, e.g. `nack pli`."""
        pairs = (value.partition(" ") for value in self.feedback)
        return {kind for format_, _, kind in pairs if format_ in ("*", str(payload_type))}


@dataclass(frozen=True, slots=True)
class Session:
    """A whole description. `address` is the session's c= line, None if only media have one."""

    address: str | None
    media: tuple[Media, ...]
    session_id: int = 0
    version: int = 0
    origin_address: str = "127.0.0.1"
    user: str = "-"
    name: str = "-"
    as_kbps: int | None = None

    def address_of(self, media: Media) -> str:
        """Where a media section is received. Raises `SdpError` if no c= line says it."""
        address = media.address or self.address
        if address is None:
            raise SdpError(f"m={media.kind}: no connection address (c=)")
        return address


STATIC_CODECS = {
    0: Codec(0, "PCMU", 8000),
    8: Codec(8, "PCMA", 8000),
    9: Codec(9, "G722", 8000),  # clock 8000 though sampled at 16 kHz: RFC 3551 §4.5.2
}
"""Payload types that need no a=rtpmap (RFC 3551 table 4), as far as conference devices use them."""
