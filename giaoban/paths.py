"""Names of files as people are shown them."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> Path:
    """A path as somebody types it who stands in the current folder, if it lies below that."""
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd())
    except (OSError, ValueError):  # the folder is gone, or the path lies elsewhere
        return path
