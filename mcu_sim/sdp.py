"""Session descriptions (SDP, RFC 8866) for audio and video calls; all its errors are `SdpError`."""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass, field, replace


class SdpError(ValueError):
    """The text is no session description that can be worked with."""


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

    `as_kbps` is b=AS (RFC 8866: whole session rate with IP/UDP/RTP), `tias_bps` is b=TIAS
    (RFC 3890: the media alone).
    """

    kind: str
    port: int
    codecs: tuple[Codec, ...] = ()
    direction: Direction = Direction.SENDRECV
    address: str | None = None
    protocol: str = "RTP/AVP"
    formats: tuple[str, ...] = ()
    ptime_ms: int | None = None
    rtcp_port: int | None = None
    as_kbps: int | None = None
    tias_bps: int | None = None

    def tokens(self) -> tuple[str, ...]:
        """The formats of the m= line, from the codecs if it was not read from one."""
        return self.formats or tuple(str(codec.payload_type) for codec in self.codecs)


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

_LINE = re.compile(r"^([a-zA-Z])=(.*)$", re.DOTALL)
_RTPMAP = re.compile(r"^(\d{1,3}) ([^\s/]+)/(\d{1,9})(?:/(\d{1,2}))?$", re.ASCII)
_NUMBER = re.compile(r"^\d{1,20}$", re.ASCII)


@dataclass(slots=True)
class _Section:
    """Lines of one m= section while it is read."""

    media: Media
    maps: dict[int, Codec] = field(default_factory=dict)
    fmtp: dict[int, str] = field(default_factory=dict)
    direction: Direction | None = None


def parse(data: bytes) -> Session:
    """Read a description. Raises `SdpError`, and nothing else, for bytes of any kind."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SdpError("is not UTF-8") from None
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if lines[:1] != ["v=0"]:
        raise SdpError("does not begin with v=0")
    session = Session(address=None, media=())
    direction = Direction.SENDRECV
    sections: list[_Section] = []
    seen = set()
    for line in lines[1:]:
        match = _LINE.match(line)
        if match is None:
            raise SdpError(f"{line[:40]!r} is no SDP line")
        kind, value = match[1], match[2]
        if kind == "m":
            sections.append(_Section(_media_line(value)))
        elif sections:
            _media_level(sections[-1], kind, value)
        elif kind == "a" and value in tuple(Direction):
            direction = Direction(value)
        else:
            session = _session_level(session, kind, value)
        seen.add(kind)
    if missing := {"o", "s"} - seen:
        raise SdpError(f"has no {' or '.join(sorted(missing))}= line")
    session = replace(session, media=tuple(_close(s, direction) for s in sections))
    for media in session.media:
        if media.port:
            session.address_of(media)
    return session


def build(session: Session) -> bytes:
    """Write a description, lines in the order of RFC 8866 §5."""
    origin = f"{session.user} {session.session_id} {session.version}"
    at = session.origin_address
    lines = ["v=0", f"o={origin} IN {_family(at)} {at}", f"s={session.name}"]
    if session.address is not None:
        lines.append(f"c=IN {_family(session.address)} {session.address}")
    if session.as_kbps is not None:
        lines.append(f"b=AS:{session.as_kbps}")
    lines.append("t=0 0")
    for media in session.media:
        lines += _media_text(media)
    return "".join(f"{line}\r\n" for line in lines).encode()


def _media_text(media: Media) -> list[str]:
    formats = media.tokens()
    if not formats:
        raise SdpError(f"m={media.kind}: has no format")
    lines = [f"m={media.kind} {media.port} {media.protocol} {' '.join(formats)}"]
    if media.address is not None:
        lines.append(f"c=IN {_family(media.address)} {media.address}")
    if media.as_kbps is not None:
        lines.append(f"b=AS:{media.as_kbps}")
    if media.tias_bps is not None:
        lines.append(f"b=TIAS:{media.tias_bps}")
    for codec in media.codecs:
        channels = f"/{codec.channels}" if codec.channels != 1 else ""
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_hz}{channels}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    if media.ptime_ms is not None:
        lines.append(f"a=ptime:{media.ptime_ms}")
    if media.rtcp_port is not None:
        lines.append(f"a=rtcp:{media.rtcp_port}")
    if media.port:
        lines.append(f"a={media.direction}")
    return lines


