"""SIP messages on `sipmessage`: checks of received ones, headers of our own (RFC 3261 §7, §20).

The headers that the functions here return can be parsed in every message that `parse` returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from sipmessage import Address, CSeq, Message, Parameters, Request, Response, Via

from giaoban.text import printable

HostPort = tuple[str, int]
"""IP address and port."""
Transport = Literal["UDP", "TCP"]


class Peer(NamedTuple):
    """The source or destination of a message: IP address, port and transport."""

    host: str
    port: int
    transport: Transport = "UDP"

    @property
    def reliable(self) -> bool:
        """Whether the transport repeats lost data by itself (RFC 3261 §17)."""
        return self.transport != "UDP"


SIP_PORT = 5060
"""Default port over UDP and TCP (RFC 3261 §19.1.2)."""
MAGIC_COOKIE = "z9hG4bK"
USER_AGENT = "giaoban"
SDP_TYPE = "application/sdp"
MAX_HEADER_LINES = 200
"""`sipmessage` takes time with the square of the number of header lines."""
LONGEST_PHRASE = 200
MAX_SECONDS = 2**32 - 1
"""The largest delta-seconds (RFC 3261 §20.19); larger ones count as this."""
PHRASES = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
}

_FOLD = re.compile(rb"\r\n[ \t]+")
_SECONDS = re.compile(r"\s*(\d{1,20})", re.ASCII)
_RPORT = re.compile(r";\s*rport\s*(?:=\s*\d*\s*)?(?=;|$)", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^",]++|"[^"]*"|")*')
_CAUSE = re.compile(r"\s*SIP\s*;(?:.*;)?\s*cause\s*=\s*(\d{3})", re.ASCII | re.IGNORECASE)

PARSE_ERRORS = (ValueError, KeyError, TypeError)
"""`sipmessage` raises ValueError, KeyError for a missing header, and TypeError for a parameter that
is called "self"."""


class MalformedError(ValueError):
    """Bytes that are no SIP message, or one whose mandatory headers or body are wrong."""


def parse(data: bytes, *, stream: bool = False) -> Request | Response:
    """Parse one message. Its body is cut to Content-Length (RFC 3261 §18.3), which must be there
    over a `stream` (§20.14). Raises `MalformedError`."""
    head, _, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if head.count(b"\r\n") > MAX_HEADER_LINES:
        raise MalformedError("too many header lines")
    try:
        message = Message.parse(b"%b\r\n\r\n%b" % (_FOLD.sub(b" ", head), body))
        _check(message)
        length = message.content_length
    except (*PARSE_ERRORS, IndexError) as error:
        _forget(error)
        raise MalformedError("not a valid SIP message") from None
    if (length is None and stream) or (length is not None and not 0 <= length <= len(message.body)):
        raise MalformedError("Content-Length is not the body's")
    message.body = message.body[:length]
    return message


def _check(message: Request | Response) -> None:
    """Parse the headers that are used, so that they can be parsed later. Raises `PARSE_ERRORS`."""
    if isinstance(message, Response) and not 100 <= message.code < 700:
        raise ValueError("bad status code")
    top_via(message)
    from_of(message)
    to_of(message)
    cseq = cseq_of(message)
    if not message.call_id or cseq.sequence >= 2**31:
        raise ValueError("bad Call-ID or CSeq")
    if isinstance(message, Request) and cseq.method != message.method:
        raise ValueError("CSeq method is not the request's")
    if message.headers.get("Contact") != "*":
        contacts_of(message)
    _ = message.record_route, message.content_type


def _forget(error: BaseException) -> None:
    """Cut the traceback of an exception. `sipmessage` raises the same exception objects again and
    again; Python would add to their tracebacks, which hold every bad message, without end."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


# ------------------------------------------------------------------------------- reading of headers


@lru_cache(maxsize=256)
def _address(text: str) -> Address:
    return Address.parse(text)


@lru_cache(maxsize=256)
def _cseq(text: str) -> CSeq:
    return CSeq.parse(text)


@lru_cache(maxsize=256)
def _vias(text: str) -> tuple[Via, ...]:
    return tuple(Via.parse_many(text))


def top_via(message: Request | Response) -> Via:
    """Return the topmost Via."""
    return _vias(message.headers["Via"])[0]


def from_of(message: Request | Response) -> Address:
    """Return the address of From."""
    return _address(message.headers["From"])


def to_of(message: Request | Response) -> Address:
    """Return the address of To."""
    return _address(message.headers["To"])


def from_tag(message: Request | Response) -> str:
    """Return the tag of From, "" if there is none (RFC 2543 peers)."""
    return parameter(from_of(message).parameters, "tag") or ""


def to_tag(message: Request | Response) -> str:
    """Return the tag of To, "" if there is none: the request is outside a dialog."""
    return parameter(to_of(message).parameters, "tag") or ""


