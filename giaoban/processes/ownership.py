"""Which process a folder belongs to: what a killed one left is told from what is in use.

A file in the folder names the process, its start, the machine and since when that runs. Folders for
temporary files are such ones: removed at the end, or, after a `kill -9`, by whoever needs the next.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER = ".owner"
PREFIX = "giaoban-"
#: A folder without a readable owner is between mkdir and the writing of it, or dead.
OWNERLESS_GRACE_S = 60.0
#: Another machine's process cannot be looked up; after this long it is taken for dead.
FOREIGN_GRACE_S = 7 * 86400.0


def own(folder: Path) -> None:
    """The folder is this process's, as long as that runs. Raises `OSError`."""
    (folder / OWNER).write_text(json.dumps(_me()), encoding="utf-8")


def remove_stale(folders: Iterable[Path], now_s: float | None = None) -> list[Path]:
    """Remove those whose owner is gone; returns the folders removed.

    `now_s` is the time (seconds since 1970) to judge ages by; None takes the clock's.
    """
    now = time.time() if now_s is None else now_s
    removed: list[Path] = []
    for path in folders:
        try:
            if not path.is_symlink() and path.is_dir() and _is_stale(path, now):
                shutil.rmtree(path)
                removed.append(path)
        except OSError:
            continue  # Not ours to remove, or finished meanwhile: harmless where it is.
    return removed


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder that is removed at the end; `what` is part of its name. Raises `OSError`."""
    left = Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    remove_stale(path for path in left if _is_ours(path))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{what}-") as name:
        folder = Path(name)
        own(folder)
        yield folder


def _is_ours(path: Path) -> bool:
    """One without the note is somebody's own, of a like name; what others put there is not even
    looked into."""
    try:
        mine = os.name == "nt" or path.lstat().st_uid == os.geteuid()
        return mine and (path / OWNER).is_file()
    except OSError:
        return False  # finished meanwhile


def _is_stale(path: Path, now_s: float) -> bool:
    age_s = now_s - path.stat().st_mtime
    try:
        owner = json.loads((path / OWNER).read_text(encoding="utf-8"))
        host, boot = owner["host"], owner["boot"]
        pid, start = int(owner["pid"]), owner["start"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return age_s > OWNERLESS_GRACE_S
    if start is None or host != socket.gethostname():  # not Linux, or another machine
        return age_s > FOREIGN_GRACE_S
    return bool(boot != _boot() or _start_of(pid) != start)


def _me() -> dict[str, object]:
    pid = os.getpid()
    return {"pid": pid, "start": _start_of(pid), "boot": _boot(), "host": socket.gethostname()}


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot (proc(5), stat field 22); None: no such.

    With it a process that later got the same number is told from the one that wrote the folder.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
