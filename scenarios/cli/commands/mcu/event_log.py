"""The file of `giaoban mcu serve --events`: what is told while it serves, one JSON object a line.

It is what is left of an MCU that was killed, so a new one goes on in it. And a meeting is worth
more than its record: where no more can be written, it goes on, and what is missing is told.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from giaoban.errors import InputError, MachineLacks, strerror
from giaoban.sentence import N_, Sentence

MODE = 0o666
"""Of a new file, but what the umask takes away."""


class EventLog:
    """A file that grows by whole lines, whatever becomes of it meanwhile.

    A file that was moved away (as logs are rotated) is followed by a new one at its place; one that
    was cut to nothing grows again from its beginning; one that ends within a line, since the power
    went while that was written, goes on in a line of its own.
    """

    def __init__(self, path: Path) -> None:
        """Raises `InputError`: it cannot be written."""
        self._path = path
        self._missing = 0
        """Events since the last that could be written."""
        self.lost = 0
        self._why = ""
        self._within_line = False
        """Whether the file ends in the middle of a line."""
        try:
            self._fd = self._open()
        except OSError as error:
            raise InputError(
                "--events {path}: cannot be written: {why}", path=path, why=strerror(error)
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def write(self, event: Mapping[str, Any]) -> Sentence | None:
        """Write an event; what to say where that is the first of some that cannot be written."""
        lines = _line(event)
        if self._missing:
            lost = {"who": "mcu", "event": "events-lost", "count": self._missing}
            lines = _line({"t_ms": event.get("t_ms"), **lost}) + lines
        try:
            self._follow()
            self._append(lines)
        except OSError as error:
            self._why = strerror(error)
            self.lost += 1
            self._missing += 1
            if self._missing > 1:
                return None
            return Sentence(
                "--events {path}: cannot be written: {why}; calls go on, and their events are "
                "missing there from now on",
                path=self._path,
                why=self._why,
            )
        self._missing = 0
        return None

    def shortage(self) -> MachineLacks | None:
        """What to end with, if events are missing."""
        if not self.lost:
            return None
        return MachineLacks(
            "--events {path}: {n} {n:event is|events are} missing: {why}",
            N_("free some space (df -h), or name another file: --events"),
            path=self._path,
            n=self.lost,
            why=self._why,
        )

    def _open(self) -> int:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, MODE)
        self._within_line = _ends_within_line(self._path, os.fstat(fd))
        return fd

    def _follow(self) -> None:
        """Open the file anew if another, or none, is at its place."""
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            there = None
        if there is not None and os.path.samestat(there, os.fstat(self._fd)):
            return
        fd = self._open()
        os.close(self._fd)
        self._fd = fd

    def _append(self, lines: bytes) -> None:
        """All of it, or nothing."""
        before = os.fstat(self._fd)
        if self._within_line and before.st_size:
            lines = b"\n" + lines
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._fd, lines[written:])
        except OSError:
            if written and stat.S_ISREG(before.st_mode):
                within_line, self._within_line = self._within_line, True
                os.ftruncate(self._fd, before.st_size)
                self._within_line = within_line
            raise
        self._within_line = False


def started(at: datetime, listen: str) -> dict[str, Any]:
    """The event that says at what time of day an MCU began: all others count from then."""
    when = at.isoformat(timespec="milliseconds")
    return {"t_ms": 0.0, "who": "mcu", "event": "started", "at": when, "listen": listen}


def _ends_within_line(path: Path, there: os.stat_result) -> bool:
    """Of a pipe, or of what may be written and not be read, nobody knows."""
    if not stat.S_ISREG(there.st_mode) or not there.st_size:
        return False
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:
        return False


def _line(event: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(event, ensure_ascii=False)}\n".encode()
