"""Files with secrets in them: nobody but their owner may read them."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from giaoban.errors import InputError


def refuse_if_others_read(path: Path, holds: str, option: str = "") -> None:
    """Raise `InputError` if others than its owner may read or change a regular file.

    `holds`: what is in it, in the plural; `option`: by which it was named. What is no regular
    file (a pipe, or nothing) has nobody else who could open it later.
    """
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        named = f"{option} = {path}" if option else str(path)
        raise InputError(
            f"{named}: holds {holds} but others may read it: chmod 600 {shlex.quote(str(path))}"
        )
