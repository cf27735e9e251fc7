"""The header fields that are read most, read once and remembered by their text.

Of a message that `parser.parse` let through all of them can be read; of others this raises what
`sipmessage` does (`parse_errors.PARSE_ERRORS`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sipmessage import Address, CSeq, MediaType, Parameters, Request, Response, Via

from mcu_sim.sip.message.parse_errors import forget
from mcu_sim.sip.message.uri_reader import one_comma, read_addresses


def _cached[T](parse_text: Callable[[str], T]) -> Callable[[str], T]:
    """Headers are read again and again, in one message and in all those of a dialog."""
    kept = lru_cache(maxsize=256)(parse_text)
    # What is kept must not be large, whatever peers send.
    return lambda text: kept(text) if len(text) <= 256 else parse_text(text)


def _addresses(text: str) -> tuple[Address, ...]:
    try:
        return tuple(Address.parse_many(text))
    except ValueError as error:
        forget(error)
    return tuple(read_addresses(text))


vias = _cached(lambda text: tuple(Via.parse_many(one_comma(text))))
addresses = _cached(_addresses)
_cseq = _cached(CSeq.parse)
_media_type = _cached(MediaType.parse)


def top_via(message: Request | Response) -> Via:
    """The topmost Via."""
    return vias(message.headers["Via"])[0]


def from_of(message: Request | Response) -> Address:
    """From."""
    return _only(message.headers["From"])


def to_of(message: Request | Response) -> Address:
    """To."""
    return _only(message.headers["To"])


def cseq_of(message: Request | Response) -> CSeq:
    """CSeq."""
    return _cseq(message.headers["CSeq"])


def _only(text: str) -> Address:
    found = addresses(text)
    if len(found) != 1:
        raise ValueError("one address is wanted")
    return found[0]


def contacts_of(message: Request | Response) -> list[Address]:
    """All Contacts; "*" is none that can be read."""
    return [one for text in message.headers.getlist("Contact") for one in addresses(text)]


def media_type_of(message: Request | Response) -> MediaType | None:
    """Content-Type, None if absent."""
    text = message.headers.get("Content-Type")
    return None if text is None else _media_type(text)


def parameter(parameters: Parameters, name: str) -> str | None:
    """A parameter's value by its case-insensitive name; "" if it stands without one."""
    for key, value in parameters.items():
        if key.lower() == name:
            return value or ""
    return None


def tag_of(address: Address) -> str:
    """The tag of a From or To, "" if there is none (RFC 2543 peers)."""
    return parameter(address.parameters, "tag") or ""
