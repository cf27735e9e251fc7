"""One TCP connection that carries SIP (RFC 3261 §18): whole messages in, queued bytes out."""

from __future__ import annotations

import re
import socket
from collections import deque

from giaoban.mcu_sim.sip.message import Peer

MOST_QUEUED = 256 * 1024
"""Bytes that may wait for a peer that does not read."""
MOST_BYTES = 65_535
"""Of one message."""

_END = b"\r\n\r\n"
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNK = 65_536
_PONG = b"\r\n"
_PROBE_AFTER_S, _PROBE_EVERY_S, _PROBES = 60, 15, 4
_USER_TIMEOUT_MS = 32_000


class StreamReader:
    """Divides the bytes of one connection, which come in any pieces, into messages.

    Attributes:
        pings: keep-alives that came (RFC 5626 §4.4.1).
        broken: no more messages can come: headers did not end within `MOST_BYTES`, Content-Length
            was missing or unreadable, or a message was too long.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0
        self.pings = 0
        self.broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now, in order."""
        self._buffer += data
        messages: list[bytes] = []
        while not self.broken and (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if not self._needed:
            self._skip_line_ends()
            at = buffer.find(_END)
            if at < 0:
                self.broken = len(buffer) >= MOST_BYTES
                return None
            length = _LENGTH.search(_FOLD.sub(b" ", bytes(buffer[: at + 2])))
            self._needed = 0 if length is None else at + len(_END) + int(length[1])
            if not 0 < self._needed <= MOST_BYTES:
                self.broken = True
                return None
        if len(buffer) < self._needed:
            return None
        message = bytes(buffer[: self._needed])
        del buffer[: self._needed]
        self._needed = 0
        return message

    def _skip_line_ends(self) -> None:
        """Take whole keep-alives and other line ends off the front."""
        buffer = self._buffer
        while buffer[:2] == b"\r\n":
            is_ping = buffer.startswith(_END)
            if not is_ping and len(buffer) < len(_END):  # may become a ping
                return
            self.pings += is_ping
            del buffer[: 4 if is_ping else 2]


class Connection:
    """A connection that was accepted (`opening` false) or is being opened.

    `broken`: it is of no use any more and must be closed.
    """

    def __init__(self, sock: socket.socket, peer: Peer, *, opening: bool) -> None:
        self.peer = peer
        self.opening = opening
        self.broken = False
        self._sock = sock
        self._reader = StreamReader()
        self._queue: deque[bytes] = deque()
        self._queued = 0

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._sock.fileno()

    @property
    def writing(self) -> bool:
        """Whether it waits for being writable: to be open, or to take queued messages."""
        return self.opening or bool(self._queue)

    @property
    def unsent(self) -> int:
        """Messages that are not wholly written."""
        return len(self._queue)

    def read(self) -> list[bytes]:
        """Return the messages that are whole now; answer keep-alives."""
        messages: list[bytes] = []
        try:
            data = self._sock.recv(_CHUNK)
            messages = self._reader.feed(data)
            self.broken = not data or self._reader.broken
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        if self._reader.pings and not self.broken:
            self.queue(_PONG * self._reader.pings)
            self._reader.pings = 0
        return messages

    def queue(self, message: bytes) -> bool:
        """Put a message behind those that wait to be written; False if too many bytes wait."""
        if self._queued + len(message) > MOST_QUEUED:
            return False
        self._queue.append(message)
        self._queued += len(message)
        return True

    def flush(self) -> int:
        """Write the bytes that the socket takes now; return the number of finished messages."""
        finished = 0
        try:
            while self._queue:
                data = self._queue[0]
                taken = self._sock.send(data)
                self._queued -= taken
                if taken < len(data):
                    self._queue[0] = data[taken:]
                    break
                self._queue.popleft()
                finished += 1
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        return finished

    def opened(self) -> None:
        """Take the first time that the socket is writable: it is open, or could not be opened."""
        self.opening = False
        self.broken = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


def prepare(sock: socket.socket, dscp: int) -> None:
    """Set the options of a TCP socket for SIP. A dead peer is noticed within two minutes."""
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    for option, value in (
        (socket.TCP_NODELAY, 1),
        (socket.TCP_KEEPIDLE, _PROBE_AFTER_S),
        (socket.TCP_KEEPINTVL, _PROBE_EVERY_S),
        (socket.TCP_KEEPCNT, _PROBES),
        (socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
