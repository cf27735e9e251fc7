"""Where the project is, and its language: read at every start, so that nothing heavy is loaded."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

FILE = "giaoban.toml"
MOST = 65_536
"""Bytes of it that are looked at for the language."""
_SCENARIO = re.compile(
    rb"""(?:\A(?:\xef\xbb\xbf)?|^)\s*schema\s*=\s*["']giaoban\.scenario/\d+["']""", re.MULTILINE
)
"""Some Windows editors put a byte-order mark first."""


def here() -> Path | None:
    """The current folder; None: it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def find(start: Path | None) -> Path | None:
    """The file of the project that a folder lies in: of several the innermost; None: of none."""
    if start is None:
        return None
    start = Path(os.path.abspath(start))
    return next((f for p in (start, *start.parents) if (f := p / FILE).is_file()), None)


def language_of(file: Path | None) -> str:
    """What a project file says of the language; '' if it says nothing. Its mistakes are told when
    all of it is read (`giaoban.scenarios.spec.project`)."""
    if file is None:
        return ""
    try:
        with file.open("rb") as opened:
            said = tomllib.loads(opened.read(MOST).decode("utf-8-sig")).get("language", "")
    except (OSError, ValueError, RecursionError):
        return ""
    return said if isinstance(said, str) else ""


def says_scenario(data: bytes) -> bool:
    """Whether a TOML file says that it is a scenario; it may be wrong in all else."""
    return _SCENARIO.search(data) is not None
