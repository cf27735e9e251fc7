"""The address plan: one /30 a link, taken in order from a private range.

In order, so that a bridge added later never moves an address that is in use already
(Art. 20(3): parameters are not changed on one's own).
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from typing import NamedTuple

from giaoban.errors import InputError

_PREFIX = 30
ROOM = 2
"""A new address plan holds so many times the links that there are: networks grow."""


class AddressPair(NamedTuple):
    """The two ends of a link, each as interface address with prefix: "10.67.0.1/30"."""

    a: str
    b: str


def capacity(span: str) -> int:
    """How many links a range can number."""
    network = ipaddress.IPv4Network(span)
    return int(2 ** max(0, _PREFIX - network.prefixlen)) if network.prefixlen <= _PREFIX else 0


def span_for(links: int, usual: str, large: str) -> str:
    """A range with room for so many links and as many again: the usual one where that holds them.

    `large` is where a larger range may begin: "10.64.0.0" → "10.64.0.0/20".
    """
    if capacity(usual) >= links * ROOM:
        return usual
    return f"{large}/{_PREFIX - math.ceil(math.log2(links * ROOM))}"


def allocate(span: str, links: Sequence[str]) -> dict[str, AddressPair]:
    """Give each link its /30; end a is the first usable address, end b the second.

    Raises `InputError` when the range has fewer /30 than there are links.
    """
    room = capacity(span)
    if len(links) > room:
        raise InputError(
            'address range "{span}" is exhausted: {number} {number:link needs|links need} a /30 '
            'each, it holds {room}; the first link without one is "{link}"',
            span=span,
            number=len(links),
            room=room,
            link=links[room],
        )
    first = int(ipaddress.IPv4Network(span).network_address)
    return {link: _pair(first + 4 * i) for i, link in enumerate(links)}


def prefix(address: str) -> str:
    """The range an interface address is in: "10.67.0.1/30" → "10.67.0.0/30"."""
    return str(ipaddress.IPv4Interface(address).network)


def host(address: str) -> str:
    """The bare address of an interface address: "10.67.0.1/30" → "10.67.0.1"."""
    return address.partition("/")[0]


def _pair(base: int) -> AddressPair:
    one, two = (ipaddress.IPv4Address(base + i) for i in (1, 2))
    return AddressPair(f"{one}/{_PREFIX}", f"{two}/{_PREFIX}")
