"""What a guest imports from: compiled once, made anew when a source changed, the same modules."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban import IMPORTED_FROM, build_cache
from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import module_archive

SMALL = "giaoban.topology.lines.bandwidth_profile"
"""A module of ours that imports others, and those others' libraries."""
OWN = "giaoban.build_cache"
"""One that imports nothing but ours and Python's own: sooner compiled."""

TELL = """
import importlib, json, sys
from importlib import resources
from giaoban.topology.sandbox.guest_init import Archived
archive, module = sys.argv[1:]
if archive:
    sys.meta_path.insert(0, Archived(archive))
before = set(sys.modules)
importlib.import_module(module)
def told(name):
    one = sys.modules[name]
    spec = one.__spec__
    return [getattr(one, "__file__", None), list(getattr(one, "__path__", [])),
            one.__package__, spec.origin, type(spec.loader).__name__]
new = sorted(n for n in set(sys.modules) - before if sys.modules[n].__spec__)
found = {n: told(n) for n in new}
data = resources.files("giaoban.topology").joinpath("province.toml").read_text(encoding="utf-8")
print(json.dumps([found, data]))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return build_cache.cache() / module_archive.NAME


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled from now on."""
    made: list[str] = []
    make: Callable[[str, Path], Path] = module_archive._make

    def once_more(module: str, archive: Path) -> Path:
        made.append(module)
        return make(module, archive)

    monkeypatch.setattr(module_archive, "_make", once_more)
    return made


def told(archive: str, module: str) -> tuple[dict[str, list[object]], str]:
    """All that is loaded with a module, how, and a file of the program's as it is read then."""
    command = [sys.executable, "-c", TELL, archive, module]
    done = subprocess.run(command, capture_output=True, check=True, cwd=IMPORTED_FROM)
    modules, data = json.loads(done.stdout)
    return modules, data


def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_modules_from_an_archive_are_those_of_the_sources(tmp_path: Path) -> None:
    archive = module_archive.lay(SMALL, tmp_path)
    (compiled, data), (imported, as_ever) = told(str(archive), SMALL), told("", SMALL)
    assert data == as_ever
    assert {n: each[:-1] for n, each in compiled.items()} == {
        n: each[:-1] for n, each in imported.items()
    }
    from_archive = {n for n, each in compiled.items() if each[-1] == "Compiled"}
    from_sources = {n for n, each in imported.items() if each[-1] == "SourceFileLoader"}
    assert from_archive == from_sources
    assert {SMALL, "pydantic"} <= from_archive


def test_of_a_hollow_package_the_parts_that_are_named_are_loaded(tmp_path: Path) -> None:
    module = "giaoban.topology.emulation.rtnetlink"
    archive = module_archive.lay(module, tmp_path)
    loaded, _ = told(str(archive), module)
    assert loaded["pyroute2"][-1] == loaded["pyroute2.iproute.linux"][-1] == "Compiled"
    assert "pyroute2.ndb.main" not in loaded
    assert "pyroute2.ndb.main" in told("", module)[0]


def test_it_is_made_once_and_anew_where_a_source_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    root = tmp_path / "program"
    shutil.copytree(IMPORTED_FROM / "giaoban", root / "giaoban", symlinks=False, ignore=only_code)
    monkeypatch.setattr(module_archive, "IMPORTED_FROM", root)
    monkeypatch.setattr(module_archive, "OF", (str(root), sys.prefix))
    made = counted(monkeypatch)
    first, second = (
        module_archive.lay(OWN, folder(tmp_path, name)).read_bytes() for name in ("1", "2")
    )
    assert first == second
    assert len(made) == 1
    source = root / "giaoban" / "build_cache.py"
    source.write_text(source.read_text(encoding="utf-8") + "CHANGED = 1\n", encoding="utf-8")
    assert b"CHANGED" in module_archive.lay(OWN, folder(tmp_path, "3")).read_bytes()
    [kept] = cache.iterdir()
    (kept / module_archive.NAME).write_bytes(b"cut short")
    (kept / f"{build_cache.SCRATCH}of-one-that-was-killed").mkdir()
    assert b"CHANGED" in module_archive.lay(OWN, folder(tmp_path, "4")).read_bytes()
    assert len(made) == 3
    assert {path.name for path in kept.iterdir()} == {"lock", "modules", "modules.json"}
    shutil.rmtree(root)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parents[1]))
    module_archive.lay(OWN, folder(tmp_path, "5"))
    assert not kept.exists()  # its program is gone
    assert len(list(cache.iterdir())) == 1


def only_code(place: str, names: list[str]) -> set[str]:
    """What a copy of the program needs not: results of runs, compiled files."""
    return {name for name in names if name in ("runs", "__pycache__")}


def test_what_python_is_told_here_is_not_told_in_the_guest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_ever = module_archive.lay(OWN, folder(tmp_path, "1")).read_bytes()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert module_archive.lay(OWN, folder(tmp_path, "2")).read_bytes() == as_ever


def test_where_the_cache_is_no_folder_it_is_made_in_the_folder(tmp_path: Path, cache: Path) -> None:
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("in the way", encoding="utf-8")
    place = folder(tmp_path, "place")
    assert module_archive.lay(OWN, place).stat().st_size > 100_000
    assert [path.name for path in place.iterdir()] == [module_archive.NAME]


def test_a_program_that_cannot_be_imported_is_told(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(MachineLacks, match=r"No module named 'giaoban\.nowhere'"):
        module_archive.lay("giaoban.nowhere", tmp_path)
    [kept] = cache.iterdir()
    assert [path.name for path in kept.iterdir()] == ["lock"]
