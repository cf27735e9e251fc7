"""The program as others get it: built from what is tracked here, installed where nothing else is.

No network: what builds it, and the libraries that it needs, are those of this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


def tracked() -> list[str]:
    """The files of the repository as they lie here, those not committed yet as well."""
    words = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(words, capture_output=True, check=True).stdout.decode()
    return sorted(name for name in said.split("\0") if name and os.path.lexists(ROOT / name))


def copy_tree(to: Path) -> Path:
    """A repository with those files: building leaves its own beside them."""
    subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", ROOT, to], check=True)
    for name in tracked():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    subprocess.run(["git", "-C", to, "reset", "-q"], check=True)
    return to


def build(kind: str, tree: Path, out: Path) -> Path:
    """`kind`: "wheel" or "sdist", by the hooks that pip calls (PEP 517)."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as alone:  # pip builds where no library of ours is
        for top in _tops(distribution("setuptools")):
            Path(alone, top.name).symlink_to(top)
        code = f"import setuptools.build_meta as b; b.build_{kind}({str(out)!r})"
        done = subprocess.run(
            [sys.executable, "-S", "-c", code],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": alone},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    [made] = out.iterdir()
    return made


def unpacked(sdist: Path, to: Path) -> Path:
    with tarfile.open(sdist) as file:
        file.extractall(to, filter="data")
    [tree] = to.iterdir()
    return tree


def needed(lines: Iterable[str], *extras: str) -> dict[str, Distribution]:
    """The distributions that these requirements bring, by name; with what theirs bring."""
    found: dict[str, Distribution] = {}
    waiting = [(line, extra) for line in lines for extra in ("", *extras)]
    seen = set(waiting)
    while waiting:
        line, extra = waiting.pop()
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        there = found.setdefault(canonicalize_name(wanted.name), distribution(wanted.name))
        more = {(each, of) for each in there.requires or () for of in ("", *wanted.extras)} - seen
        seen |= more
        waiting += more
    return found


def _tops(of: Distribution) -> Iterator[Path]:
    """What a distribution has in the folder of libraries."""
    names = {file.parts[0] for file in of.files or () if file.parts[0] not in ("..", "__pycache__")}
    return (Path(str(of.locate_file(name))) for name in names)


def install(wheel: Path, folder: Path, *more: str) -> Path:
    """A bare environment of this Python with the wheel and what it needs; its folder of programs.
    `more`: other requirements.

    The libraries are links to those of this environment, and no other is there.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index"]
    pip += ["--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True)
    [libraries] = folder.glob("lib/python3*/site-packages")
    [of_giaoban] = Distribution.discover(name="giaoban", path=[str(libraries)])
    for of in needed([*(of_giaoban.requires or ()), *more]).values():
        for top in _tops(of):
            if not (libraries / top.name).exists():
                (libraries / top.name).symlink_to(top)
    return folder / "bin"


def _nobody_reads(path: Path) -> bool:
    """Not where this repository lies in root's own folder."""
    words = ["test", "-r", str(path)]
    return subprocess.run(words, user=NOBODY, group=NOBODY, check=False).returncode == 0


class User:
    """Who has installed it: not root, in a folder of their own, without our environment."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs = programs
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._environment = {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_CACHE_HOME": str(home / "cache"),
        }
        self._user = NOBODY if os.geteuid() == 0 and _nobody_reads(programs / "python") else None
        if self._user is not None:
            for path in (home, self.folder):
                os.chown(path, NOBODY, NOBODY)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, in the user's folder."""
        return subprocess.run(
            [str(self._programs / words[0]), *words[1:]],
            cwd=self.folder,
            env=self._environment | environment,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user is not None else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def gives(self, *words: str, code: int = 0) -> str:
        """What is printed by a command that ends with this code."""
        done = self.run(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
