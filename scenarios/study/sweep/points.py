"""Finished points on the disk, each under the hash of all that it depends on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from giaoban import build_cache
from giaoban.files import writing
from giaoban.results.model.studies.sweep import SweepPoint


def sweep_points(folder: Path) -> Points[SweepPoint]:
    """Those of sweeps."""
    return Points(folder, SweepPoint.model_validate_json)


def default_folder() -> Path:
    """Where points are kept unless a folder is named: beside the kernel, in the user's cache."""
    return build_cache.cache() / "points"


class Keyed(Protocol):
    """What is kept under the hash that it has itself."""

    @property
    def key(self) -> str:
        """The hash of all that it depends on."""

    def model_dump_json(self) -> str:
        """As it is written down."""


class Points[M: Keyed]:
    """A folder of points. A point is written aside and renamed: half a one is never found."""

    def __init__(self, folder: Path, read: Callable[[bytes], M]) -> None:
        self._folder, self._read = folder, read

    def find(self, key: str) -> M | None:
        """The point of a key, if it was finished and can be read."""
        try:
            return self._read(self._path(key).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def keep(self, point: M) -> None:
        """Write a point down. Raises what `giaoban.files.writing` does."""
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
