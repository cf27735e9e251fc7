"""Which resource a SIP URI names (RFC 3261 §19.1.4)."""

from __future__ import annotations

from dataclasses import replace

from sipmessage import URI

from mcu_sim.sip.message.answers import DEFAULT_PORT
from mcu_sim.sip.message.parse_errors import PARSE_ERRORS, forget

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
    return uri if uri.port else replace(uri, port=DEFAULT_PORT)
