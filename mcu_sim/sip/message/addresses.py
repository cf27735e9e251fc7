"""SIP URIs and addresses: read with care, compared (RFC 3261 §19.1.4), and where a peer is.

`sipmessage` reads neither other schemes nor headers behind a "?" (RFC 3261 §19.1.1, §20.10: a URI
with "?", "," or ";" stands in brackets; RFC 3986 §3.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sipmessage import URI, Address

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
        return self.transport != "UDP"


SIP_PORT = 5060
"""Where none is said, over UDP and TCP (RFC 3261 §19.1.2)."""

# ValueError by contract, KeyError for a header that is not there, TypeError when a parameter
# happens to be called "self".
PARSE_ERRORS = (ValueError, KeyError, TypeError)


def forget(error: BaseException) -> None:
    """Cut what an error of `sipmessage` holds on to.

    It raises the same exception objects again and again (`via.VIA_EXCEPTION` and others); each
    time Python adds to their traceback and context, which keep every bad message in memory.
    """
    error.__traceback__ = error.__context__ = error.__cause__ = None


SIP_SCHEMES = ("sip", "sips")
"""Those that a request may be for, or be sent to."""
SCHEMES = (*SIP_SCHEMES, "tel")
"""Those whose parts are known here."""

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):(?P<rest>[^\s<>\"]+)\Z", re.ASCII)
# What has no end is quoted to the end, so that no text is searched again and again.
_QUOTED = r'"(?:\\.|[^"\\])*+(?:"|\\?\Z)'
_COMMA = re.compile(rf"({_QUOTED})| ?, ?", re.DOTALL)
_BRACKETS = re.compile(rf"({_QUOTED})|<([^<>\s]*)>", re.DOTALL)
_BARE = re.compile(r"\s*([^\s;,<>\"?]+)")


@dataclass(frozen=True)
class OtherURI(URI):  # type: ignore[misc]  # `sipmessage` has no types
    """A URI of a scheme that is none of SIP's; `host` is all behind the colon."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.host}"


@dataclass(frozen=True)
class HeadedURI(URI):  # type: ignore[misc]
    """A SIP URI with headers for a message that is made from it; `headers` is their text.

    What is dangerous in them must not be done (RFC 3261 §19.1.5); nothing of them is, here.
    """

    headers: str = ""

    def __str__(self) -> str:
        return f"{super().__str__()}?{self.headers}"


def read_uri(text: str) -> URI:
    """A URI of any scheme. Raises `ValueError` for what is none."""
    match = _SCHEME.match(text)
    if match is None:
        raise ValueError("URI is not valid")
    scheme = match["scheme"].lower()  # RFC 3986 §3.1
    if scheme not in SCHEMES:
        return OtherURI(match["scheme"], match["rest"])
    text = f"{scheme}:{match['rest']}"
    bare, mark, headers = text.partition("?")
    uri = _sip(text)
    if uri is not None:
        return uri
    uri = _sip(bare) if mark else None
    if uri is None:
        raise ValueError("URI is not valid")
    parts = (uri.scheme, uri.host, uri.user, uri.password, uri.port, uri.parameters)
    return HeadedURI(*parts, headers)


def without_headers(uri: URI) -> URI:
    """What a request may be sent to (RFC 3261 §19.1.1, table 1)."""
    if not isinstance(uri, HeadedURI):
        return uri
    return URI(uri.scheme, uri.host, uri.user, uri.password, uri.port, uri.parameters)


def one_comma(text: str) -> str:
    """A header's text with single blanks, and none around the commas between its values."""
    return _COMMA.sub(lambda match: match[1] or ",", " ".join(text.split()))


def read_addresses(text: str) -> list[Address]:
    """The addresses of a header, whatever URIs are in them. Raises as `sipmessage` does."""
    held: dict[str, URI] = {}

    def stand_in(uri: URI) -> str:
        host = f"{len(held)}.uri.invalid"
        held[host] = uri
        return f"sip:{host}"

    def bracketed(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        return f"<{stand_in(read_uri(match[2]))}>"

    text = _BRACKETS.sub(bracketed, one_comma(text))
    bare = _BARE.match(text)
    if bare is not None and isinstance(uri := _other(bare[1]), OtherURI):
        text = stand_in(uri) + text[bare.end() :]
    return [
        Address(held.get(one.uri.host, one.uri), one.name, one.parameters)
        for one in Address.parse_many(text)
    ]


def _other(text: str) -> URI | None:
    match = _SCHEME.match(text)
    known = match is None or match["scheme"].lower() in SCHEMES
    return None if known else read_uri(text)


def _sip(text: str) -> URI | None:
    try:
        return URI.parse(text)
    except ValueError as error:
        forget(error)
        return None


_ALWAYS_COMPARED = frozenset({"user", "ttl", "method", "maddr", "transport"})


def same_uri(one: str, other: str) -> bool:
    """Whether two URIs are equivalent (RFC 3261 §19.1.4); what is no SIP URI is compared as text.

    URIs with headers ("?…") count as text too.
    """
    if one == other:
        return True
    try:
        a, b = URI.parse(one), URI.parse(other)
    except PARSE_ERRORS as error:
        forget(error)
        return False
    if (a.scheme, a.user, a.password, a.host.lower(), a.port) != (
        b.scheme, b.user, b.password, b.host.lower(), b.port,
    ):  # fmt: skip
        return False
    left = {name.lower(): (value or "").lower() for name, value in a.parameters.items()}
    right = {name.lower(): (value or "").lower() for name, value in b.parameters.items()}
    either = left.keys() | right.keys()
    compared = (left.keys() & right.keys()) | (either & _ALWAYS_COMPARED)
    return all(left.get(name) == right.get(name) for name in compared)


def is_within(one: str, other: str) -> bool:
    """Whether a URI names what another one names, or something at the element that the other one
    names as a whole (`sip:HOST:PORT`). A port that is not said is the default one. Never raises.
    """
    if one == other:
        return True
    try:
        a, b = (_with_port(URI.parse(text)) for text in (one, other))
    except PARSE_ERRORS as error:
        forget(error)
        return False
    return same_uri(str(a if b.user else replace(a, user=None, password=None)), str(b))


def _with_port(uri: URI) -> URI:
    return uri if uri.port else replace(uri, port=SIP_PORT)
