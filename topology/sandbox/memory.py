"""Where a guest's memory is: in a nameless file, which its kernel makes and runs programs from.

User-Mode Linux makes it in TMPDIR, or else in /dev/shm, and never asks whether there is room: where
there is less than it comes to need it is killed in the middle, and where nothing may be run from a
file it does not begin. A container's /dev/shm has 64 MB if nobody says otherwise.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from giaoban.errors import MachineLacks, strerror
from giaoban.sentence import Sentence, joined

SHARED_MEMORY = Path("/dev/shm")
SPARE_MB = 32
"""What the kernel needs beside what it is told to have."""
FULL_MB = 16
MEND = Sentence(
    "sudo mount -o remount,exec,size=2G {memory} (docker run --shm-size=2g), or "
    "TMPDIR=FOLDER with so much room, where programs may be run",
    memory=SHARED_MEMORY,
)


def place(memory_mb: int, *others: Path) -> Path:
    """The first folder that can hold a guest's memory: TMPDIR if it is set, /dev/shm,
    the system's temporary folder, `others`.

    Raises:
        MachineLacks: none can; it says why of each.
    """
    found = {}
    for folder in _candidates(others):
        if (why := unfit(folder, memory_mb)) is None:
            return folder
        found[folder] = why
    raise _no_room(found)


def _no_room(why_of: Mapping[Path, str]) -> MachineLacks:
    told = joined("; ", [joined(": ", [str(folder), why]) for folder, why in why_of.items()])
    return MachineLacks("there is no room for the memory of a guest: {told}", MEND, told=told)


def unfit(folder: Path, memory_mb: int) -> str | None:
    """Why a folder cannot hold the memory of a guest; None if it can."""
    try:
        free_mb = _free_mb(folder)
        if free_mb < memory_mb + SPARE_MB:
            return Sentence(
                "{free_mb} MB are free, {needed_mb} are needed",
                free_mb=free_mb,
                needed_mb=memory_mb + SPARE_MB,
            )
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(mmap.PAGESIZE)
            prot = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
            mmap.mmap(file.fileno(), mmap.PAGESIZE, mmap.MAP_SHARED, prot).close()
    except PermissionError:
        return Sentence("nothing may be run from it (noexec), or it is not ours to write to")
    except OSError as error:
        return strerror(error)
    return None


def is_full(folder: Path) -> bool:
    """Whether a guest that was killed was so for want of room."""
    try:
        return _free_mb(folder) < FULL_MB
    except OSError:
        return False


def _candidates(others: Sequence[Path]) -> list[Path]:
    named = os.environ.get("TMPDIR")
    first = [Path(named)] if named else []
    return list(dict.fromkeys([*first, SHARED_MEMORY, Path(tempfile.gettempdir()), *others]))


def _free_mb(folder: Path) -> int:
    """What anybody may use."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize >> 20
