"""A wheel has all that the tree has of the program, and nothing else; one made from the sdist has
the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from giaoban import ROOMS
from giaoban.scenarios.plan import identity
from tests.packaging.built import ROOT, build, copy_tree, tracked, unpacked

NO_FILES = {f"giaoban/{room}" for room in ROOMS}
"""The rooms' links."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what lies in a folder that is worked in, which is nobody else's business."""
    made = copy_tree(tmp_path_factory.mktemp("tree") / "giaoban")
    for name in ("results/runs/one/result.json", "giaoban/__pycache__/x.cpython-313.pyc"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("{}")
    return made


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", tree, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(build("wheel", tree, tmp_path_factory.mktemp("wheel")))


def files_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def program() -> dict[str, bytes]:
    """The files of the tree that are the program, by their names in a wheel."""
    found = {}
    for name in tracked():
        top = name.split("/")[0]
        if top in ("giaoban", *ROOMS) and name not in NO_FILES:
            found[name if top == "giaoban" else f"giaoban/{name}"] = (ROOT / name).read_bytes()
    return found


def test_it_has_each_file_of_the_program_and_no_other(wheel: dict[str, bytes]) -> None:
    packaged = {name: data for name, data in wheel.items() if ".dist-info/" not in name}
    origin = packaged.pop("giaoban/built.json")
    assert set(packaged) ^ set(program()) == set()
    assert packaged == program()
    assert set(json.loads(origin)) == {"commit", "clean", "code"}


def test_the_sdist_makes_the_same_wheel(
    sdist: Path, wheel: dict[str, bytes], tmp_path: Path
) -> None:
    again = files_of(build("wheel", unpacked(sdist, tmp_path / "sdist"), tmp_path / "wheel"))
    assert again == wheel


def test_it_says_of_which_commit_it_is(wheel: dict[str, bytes]) -> None:
    head = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    assert json.loads(wheel["giaoban/built.json"])["commit"] == head.stdout.strip()


def supported() -> set[str]:
    """The Pythons of this machine that it says it runs on, the one that runs this among them."""
    ours = sys.version_info.minor
    names = (f"python3.{minor}" for minor in range(12, 20) if minor != ours)
    return {path for name in names if (path := shutil.which(name)) and starts(path)} | {
        sys.executable
    }


def starts(python: str) -> bool:
    """Whether it is one: a name in the path may stand for a version that is not there."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("python", sorted(supported()))
def test_every_python_compiles_it(python: str, wheel: dict[str, bytes], tmp_path: Path) -> None:
    """Without a warning; ruff and mypy look at the same by the syntax and library of 3.12."""
    sources = {name: data for name, data in wheel.items() if name.endswith(".py")}
    for name, data in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    words = [python, "-W", "error", "-m", "compileall", "-q", "giaoban"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(tmp_path.rglob("*.pyc"))) == len(sources)


def test_it_brings_its_licence(wheel: dict[str, bytes]) -> None:
    [name] = [name for name in wheel if name.endswith("licenses/LICENSE")]
    assert wheel[name] == (ROOT / "LICENSE").read_bytes()
    [about] = [data.decode() for name, data in wheel.items() if name.endswith("/METADATA")]
    assert "\nLicense-Expression: GPL-2.0-or-later\n" in about


@pytest.mark.parametrize(
    ("clean", "changed", "expected"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_an_installed_program_is_that_of_its_commit_until_somebody_changes_it(
    tmp_path: Path, clean: bool, changed: bool, expected: bool
) -> None:
    """What an annex that is no draft asks for."""
    code = "another" if changed else identity.code_identity()
    built = tmp_path / "giaoban" / identity.BUILT.name
    built.parent.mkdir()
    built.write_text(json.dumps({"commit": "0123abcd", "clean": clean, "code": code}))
    assert identity.commit(tmp_path) == identity.Commit("0123abcd", expected)
