"""Header fields and bodies of SIP messages: reading with care, writing (RFC 3261 §20).

The fields that are read most are read once and remembered by their text. Of a message that
`parser.parse` let through all of them can be read; of others this raises what `sipmessage` does
(`addresses.PARSE_ERRORS`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sipmessage import Address, CSeq, MediaType, Parameters, Request, Response, Via

from giaoban.lru_cache import of_short_texts
from giaoban.mcu_sim.sip.message.addresses import (
    HostPort,
    forget,
    one_comma,
    read_addresses,
    read_uri,
)


def _addresses(text: str) -> tuple[Address, ...]:
    try:
        return tuple(Address.parse_many(text))
    except ValueError as error:
        forget(error)
    return tuple(read_addresses(text))


def _only(text: str) -> Address:
    found = addresses(text)
    if len(found) != 1:
        raise ValueError("one address is wanted")
    return found[0]


def _vias(text: str) -> tuple[Via, ...]:
    return tuple(Via.parse_many(one_comma(text)))


vias = of_short_texts(_vias)
addresses = of_short_texts(_addresses)
_address = of_short_texts(_only)
_tag = of_short_texts(lambda text: tag_of(_only(text)))
uri_of = of_short_texts(read_uri)
_cseq = of_short_texts(CSeq.parse)
_media_type = of_short_texts(MediaType.parse)


def top_via(message: Request | Response) -> Via:
    """The topmost Via."""
    return vias(message.headers["Via"])[0]


def from_of(message: Request | Response) -> Address:
    """From."""
    return _address(message.headers["From"])


def to_of(message: Request | Response) -> Address:
    """To."""
    return _address(message.headers["To"])


def from_tag(message: Request | Response) -> str:
    """The tag of From, "" if there is none (RFC 2543 peers)."""
    return _tag(message.headers["From"])


def to_tag(message: Request | Response) -> str:
    """The tag of To, "" if there is none: outside a dialog."""
    return _tag(message.headers["To"])


def cseq_of(message: Request | Response) -> CSeq:
    """CSeq."""
    return _cseq(message.headers["CSeq"])


def contacts_of(message: Request | Response) -> list[Address]:
    """All Contacts; "*" is none that can be read."""
    return [one for text in message.headers.getlist("Contact") for one in addresses(text)]


def media_type_of(message: Request | Response) -> MediaType | None:
    """Content-Type, None if absent."""
    text = message.headers.get("Content-Type")
    return None if text is None else _media_type(text)


def parameter(parameters: Parameters, name: str) -> str | None:
    """A parameter's value by its case-insensitive name; "" if it stands without one."""
    for key in parameters:
        if key == name or key.lower() == name:
            return parameters[key] or ""
    return None


def tag_of(address: Address) -> str:
    """The tag of a From or To, "" if there is none (RFC 2543 peers)."""
    return parameter(address.parameters, "tag") or ""


SDP_TYPE = "application/sdp"
OTHER_WARNING = 399
"""Miscellaneous (RFC 3261 §20.43)."""
MAX_SECONDS = 2**32 - 1
"""The largest delta-seconds (RFC 3261 §20.19); larger ones count as this."""

_SECONDS = re.compile(r"\s*(\d{1,20})", re.ASCII)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_CAUSE = re.compile(r"cause\s*=\s*(\d{3})", re.ASCII)


def set_body(message: Request | Response, body: bytes, content_type: str = SDP_TYPE) -> None:
    """Put a body into a message, a session description if nothing else is said.

    With "" for its type none is told, as of an empty body.
    """
    message.body = body
    if content_type:
        message.headers.set("Content-Type", content_type)
    message.headers.set("Content-Length", str(len(body)))


def body_of(message: Request | Response) -> bytes | None:
    """The session description in a message, or None if there is none."""
    content = media_type_of(message)
    if not message.body or content is None or content.mime_type.lower() != SDP_TYPE:
        return None
    body: bytes = message.body
    return body


def seconds(text: str | None) -> int | None:
    """The delta-seconds a header begins with, None if absent or unreadable."""
    match = _SECONDS.match(text or "")
    return min(int(match[1]), MAX_SECONDS) if match else None


def retry_after_s(response: Response) -> int | None:
    """Seconds in Retry-After (RFC 3261 §20.33), None if absent or unreadable."""
    return seconds(response.headers.get("Retry-After"))


def tokens(values: Iterable[str]) -> list[str]:
    """The comma-separated tokens of a header's lines."""
    return [token.strip() for value in values for token in value.split(",") if token.strip()]


def quoted(text: str) -> str:
    """A text as a quoted-string (RFC 3261 §25.1); what could end the line becomes blanks."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def reason(cause: int, text: str) -> str:
    """A Reason (RFC 3326 §2): `cause` is a SIP status code."""
    return f"SIP;cause={cause};text={quoted(text)}"


def warned(code: int, warning: int, agent: HostPort, text: str) -> dict[str, str]:
    """The Warning that belongs to a 488 (RFC 3261 §21.4.26), nothing for other codes."""
    if code != 488:
        return {}
    return {"Warning": f"{warning} {agent[0]}:{agent[1]} {quoted(text)}"}


def reason_cause(message: Request | Response) -> int | None:
    """The SIP status code that a message gives as its Reason, None if it gives none."""
    for value in message.headers.getlist("Reason"):
        for one in _QUOTED.sub('""', value).split(","):
            protocol, *parameters = [part.strip().lower() for part in one.split(";")]
            match = next((m for p in parameters if (m := _CAUSE.fullmatch(p))), None)
            if protocol == "sip" and match is not None:
                return int(match[1])
    return None


def again(request: Request, sequence: int) -> Request:
    """A request to be sent once more with another CSeq (§8.1.3.5, §22.2).

    Its Via on top is empty, and what it proved itself with stays behind: that was good for one
    request.
    """
    copy = Request(request.method, request.uri, request.body)
    copy.headers.set("Via", "")
    for name in request.headers.keys():  # noqa: SIM118  # `Headers` is no mapping
        if name not in ("Via", "Authorization", "Proxy-Authorization"):
            copy.headers.setlist(name, list(request.headers.getlist(name)))
    copy.cseq = CSeq(sequence, request.method)
    return copy
