"""How a guest finds the program: compiled anew, whatever Python has cached of it."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from giaoban import PACKAGE, ROOMS
from giaoban.topology.sandbox import guest_init


@pytest.fixture
def imports() -> Iterator[None]:
    """What is found where, as before afterwards."""
    hooks, cache, path = list(sys.path_hooks), dict(sys.path_importer_cache), list(sys.path)
    before = set(sys.modules)
    yield
    sys.path_hooks[:], sys.path[:] = hooks, path
    sys.path_importer_cache.clear()
    sys.path_importer_cache.update(cache)
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.usefixtures("imports")
@pytest.mark.parametrize("always", [True, False])
def test_what_is_cached_of_the_program_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, always: bool
) -> None:
    """A cache that says another thing than its source, of the same time and size, tells which."""
    monkeypatch.setattr(guest_init, "PACKAGE", "of_ours")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    root = tmp_path / "root"
    places = {
        "of_ours": root / "of_ours" / "__init__.py",
        "of_ours.deep.in_it": root / "of_ours" / "deep" / "in_it.py",
        "beside_ours": root / "beside_ours.py",
        "of_oursish.in_it": root / "of_oursish" / "in_it.py",  # begins alike, is none of ours
        "of_others": tmp_path / "others" / "of_others.py",
    }
    for file in places.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("said = 'cached'\n", encoding="utf-8")
        stat = file.stat()
        py_compile.compile(str(file), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
        file.write_text("said = 'source'\n", encoding="utf-8")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    for package in (root / "of_ours" / "deep", root / "of_oursish"):
        (package / "__init__.py").touch()
    caches = {p: p.read_bytes() for p in tmp_path.rglob("*.pyc")}
    sys.path[:0] = [str(root), str(tmp_path / "others")]
    if always:
        guest_init.compile_always(str(root))
    importlib.invalidate_caches()
    said = {name: importlib.import_module(name).said for name in places}
    ours = {"of_ours", "of_ours.deep.in_it", "beside_ours"}
    assert said == {n: "source" if always and n in ours else "cached" for n in places}
    if always:  # and none is written, so that the next boot is alike
        assert {p: p.read_bytes() for p in caches} == caches
        assert not list((root / "of_ours" / "deep").rglob("__init__*.pyc"))


def test_the_packages_of_the_guest_are_those_of_the_program() -> None:
    root = Path(guest_init.__file__).resolve().parents[2]
    have = {file.parent.name for file in root.glob("*/__init__.py")}
    assert {guest_init.PACKAGE, *ROOMS} == have - {"tests", "bench"}  # which no guest runs
    assert all((PACKAGE / room).is_dir() for room in ROOMS)
