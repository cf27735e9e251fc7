"""Reading SIP messages from the wire and writing answers to them (RFC 3261 §7, §8.2.6, §18).

`sipmessage` parses and serialises; this module decides what is garbage (dropped), what is
malformed but can be answered with a 400, and what is a message to work with.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, NamedTuple

from sipmessage import URI, Request, Response
from sipmessage.message import COMPACT_FORMS

from mcu_sim.sip.fields import (
    addresses,
    contacts_of,
    cseq_of,
    from_of,
    media_type_of,
    parameter,
    tag_of,
    to_of,
    top_via,
    vias,
)

HostPort = tuple[str, int]
"""IP address and port."""
Transport = Literal["UDP", "TCP"]


class Peer(NamedTuple):
    """Where a message came from or goes to: IP address, port and transport."""

    host: str
    port: int
    transport: Transport = "UDP"

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 §17)."""
        return self.transport == "TCP"


DEFAULT_PORT = 5060
MAGIC_COOKIE = "z9hG4bK"
USER_AGENT = "giaoban"
SDP_TYPE = "application/sdp"

PHRASES = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    505: "Version Not Supported",
    603: "Decline",
}

MAX_HEADER_LINES = 200
"""No honest message has more; `sipmessage` takes time with their square."""

_START = re.compile(r"^(?P<method>[A-Za-z0-9\-.!%*_+`'~]+) (?P<uri>\S.*?) (?P<version>\S+)$")
_STATUS = re.compile(r"^SIP/2\.0 (?P<code>[1-6]\d\d) (?P<phrase>.*)", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"^SIP/\d+\.\d+$", re.ASCII | re.IGNORECASE)
_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type")
_RPORT = re.compile(r";\s*rport\s*(?:=\s*\d*\s*)?(?=;|$)", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^",]|"[^"]*"|")*')
_FOLD = re.compile(r"\r\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_STAND_IN = URI.parse("sip:invalid.invalid")

# What `sipmessage` raises on bad text: ValueError by contract, KeyError for a header that is not
# there, TypeError when a parameter happens to be called "self".
PARSE_ERRORS = (ValueError, KeyError, TypeError)


def forget(error: BaseException) -> None:
    """Cut what an error of `sipmessage` holds on to.

    It raises the same exception objects again and again (`via.VIA_EXCEPTION` and others); each
    time Python adds to their traceback and context, which keep every bad message in memory.
    """
    error.__traceback__ = error.__context__ = error.__cause__ = None


class GarbageError(ValueError):
    """A datagram that is no SIP message, or one that nobody may or can answer."""


class MalformedError(ValueError):
    """A request that is wrong but can be answered: `code` and the reason say how."""

    def __init__(self, request: Request, code: int, reason: str) -> None:
        super().__init__(reason)
        self.request = request
        self.code = code


def parse(data: bytes) -> Request | Response:
    """One message as it came, whose mandatory headers are there and can be read.

    Raises `GarbageError` or `MalformedError`. The body is cut to Content-Length (RFC 3261 §18.3).
    """
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise GarbageError("no empty line after the headers")
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        raise GarbageError("headers are not UTF-8") from None
    faults: list[tuple[int, str]] = []
    text = _FOLD.sub(" ", text)
    if _CONTROL.search(text):
        faults.append((400, "Control character in a header"))
        text = _CONTROL.sub(" ", text)
    start, *lines = text.split("\r\n")
    if len(lines) > MAX_HEADER_LINES:
        raise GarbageError("too many header lines")
    message = _begin(start, body, faults)
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip()
        if colon and name:
            message.headers.add(COMPACT_FORMS.get(name.lower(), name), value.strip())
        else:
            faults.append((400, "Header line without a name"))
    code, fault = faults[0] if faults else (400, _fault(message))
    if fault is None:
        return message
    if isinstance(message, Response) or not _answerable(message):
        raise GarbageError(fault)
    raise MalformedError(message, code, fault)


def _begin(start: str, body: bytes, faults: list[tuple[int, str]]) -> Request | Response:
    """A message without headers from its start line; what is wrong with that goes to `faults`."""
    status = _STATUS.match(start)
    if status is not None:
        return Response(int(status["code"]), status["phrase"], body)
    match = _START.match(start)
    if match is None or not _VERSION.match(match["version"]):
        raise GarbageError("start line is neither a request's nor a response's")
    uri = _STAND_IN
    if match["version"].upper() != "SIP/2.0":
        faults.append((505, PHRASES[505]))
    else:
        try:
            uri = URI.parse(match["uri"])
        except PARSE_ERRORS as error:
            forget(error)
            faults.append((400, "Bad Request-URI"))
    return Request(match["method"], uri, body)


def _fault(message: Request | Response) -> str | None:
    """What is wrong with the mandatory headers and the body, or None. Cuts the body."""
    for name in _ONCE:
        if len(message.headers.getlist(name)) > 1:
            return f"{name} more than once"
    reading = "Via"
    try:
        lines = [vias(value) for value in message.headers.getlist("Via")]
        if not lines or not all(lines):
            return "Missing Via"
        if not 0 < (top_via(message).port or DEFAULT_PORT) < 65536:
            return "Bad port in Via"
        reading = "From"
        from_of(message)
        reading = "To"
        to_of(message)
        reading = "Call-ID"
        if not message.call_id:
            return "Missing Call-ID"
        reading = "CSeq"
        cseq = cseq_of(message)
        if cseq.sequence >= 2**31:
            return "CSeq out of range"
        if isinstance(message, Request) and cseq.method != message.method:
            return "CSeq method is not the request's"
        reading = "Contact"
        request = isinstance(message, Request)
        starred = request and message.headers.get("Contact") == "*"
        contact = [] if starred else contacts_of(message)
        if request and message.method == "INVITE" and len(contact) != 1:
            return "INVITE needs one Contact"
        for reading in ("Route", "Record-Route"):
            for value in message.headers.getlist(reading):
                addresses(value)
        reading = "Content-Type"
        media_type_of(message)
        reading = "Max-Forwards"
        if not 0 <= (message.max_forwards or 0) <= 255:
            return "Max-Forwards out of range"
        reading = "Content-Length"
        length = message.content_length
    except PARSE_ERRORS as error:
        forget(error)
        return f"Bad {reading}" if message.headers.get(reading) else f"Missing {reading}"
    if length is not None:
        if not 0 <= length <= len(message.body):
            return "Content-Length is not the body's"
        message.body = message.body[:length]
    return None


def _answerable(request: Request) -> bool:
    """Whether a response could be built and sent: an ACK is never answered (RFC 3261 §17)."""
    if request.method == "ACK":
        return False
    try:
        top = top_via(request)
        return (top.port is None or 0 < top.port < 65536) and all(
            request.headers.get(name) for name in ("From", "To", "Call-ID", "CSeq")
        )
    except (*PARSE_ERRORS, IndexError) as error:
        forget(error)
        return False


def mark_source(request: Request, source: Peer) -> None:
    """Note in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).

    The text is edited, not rebuilt: a branch must go back exactly as it came.
    """
    values = request.headers.getlist("Via")
    top = _FIRST.match(values[0])[0]  # type: ignore[index]  # the pattern matches any text
    rest = values[0][len(top) :]
    via = top_via(request)
    top, asked = _RPORT.subn("", top)
    if asked:
        top += f";rport={source.port}"
    if (asked or via.host != source.host) and parameter(via.parameters, "received") is None:
        top += f";received={source.host}"
    request.headers.setlist("Via", [top + rest, *values[1:]])


def reply_target(request: Request, source: Peer) -> Peer:
    """Where responses go, to the address that was heard from (RFC 3261 §18.2.2, RFC 3581 §4).

    Over TCP that is the connection the request came by.
    """
    via = top_via(request)
    if source.reliable or parameter(via.parameters, "rport") is not None:
        return source
    return Peer(source.host, via.port or DEFAULT_PORT, source.transport)


def reply(request: Request, code: int, phrase: str = "", to_tag: str = "") -> Response:
    """A response without body (RFC 3261 §8.2.6): the headers that must be copied are copied.

    A phrase may quote what a peer sent, so what could end the status line is taken out.
    """
    line = "".join(c if c.isprintable() else " " for c in phrase or PHRASES.get(code, "Unknown"))
    response = Response(code=code, phrase=line)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        response.headers.setlist(name, list(request.headers.getlist(name)))
    if 200 <= code < 300:
        for route in request.headers.getlist("Record-Route"):
            response.headers.add("Record-Route", route)
    to = response.headers["To"]
    if to_tag and not _has_tag(to):
        response.headers.set("To", f"{to};tag={to_tag}")
    response.headers.set("User-Agent", USER_AGENT)
    response.headers.set("Content-Length", "0")
    return response


def _has_tag(to: str) -> bool:
    try:
        return tag_of(addresses(to)[0]) != ""
    except PARSE_ERRORS as error:
        forget(error)
        return ";tag=" in to.replace(" ", "").lower()


def stateless_tag(request: Request) -> str:
    """A To tag that is the same for each retransmission of a request (RFC 3261 §8.2.7)."""
    key = "\n".join(request.headers.getlist("Via")) + (request.headers.get("Call-ID") or "")
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()
