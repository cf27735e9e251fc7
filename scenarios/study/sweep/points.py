"""Finished points on the disk, each under the hash of all that it depends on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from giaoban import build_cache
from giaoban.files import whole, writing


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
            with whole(path) as aside:
                aside.write_text(point.model_dump_json() + "\n", encoding="utf-8")

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
