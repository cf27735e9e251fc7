"""Finished points on the disk, each under the hash of all that it depends on."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from giaoban import build_cache
from giaoban.results.archive.store import writing
from giaoban.results.model.sweep import SweepPoint


def default_folder() -> Path:
    """Where points are kept unless a folder is named: beside the kernel, in the user's cache."""
    return build_cache.cache() / "points"


class Points:
    """A folder of points. A point is written aside and renamed: half a one is never found."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> SweepPoint | None:
        """The point of a key, if it was finished and can be read."""
        try:
            return SweepPoint.model_validate_json(self._path(key).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def keep(self, point: SweepPoint) -> None:
        """Write a point down. Raises what `giaoban.results.archive.store.writing` does."""
        path = self._path(point.key)
        with writing(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(point.model_dump_json() + "\n")
                os.replace(name, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(name)
                raise

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
