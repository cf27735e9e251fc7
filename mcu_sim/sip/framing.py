"""Cutting a stream of bytes into SIP messages by Content-Length (RFC 3261 §18.3, §20.14)."""

from __future__ import annotations

import re

PING = b"\r\n\r\n"
"""The keep-alive of RFC 5626 §4.4.1, which asks for `PONG`."""
PONG = b"\r\n"

_END = b"\r\n\r\n"
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"[0-9]+\Z")


class StreamError(ValueError):
    """The stream can never become messages again; `messages` are the whole ones before that."""

    def __init__(self, reason: str, messages: list[bytes]) -> None:
        super().__init__(reason)
        self.messages = messages


class StreamReader:
    """Takes the bytes of one connection in any pieces and gives the messages in them."""

    def __init__(self, max_bytes: int = 65_535) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._needed = 0
        self._broken = ""

    @property
    def waiting(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now, in order; a keep-alive is given as `PING`.

        Other line ends between messages are skipped. Raises `StreamError` when headers do not end
        within `max_bytes`, when Content-Length is missing, unreadable or contradicts itself, or a
        message is larger than `max_bytes`; after that every call raises it.
        """
        if self._broken:
            raise StreamError(self._broken, [])
        self._buffer += data
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except ValueError as error:
            self._broken = str(error)
            self._buffer.clear()
            raise StreamError(self._broken, messages) from None
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if not self._needed:
            if self._skip_line_ends():
                return PING
            at = buffer.find(_END, self._searched)
            if at < 0:
                self._searched = max(0, len(buffer) - len(_END) + 1)
                if len(buffer) >= self._max_bytes:
                    raise ValueError("headers do not end")
                return None
            head = at + len(_END)
            self._needed = head + _content_length(bytes(buffer[:at]))
            if self._needed > self._max_bytes:
                raise ValueError("message is too large")
        if len(buffer) < self._needed:
            return None
        message = bytes(buffer[: self._needed])
        del buffer[: self._needed]
        self._needed = self._searched = 0
        return message

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
