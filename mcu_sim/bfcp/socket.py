"""The edge of BFCP: one UDP socket."""

from __future__ import annotations

import contextlib
import socket

from giaoban.mcu_sim.bfcp.floor_server import LONGEST, BfcpDatagram
from giaoban.mcu_sim.sip.message.addresses import HostPort

_MOST_DATAGRAMS = 32
"""A flood must not keep the owner from its other work."""


class FloorSocket:
    """Sends and receives floor control at one address; with `port` 0 the system picks one.

    `sent`, `received`: datagrams.

    Raises OSError if the address cannot be had. After that nothing raises for what a peer or the
    network does.
    """

    def __init__(self, address: str, port: int, *, dscp: int) -> None:
        self.sent = self.received = 0
        with contextlib.ExitStack() as undo:
            self._udp = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._udp.setblocking(False)
            self._udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
            self._udp.bind((address, port))
            self.local: HostPort = self._udp.getsockname()
            undo.pop_all()

    def fileno(self) -> int:
        """To be polled: readable when `receive` has something."""
        return self._udp.fileno()

    def receive(self) -> list[tuple[bytes, HostPort]]:
        """Some of the datagrams that have come, and where from."""
        found: list[tuple[bytes, HostPort]] = []
        with contextlib.suppress(BlockingIOError):
            while len(found) < _MOST_DATAGRAMS:
                with contextlib.suppress(ConnectionError):  # somebody's port was closed
                    found.append(self._udp.recvfrom(LONGEST + 1))
                    self.received += 1
        return found

    def send(self, datagram: BfcpDatagram) -> None:
        """A datagram that cannot be sent is lost, as it may be on its way."""
        with contextlib.suppress(OSError):
            self._udp.sendto(datagram.data, datagram.target)
            self.sent += 1

    def close(self) -> None:
        """Let the port go."""
        self._udp.close()
