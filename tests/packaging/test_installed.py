"""Installed from a wheel with nothing beside it: no extra, no Mininet, no checkout, not as root."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from giaoban import extras
from giaoban.scenarios.plan import identity
from tests.packaging.built import User

SCENARIO = "expansion-gia-nghia-quang-son"


@pytest.fixture(scope="module")
def installed(programs: Path) -> Path:
    """Its package."""
    [folder] = programs.parent.glob("lib/python3*/site-packages/giaoban")
    return folder


@pytest.fixture(scope="module")
def before(installed: Path) -> dict[str, int]:
    """Its files and their times before anything is run."""
    return files_below(installed)


@pytest.fixture(scope="module")
def user(place: Path, programs: Path, before: dict[str, int]) -> User:
    return User(programs, place / "home")


@pytest.fixture(scope="module")
def run(user: User) -> Path:
    """The run folder of a check by estimate."""
    user.gives("giaoban", "check", "--estimate", "--seeds", "0", "--results", "runs", SCENARIO)
    [made] = (user.folder / "runs").glob(f"{SCENARIO}-estimate-*")
    return made


def files_below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_nothing_else_is_there(user: User) -> None:
    """Else the others would show nothing."""
    missing = [*extras.LIBRARIES, "mininet", "topology", "scenarios", "results", "tests"]
    code = f"import importlib.util as u; print([n for n in {missing} if u.find_spec(n)])"
    assert user.gives("python", "-c", code) == "[]\n"


def test_it_is_the_same_program(user: User) -> None:
    code = "from giaoban.scenarios.plan import identity as i; print(i.code_identity())"
    assert user.gives("python", "-c", code).strip() == identity.code_identity()


def test_check_by_estimate(run: Path) -> None:
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    assert result["verdict"] == "pass"
    assert (run / "summary.md").is_file()


def test_what_is_printed_of_it(user: User, run: Path) -> None:
    user.gives("giaoban", "annex", "--results", "runs", run.name)
    [annex] = user.folder.glob("*.pdf")
    user.gives("giaoban", "view", "--results", "runs", run.name, "--out", "page.html")
    assert "<svg" in (user.folder / "page.html").read_text(encoding="utf-8")
    [evidence] = user.folder.glob("*.zip")
    assert run.name in user.gives("giaoban", "verify", annex.name, evidence.name)


@pytest.mark.nightly  # by day a check, which they make many of, and what is printed of it
def test_whatif_and_headroom(user: User) -> None:
    where = ("--results", "more")
    assert "whatif" in user.gives("giaoban", "whatif", SCENARIO, "--more", "1", *where)
    small = ("--device", "codian-4505-hd")
    assert "headroom" in user.gives("giaoban", "headroom", *small, *where)


def test_what_is_not_there_says_how_to_get_it(user: User, run: Path) -> None:
    said = user.gives("giaoban", "annex", "--out", "a.docx", "--results", "runs", run.name, code=4)
    assert "pip install 'giaoban[office]'" in said
    assert "drawing" not in said  # told before anything begins
    said = user.gives("giaoban", "meeting", "monthly-briefing", "--results", "runs", code=4)
    assert "to mend it: " in said
    assert "course" not in said
    said = user.gives("giaoban", "check", SCENARIO, "--results", "runs", code=4)
    assert "to mend it: " in said
    assert "pip install 'giaoban[emulate]'" in said or "apt-get install" in said
    assert "; or without emulation: --estimate" in said
    assert "estimating" not in said
    assert not list((user.folder / "runs").glob("*.partial"))


def test_load_says_how_to_get_locust(user: User) -> None:
    """It comes to nothing. By its name it would be one in real time, for which all would be built
    and installed once more."""
    code = "from giaoban.scenarios.cli.entry import main; main()"
    said = user.gives("python", "-c", code, "load", "--results", "load", code=4)
    assert "pip install 'giaoban[load]'" in said


@pytest.mark.usefixtures("run")
def test_nothing_is_written_where_it_is_installed(installed: Path, before: dict[str, int]) -> None:
    assert files_below(installed) == before
