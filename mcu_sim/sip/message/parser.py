"""Reading SIP messages from the wire (RFC 3261 §7, §18.3).

`sipmessage` parses single headers; this module decides what is garbage (dropped), what is malformed
but can be answered (400, 416 or 505), and what is a message to work with. What RFC 4475 shows of
valid and of broken messages is treated as it says.
"""

from __future__ import annotations

import re

from sipmessage import URI, Request, Response
from sipmessage.message import COMPACT_FORMS

from giaoban.mcu_sim.sip.message.addresses import (
    PARSE_ERRORS,
    SIP_PORT,
    HeadedURI,
    OtherURI,
    forget,
)
from giaoban.mcu_sim.sip.message.headers import (
    addresses,
    contacts_of,
    cseq_of,
    from_of,
    from_tag,
    media_type_of,
    to_of,
    uri_of,
    vias,
)
from giaoban.mcu_sim.sip.message.responses import METHODS, PHRASES

MAX_HEADER_LINES = 200
"""No honest message has more; `sipmessage` takes time with their square."""

_METHOD = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
_STATUS = re.compile(r"^SIP/2\.0 (?P<code>[1-6]\d\d) (?P<phrase>.*)", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"SIP/\d+\.\d+\Z", re.ASCII | re.IGNORECASE)
_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type")
_FOLD = re.compile(r"\r\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*+"', re.DOTALL)
_PAIR = re.compile(r"\\[^\r\n]")
_STAND_IN = URI.parse("sip:invalid.invalid")


class GarbageError(ValueError):
    """A datagram that is no SIP message, or one that nobody may or can answer."""


class MalformedError(ValueError):
    """A request that is wrong but can be answered: `code` and the reason say how."""

    def __init__(self, request: Request, code: int, reason: str) -> None:
        super().__init__(reason)
        self.request = request
        self.code = code


def parse(data: bytes, *, stream: bool = False) -> Request | Response:
    """One message as it came, whose mandatory headers are there and can be read.

    `stream`: it came over TCP, where Content-Length must be there (§20.14).

    Raises `GarbageError` or `MalformedError`. The body is cut to Content-Length (RFC 3261 §18.3).
    """
    problems: list[tuple[int, str]] = []
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        problems.append((400, "No empty line after the headers"))
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        raise GarbageError("headers are not UTF-8") from None
    text = _FOLD.sub(" ", text).rstrip("\r\n")
    clean = text.replace("\r\n", "").isprintable() or _CONTROL.search(text) is None
    start, *lines = text.split("\r\n")
    if len(lines) > MAX_HEADER_LINES:
        raise GarbageError("too many header lines")
    message = _begin(start, body, problems)
    if not clean:
        lines = [_without_controls(line, problems) for line in lines]
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not (colon and name):
            problems.append((400, "Header line without a name"))
            continue
        message.headers.add(COMPACT_FORMS.get(name.lower(), name), value.strip())
    if stream and not message.headers.get("Content-Length"):
        problems.append((400, "Missing Content-Length"))
    code, problem = problems[0] if problems else (400, _problem(message))
    if problem is None:
        return message
    if isinstance(message, Response) or not _answerable(message):
        raise GarbageError(problem)
    raise MalformedError(message, code, problem)


def _without_controls(line: str, problems: list[tuple[int, str]]) -> str:
    """A line without control characters; they may stand behind a backslash in a quoted string
    (RFC 3261 §25.1, quoted-pair), and what is quoted so goes back as it came."""
    if _CONTROL.search(line) is None:
        return line
    bare = _QUOTED.sub(lambda match: _PAIR.sub("", match[0]), line)
    if _CONTROL.search(bare) is None:
        return line
    problems.append((400, "Control character in a header"))
    return _CONTROL.sub(" ", line)


def _begin(start: str, body: bytes, problems: list[tuple[int, str]]) -> Request | Response:
    """A message without headers from its start line; what is wrong with that goes to `problems`.

    More blanks than one between its parts, or behind it, are passed over (RFC 4475 §3.1.2.9).
    """
    if _CONTROL.search(start):
        problems.append((400, "Control character in the start line"))
        start = _CONTROL.sub(" ", start)
    status = _STATUS.match(start)
    if status is not None:
        return Response(int(status["code"]), status["phrase"], body)
    method, _, rest = start.rstrip(" ").partition(" ")
    target, _, version = rest.rpartition(" ")
    target = target.strip(" ")
    if not target or not _METHOD.match(method) or not _VERSION.match(version):
        raise GarbageError("start line is neither a request's nor a response's")
    uri = _STAND_IN
    if version.upper() != "SIP/2.0":
        problems.append((505, PHRASES[505]))
    else:
        uri = _target(target, problems)
    return Request(method, uri, body)


def _target(text: str, problems: list[tuple[int, str]]) -> URI:
    try:
        uri = uri_of(text)
    except PARSE_ERRORS as error:
        forget(error)
        problems.append((400, "Bad Request-URI"))
        return _STAND_IN
    if isinstance(uri, OtherURI):
        problems.append((416, PHRASES[416]))  # §8.2.2.1
    elif isinstance(uri, HeadedURI):
        problems.append((400, "Headers in the Request-URI"))  # §19.1.1, table 1
    return uri


def _problem(message: Request | Response) -> str | None:
    """What is wrong with the mandatory headers and the body, or None. Cuts the body."""
    for name in _ONCE:
        if len(message.headers.getlist(name)) > 1:
            return f"{name} more than once"
    request = isinstance(message, Request)
    reading = "Via"
    try:
        lines = [vias(value) for value in message.headers.getlist("Via")]
        if not lines or not all(lines):
            return "Missing Via"
        if not 0 < (lines[0][0].port or SIP_PORT) < 65536:
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
        # an unknown method is refused for that, with 501 (RFC 4475 §3.1.2.18)
        if request and cseq.method != message.method and message.method in METHODS:
            return "CSeq method is not the request's"
        reading = "Contact"
        starred = request and message.headers.get("Contact") == "*"
        contact = [] if starred else contacts_of(message)
        # callers of RFC 2543 have none, and no tag in From (RFC 4475 §3.4.1)
        if request and message.method == "INVITE":
            fewest = 1 if from_tag(message) else 0
            if not fewest <= len(contact) <= 1:
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
    """Whether a response could be of use to whoever sent it.

    An ACK is never answered (RFC 3261 §17), and without a Via nobody would know the answer.
    """
    return request.method != "ACK" and bool(request.headers.get("Via"))
