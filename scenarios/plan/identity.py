"""Which program answered: a hash over its sources, its commit, the versions of what it rests on."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypedDict

from giaoban import IMPORTED_FROM, PACKAGE, ROOMS

NO_CODE = {"runs", "baselines"}
"""Folders of the program that hold answers, on which no answer depends."""
SUFFIXES = (".py", ".toml", ".config", ".po")
TIED = ("scenarios/*.toml", "topology/*.toml", "mcu_sim/devices.toml", "results/criteria.toml")
"""Data that a run names with its own sums: one that differs from the commit's is no other code."""
BUILT = PACKAGE / "built.json"
"""What setup.py writes into a wheel: the commit it was built of, `Origin`."""
LIBRARIES = ("numpy", "scapy", "pyroute2", "sipmessage")


class Commit(NamedTuple):
    """The commit that the program was at; `clean`: its code is exactly that."""

    ident: str | None
    clean: bool


class Origin(TypedDict):
    """Of a wheel: its commit, whether its code was exactly that, and the hash of the code."""

    commit: str
    clean: bool
    code: str


@cache
def code_identity() -> str:
    """A hash over the program's own sources and data: the same text, the same answer."""
    digest = hashlib.sha256()
    for name, path in sorted(sources().items()):
        if path.suffix in SUFFIXES and not NO_CODE & {*PurePosixPath(name).parts}:
            digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def sources() -> dict[str, Path]:
    """All files of the program by their names in its repository, wherever it is installed."""
    places = {"giaoban": PACKAGE, **{room: PACKAGE / room for room in ROOMS}}
    found = {}
    for name, place in places.items():
        for path in place.rglob("*"):
            within = path.relative_to(place)
            if path.is_file() and not (name == "giaoban" and within.parts[0] in ROOMS):
                found[f"{name}/{within.as_posix()}"] = path
    return found


@cache
def commit(root: Path = IMPORTED_FROM) -> Commit:
    """The program's commit: that of its own repository, else what was written down when it was
    built, as long as nobody has changed it where it is installed; else there is none."""
    top = _git(root, "rev-parse", "--show-toplevel")
    ident = _git(root, "rev-parse", "HEAD")
    if top is None or ident is None or Path(top.strip()).resolve() != root.resolve():
        return _built(root / PACKAGE.name / BUILT.name)
    changed = _git(
        root,
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        *_pathspec(),
    )
    return Commit(ident.strip(), changed == "")


def origin() -> Origin | None:
    """What is written down of this program when it is built; None: no repository to say it."""
    found = commit()
    if found.ident is None or BUILT.is_file():
        return None
    return Origin(commit=found.ident, clean=found.clean, code=code_identity())


def _built(path: Path) -> Commit:
    try:
        said: Origin = json.loads(path.read_text(encoding="ascii"))
        return Commit(said["commit"], said["clean"] and said["code"] == code_identity())
    except (OSError, ValueError, LookupError, TypeError):
        return Commit(None, False)


def _pathspec() -> list[str]:
    """All that an answer depends on and that a run does not name by itself."""
    wanted = [f"{package}/*{suffix}" for package in ("giaoban", *ROOMS) for suffix in SUFFIXES]
    left_out = [f":(exclude,glob){name}" for name in TIED]
    left_out += [f":(exclude,glob)results/{name}/**" for name in sorted(NO_CODE)]
    return ["--", *wanted, *left_out]


def versions(kernel: str) -> dict[str, str]:
    """What the answer rests on, by name. `kernel` is the one that the network was emulated in."""
    found = {"kernel": kernel, "python": platform.python_version()}
    for name in ("mininet", *LIBRARIES):
        found[name] = library_version(name)
    return found


def library_version(name: str) -> str:
    """What is installed of a library; "?": nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        pass
    if name == "mininet":  # a distribution's package may come without metadata
        # setup.py loads this module where nothing is installed yet
        from giaoban import extras

        extras.find_mininet()
        with suppress(ImportError):  # an estimate needs none
            from mininet.net import VERSION

            return str(VERSION)
    return "?"


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
