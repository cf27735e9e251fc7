"""One TCP connection that carries SIP (RFC 3261 §18): whole messages in, queued bytes out."""

from __future__ import annotations

import errno
import re
import socket

from giaoban.mcu_sim.sip.message import Peer

MOST_QUEUED = 256 * 1024
"""Bytes that may wait for a peer that does not read."""
MOST_BYTES = 65_535
"""Of one message."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNK = 65_536


class StreamReader:
    """Divides the bytes of one connection, which come in any pieces, into messages.

    `broken`: no more messages can come: headers did not end within `MOST_BYTES`, Content-Length was
    missing, or a message was too long. Line ends between messages are keep-alives (RFC 5626).
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now, in order."""
        self._buffer = (self._buffer + data).lstrip(b"\r\n")
        messages: list[bytes] = []
        while (at := self._buffer.find(_END)) >= 0:
            length = _LENGTH.search(self._buffer[: at + 2])
            needed = 0 if length is None else at + len(_END) + int(length[1])
            if not 0 < needed <= MOST_BYTES:
                self.broken = True
            if self.broken or len(self._buffer) < needed:
                break
            messages.append(self._buffer[:needed])
            self._buffer = self._buffer[needed:].lstrip(b"\r\n")
        else:
            self.broken = len(self._buffer) >= MOST_BYTES
        return messages


class Connection:
    """A connection that was accepted, or is being opened: the kernel takes no bytes until it is.

    `broken`: it is of no use any more and must be closed.
    """

    def __init__(self, sock: socket.socket, peer: Peer) -> None:
        self.peer = peer
        self.broken = False
        self._sock = sock
        self._reader = StreamReader()
        self._unsent = b""

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._sock.fileno()

    @property
    def writing(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return bool(self._unsent)

    def read(self) -> list[bytes]:
        """Return the messages that are whole now."""
        try:
            data = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            self.broken = True
            return []
        messages = self._reader.feed(data)
        self.broken = not data or self._reader.broken
        return messages

    def queue(self, message: bytes) -> bool:
        """Put a message behind those that wait to be written; False if too many bytes wait."""
        if len(self._unsent) + len(message) > MOST_QUEUED:
            return False
        self._unsent += message
        return True

    def flush(self) -> None:
        """Write the bytes that the socket takes now."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            # ENOTCONN: it is still being opened; the socket becomes writable then
            self.broken = error.errno != errno.ENOTCONN

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
