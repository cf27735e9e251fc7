"""IPv4 addresses that people and far ends name, and what may be sent there.

A flood of RTP that hits a stranger's host is an attack, so an address that could be a stranger's
needs the sender's word that the owner agreed, and is spared the highest rates even then.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from giaoban.errors import InputError

OWN = tuple(
    IPv4Network(prefix)
    for prefix in (
        "127.0.0.0/8",  # loopback, RFC 1122 §3.2.1.3
        "10.0.0.0/8",  # private, RFC 1918 §3
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking, RFC 2544 appendix C.2.2
    )
)
UNSPECIFIED = "0.0.0.0"
"""Of a call that is held the old way: nothing is to be sent to it (RFC 3264 §8.4)."""
CONSENT_NS = 30_000_000_000
"""Who has not agreed to get anything gets it as long as something came from there within this time
(RFC 7675 §5.1)."""
MOST_PER_S = 1_000_000
MOST_PER_S_ELSEWHERE = 10_000
"""About 80 Mb/s of packets of 1,000 bytes: more than 35 calls of 2 Mb/s. Our own choice."""


def is_one_host(address: IPv4Address) -> bool:
    """Whether an address is one host's (RFC 6890): nobody may have us send to everyone, or nowhere.

    Not those of multicast (224/4), reserved ones with broadcast (240/4), nor of this network (0/8).
    """
    return not (address.is_multicast or address.is_reserved or int(address) < 2**24)


def parse_target(
    text: str, *, option: str, allowed: str, scheme: str = "", default_port: int = 0
) -> tuple[IPv4Address, int]:
    """(address, port) of `[SCHEME:]HOST[:PORT]`, HOST an IPv4 address in digits.

    Args:
        option: what the text was given as, for messages.
        allowed: what is wrong if it is something else, and what is allowed.
        scheme: that it has to have, in either case.
        default_port: 0: the text has to name one.

    Raises:
        InputError: it is no such address, or not one host's.
    """
    rest = text
    if scheme:
        found, colon, rest = text.partition(":")
        if found.lower() != scheme or not colon:
            rest = ""
    host, _, port = rest.partition(":")
    try:
        address = IPv4Address(host)
        number = default_port if not port else int(port) if port.isascii() and port.isdigit() else 0
    except ValueError:
        number = 0
    if not 0 < number < 65_536:
        raise InputError(
            '{option} = "{text}": {allowed}', option=option, text=text, allowed=allowed
        )
    if not is_one_host(address):
        raise InputError(
            '{option} = "{text}": is not the address of one host (allowed: no '
            "multicast, broadcast, unspecified or reserved address)",
            option=option,
            text=text,
        )
    return address, number


def media_target(text: str, *, authorised: bool) -> tuple[str, int]:
    """(address, port) of `HOST:PORT`, an IPv4 address that may be sent to.

    Raises:
        InputError: it is no address with a port, is not one host's, or may be a stranger's and
            `authorised` is false.
    """
    address, port = parse_target(
        text,
        option="HOST:PORT",
        allowed="is no IPv4 address with a port (allowed: such as 192.168.1.20:5004)",
    )
    if not is_own(str(address)) and not authorised:
        raise InputError(
            'HOST:PORT = "{text}": may be a stranger\'s host, and a stream like this '
            "is an attack on whoever did not agree to it (allowed: loopback, private "
            "addresses of RFC 1918, 198.18.0.0/15 of RFC 2544; others with "
            "--i-am-authorised)",
            text=text,
        )
    return str(address), port


def is_own(address: str) -> bool:
    """Whether an address cannot be a stranger's."""
    return any(IPv4Address(address) in network for network in OWN)


def check_rate(address: str, packets_per_s: float) -> None:
    """Raises `InputError` for a rate that is too much for this target."""
    most = MOST_PER_S if is_own(address) else MOST_PER_S_ELSEWHERE
    if packets_per_s > most:
        raise InputError(
            "{packets_per_s:,.0f} packets/s to {address}: is too much (allowed: "
            "{most:,} packets/s to this address)",
            packets_per_s=packets_per_s,
            address=address,
            most=most,
        )
