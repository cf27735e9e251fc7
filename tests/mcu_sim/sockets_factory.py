"""SIP sockets on the loopback, and peers that connect to them."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from giaoban.mcu_sim.sip.message import Peer
from giaoban.mcu_sim.sip.transport.sockets import SipSockets

HOST = "127.0.0.1"
Came = list[tuple[bytes, Peer]]


def message(body: bytes = b"") -> bytes:
    return b"OPTIONS sip:a SIP/2.0\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def until(fact: Callable[[Came], object], *owners: SipSockets) -> Came:
    """Serve the sockets as an owner does until something is so; what came meanwhile."""
    came: Came = []
    end_s = time.monotonic() + 5
    while not fact(came):
        assert time.monotonic() < end_s, f"it never came to be; there were {came}"
        for readable in select.select(owners, [], [], 0.01)[0]:
            came += readable.receive()
    return came


def take(count: int, *owners: SipSockets) -> Came:
    """Serve until so many messages came."""
    return until(lambda came: len(came) >= count, *owners)


def waiting(phone: socket.socket) -> bytes:
    """What could be read from a socket now."""
    readable = select.select([phone], [], [], 0)[0]
    return phone.recv(100, socket.MSG_PEEK) if readable else b""


def tcp(owner: SipSockets) -> Peer:
    return Peer(*owner.local, "TCP")
