"""Reading of files that somebody else may have made: of a known kind, and never without end."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from giaoban.errors import InputError, did_you_mean, hints_anew

MAX_BYTES = 16 * 1024 * 1024
"""Of a file that people write: a country's 11,000 bridges take 7 MB."""

MOST_ANSWER = 128 * 1024 * 1024
"""Of what a run found or was made from: a country's is some 80 MB."""


def read_file(path: Path, kind: str = "", most: int = MAX_BYTES, option: str = "") -> bytes:
    """The bytes of a regular file of at most `most` bytes; `InputError` for anything else.

    `kind` names what is expected; its lower case is what such files' names end in. `option`
    is how it was named, if by an option.
    """
    name = f"{option} = {path}" if option else str(path)
    hints_anew()
    try:
        _refuse(path.stat(), name, most)  # opening is enough to do harm with some devices
        # not waiting for a writer: what a name means may have changed since the look at it
        with open_file(path) as file:
            _refuse(os.fstat(file.fileno()), name, most)
            data = file.read(most + 1)
    except FileNotFoundError:
        like = f"*.{kind.lower()}" if kind else "*"
        siblings = [p.name for p in path.parent.glob(like)] if path.parent.is_dir() else []
        raise InputError(f"{name}: no such file{did_you_mean(path.name, siblings)}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError:  # "embedded null byte"
        raise InputError(f"{name!r}: is not the name of a file") from None
    if len(data) > most:  # it grew, or is one of those that have no size
        raise _too_large(name, most)
    return data


def open_file(path: Path) -> BufferedReader:
    """A regular file, open for reading. Raises `InputError` for what is none, and `OSError`."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InputError(f"{path}: is not a regular file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    return os.fdopen(descriptor, "rb")


def _refuse(found: os.stat_result, name: str, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{name}: is a folder, a file is needed")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{name}: is not a regular file")
    if found.st_size > most:
        raise _too_large(name, most)


def _too_large(name: str, most: int) -> InputError:
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most} bytes"
    return InputError(f"{name}: larger than {size}, not a file of ours")
