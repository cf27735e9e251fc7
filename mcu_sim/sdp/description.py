"""Session descriptions (RFC 8866): the model, the parser and the builder.

Unknown lines and attributes are ignored (§5), and so is a line of a section that cannot be parsed.
A section without a usable address or port counts as refused (port 0).
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from giaoban.mcu_sim.sdp.crypto import Crypto, read_crypto


class SdpError(ValueError):
    """The text is no session description, or one without common ground."""


class Direction(enum.StrEnum):
    """Direction of the media, seen from the side that writes it (RFC 8866 §6.7)."""

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
        """Return the direction with these two properties."""
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE


@dataclass(frozen=True, slots=True)
class Codec:
    """One RTP payload type: name, clock and format parameters (the text after a=fmtp)."""

    payload_type: int
    name: str
    clock_hz: int
    channels: int = 1
    fmtp: str = ""

    def parameter(self, name: str) -> str | None:
        """Return a format parameter's value by its case-insensitive name, None if absent."""
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
        content: tags of a video section, such as `slides` or `main` (RFC 4796).
        crypto: the a=crypto lines that can be used here, in their order (RFC 4568).
        feedback: values of a=rtcp-fb: a payload type or `*`, and a kind of feedback
            (RFC 4585 §4.2).
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
    rtcp_mux: bool = False
    as_kbps: int | None = None
    tias_bps: int | None = None
    content: tuple[str, ...] = ()
    crypto: tuple[Crypto, ...] = ()
    feedback: tuple[str, ...] = ()

    def tokens(self) -> tuple[str, ...]:
        """Return the formats of the m= line, from the codecs if it was not read from one."""
        return self.formats or tuple(str(codec.payload_type) for codec in self.codecs)


def feedback_for(feedback: Sequence[str], payload_type: int) -> set[str]:
    """Return the kinds of RTCP feedback for one payload type, such as `nack pli`.

    Behind `ccm` there may be parameters (`tmmbr smaxpr=120`, RFC 5104 §7.1); some devices have
    several of its commands in one line.
    """
    kinds = set()
    for format_, _, kind in (value.partition(" ") for value in feedback):
        if format_ in ("*", str(payload_type)):
            first, _, commands = kind.partition(" ")
            kinds |= {f"ccm {one}" for one in commands.split()} if first == "ccm" else {kind}
    return kinds


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `address` is the session's c= line, None if only media have one.
    `as_kbps`: the lowest rate that b=AS, b=CT (RFC 8866 §5.8) and b=TIAS (RFC 3890) give for the
    whole session; None: they give none."""

    address: str | None
    media: tuple[Media, ...]
    session_id: int = 0
    version: int = 0
    origin_address: str = "127.0.0.1"
    user: str = "-"
    name: str = "-"
    as_kbps: int | None = None

    def address_of(self, media: Media) -> str:
        """Return the address of a section. Raises `SdpError` if there is no c= line for it."""
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

MAX_PAYLOAD_TYPE = 127
MAX_PORT = 65_534
"""RTCP has the next port."""

_DIRECTIONS = {str(direction): direction for direction in Direction}
_LINE = re.compile(r"^([a-zA-Z])=(.*)$", re.DOTALL)
_RTPMAP = re.compile(r"^(\d{1,3}) +([^\s/]+)/(\d{1,9})(?:/(\d{1,2}))?$", re.ASCII)
_NUMBER = re.compile(r"^\d{1,20}$", re.ASCII)


@dataclass(slots=True)
class _Section:
    """Lines of one m= section while it is parsed; `terms`: arguments of `Media`."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    terms: dict[str, Any]
    maps: dict[int, Codec | None] = field(default_factory=dict)
    fmtp: dict[int, str] = field(default_factory=dict)
    direction: Direction | None = None


