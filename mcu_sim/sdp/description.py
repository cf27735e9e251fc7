"""Session descriptions (RFC 8866): what they say, reading and writing them.

Unknown lines and attributes are passed over (§5). A line of a section that cannot be read costs
what it is about, and not the call: a codec, a key, at most the section. It is kept among the
section's `problems`. So is an address of the session (c=) that cannot be read, in the sections that
have none of their own.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from giaoban.lru_cache import of_short_texts
from giaoban.mcu_sim.sdp.crypto import Crypto, read_crypto


class Warn(enum.IntEnum):
    """Warning codes of RFC 3261 §20.43 that say what is wrong with a session description."""

    NETWORK = 301
    TRANSPORT = 302
    MEDIA = 304
    FORMAT = 305
    ATTRIBUTE = 306
    BANDWIDTH = 370
    OTHER = 399


class Problem(NamedTuple):
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
        crypto: the a=crypto lines that can be used here, in their order (RFC 4568).
        feedback: values of a=rtcp-fb: a payload type or `*`, and what it may be answered with
            (RFC 4585 §4.2).
        problems: what is wrong with it and has cost something of it: a codec, a key, the section.
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
    crypto: tuple[Crypto, ...] = ()
    feedback: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def without(self, problem: Problem) -> Media:
        """The section refused, since this is wrong with it."""
        return replace(self, port=0, problems=(*self.problems, problem))

    def tokens(self) -> tuple[str, ...]:
        """The formats of the m= line, from the codecs if it was not read from one."""
        return self.formats or tuple(str(codec.payload_type) for codec in self.codecs)


def feedback_for(feedback: Sequence[str], payload_type: int) -> set[str]:
    """The kinds of RTCP feedback for one payload type, e.g. `nack pli`, of values of a=rtcp-fb.

    Behind `ccm` there may be parameters (`tmmbr smaxpr=120`, RFC 5104 §7.1); some devices have
    several of its commands in one line.
    """
    found = set()
    for format_, _, kind in (value.partition(" ") for value in feedback):
        if format_ in ("*", str(payload_type)):
            first, _, commands = kind.partition(" ")
            found |= {f"ccm {one}" for one in commands.split()} if first == "ccm" else {kind}
    return found


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `address` is the session's c= line, None if only media have one.
    `as_kbps`: the lowest that b=AS, b=CT (RFC 8866 §5.8) and b=TIAS (RFC 3890) say of the whole
    session, all its media together; None: they say nothing."""

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


MAX_PAYLOAD_TYPE = 127

ip_address = of_short_texts(ipaddress.ip_address)

_DIRECTIONS = {str(direction): direction for direction in Direction}
_LINE = re.compile(r"^([a-zA-Z])=(.*)$", re.DOTALL)
_RTPMAP = re.compile(r"^(\d{1,3}) +([^\s/]+)/(\d{1,9})(?:/(\d{1,2}))?$", re.ASCII)
_NUMBER = re.compile(r"^\d{1,20}$", re.ASCII)


@dataclass(slots=True)
class _Section:
    """Lines of one m= section while it is read; `terms`: what of `Media` they say."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    terms: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    maps: dict[int, Codec] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    fmtp: dict[int, str] = field(default_factory=dict)
    direction: Direction | None = None

    def refuse(self, problem: Problem) -> None:
        """As `Media.without`."""
        self.terms["port"] = 0
        self.problems.append(problem)


def parse(data: bytes) -> SessionDescription:
    """Parse a description. Raises `SdpError`, and nothing else, for bytes of any kind."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SdpError("is not UTF-8") from None
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if lines[:1] != ["v=0"]:
        raise SdpError("does not begin with v=0")
    address: str | None = None
    heading: dict[str, Any] = {}
    rates_kbps: list[int] = []
    direction = Direction.SENDRECV
    nowhere = Problem("no connection address (c=)", Warn.NETWORK)
    sections: list[_Section] = []
    seen = set()
    for number, line in enumerate(lines[1:], 2):
        match = _LINE.match(line)
        if match is None:
            # not quoted: it may be a mangled a=crypto
            raise SdpError(f"line {number} is no SDP line")
        kind, value = match[1], match[2]
        if kind == "m":
            sections.append(_media_line(value))
        elif sections:
            _within(sections[-1], kind, value)
        elif kind == "a" and value in _DIRECTIONS:
            direction = _DIRECTIONS[value]
        elif kind == "c":
            try:
                address = _connection(value)
            except SdpError as error:
                nowhere = Problem(str(error), error.warning)
        elif kind == "b":
            rates_kbps += _session_rates_kbps(value)
        else:
            heading |= _session_level(kind, value)
        seen.add(kind)
    if missing := {"o", "s"} - seen:
        raise SdpError(f"has no {' or '.join(sorted(missing))}= line")
    lacking = nowhere if address is None else None
    media = tuple(_close(section, direction, lacking) for section in sections)
    rate_kbps = min(rates_kbps, default=None)
    return SessionDescription(address, media, as_kbps=rate_kbps, **heading)


def _session_level(kind: str, value: str) -> dict[str, Any]:
    """What of `SessionDescription` a line says."""
    match kind:
        case "o":
            parts = value.split()
            if len(parts) != 6:
                raise SdpError("o= needs six fields")
            number, version = _number(parts[1], "o="), _number(parts[2], "o=")
            told = {"user": parts[0], "session_id": number, "version": version}
            return told | {"origin_address": parts[5]}
        case "s":
            return {"name": value}
    return {}


