"""Standard input, output and error as they are found: closed, full, unread, or without our letters.

What is printed goes through `_Raw`, whoever prints it (typer and rich have ways of their own with a
broken pipe, which end with 1). Standard error carries progress and messages: where it cannot be
written, nothing is lost that an answer depends on.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
import unicodedata
from typing import Any

from giaoban.errors import GiaobanError, InputError, strerror

READABLE = "giaoban-readable"
"""The name of the error handler of codecs (PEP 293) that writes what can be read instead."""
_LIKE = str.maketrans("đĐ–—−→←≤≥×·…▶“”‘’≈", "dD---><<>x.>>\"\"''~")


class ReaderGone(GiaobanError):  # noqa: N818 - what happened
    """Whoever read our output has seen enough: nothing is said, as of any program (SIGPIPE)."""

    exit_code = 141


class _Raw(io.RawIOBase):
    """A standard stream whose failures are ours to tell; after the first it swallows the rest."""

    def __init__(self, name: str, stream: Any | None, *, needed: bool) -> None:
        """`stream`: as Python made it; None: it is closed. `needed`: there is no answer without."""
        super().__init__()
        self._name = name
        self._stream = stream  # which closes what is below it when nobody has it any more
        self._over = None if stream is None else getattr(stream.buffer, "raw", stream.buffer)
        self._needed = needed
        self._dead = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._over is None:
            raise io.UnsupportedOperation(f"{self._name} is closed")
        return int(self._over.fileno())

    def isatty(self) -> bool:
        return self._over is not None and bool(self._over.isatty())

    def write(self, data: Any) -> int:
        length = memoryview(data).nbytes
        if self._dead:
            return length
        try:
            return self._written(data)
        except OSError as error:
            self._dead = True
            if error.errno in (errno.EPIPE, errno.ECONNRESET):
                raise ReaderGone(f"nobody reads {self._name}") from None
            if self._needed:
                raise InputError(
                    "{name} cannot be written: {why}; nothing else is wrong (allowed: "
                    "a terminal, a pipe, or a file on a disk with space)",
                    name=self._name,
                    why=strerror(error),
                ) from None
            return length

    def _written(self, data: Any) -> int:
        if self._over is None:
            raise OSError(errno.EBADF, "it is closed")
        while (count := self._over.write(data)) is None:  # somebody made it non-blocking
            select.select([], [self._over], [])
        return int(count)


def readable(error: UnicodeError) -> tuple[str, int]:
    """Instead of letters that an encoding lacks: the letters without their marks, else "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = unicodedata.normalize("NFKD", text.translate(_LIKE))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in kept), error.end


def says_everything(stream: Any) -> bool:
    """Whether any text can be written to a stream as it is."""
    name = getattr(stream, "encoding", None) or "utf-8"  # one in memory has no encoding
    return codecs.lookup(name).name.startswith("utf")


def open_standard_streams() -> None:
    """Make standard output and error such that what becomes of them is told, not a traceback.

    Where one is closed its number is taken, or a file of ours would get it, and what is printed
    would be written into that.
    """
    codecs.register_error(READABLE, readable)
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(spare, True)
    os.close(spare)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as we are
    sys.stdout = _guarded("standard output", sys.stdout, needed=True)
    sys.stderr = _guarded("standard error", sys.stderr, needed=False)


def _guarded(name: str, stream: Any | None, *, needed: bool) -> Any:
    if os.name == "nt" and stream is not None:
        stream.reconfigure(errors=READABLE)  # a console there is no file
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Raw(name, stream, needed=needed)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors=READABLE,
        line_buffering=stream is not None and stream.line_buffering,
        write_through=stream is not None and stream.write_through,
    )
