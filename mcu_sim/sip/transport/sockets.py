"""The sockets of SIP: UDP, a TCP listener on the same port, connections (RFC 3261 §18). IPv4 only.

The owner polls one descriptor, `fileno()`, and calls `receive()` when it is readable.
"""

from __future__ import annotations

import errno
import select
import socket

from giaoban.mcu_sim.sip.message import HostPort, Peer
from giaoban.mcu_sim.sip.transport.connection import Connection

MOST_CONNECTIONS = 512

_MAX_DATAGRAM = 65_535
# a flood must not keep the owner from its other work: audio is due every 20 ms
_MOST_DATAGRAMS = 32
_BACKLOG = 128
_CHOICES = 8  # ports of the system's choice until UDP and TCP are both free


class SipSockets:
    """Sends and receives SIP messages at one address.

    With `port` 0 the system picks one, given by `local`. Raises OSError if the address cannot be
    bound. Errors of peers and of the network raise nothing afterwards.

    Attributes:
        sent, received: messages.
        unsendable: messages that could not be sent or not wholly.
    """

    def __init__(self, address: str, port: int, *, dscp: int, tcp: bool = True) -> None:
        self.sent = self.received = self.unsendable = 0
        self._dscp = dscp
        self._connections: dict[int, Connection] = {}
        self._by_peer: dict[Peer, Connection] = {}
        self._udp, self._listener = self._bind(address, port, tcp=tcp)
        self.local: HostPort = self._udp.getsockname()
        self._epoll = select.epoll()
        self._epoll.register(self._udp, select.EPOLLIN)
        if self._listener is not None:
            self._epoll.register(self._listener, select.EPOLLIN)

    def _bind(
        self, address: str, port: int, *, tcp: bool
    ) -> tuple[socket.socket, socket.socket | None]:
        """Return a socket for UDP and, with `tcp`, a listener on the same port.

        A port that the system chooses (0) is free for UDP, but may be taken for TCP.
        """
        for tries_left in reversed(range(_CHOICES if tcp and not port else 1)):
            udp = self._socket(socket.SOCK_DGRAM)
            try:
                udp.bind((address, port))
                return udp, self._listen(udp.getsockname()) if tcp else None
            except OSError as error:
                udp.close()
                if error.errno != errno.EADDRINUSE or not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        sock = socket.socket(socket.AF_INET, kind)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self._dscp << 2)
        return sock

    def _listen(self, local: HostPort) -> socket.socket:
        listener = self._socket(socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(local)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def fileno(self) -> int:
        """Return a descriptor that is readable when `receive()` is needed."""
        return self._epoll.fileno()

    def receive(self) -> list[tuple[bytes, Peer]]:
        """Return the received messages with their senders; write, open and close as needed."""
        if self._listener is None:
            return self._receive_datagrams()
        came: list[tuple[bytes, Peer]] = []
        for descriptor, _ in self._epoll.poll(0):
            if descriptor == self._udp.fileno():
                came += self._receive_datagrams()
                continue
            if descriptor == self._listener.fileno():
                self._accept(self._listener)
            elif (connection := self._connections.get(descriptor)) is not None:
                came += self._serve(connection)
        return came

    def send(self, data: bytes, target: Peer) -> bool:
        """Send a message; over TCP it may wait until the connection is open or has room.

        False if it cannot be sent: no IPv4 address (host names are not looked up), no route, too
        long, too much waiting, too many connections.
        """
        if not _reachable(target):
            return self._fail()
        if target.reliable:
            return self._send_stream(data, target)
        try:
            self._udp.sendto(data, (target.host, target.port))
        except OSError:
            return self._fail()
        self.sent += 1
        return True

    def close(self) -> None:
        """Close every socket."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._epoll.close()
        self._udp.close()
        if self._listener is not None:
            self._listener.close()

    def _fail(self) -> bool:
        self.unsendable += 1
        return False

    # ---------------------------------------------------------------------------------- UDP

    def _receive_datagrams(self) -> list[tuple[bytes, Peer]]:
        came: list[tuple[bytes, Peer]] = []
        for _ in range(_MOST_DATAGRAMS):
            try:
                data, (host, port) = self._udp.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:  # the network's complaint about an earlier datagram
                continue
            came.append((data, Peer(host, port)))
        self.received += len(came)
        return came

    # ---------------------------------------------------------------------------------- TCP

    def _send_stream(self, data: bytes, target: Peer) -> bool:
        connection = self._by_peer.get(target) or self._open(target)
        if connection is None or not connection.queue(data):
            return self._fail()
        self._settle(connection)
        self.sent += not connection.broken
        return not connection.broken

    def _open(self, target: Peer) -> Connection | None:
        """Begin to open a connection; None if that is not possible."""
        if self._listener is None or len(self._connections) >= MOST_CONNECTIONS:
            return None
        try:
            sock = self._socket(socket.SOCK_STREAM)
        except OSError:  # no descriptor left
            return None
        try:
            sock.bind((self.local[0], 0))
            code = sock.connect_ex((target.host, target.port))
        except OSError as error:
            code = error.errno or errno.EIO
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            return None
        return self._add(Connection(sock, target))

    def _accept(self, listener: socket.socket) -> None:
        """Accept one connection; the next poll gives the next."""
        try:
            sock, (host, port) = listener.accept()
        except OSError:  # it broke before it was accepted, or no descriptor is free
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            sock.close()
            return
        sock.setblocking(False)
        self._add(Connection(sock, Peer(host, port, "TCP")))

    def _add(self, connection: Connection) -> Connection:
        self._connections[connection.fileno()] = connection
        self._by_peer[connection.peer] = connection
        self._epoll.register(connection, select.EPOLLIN)
        return connection

    def _serve(self, connection: Connection) -> list[tuple[bytes, Peer]]:
        messages = connection.read()
        self.received += len(messages)
        self._settle(connection)
        return [(message, connection.peer) for message in messages]

    def _settle(self, connection: Connection) -> None:
        """Write the bytes that can be written, then wait for the rest, or drop a broken
        connection."""
        if not connection.broken:
            connection.flush()
        if connection.broken:
            self._drop(connection)
            return
        events = select.EPOLLIN | (select.EPOLLOUT if connection.writing else 0)
        self._epoll.modify(connection, events)

    def _drop(self, connection: Connection) -> None:
        self._epoll.unregister(connection)
        del self._connections[connection.fileno()]
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
        self.unsendable += connection.writing
        connection.close()


def _reachable(target: Peer) -> bool:
    """Return whether the host is an IPv4 address and the port a valid one."""
    try:
        socket.inet_pton(socket.AF_INET, target.host)
    except (OSError, ValueError):  # ValueError: a null character, or what has no UTF-8
        return False
    return 0 < target.port < 65_536