def _session_rates_kbps(value: str) -> list[int]:
    """The limit that a b= line of the whole session states, if it can be read."""
    kind, _, text = value.partition(":")
    if kind not in ("AS", "CT", "TIAS") or not _NUMBER.match(text.strip()):
        return []
    rate = _number(text, f"b={kind}")
    return [rate // 1000 if kind == "TIAS" else rate]


def _media_line(value: str) -> _Section:
    parts = value.split()
    if len(parts) < 4:
        raise SdpError(f"m={value[:40]}: needs kind, port, protocol and a format")
    kind, port_text, protocol, *formats = parts
    port = _number(port_text.partition("/")[0], "m=")
    section = _Section(kind, protocol, tuple(formats), {"port": port})
    if port > 65535:
        section.refuse(Problem(f"m={kind}: port {port_text[:20]} is above 65535"))
    return section


def _within(section: _Section, kind: str, value: str) -> None:
    try:
        _media_level(section, kind, value)
    except SdpError as error:
        if kind == "c":
            section.refuse(Problem(str(error), error.warning))
        else:
            section.problems.append(Problem(str(error)))


def _media_level(section: _Section, kind: str, value: str) -> None:
    terms = section.terms
    if kind == "c":
        terms["address"] = _connection(value)
    elif kind == "b" and value.startswith("AS:"):
        terms["as_kbps"] = _number(value[3:], "b=AS")
    elif kind == "b" and value.startswith("TIAS:"):
        terms["tias_bps"] = _number(value[5:], "b=TIAS")
    elif kind == "a":
        _attribute(section, value)


def _attribute(section: _Section, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    value = value.strip()
    terms = section.terms
    match name:
        case "rtpmap":
            _rtpmap(section, value)
        case "fmtp":
            number_text, _, text = value.partition(" ")
            # Formats of other protocols than RTP need not be numbers (RFC 8866 §6.15).
            if _NUMBER.match(number_text):
                section.fmtp[int(number_text)] = text.strip()
        case "ptime":
            terms["ptime_ms"] = _milliseconds(value, "a=ptime")
        case "maxptime":
            terms["maxptime_ms"] = _milliseconds(value, "a=maxptime")
        case "rtcp":
            port = _number(value.partition(" ")[0], "a=rtcp")
            if not 0 < port < 65536:
                raise SdpError(f"a=rtcp: port {port} is not 1–65535")
            terms["rtcp_port"] = port
        case "rtcp-mux":
            terms["rtcp_mux"] = True
        case "rtcp-fb":
            terms["feedback"] = (*terms.get("feedback", ()), " ".join(value.split()))
        case "content":
            tags = (tag.strip().lower() for tag in value.split(",") if tag.strip())
            terms["content"] = tuple(tags)
        case "crypto":
            _crypto(section, value)
        case _ if attribute in _DIRECTIONS:
            section.direction = _DIRECTIONS[attribute]


def _rtpmap(section: _Section, value: str) -> None:
    match = _RTPMAP.match(value)
    if match is None:
        number_text = value.partition(" ")[0]
        if _NUMBER.match(number_text):
            section.unreadable.add(int(number_text))
        raise SdpError(f"a=rtpmap:{value[:40]}: cannot be read")
    number = int(match[1])
    section.maps[number] = Codec(number, match[2], int(match[3]), int(match[4] or 1))


def _crypto(section: _Section, value: str) -> None:
    try:
        line = read_crypto(value)
    except ValueError as error:
        raise SdpError(f"a=crypto: {error}") from None
    if line is not None:
        section.terms["crypto"] = (*section.terms.get("crypto", ()), line)


def _close(section: _Section, session_direction: Direction, lacking: Problem | None) -> Media:
    """`lacking`: why the session has no address, if it has none."""
    codecs = []
    for text in section.formats if section.protocol.startswith("RTP/") else ():
        if not _NUMBER.match(text) or int(text) > MAX_PAYLOAD_TYPE:
            problem = Problem(f"m={section.kind}: {text[:20]} is no payload type")
            section.problems.append(problem)
            continue
        number = int(text)
        codec = section.maps.get(number) or STATIC_CODECS.get(number)
        if codec is not None and number not in section.unreadable:
            fmtp = section.fmtp.get(number)
            codecs.append(replace(codec, fmtp=fmtp) if fmtp else codec)
    if lacking is not None and section.terms["port"] and "address" not in section.terms:
        section.refuse(lacking)
    return Media(
        section.kind,
        codecs=tuple(codecs),
        direction=section.direction or session_direction,
        protocol=section.protocol,
        formats=section.formats,
        problems=tuple(section.problems),
        **section.terms,
    )


def _connection(value: str) -> str:
    parts = value.split()
    if len(parts) != 3 or parts[0] != "IN" or parts[1] not in ("IP4", "IP6"):
        raise SdpError(f"c={value[:40]}: needs IN, IP4 or IP6, and an address", Warn.NETWORK)
    try:
        address = str(ip_address(parts[2].partition("/")[0]))
    except ValueError:
        wrong = f"c={value[:40]}: {parts[2][:40]} is no IP address"
        raise SdpError(wrong, Warn.NETWORK) from None
    if _family(address) != parts[1]:
        # which of the two is meant nobody can tell (RFC 8866 §5.7)
        raise SdpError(f"c={value[:40]}: the address is {_family(address)}", Warn.NETWORK)
    return address


def _milliseconds(text: str, where: str) -> int:
    return _number(text.partition(".")[0], where)


def _number(text: str, where: str) -> int:
    # what `strip` takes for white space is not all such to `int`
    digits = text.strip()
    if not _NUMBER.match(digits):
        raise SdpError(f"{where}: {text[:40]!r} is not a whole number")
    return int(digits)


def build(session: SessionDescription) -> bytes:
    """The description's text. Raises `SdpError` for a section without formats."""
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
        ("maxptime", media.maxptime_ms),
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
