"""Folders for temporary files: removed at the end, or, after a `kill -9`, by whoever needs the next
one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from giaoban import ownership

PREFIX = "giaoban-"


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder that is removed at the end; `what` is part of its name. Raises `OSError`."""
    left = Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    ownership.remove_stale(path for path in left if _is_ours(path))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{what}-") as name:
        folder = Path(name)
        ownership.own(folder)
        yield folder


def _is_ours(path: Path) -> bool:
    """One without the note is somebody's own, of a like name; what others put there is not even
    looked into."""
    try:
        mine = os.name == "nt" or path.lstat().st_uid == os.geteuid()
        return mine and (path / ownership.OWNER).is_file()
    except OSError:
        return False  # finished meanwhile
