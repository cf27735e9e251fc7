"""Answers to requests, and where they go (RFC 3261 §8.2.6, §18.2); `parser` reads requests."""

from __future__ import annotations

import hashlib
import re

from sipmessage import Request, Response, Via

from giaoban.mcu_sim.sip.message.addresses import PARSE_ERRORS, SIP_PORT, Peer, forget
from giaoban.mcu_sim.sip.message.headers import (
    addresses,
    parameter,
    tag_of,
    top_via,
)
from giaoban.text import printable

MAGIC_COOKIE = "z9hG4bK"
USER_AGENT = "giaoban"

LONGEST_PHRASE = 200
PHRASES = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    603: "Decline",
}

METHODS = (
    "ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH",
    "REFER", "REGISTER", "SUBSCRIBE", "UPDATE",
)  # fmt: skip
"""The methods there are (IANA, SIP Parameters, Methods): what is not among them is answered 501,
not 405 (RFC 3261 §21.5.2)."""

_RPORT = re.compile(r";\s*rport\s*(?:=\s*\d*\s*)?(?=;|$)", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^",]++|"[^"]*"|")*')


def mark_source(request: Request, source: Peer) -> None:
    """Note in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).

    The text is edited, not rebuilt: a branch must go back exactly as it came. One that cannot be
    read stays as it is.
    """
    via = _readable_via(request)
    if via is None:
        return
    values = request.headers.getlist("Via")
    top = _FIRST.match(values[0])[0]  # type: ignore[index]  # the pattern matches any text
    rest = values[0][len(top) :]
    top, asked = _RPORT.subn("", top)
    if asked:
        top += f";rport={source.port}"
    if (asked or via.host != source.host) and parameter(via.parameters, "received") is None:
        top += f";received={source.host}"
    request.headers.setlist("Via", [top + rest, *values[1:]])


def reply_target(request: Request, source: Peer) -> Peer:
    """Where responses go, to the address that was heard from (RFC 3261 §18.2.2, RFC 3581 §4).

    Over TCP that is the connection the request came by. If the Via cannot be read, it is where the
    request came from.
    """
    via = _readable_via(request)
    if via is None or source.reliable or parameter(via.parameters, "rport") is not None:
        return source
    return Peer(source.host, via.port or SIP_PORT, source.transport)


def _readable_via(request: Request) -> Via | None:
    try:
        via = top_via(request)
    except (*PARSE_ERRORS, IndexError) as error:
        forget(error)
        return None
    return via if 0 < (via.port or SIP_PORT) < 65_536 else None


def reply(request: Request, code: int, phrase: str = "", to_tag: str = "") -> Response:
    """A response without body (RFC 3261 §8.2.6): the headers that must be copied are copied, as
    far as they are there.

    A phrase may quote what a peer sent, so what could end the status line is taken out.
    """
    line = phrase or PHRASES.get(code, "Unknown")
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    response = Response(code, line)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if values := request.headers.getlist(name):
            response.headers.setlist(name, list(values))
    if 100 < code < 300:  # those that make a dialog (§12.1.1)
        for route in request.headers.getlist("Record-Route"):
            response.headers.add("Record-Route", route)
    to = response.headers.get("To")
    if to and to_tag and not _has_tag(to):
        response.headers.set("To", f"{to};tag={to_tag}")
    response.headers.set("User-Agent", USER_AGENT)
    response.headers.set("Content-Length", "0")
    return response


def phrase_of(response: Response) -> str:
    """What a peer gives as its reason, as it may stand in events, logs and on a terminal."""
    return printable(response.phrase, LONGEST_PHRASE)


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
