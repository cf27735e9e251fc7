"""The command line on terminals of so many letters a line: pseudo-terminals whose size the kernel
knows, at the places of standard output and error."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import select
import struct
import sys
import termios
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console
from scenario_factory import Ran, at_one_seed

from giaoban.results.report import terminal
from giaoban.scenarios.cli import entry

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""Colours, and what a progress bar moves its line with."""


def giaoban_on_terminal(*words: str | Path, columns: int) -> tuple[Ran, Counter[str]]:
    """A command carried out in this process, and the letters that are missing of what it told: of
    the same blocks in lines without an end."""
    told = io.StringIO()
    unbroken = Console(file=told, width=terminal.UNBROKEN)
    show = terminal.show

    def shown(*blocks: Any, console: Console | None = None, say: Any = str) -> None:
        show(*blocks, console=unbroken, say=say)
        show(*blocks, console=console, say=say)

    with (
        mock.patch.object(sys, "argv", ["giaoban", *at_one_seed(*words)]),
        mock.patch.dict(os.environ, {"TERM": "xterm"}),
        mock.patch.object(terminal, "show", shown),
        _terminal(1, "stdout", columns) as out,
        _terminal(2, "stderr", columns) as err,
    ):
        for name in ("COLUMNS", "NO_COLOR"):
            os.environ.pop(name, None)
        code = entry.run()
    ran = Ran(code, _lines(out), _lines(err))
    return ran, Counter(_letters(told.getvalue())) - Counter(_letters(ran.out))


@contextlib.contextmanager
def _terminal(number: int, name: str, columns: int) -> Iterator[bytearray]:
    """A terminal in the place of a standard stream; what it was sent is read as it comes."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.set_blocking(master, False)
    before, got = os.dup(number), bytearray()
    os.dup2(slave, number)
    os.close(slave)
    ended, end = os.pipe()
    reader = threading.Thread(target=_read, args=(master, ended, got))
    reader.start()
    try:
        with (
            open(number, "w", encoding="utf-8", closefd=False) as stream,
            mock.patch.object(sys, name, stream),
            mock.patch.object(sys, f"__{name}__", stream),
        ):
            yield got
    finally:
        os.close(end)  # a child may have the terminal open for longer
        reader.join()
        os.dup2(before, number)
        for each in (before, master, ended):
            os.close(each)


def _read(master: int, ended: int, got: bytearray) -> None:
    """What comes, until it has ended and nothing is left."""
    while ended not in select.select([master, ended], [], [])[0]:
        got += os.read(master, 65536)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(master, 65536):
            got += data


def _lines(got: bytearray) -> str:
    """What stands on the lines; one that was written over counts as one."""
    text = CONTROL.sub("", got.decode("utf-8"))
    return "\n".join(part for line in text.split("\n") for part in line.rstrip("\r").split("\r"))


def _letters(text: str) -> str:
    return re.sub(r"\s", "", CONTROL.sub("", text))