def _session_level(session: Session, kind: str, value: str) -> Session:
    match kind:
        case "o":
            parts = value.split()
            if len(parts) != 6:
                raise SdpError("o= needs six fields")
            number, version = _number(parts[1], "o="), _number(parts[2], "o=")
            session = replace(session, user=parts[0], session_id=number, version=version)
            return replace(session, origin_address=parts[5])
        case "s":
            return replace(session, name=value)
        case "c":
            return replace(session, address=_connection(value))
        case "b" if value.startswith("AS:"):
            return replace(session, as_kbps=_number(value[3:], "b=AS"))
    return session


def _media_line(value: str) -> Media:
    parts = value.split()
    if len(parts) < 4:
        raise SdpError(f"m={value[:40]}: needs kind, port, protocol and a format")
    kind, port_text, protocol, *formats = parts
    port = _number(port_text.partition("/")[0], "m=")
    if port > 65535:
        raise SdpError(f"m={kind}: port {port} is above 65535")
    return Media(kind=kind, port=port, protocol=protocol, formats=tuple(formats))


def _media_level(section: _Section, kind: str, value: str) -> None:
    media = section.media
    if kind == "c":
        section.media = replace(media, address=_connection(value))
    elif kind == "b" and value.startswith("AS:"):
        section.media = replace(media, as_kbps=_number(value[3:], "b=AS"))
    elif kind == "b" and value.startswith("TIAS:"):
        section.media = replace(media, tias_bps=_number(value[5:], "b=TIAS"))
    elif kind == "a":
        _attribute(section, value)


def _attribute(section: _Section, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    if name == "rtpmap":
        match = _RTPMAP.match(value.strip())
        if match is None:
            raise SdpError(f"a=rtpmap:{value[:40]}: cannot be read")
        number = int(match[1])
        section.maps[number] = Codec(number, match[2], int(match[3]), int(match[4] or 1))
    elif name == "fmtp":
        number_text, _, text = value.strip().partition(" ")
        # Formats of other protocols than RTP need not be numbers (RFC 8866 §6.15).
        if _NUMBER.match(number_text):
            section.fmtp[int(number_text)] = text.strip()
    elif name == "ptime":
        section.media = replace(section.media, ptime_ms=_number(value.split(".")[0], "a=ptime"))
    elif name == "rtcp":
        port = _number(value.split(" ", 1)[0], "a=rtcp")
        if not 0 < port < 65536:
            raise SdpError(f"a=rtcp: port {port} is not 1–65535")
        section.media = replace(section.media, rtcp_port=port)
    elif attribute in tuple(Direction):
        section.direction = Direction(attribute)


def _close(section: _Section, session_direction: Direction) -> Media:
    media = section.media
    codecs = []
    for text in media.formats if media.protocol.startswith("RTP/") else ():
        number = _number(text, f"m={media.kind}")
        codec = section.maps.get(number) or STATIC_CODECS.get(number)
        if codec is not None:
            codecs.append(replace(codec, fmtp=section.fmtp.get(number, "")))
    direction = section.direction or session_direction
    return replace(media, codecs=tuple(codecs), direction=direction)


def _connection(value: str) -> str:
    parts = value.split()
    if len(parts) != 3 or parts[0] != "IN":
        raise SdpError(f"c={value[:40]}: needs IN, IP4 or IP6, and an address")
    try:
        return str(ipaddress.ip_address(parts[2].partition("/")[0]))
    except ValueError:
        raise SdpError(f"c={value[:40]}: {parts[2][:40]} is no IP address") from None


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _number(text: str, where: str) -> int:
    if not _NUMBER.match(text.strip()):
        raise SdpError(f"{where}: {text[:40]!r} is not a whole number")
    return int(text)
