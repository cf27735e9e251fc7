"""One TCP connection that carries SIP (RFC 3261 §18): whole messages in, queued bytes out."""

from __future__ import annotations

import re
import socket
from collections import deque

from giaoban.mcu_sim.sip.message.addresses import Peer

PING = b"\r\n\r\n"
"""The keep-alive of RFC 5626 §4.4.1, which asks for `PONG`."""
PONG = b"\r\n"

_END = b"\r\n\r\n"
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"[0-9]+\Z")
_SIP_LINE = re.compile(rb"SIP/|\S+ .* SIP/[0-9.]+ *\Z", re.IGNORECASE)


class StreamError(ValueError):
    """The stream can never become messages again.

    `messages`: the whole ones before that, and the headers of one whose length cannot be known,
    which is still to be refused (RFC 4475 §3.1.2.3).
    """

    def __init__(self, reason: str, messages: list[bytes]) -> None:
        super().__init__(reason)
        self.messages = messages


class _UnframedError(ValueError):
    def __init__(self, reason: str, head: bytes = b"") -> None:
        super().__init__(reason)
        self.head = head


class StreamReader:
    """Takes the bytes of one connection in any pieces and gives the messages in them."""

    def __init__(self, max_bytes: int = 65_535) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._needed = 0
        self._broken = ""
        self._begun = False

    @property
    def waiting(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now, in order; a keep-alive is given as `PING`.

        Other line ends between messages are skipped. Raises `StreamError` when what begins is no
        SIP, when headers do not end within `max_bytes`, when Content-Length is missing, unreadable
        or contradicts itself, or a message is larger than `max_bytes`; after that every call raises
        it.
        """
        if self._broken:
            raise StreamError(self._broken, [])
        self._buffer += data
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except _UnframedError as error:
            self._broken = str(error)
            self._buffer.clear()
            if error.head:
                messages.append(error.head)
            raise StreamError(self._broken, messages) from None
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if not self._needed:
            if self._skip_line_ends():
                return PING
            if not self._begun:
                self._begun = self._begins()
            at = buffer.find(_END, self._searched)
            if at < 0:
                self._searched = max(0, len(buffer) - len(_END) + 1)
                if len(buffer) >= self._max_bytes:
                    raise _UnframedError("headers do not end")
                return None
            head = at + len(_END)
            try:
                self._needed = head + _content_length(bytes(buffer[:at]))
            except ValueError as error:
                raise _UnframedError(str(error), bytes(buffer[:head])) from None
            if self._needed > self._max_bytes:
                raise _UnframedError("message is too large", bytes(buffer[:head]))
        if len(buffer) < self._needed:
            return None
        message = bytes(buffer[: self._needed])
        del buffer[: self._needed]
        self._needed = self._searched = 0
        self._begun = False
        return message

    def _begins(self) -> bool:
        """Whether the first line is there, and is SIP's. Raises `_UnframedError` if it is not."""
        if not self._buffer or self._buffer[0] in PING:
            return False
        end = self._buffer.find(b"\r\n", max(0, self._searched - 1))
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        if _SIP_LINE.match(line) is None:
            raise _UnframedError("the first line is not SIP's")
        return True

    def _skip_line_ends(self) -> bool:
        """Take line ends off the front, up to a ping (True)."""
        buffer = self._buffer
        if not buffer or buffer[0] not in PING:
            return False
        skipped = 0
        while skipped < len(buffer) and buffer[skipped] in PING:
            start = bytes(buffer[skipped : skipped + len(PING)])
            if start == PING:
                del buffer[: skipped + len(PING)]
                return True
            if PING.startswith(start):  # may become a ping
                break
            skipped += 1
        del buffer[:skipped]
        return False


def _content_length(head: bytes) -> int:
    found: set[int] = set()
    for line in _FOLD.sub(b" ", head).split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            digits = value.strip()
            if not _LENGTH.match(digits) or len(digits) > 9:
                raise ValueError("Content-Length cannot be read")
            found.add(int(digits))
    if len(found) != 1:
        raise ValueError("Content-Length contradicts itself" if found else "no Content-Length")
    return found.pop()


MOST_QUEUED = 256 * 1024
"""Bytes that may wait for a peer that does not read."""

_CHUNK = 65_536
_MOST_CHUNKS = 16
_PROBE_AFTER_S, _PROBE_EVERY_S, _PROBES = 60, 15, 4
_USER_TIMEOUT_MS = 32_000


class Connection:
    """A connection that was accepted (`opening` false) or is being opened.

    `broken` says that it is of no use any more and must be closed; nothing here raises for what
    the peer does. `ending`: nothing is read any more, it is closed when what waits is written, and
    not before its owner has had the time to answer.
    """

    def __init__(self, sock: socket.socket, peer: Peer, *, opening: bool) -> None:
        self.peer = peer
        self.opening = opening
        self.broken = self.ending = False
        self._sock = sock
        self._reader = StreamReader()
        # What waits to be written, and whether it is a message (or a pong).
        self._queue: deque[tuple[bytes, bool]] = deque()
        self._queued = 0

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._sock.fileno()

    @property
    def writing(self) -> bool:
        """Whether it waits for being writable: to be open, or to take what is queued."""
        return self.opening or self.ending or bool(self._queue)

    @property
    def unsent(self) -> int:
        """Messages that are not wholly written."""
        return sum(is_message for _, is_message in self._queue)

    def read(self) -> list[bytes]:
        """The messages that are whole now; keep-alives are answered (RFC 5626 §4.4.1)."""
        found: list[bytes] = []
        if self.ending:
            self.broken = not self._queue
            return found
        try:
            for _ in range(_MOST_CHUNKS):
                data = self._sock.recv(_CHUNK)
                if not data:
                    self.broken = True
                    break
                found += self._reader.feed(data)
                if len(data) < _CHUNK:
                    break
        except StreamError as error:
            found += error.messages
            self.ending = bool(error.messages)
            self.broken = not self.ending
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        messages = [message for message in found if message != PING]
        if (pings := len(found) - len(messages)) and not self.broken:
            self._append(PONG * pings, is_message=False)
        return messages

    def queue(self, message: bytes) -> bool:
        """Put a message behind what waits to be written; False if too much waits."""
        return self._append(message, is_message=True)

    def flush(self) -> int:
        """Write what the socket takes now; returns how many messages were finished."""
        finished = 0
        try:
            while self._queue:
                data, is_message = self._queue[0]
                taken = self._sock.send(data)
                self._queued -= taken
                if taken < len(data):
                    self._queue[0] = (data[taken:], is_message)
                    break
                self._queue.popleft()
                finished += is_message
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        return finished

    def opened(self) -> None:
        """The socket became writable for the first time: it is open, or could not be opened."""
        self.opening = False
        self.broken = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _append(self, data: bytes, *, is_message: bool) -> bool:
        if self._queued + len(data) > MOST_QUEUED:
            return False
        self._queue.append((data, is_message))
        self._queued += len(data)
        return True


def prepare(sock: socket.socket, dscp: int) -> None:
    """Options of a TCP socket for SIP. A peer that is gone is noticed within two minutes."""
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EVERY_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