def cseq_of(message: Request | Response) -> CSeq:
    """Return CSeq."""
    return _cseq(message.headers["CSeq"])


def contacts_of(message: Request | Response) -> list[Address]:
    """Return all Contacts; "*" cannot be read as one."""
    contacts: list[Address] = message.contact
    return contacts


def parameter(parameters: Parameters, name: str) -> str | None:
    """Return a parameter's value by its case-insensitive name; "" for one without a value, None if
    absent."""
    for key in parameters:
        if key.lower() == name:
            return parameters[key] or ""
    return None


def body_of(message: Request | Response) -> bytes | None:
    """Return the session description in a message, None if there is none."""
    content = message.content_type
    if not message.body or content is None or content.mime_type.lower() != SDP_TYPE:
        return None
    body: bytes = message.body
    return body


def seconds(text: str | None) -> int | None:
    """Return the delta-seconds that a header begins with, None if absent or unreadable."""
    match = _SECONDS.match(text or "")
    return min(int(match[1]), MAX_SECONDS) if match else None


def tokens(values: Iterable[str]) -> list[str]:
    """Return the comma-separated tokens of a header's lines."""
    return [token.strip() for value in values for token in value.split(",") if token.strip()]


def reason_cause(message: Request | Response) -> int | None:
    """Return the SIP status code in Reason (RFC 3326), None if there is none."""
    match = _CAUSE.match(message.headers.get("Reason") or "")
    return int(match[1]) if match else None


def phrase_of(response: Response) -> str:
    """Return the reason phrase of a peer as one printable line."""
    return printable(response.phrase, LONGEST_PHRASE)


# ------------------------------------------------------------------------------------ own messages


def set_body(message: Request | Response, body: bytes, content_type: str = SDP_TYPE) -> None:
    """Put a body into a message; no Content-Type if `content_type` is ""."""
    message.body = body
    if content_type:
        message.headers.set("Content-Type", content_type)
    message.headers.set("Content-Length", str(len(body)))


def reason(cause: int, text: str) -> str:
    """Return a Reason (RFC 3326 §2); `cause` is a SIP status code."""
    return f"SIP;cause={cause};text={quoted(text)}"


def quoted(text: str) -> str:
    """Return a text as a quoted-string (RFC 3261 §25.1)."""
    return '"' + _one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def again(request: Request, sequence: int) -> Request:
    """Return a request to send again with another CSeq (§8.1.3.5, §22.2): without its credentials,
    which were good for one request, and with an empty Via on top."""
    copy = Request(request.method, request.uri, request.body)
    copy.headers.set("Via", "")
    for name in request.headers.keys():  # noqa: SIM118  # `Headers` is no mapping
        if name not in ("Via", "Authorization", "Proxy-Authorization"):
            copy.headers.setlist(name, list(request.headers.getlist(name)))
    copy.cseq = CSeq(sequence, request.method)
    return copy


def mark_source(request: Request, source: Peer) -> None:
    """Put the source of a request into its topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).

    The text is edited, not rebuilt: a branch must go back exactly as it came.
    """
    via, values = top_via(request), request.headers.getlist("Via")
    top = _FIRST.match(values[0])[0]  # type: ignore[index]  # the pattern matches any text
    rest = values[0][len(top) :]
    top, wanted = _RPORT.subn("", top)
    if wanted:
        top += f";rport={source.port}"
    if (wanted or via.host != source.host) and parameter(via.parameters, "received") is None:
        top += f";received={source.host}"
    request.headers.setlist("Via", [top + rest, *values[1:]])


def reply_target(request: Request, source: Peer) -> Peer:
    """Return the destination of responses: the source's address (RFC 3261 §18.2.2, RFC 3581 §4),
    over TCP the connection that the request came by."""
    via = top_via(request)
    if source.reliable or parameter(via.parameters, "rport") is not None:
        return source
    return Peer(source.host, via.port or SIP_PORT, source.transport)


def reply(request: Request, code: int, phrase: str = "", to_tag: str = "") -> Response:
    """Return a response without body (RFC 3261 §8.2.6), with the headers that must be copied."""
    response = Response(code, _one_line(phrase or PHRASES.get(code, "Unknown")))
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if values := request.headers.getlist(name):
            response.headers.setlist(name, list(values))
    if 100 < code < 300:  # responses that make a dialog (§12.1.1)
        for route in request.headers.getlist("Record-Route"):
            response.headers.add("Record-Route", route)
    to = response.headers.get("To")
    if to and to_tag and ";tag=" not in to.replace(" ", "").lower():
        response.headers.set("To", f"{to};tag={to_tag}")
    response.headers.set("User-Agent", USER_AGENT)
    response.headers.set("Content-Length", "0")
    return response


def _one_line(text: str) -> str:
    """Return a text without characters that could end a header line."""
    return "".join(character if character.isprintable() else " " for character in text)
