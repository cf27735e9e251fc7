"""The edge of SIP: one UDP socket, a TCP listener on the same port, connections (RFC 3261 §18).

The owner polls one descriptor, `fileno()`, and calls `receive()` when it is readable. IPv4 only.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket

from giaoban.mcu_sim.sip.message.addresses import HostPort, Peer
from giaoban.mcu_sim.sip.transport.connection import Connection, prepare

_MAX_DATAGRAM = 65_535
# A flood must not keep the owner from its other work: audio is due every 20 ms.
_MOST_DATAGRAMS = 32
_MOST_ACCEPTS = 64
_BACKLOG = 128
_CHOICES = 8  # of the system for a port that UDP and TCP both can have


class SipSockets:
    """Sends and receives SIP messages at one address.

    With `port` 0 the system picks one, given by `local`. Raises OSError if the address cannot be
    had. After that nothing raises for what a peer or the network does.

    Attributes:
        sent, received: UDP datagrams.
        tcp_sent, tcp_received: messages over TCP.
        unsendable: messages of either kind that could not be sent or not wholly.
        refused: connections that found `most_connections` there.
    """

    def __init__(
        self,
        address: str,
        port: int,
        *,
        dscp: int,
        tcp: bool = True,
        most_connections: int = 512,
    ) -> None:
        self.sent = self.received = 0
        self.tcp_sent = self.tcp_received = 0
        self.unsendable = self.refused = 0
        self._dscp = dscp
        self._most_connections = most_connections
        self._connections: dict[int, Connection] = {}
        self._by_peer: dict[Peer, Connection] = {}
        # Descriptors that are polled for being writable too.
        self._writing: set[int] = set()
        with contextlib.ExitStack() as undo:
            self._udp, self._listener = self._bound(address, port, tcp=tcp)
            undo.enter_context(self._udp)
            self.local: HostPort = self._udp.getsockname()
            if self._listener is not None:
                undo.enter_context(self._listener)
            self._epoll = undo.enter_context(select.epoll())
            self._epoll.register(self._udp, select.EPOLLIN)
            if self._listener is not None:
                self._epoll.register(self._listener, select.EPOLLIN)
            undo.pop_all()

    def _bound(
        self, address: str, port: int, *, tcp: bool
    ) -> tuple[socket.socket, socket.socket | None]:
        """A socket for UDP and, with `tcp`, a listener on the same port.

        A port that the system chooses (0) is free for UDP, but somebody may have it for TCP.
        """
        for tries_left in reversed(range(_CHOICES if tcp and not port else 1)):
            with contextlib.ExitStack() as undo:
                udp = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                udp.setblocking(False)
                udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self._dscp << 2)
                udp.bind((address, port))
                try:
                    plain = self._listen(udp.getsockname()) if tcp else None
                except OSError as error:
                    if error.errno != errno.EADDRINUSE or not tries_left:
                        raise
                    continue
                undo.pop_all()
                return udp, plain
        raise AssertionError("the last try returns or raises")

    def _listen(self, local: HostPort) -> socket.socket:
        with contextlib.ExitStack() as undo:
            one = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self._dscp << 2)
            one.bind(local)
            one.listen(_BACKLOG)
            undo.pop_all()
        return one

    def fileno(self) -> int:
        """A descriptor that is readable when `receive()` has something to do."""
        return self._epoll.fileno()

    @property
    def connections(self) -> int:
        """Connections that are open or being opened."""
        return len(self._connections)

    def receive(self) -> list[tuple[bytes, Peer]]:
        """Return the messages that came, each with its sender; write, open and close as needed."""
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

        False if it cannot be sent: no IPv4 address, no route, too long, too much waiting, too
        many connections. A host name is never looked up.
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
        return not connection.broken

    def _open(self, target: Peer) -> Connection | None:
        """Begin to open a connection; None if that is not possible."""
        if self._listener is None:
            return None
        if len(self._connections) >= self._most_connections:
            return None
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError:  # no descriptor left
            return None
        try:
            prepare(sock, self._dscp)
            sock.bind((self.local[0], 0))
            code = sock.connect_ex((target.host, target.port))
        except OSError as error:
            code = error.errno or errno.EIO
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            return None
        return self._add(Connection(sock, target, opening=True))

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_MOST_ACCEPTS):
            try:
                sock, (host, port) = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    return  # it waits until a descriptor is free
                continue  # that connection broke before it was accepted
            if len(self._connections) >= self._most_connections:
                self.refused += 1
                sock.close()
                continue
            prepare(sock, self._dscp)
            self._add(Connection(sock, Peer(host, port, "TCP"), opening=False))

    def _add(self, connection: Connection) -> Connection:
        self._connections[connection.fileno()] = connection
        self._by_peer[connection.peer] = connection
        self._epoll.register(connection, select.EPOLLIN)
        return connection

    def _serve(self, connection: Connection) -> list[tuple[bytes, Peer]]:
        if connection.opening:
            connection.opened()
        messages = [] if connection.broken else connection.read()
        self.tcp_received += len(messages)
        self._settle(connection)
        return [(message, connection.peer) for message in messages]

    def _settle(self, connection: Connection) -> None:
        """Write what can be written, then wait for what is left, or drop a broken connection."""
        if not connection.opening and not connection.broken:
            self.tcp_sent += connection.flush()
        if connection.broken:
            self._drop(connection)
            return
        writing = connection.writing
        if writing != (connection.fileno() in self._writing):
            self._writing ^= {connection.fileno()}
            reading = 0 if connection.ending else select.EPOLLIN
            self._epoll.modify(connection, reading | (select.EPOLLOUT if writing else 0))

    def _drop(self, connection: Connection) -> None:
        descriptor = connection.fileno()
        self._epoll.unregister(connection)
        del self._connections[descriptor]
        self._writing.discard(descriptor)
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
        self.unsendable += connection.unsent
        connection.close()


def _reachable(target: Peer) -> bool:
    """Whether the host is an IPv4 address in digits and the port one that can be sent to."""
    try:
        socket.inet_pton(socket.AF_INET, target.host)
    except (OSError, ValueError):  # ValueError: a null character, or what has no UTF-8
        return False
    return 0 < target.port < 65_536
