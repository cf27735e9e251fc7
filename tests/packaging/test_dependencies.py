"""Each dependency is locked, and somebody has said why it is there."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from giaoban import extras
from tests.packaging.built import ROOT, needed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED: dict[str, list[str]] = {
    "": PROJECT["project"]["dependencies"],
    **PROJECT["project"]["optional-dependencies"],
}
ENTRY = re.compile(
    r"^([A-Za-z0-9][^\\\n]*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", re.M
)


def direct() -> dict[str, set[str]]:
    """Library → the extras that bring it, "" for every installation."""
    found: dict[str, set[str]] = {}
    for extra, lines in WANTED.items():
        for name in map(canonicalize_name, (Requirement(line).name for line in lines)):
            if name != "giaoban":
                found.setdefault(name, set()).add(extra)
    return found


def locked(name: str) -> list[Requirement]:
    """The entries of a lock, each with at least one hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = ENTRY.findall(text)
    left = ENTRY.sub("", text)
    assert all(line.startswith("#") for line in left.splitlines())
    assert "://" not in text  # the same lock for every registry and mirror
    return [Requirement(line) for line, _ in entries]


def here(entries: list[Requirement]) -> dict[str, Requirement]:
    """Those of this machine and Python, by name."""
    return {
        canonicalize_name(one.name): one
        for one in entries
        if one.marker is None or one.marker.evaluate()
    }


@pytest.mark.parametrize("extra", [extra for extra in WANTED if extra != "all"])
def test_the_lock_fits_what_is_asked_for(extra: str) -> None:
    development = extra in ("dev", "docs")
    lock = here(locked("dev" if development else "all"))
    for line in [*WANTED[extra], *PROJECT["build-system"]["requires"]]:
        wanted = Requirement(line)
        if wanted.name == "giaoban":
            continue
        entry = lock[canonicalize_name(wanted.name)]
        [exactly] = entry.specifier
        assert exactly.operator == "=="
        assert exactly.version in wanted.specifier, f"{line}: locked is {entry} (make lock)"


def test_nothing_is_locked_that_nothing_needs() -> None:
    """And all that is needed is."""
    own = {extra: [one for one in WANTED[extra] if "giaoban[" not in one] for extra in WANTED}
    development = needed([*own.pop("dev"), *own.pop("docs")])
    build = needed(PROJECT["build-system"]["requires"])
    runs = needed(line for lines in own.values() for line in lines)
    assert set(here(locked("all"))) == {*runs, *build}
    assert set(here(locked("dev"))) == {*runs, *build, *development}


def told() -> dict[str, str]:
    """What the page says of each, by name: its extras, or "" of those of every installation."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for names, extra, why in re.findall(r"^\| ([\w, .-]+) \| ([\w, ]*) ?\| (.+) \|$", page, re.M):
        if "---" not in names and why.strip() != "why":
            found |= {canonicalize_name(name): extra.strip() for name in names.split(", ")}
    return found


def test_what_lacks_a_library_names_the_extra_that_brings_it() -> None:
    module = {"docx": "python-docx", "gevent": "locust", "dask": "distributed"}
    for library, extra in extras.LIBRARIES.items():
        name = canonicalize_name(module.get(library, library))
        assert extra in direct()[name], library
