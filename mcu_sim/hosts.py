"""Where a far end may have media sent to."""

from __future__ import annotations

import ipaddress

from traffic.hosts import is_one_host


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
