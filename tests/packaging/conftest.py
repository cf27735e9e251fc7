"""What is installed for these tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.built import User, build, copy_tree, install


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that others can read."""
    with tempfile.TemporaryDirectory(prefix="giaoban-installed-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def built_wheel(place: Path) -> Path:
    return build("wheel", copy_tree(place / "tree"), place / "wheel")


@pytest.fixture(scope="session")
def programs(place: Path, built_wheel: Path) -> Path:
    """Of an environment with nothing but what every installation brings."""
    return install(built_wheel, place / "bare")


@pytest.fixture(scope="module")
def tester(place: Path, built_wheel: Path) -> User:
    """Who has pytest beside it."""
    return User(install(built_wheel, place / "tester", "pytest"), place / "tester-home")
