"""Reading a session description; unknown lines and attributes are passed over (RFC 8866 §5).

A line of a section that cannot be read costs what it is about, and not the call: a codec, a key, at
most the section. It is kept among the section's `faults`. So is an address of the session (c=) that
cannot be read, in the sections that have none of their own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace

from mcu_sim.sdp.crypto import read_crypto
from mcu_sim.sdp.description import (
    STATIC_CODECS,
    Codec,
    Direction,
    Fault,
    Media,
    SdpError,
    Session,
    Warn,
)

MAX_PAYLOAD_TYPE = 127

_LINE = re.compile(r"^([a-zA-Z])=(.*)$", re.DOTALL)
_RTPMAP = re.compile(r"^(\d{1,3}) +([^\s/]+)/(\d{1,9})(?:/(\d{1,2}))?$", re.ASCII)
_NUMBER = re.compile(r"^\d{1,20}$", re.ASCII)


@dataclass(slots=True)
class _Section:
    """Lines of one m= section while it is read."""

    media: Media
    maps: dict[int, Codec] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
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
    nowhere = Fault("no connection address (c=)", Warn.NETWORK)
    sections: list[_Section] = []
    seen = set()
    for number, line in enumerate(lines[1:], 2):
        match = _LINE.match(line)
        if match is None:
            # not quoted: it may be a mangled a=crypto
            raise SdpError(f"line {number} is no SDP line")
        kind, value = match[1], match[2]
        if kind == "m":
            sections.append(_Section(_media_line(value)))
        elif sections:
            _within(sections[-1], kind, value)
        elif kind == "a" and value in tuple(Direction):
            direction = Direction(value)
        elif kind == "c":
            try:
                session = replace(session, address=_connection(value))
            except SdpError as error:
                nowhere = Fault(str(error), error.warning)
        else:
            session = _session_level(session, kind, value)
        seen.add(kind)
    if missing := {"o", "s"} - seen:
        raise SdpError(f"has no {' or '.join(sorted(missing))}= line")
    media = (_close(section, direction) for section in sections)
    lost = session.address is None
    return replace(
        session,
        media=tuple(m.without(nowhere) if lost and m.port and not m.address else m for m in media),
    )


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
        case "b" if value.startswith("AS:") and _NUMBER.match(value[3:].strip()):
            return replace(session, as_kbps=_number(value[3:], "b=AS"))
    return session


def _media_line(value: str) -> Media:
    parts = value.split()
    if len(parts) < 4:
        raise SdpError(f"m={value[:40]}: needs kind, port, protocol and a format")
    kind, port_text, protocol, *formats = parts
    port = _number(port_text.partition("/")[0], "m=")
    media = Media(kind=kind, port=port, protocol=protocol, formats=tuple(formats))
    if port > 65535:
        return media.without(Fault(f"m={kind}: port {port_text[:20]} is above 65535"))
    return media


def _within(section: _Section, kind: str, value: str) -> None:
    try:
        _media_level(section, kind, value)
    except SdpError as error:
        if kind == "c":
            section.media = section.media.without(Fault(str(error), error.warning))
        else:
            _note(section, str(error))


def _note(section: _Section, fault: str) -> None:
    section.media = replace(section.media, faults=(*section.media.faults, Fault(fault)))


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
    value = value.strip()
    media = section.media
    match name:
        case "rtpmap":
            _rtpmap(section, value)
        case "fmtp":
            number_text, _, text = value.partition(" ")
            # Formats of other protocols than RTP need not be numbers (RFC 8866 §6.15).
            if _NUMBER.match(number_text):
                section.fmtp[int(number_text)] = text.strip()
        case "ptime":
            section.media = replace(media, ptime_ms=_milliseconds(value, "a=ptime"))
        case "maxptime":
            section.media = replace(media, maxptime_ms=_milliseconds(value, "a=maxptime"))
        case "rtcp":
            port = _number(value.partition(" ")[0], "a=rtcp")
            if not 0 < port < 65536:
                raise SdpError(f"a=rtcp: port {port} is not 1–65535")
            section.media = replace(media, rtcp_port=port)
        case "rtcp-mux":
            section.media = replace(media, rtcp_mux=True)
        case "rtcp-fb":
            section.media = replace(media, feedback=(*media.feedback, " ".join(value.split())))
        case "content":
            tags = tuple(tag.strip().lower() for tag in value.split(",") if tag.strip())
            section.media = replace(media, content=tags)
        case "label":
            section.media = replace(media, label=value)
        case "crypto":
            _crypto(section, value)
        case _ if attribute in tuple(Direction):
            section.direction = Direction(attribute)


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
        section.media = replace(section.media, crypto=(*section.media.crypto, line))


def _close(section: _Section, session_direction: Direction) -> Media:
    media = section.media
    codecs = []
    for text in media.formats if media.protocol.startswith("RTP/") else ():
        if not _NUMBER.match(text) or int(text) > MAX_PAYLOAD_TYPE:
            _note(section, f"m={media.kind}: {text[:20]} is no payload type")
            continue
        number = int(text)
        codec = section.maps.get(number) or STATIC_CODECS.get(number)
        if codec is not None and number not in section.unreadable:
            codecs.append(replace(codec, fmtp=section.fmtp.get(number, "")))
    direction = section.direction or session_direction
    return replace(section.media, codecs=tuple(codecs), direction=direction)


def _connection(value: str) -> str:
    parts = value.split()
    if len(parts) != 3 or parts[0] != "IN":
        raise SdpError(f"c={value[:40]}: needs IN, IP4 or IP6, and an address", Warn.NETWORK)
    try:
        return str(ipaddress.ip_address(parts[2].partition("/")[0]))
    except ValueError:
        wrong = f"c={value[:40]}: {parts[2][:40]} is no IP address"
        raise SdpError(wrong, Warn.NETWORK) from None


def _milliseconds(text: str, where: str) -> int:
    return _number(text.partition(".")[0], where)


def _number(text: str, where: str) -> int:
    # what `strip` takes for white space is not all such to `int`
    digits = text.strip()
    if not _NUMBER.match(digits):
        raise SdpError(f"{where}: {text[:40]!r} is not a whole number")
    return int(digits)
