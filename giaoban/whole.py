"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """The name under which `out` is to be written; it gets its own once all of it is there.

    A device or a pipe is written to as it is. Raises `OSError`.
    """
    if out.exists() and not out.is_file():
        yield out
        return
    aside = out.with_name(f".{os.getpid()}.{out.name}")  # the suffix says what kind it is
    try:
        yield aside
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
