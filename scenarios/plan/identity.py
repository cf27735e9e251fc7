"""Which program answered: a hash over its sources, its commit, the versions of what it rests on."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from giaoban import IMPORTED_FROM, PACKAGE, ROOMS

NO_CODE = {"runs", "baselines"}
"""Folders of the program that hold answers, on which no answer depends."""
SUFFIXES = (".py", ".toml", ".config", ".po")
TIED = ("scenarios/*.toml", "topology/*.toml", "mcu_sim/devices.toml", "results/criteria.toml")
"""Data that a run names with its own sums: one that differs from the commit's is no other code."""
LIBRARIES = ("numpy", "scapy", "pyroute2", "sipmessage")


class Commit(NamedTuple):
    """The commit that the program was at; `clean`: its code is exactly that."""

    ident: str | None
    clean: bool


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
    """The program's commit; without git, or outside of its own repository, there is none."""
    top = _git(root, "rev-parse", "--show-toplevel")
    ident = _git(root, "rev-parse", "HEAD")
    if top is None or ident is None or Path(top.strip()).resolve() != root.resolve():
        return Commit(None, False)
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
        found[name] = _version(name)
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        pass
    if name == "mininet":  # a distribution's package may come without metadata
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