def parse(data: bytes) -> SessionDescription:
    """Parse a description. Raises `SdpError`, and no other error, for bytes of any kind."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SdpError("is not UTF-8") from None
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if lines[:1] != ["v=0"]:
        raise SdpError("does not begin with v=0")
    heading: dict[str, Any] = {"address": None}
    rates_kbps: list[int] = []
    direction = Direction.SENDRECV
    sections: list[_Section] = []
    for number, line in enumerate(lines[1:], 2):
        match = _LINE.match(line)
        if match is None:
            # not quoted: it may be a mangled a=crypto
            raise SdpError(f"line {number} is no SDP line")
        kind, value = match[1], match[2]
        if kind == "m":
            sections.append(_media_line(value))
        elif sections:
            _media_level(sections[-1], kind, value)
        elif kind == "a":
            direction = _DIRECTIONS.get(value, direction)
        elif kind == "b":
            rates_kbps += _session_rates_kbps(value)
        else:
            heading |= _session_level(kind, value)
    if not {"session_id", "name"} <= heading.keys():
        raise SdpError("has no o= or no s= line")
    media = tuple(_close(section, direction, heading["address"]) for section in sections)
    return SessionDescription(media=media, as_kbps=min(rates_kbps, default=None), **heading)


def _session_level(kind: str, value: str) -> dict[str, Any]:
    """Return the arguments of `SessionDescription` that a line gives."""
    match kind:
        case "o":
            parts = value.split()
            if len(parts) != 6:
                raise SdpError("o= needs six fields")
            number, version = _number(parts[1]), _number(parts[2])
            if number is None or version is None:
                raise SdpError("o= needs whole numbers as id and version")
            origin = {"user": parts[0], "session_id": number, "version": version}
            return origin | {"origin_address": parts[5]}
        case "s":
            return {"name": value}
        case "c":
            return {"address": _connection(value)}
    return {}


def _session_rates_kbps(value: str) -> list[int]:
    """Return the limit that a b= line of the whole session states, if it can be parsed."""
    kind, _, text = value.partition(":")
    rate = _number(text)
    if kind not in ("AS", "CT", "TIAS") or rate is None:
        return []
    return [rate // 1000 if kind == "TIAS" else rate]


def _media_line(value: str) -> _Section:
    parts = value.split()
    if len(parts) < 4:
        raise SdpError(f"m={value[:40]}: needs kind, port, protocol and a format")
    kind, port_text, protocol, *formats = parts
    port = _number(port_text.partition("/")[0]) or 0
    return _Section(kind, protocol, tuple(formats), {"port": port if port <= MAX_PORT else 0})


def _media_level(section: _Section, kind: str, value: str) -> None:
    terms = section.terms
    if kind == "c":
        terms["address"] = _connection(value)
        if terms["address"] is None:
            terms["port"] = 0
    elif kind == "b" and value.startswith("AS:"):
        terms["as_kbps"] = _number(value[3:])
    elif kind == "b" and value.startswith("TIAS:"):
        terms["tias_bps"] = _number(value[5:])
    elif kind == "a":
        _attribute(section, value)


def _attribute(section: _Section, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    value = value.strip()
    terms = section.terms
    first, _, rest = value.partition(" ")
    number = _number(first)
    match name:
        case "rtpmap" if number is not None:
            match = _RTPMAP.match(value)
            section.maps[number] = match and Codec(
                number, match[2], int(match[3]), int(match[4] or 1)
            )
        case "fmtp" if number is not None:
            section.fmtp[number] = rest.strip()
        case "ptime":
            terms["ptime_ms"] = _number(value.partition(".")[0])
        case "rtcp" if number is not None and 0 < number <= MAX_PORT + 1:
            terms["rtcp_port"] = number
        case "rtcp-mux":
            terms["rtcp_mux"] = True
        case "rtcp-fb":
            terms["feedback"] = (*terms.get("feedback", ()), " ".join(value.split()))
        case "content":
            tags = (tag.strip().lower() for tag in value.split(",") if tag.strip())
            terms["content"] = tuple(tags)
        case "crypto" if (line := read_crypto(value)) is not None:
            terms["crypto"] = (*terms.get("crypto", ()), line)
        case _ if attribute in _DIRECTIONS:
            section.direction = _DIRECTIONS[attribute]


def _close(section: _Section, direction: Direction, session_address: str | None) -> Media:
    codecs = []
    for text in section.formats if section.protocol.startswith("RTP/") else ():
        number = _number(text)
        if number is None or number > MAX_PAYLOAD_TYPE:
            continue
        codec = section.maps.get(number, STATIC_CODECS.get(number))
        if codec is not None:
            codecs.append(replace(codec, fmtp=section.fmtp.get(number, "")))
    if session_address is None and "address" not in section.terms:
        section.terms["port"] = 0
    return Media(
        section.kind,
        codecs=tuple(codecs),
        direction=section.direction or direction,
        protocol=section.protocol,
        formats=section.formats,
        **section.terms,
    )


def _connection(value: str) -> str | None:
    """Return the address of a c= line, None if it has none that can be parsed."""
    parts = value.split()
    if len(parts) != 3 or parts[0] != "IN":
        return None
    try:
        address = ipaddress.ip_address(parts[2].partition("/")[0])
    except ValueError:
        return None
    return str(address) if parts[1] == f"IP{address.version}" else None


def _number(text: str) -> int | None:
    """Return a whole number, None if the text is none."""
    # `int` also takes digits of other scripts, signs and underscores
    digits = text.strip()
    return int(digits) if _NUMBER.match(digits) else None


def build(session: SessionDescription) -> bytes:
    """Return the description's text. Raises `SdpError` for a section without formats."""
    origin = f"{session.user} {session.session_id} {session.version}"
    at = session.origin_address
    lines = ["v=0", f"o={origin} IN {_family(at)} {at}", f"s={session.name}"]
    if session.address is not None:
        lines.append(f"c=IN {_family(session.address)} {session.address}")
    if session.as_kbps is not None:
        lines.append(f"b=AS:{session.as_kbps}")
    lines.append("t=0 0")
    for media in session.media:
        lines += _media_lines(media)
    return "".join(f"{line}\r\n" for line in lines).encode()


def _media_lines(media: Media) -> list[str]:
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
    lines += [f"a=rtcp-fb:{value}" for value in media.feedback]
    lines += [f"a=crypto:{line.text()}" for line in media.crypto]
    for name, value in (
        ("ptime", media.ptime_ms),
        ("rtcp", media.rtcp_port),
        ("content", ",".join(media.content) or None),
    ):
        if value is not None:
            lines.append(f"a={name}:{value}")
    if media.rtcp_mux:
        lines.append("a=rtcp-mux")
    if media.port:
        lines.append(f"a={media.direction}")
    return lines


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"
