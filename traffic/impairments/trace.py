"""Losses that were recorded, as text: one character a packet."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import read_file

MAX_BYTES = 16 << 20
_OTHER = re.compile(r"[^01\s]")


def read_trace(path: Path) -> list[int]:
    """The file's runs of packets, received and lost in turn; see `parse_trace`.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        text = read_file(path, most=MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            "{path}: is not text (allowed: 0, 1, spaces, # comments)", path=path
        ) from error
    return parse_trace(text, str(path))


def parse_trace(text: str, name: str) -> list[int]:
    """Runs of packets, received and lost in turn, received first (0 of them, if one was lost).

    1 is a packet lost, 0 one received; white space and what follows a # in a line mean nothing.
    `name`: of the file, for messages.

    Raises:
        InputError: another character, at a line and column; or no packet at all.
    """
    packets: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        told = line.partition("#")[0]
        if other := _OTHER.search(told):
            at = f"{name}:{number}:{other.start() + 1}"
            raise InputError(
                "{at}: {other} is no packet (allowed: 0 received, 1 lost)",
                at=at,
                other=repr(other[0]),
            )
        packets += "".join(told.split())
    if not packets:
        raise InputError("{name}: holds no packet (allowed: 0 received, 1 lost)", name=name)
    runs = [len(list(run)) for _, run in itertools.groupby(packets)]
    return runs if packets[0] == "0" else [0, *runs]
