"""Cutting a stream of bytes into SIP messages by Content-Length (RFC 3261 §18.3, §20.14)."""

from __future__ import annotations

import re

PING = b"\r\n\r\n"
"""The keep-alive of RFC 5626 §4.4.1, which asks for `PONG`."""
PONG = b"\r\n"

_END = b"\r\n\r\n"
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"[0-9]+\Z")
_GREETINGS = ((b"\x16", "TLS"), (b"\x03", "H.323"), (b"SSH-", "SSH"))
"""How other protocols begin: RFC 8446 §5.1, ITU-T Q.931 in a TPKT (RFC 1006 §6), RFC 4253 §4.2."""
_SIP_LINE = re.compile(rb"SIP/|\S+ .* SIP/[0-9.]+ *\Z", re.IGNORECASE)


class StreamError(ValueError):
    """The stream can never become messages again.

    Attributes:
        messages: the whole ones before that, and the headers of one whose length cannot be known:
            it is still to be refused (RFC 4475 §3.1.2.3).
        protocol: what is spoken instead of SIP, "" if it began well.
    """

    def __init__(self, reason: str, messages: list[bytes], protocol: str = "") -> None:
        super().__init__(reason)
        self.messages = messages
        self.protocol = protocol


class _UnframedError(ValueError):
    def __init__(self, reason: str, head: bytes = b"", protocol: str = "") -> None:
        super().__init__(reason)
        self.head = head
        self.protocol = protocol


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
            raise StreamError(self._broken, messages, error.protocol) from None
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
        for start, name in _GREETINGS:
            if self._buffer.startswith(start):
                raise _UnframedError(f"{name} is spoken", protocol=name)
        end = self._buffer.find(b"\r\n", max(0, self._searched - 1))
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        if _SIP_LINE.match(line) is None:
            name = "HTTP" if b" HTTP/" in line else "no SIP"
            raise _UnframedError("the first line is not SIP's", protocol=name)
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
