"""Reading SIP messages from datagrams and writing answers to them (RFC 3261 §7, §8.2.6, §18).

`sipmessage` parses and serialises; this module decides what is garbage (dropped), what is
malformed but can be answered with a 400, and what is a message to work with.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from sipmessage import URI, Address, Message, Parameters, Request, Response

HostPort = tuple[str, int]
"""IP address and UDP port."""

DEFAULT_PORT = 5060
MAGIC_COOKIE = "z9hG4bK"
USER_AGENT = "giaoban"
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"
SDP_TYPE = "application/sdp"

PHRASES = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    420: "Bad Extension",
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

_START = re.compile(r"^(?P<method>[A-Za-z0-9\-.!%*_+`'~]+) (?P<uri>\S.*?) (?P<version>\S+)$")
_STATUS = re.compile(r"^SIP/2\.0 [1-6]\d\d ", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"^SIP/\d+\.\d+$", re.ASCII | re.IGNORECASE)
_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type")
_RPORT = re.compile(r";\s*rport\s*(?:=\s*\d*\s*)?(?=;|$)", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^",]|"[^"]*"|")*')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_STAND_IN = "sip:invalid.invalid"

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
    """One datagram as a message whose mandatory headers are there and can be read.

    Raises `GarbageError` or `MalformedError`. The body is cut to Content-Length (RFC 3261 §18.3).
    """
    clean, faults = _normalise(data)
    try:
        message = Message.parse(clean)
    except PARSE_ERRORS as error:
        forget(error)
        raise GarbageError(str(error)) from None
    code, fault = faults[0] if faults else (400, _fault(message))
    if fault is None:
        return message
    if isinstance(message, Response) or not _answerable(message):
        raise GarbageError(fault)
    raise MalformedError(message, code, fault)


def _normalise(data: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """The message with lines unfolded and its start line readable, and what had to be mended."""
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise GarbageError("no empty line after the headers")
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        raise GarbageError("headers are not UTF-8") from None
    lines = re.sub(r"\r\n[ \t]+", " ", text).split("\r\n")
    faults: list[tuple[int, str]] = []
    if any(_CONTROL.search(line) for line in lines):
        faults.append((400, "Control character in a header"))
        lines = [_CONTROL.sub(" ", line) for line in lines]
    start = lines[0]
    if not _STATUS.match(start):
        start, fault = _mend_request_line(start)
        faults += [fault] if fault else []
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            faults.append((400, "Header line without a name"))
            continue
        headers.append(f"{name.strip()}: {value.strip()}")
    return "\r\n".join([start, *headers]).encode() + b"\r\n\r\n" + body, faults


def _mend_request_line(line: str) -> tuple[str, tuple[int, str] | None]:
    match = _START.match(line)
    if match is None or not _VERSION.match(match["version"]):
        raise GarbageError("start line is neither a request's nor a response's")
    if match["version"].upper() != "SIP/2.0":
        return f"{match['method']} {_STAND_IN} SIP/2.0", (505, PHRASES[505])
    try:
        URI.parse(match["uri"])
    except PARSE_ERRORS as error:
        forget(error)
        return f"{match['method']} {_STAND_IN} SIP/2.0", (400, "Bad Request-URI")
    return f"{match['method']} {match['uri']} SIP/2.0", None


def _fault(message: Request | Response) -> str | None:
    """What is wrong with the mandatory headers and the body, or None. Cuts the body."""
    for name in _ONCE:
        if len(message.headers.getlist(name)) > 1:
            return f"{name} more than once"
    reading = "Via"
    try:
        if not message.via:
            return "Missing Via"
        if not 0 < (message.via[0].port or DEFAULT_PORT) < 65536:
            return "Bad port in Via"
        for reading in ("From", "To"):
            Address.parse(message.headers[reading])
        reading = "Call-ID"
        if not message.call_id:
            return "Missing Call-ID"
        reading = "CSeq"
        cseq = message.cseq
        if cseq.sequence >= 2**31:
            return "CSeq out of range"
        if isinstance(message, Request) and cseq.method != message.method:
            return "CSeq method is not the request's"
        reading = "Contact"
        request = isinstance(message, Request)
        contact = [] if request and message.headers.get("Contact") == "*" else message.contact
        if request and message.method == "INVITE" and len(contact) != 1:
            return "INVITE needs one Contact"
        for reading in ("Route", "Record-Route"):
            for value in message.headers.getlist(reading):
                Address.parse_many(value)
        reading = "Content-Type"
        _ = message.content_type
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
        top = request.via[0]
        return (top.port is None or 0 < top.port < 65536) and all(
            request.headers.get(name) for name in ("From", "To", "Call-ID", "CSeq")
        )
    except (*PARSE_ERRORS, IndexError) as error:
        forget(error)
        return False


def parameter(parameters: Parameters, name: str) -> str | None:
    """A parameter's value by its case-insensitive name; "" if it stands without one."""
    for key, value in parameters.items():
        if key.lower() == name:
            return value or ""
    return None


def tag_of(address: Address) -> str:
    """The tag of a From or To, "" if there is none (RFC 2543 peers)."""
    return parameter(address.parameters, "tag") or ""


def mark_source(request: Request, source: HostPort) -> None:
    """Note in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).

    The text is edited, not rebuilt: a branch must go back exactly as it came.
    """
    values = request.headers.getlist("Via")
    top = _FIRST.match(values[0])[0]  # type: ignore[index]  # the pattern matches any text
    rest = values[0][len(top) :]
    via = request.via[0]
    top, asked = _RPORT.subn("", top)
    if asked:
        top += f";rport={source[1]}"
    if (asked or via.host != source[0]) and parameter(via.parameters, "received") is None:
        top += f";received={source[0]}"
    request.headers.setlist("Via", [top + rest, *values[1:]])


def reply_target(request: Request, source: HostPort) -> HostPort:
    """Where responses go (RFC 3261 §18.2.2, RFC 3581 §4), to the address that was heard from."""
    via = request.via[0]
    if parameter(via.parameters, "rport") is not None:
        return source
    return source[0], via.port or DEFAULT_PORT


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
        return tag_of(Address.parse(to)) != ""
    except PARSE_ERRORS as error:
        forget(error)
        return ";tag=" in to.replace(" ", "").lower()


def stateless_tag(request: Request) -> str:
    """A To tag that is the same for each retransmission of a request (RFC 3261 §8.2.7)."""
    key = "\n".join(request.headers.getlist("Via")) + (request.headers.get("Call-ID") or "")
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def set_body(message: Request | Response, sdp: bytes) -> None:
    """Put a session description into a message."""
    message.body = sdp
    message.headers.set("Content-Type", SDP_TYPE)
    message.headers.set("Content-Length", str(len(sdp)))


def body_of(message: Request | Response) -> bytes | None:
    """The session description in a message, or None if there is none."""
    content = message.content_type
    if not message.body or content is None or content.mime_type.lower() != SDP_TYPE:
        return None
    body: bytes = message.body
    return body


def retry_after_s(response: Response) -> int | None:
    """Seconds in Retry-After (RFC 3261 §20.33), None if absent or unreadable."""
    match = re.match(r"\s*(\d{1,9})", response.headers.get("Retry-After") or "", re.ASCII)
    return int(match[1]) if match else None


def tokens(values: Iterable[str]) -> list[str]:
    """The comma-separated tokens of a header's lines."""
    return [token.strip() for value in values for token in value.split(",") if token.strip()]
