"""A bound on the memory that a stranger's file may take while it is looked at."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from giaoban.errors import InputError

MOST = 300 * 2**20
"""Bytes on top of what the program has: with that it stays below 500 MB."""


@contextmanager
def bounded(name: str, most: int = MOST) -> Iterator[None]:
    """Raises `InputError` for what takes more; where the system knows no bound there is none."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = pages * resource.getpagesize() + most
        if soft != resource.RLIM_INFINITY:
            wanted = min(wanted, soft)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (OSError, ValueError):
        yield
        return
    try:
        yield
    except MemoryError:
        raise InputError(f"{name}: takes more memory than any file of ours") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
