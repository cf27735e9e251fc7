"""Which IPv4 addresses are one host's, so that something may be sent there for whoever says so."""

from __future__ import annotations

import ipaddress


def is_one_host(address: ipaddress.IPv4Address) -> bool:
    """Whether an address is one host's (RFC 6890): nobody may have us send to everyone, or nowhere.

    Not those of multicast (224/4), reserved ones with broadcast (240/4), nor of this network (0/8).
    """
    return not (address.is_multicast or address.is_reserved or int(address) < 2**24)


def why_not(text: str, *, from_loopback: bool) -> str | None:
    """What is wrong with an address that media is to go to, None if nothing is.

    `from_loopback`: whether the sender's own address is on the loopback; if not, 127/8 would be
    its own machine.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return "media at an IPv6 address, this device has IPv4"
    if not is_one_host(address):
        return f"media at {address}, which is no host's address"
    if address.is_loopback and not from_loopback:
        return f"media at {address}, which is this device's own"
    return None
