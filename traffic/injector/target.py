"""Where a load generator may point: at one's own machine and private networks, else on purpose.

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
MOST_PER_S = 1_000_000
MOST_PER_S_ELSEWHERE = 10_000
"""About 80 Mb/s of packets of 1,000 bytes: more than 35 calls of 2 Mb/s. Our own choice."""


def parse_target(text: str, *, authorised: bool) -> tuple[str, int]:
    """(address, port) of `HOST:PORT`, an IPv4 address that may be sent to.

    Raises:
        InputError: it is no address with a port, is not one host's, or may be a stranger's and
            `authorised` is false.
    """
    host, _, port = text.rpartition(":")
    try:
        address = IPv4Address(host)
        number = int(port) if port.isascii() and port.isdigit() else 0
    except ValueError:
        number = 0
    if not 0 < number < 65_536:
        raise InputError(
            f'HOST:PORT = "{text}": is no IPv4 address with a port (allowed: such as '
            "192.168.1.20:5004)"
        )
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        # 255.255.255.255 is among the reserved ones; a subnet's own the kernel refuses
        raise InputError(
            f'HOST:PORT = "{text}": is not the address of one host (allowed: no multicast, '
            "broadcast, unspecified or reserved address)"
        )
    if not is_own(str(address)) and not authorised:
        raise InputError(
            f'HOST:PORT = "{text}": may be a stranger\'s host, and a stream like this is an '
            "attack on whoever did not agree to it (allowed: loopback, private addresses of "
            "RFC 1918, 198.18.0.0/15 of RFC 2544; others with --i-am-authorised)"
        )
    return str(address), number


def is_own(address: str) -> bool:
    """Whether an address cannot be a stranger's."""
    return any(IPv4Address(address) in network for network in OWN)


def check_rate(address: str, packets_per_s: float) -> None:
    """Raises `InputError` for a rate that is too much for this target."""
    most = MOST_PER_S if is_own(address) else MOST_PER_S_ELSEWHERE
    if packets_per_s > most:
        raise InputError(
            f"{packets_per_s:,.0f} packets/s to {address}: is too much "
            f"(allowed: {most:,} packets/s to this address)"
        )
