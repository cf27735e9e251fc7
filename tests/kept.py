"""Cache of what a guest left in its folder, under the hash of all that its answer depends on.

The same inputs give the same answer, wherever a guest is booted and whatever else the machine does
(`tests/scenarios/emulation/test_runs.py` shows it, and never uses this cache). So a guest is booted
once for all tests, and again only after a change of its folder, of the sources that run in it, of
the kernel or of the machine's programs.

`GIAOBAN_TESTS_KEEP=FOLDER` says where; without it a folder of the user's cache. What begins with an
empty folder (`.ci/run`) boots them all.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import platform
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from giaoban import build_cache
from giaoban.topology.sandbox import boot

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("giaoban", "tests", "bench")
ALWAYS = ("giaoban.topology.sandbox.boot", "giaoban.topology.sandbox.guest_init")
"""What boots a guest, beside the module that runs in it."""
PROGRAMS = Path("/var/lib/dpkg/status")
"""Which says of each program of the distribution what version it has."""
MOST_BYTES = 2 << 30
LEFT, CONSOLE = "folder", "console.log"
UNFINISHED = ".keep-"
CLOCK_STEP_NS = 20_000_000
"""Files are dated by the kernel's last tick, 10 ms ago at the most."""

booted = boot.run
"""What boots a guest, whatever is kept."""
answers = True
"""Whether what is kept is an answer; a test marked `anew` is about the guest itself."""


def keeping() -> Path:
    """Where answers are kept."""
    named = os.environ.get("GIAOBAN_TESTS_KEEP")
    return Path(named) if named else build_cache.cache() / "guests"


def run(
    guest: boot.Guest,
    module: str,
    arguments: Sequence[str],
    *,
    writable: Path,
    console: Path,
    on_line: Callable[[str], None],
    interactive: bool = False,
) -> int:
    """As `giaoban.topology.sandbox.boot.run`, which is asked at most once for the same.

    What a guest failed at may have been the machine's doing: it is asked again.
    """

    def boot_it() -> int:
        return booted(
            guest,
            module,
            arguments,
            writable=writable,
            console=console,
            on_line=on_line,
            interactive=interactive,
        )

    if interactive or not answers:
        return boot_it()
    given = {name: _sum(path) for name, path in _files(writable)}
    place = keeping() / key(guest, module, arguments, writable, given)
    with _alone(place):
        if place.is_dir():
            os.utime(place)
            _answer(place, writable, console, on_line)
            return 0
        code = boot_it()
        if code == 0:
            _keep(place, console, writable, given)
    return code


def _answer(place: Path, writable: Path, console: Path, on_line: Callable[[str], None]) -> None:
    shutil.copytree(place / LEFT, writable, dirs_exist_ok=True)
    shutil.copyfile(place / CONSOLE, console)
    for line in console.read_text(encoding="utf-8").splitlines():
        on_line(line)


def _keep(place: Path, console: Path, writable: Path, given: dict[str, str]) -> None:
    """Whole or not at all; what was not asked for longest makes room."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=UNFINISHED) as scratch:
        made = Path(scratch, "made")
        _write(made, console, writable, given)
        made.rename(place)
    _make_room(place.parent)


def _write(made: Path, console: Path, writable: Path, given: dict[str, str]) -> None:
    (made / LEFT).mkdir(parents=True)
    shutil.copyfile(console, made / CONSOLE)
    for name, path in _files(writable):
        if path.resolve() != console.resolve() and given.get(name) != _sum(path):
            to = made / LEFT / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


def _make_room(folder: Path) -> None:
    kept = sorted(folder.glob("[!.]*/"), key=lambda one: one.stat().st_mtime)
    sizes = [sum(p.stat().st_size for _, p in _files(one)) for one in kept]
    while len(kept) > 1 and sum(sizes) > MOST_BYTES:
        shutil.rmtree(kept.pop(0), ignore_errors=True)
        sizes.pop(0)


def key(
    guest: boot.Guest,
    module: str,
    arguments: Sequence[str],
    writable: Path,
    given: dict[str, str],
) -> str:
    """The sum of all that a guest's answer hangs on."""
    words = []
    its_folder = writable.resolve()
    for word in arguments:
        path = Path(word)
        if path.is_file():
            words.append(_sum(path))
        elif path.is_absolute() and (there := path.resolve()).is_relative_to(its_folder):
            words.append(str("its folder" / there.relative_to(its_folder)))
        else:
            words.append(word)
    return hashlib.sha256(
        repr(
            (
                _sum(guest.kernel),
                guest.memory_mb,
                guest.virtual_time,
                module,
                words,
                sorted(given.items()),
                sources(module),
                _machine(),
            )
        ).encode()
    ).hexdigest()


@cache
def sources(module: str) -> str:
    """The sum of a module, of all of ours that it may come to import, and of the data beside it.

    To find them takes half a second, in each process that asks a guest: it is noted for as long as
    none of the files, and none of the folders in which one more would count, has been written to.
    """
    named = hashlib.sha256(f"{ROOT} {module}".encode()).hexdigest()
    note = keeping() / f".sources-{named}.json"
    with suppress(OSError, ValueError):
        noted = json.loads(note.read_text(encoding="utf-8"))
        if all(_written(Path(name)) == when for name, when in noted["written"]):
            return str(noted["sum"])
    began_ns = time.time_ns()
    files = _sources(module)
    told = sorted((str(path.relative_to(ROOT)), _sum(path)) for path in files)
    found = hashlib.sha256(repr(told).encode()).hexdigest()
    looked_at = {*files, *(place for path in files for place in (path.parent, path.parent.parent))}
    written = [(str(path), _written(path)) for path in sorted(looked_at)]
    if any(when[0] >= began_ns - CLOCK_STEP_NS for _, when in written):
        return found  # of what was written to meanwhile nobody knows what was read
    note.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=note.parent, prefix=UNFINISHED, delete=False) as to:
        json.dump({"sum": found, "written": written}, to)
    Path(to.name).rename(note)
    return found


def _written(path: Path) -> list[int]:
    """When a file was last written and how long it is, or when a folder was given another."""
    status = path.stat()
    return [status.st_mtime_ns, 0 if path.is_dir() else status.st_size]


def _sources(module: str) -> set[Path]:
    found: dict[str, Path] = {}
    todo = [module, *ALWAYS]
    while todo:
        name = todo.pop()
        path = None if name in found or name.split(".")[0] not in PACKAGES else _source(name)
        if path is None:
            continue
        found[name] = path
        todo.append(name.rpartition(".")[0])
        for node in _statements(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = {path for path in found.values() if path.is_file()}
    for place in {path.parent for path in files}:
        files |= {p for p in place.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc")}
    return files


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All of a module, but expressions, which are the most of it: none imports anything."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            inside = getattr(node, name, ())
            todo += inside if isinstance(inside, list) else ()


def _source(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    return next((p for p in (place / "__init__.py", place.with_suffix(".py")) if p.is_file()), None)


@cache
def _machine() -> str:
    """Which machine, Python, libraries and programs."""
    # name and version of each, as its folder is called
    folders = (Path(place) for place in sys.path if place)
    libraries = sorted({found.name for place in folders for found in place.glob("*.dist-info")})
    programs = _sum(PROGRAMS) if PROGRAMS.is_file() else ""
    return repr((platform.machine(), platform.processor(), sys.version, libraries, programs))


def _files(place: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder, by their names in it, but not whose it is
    (`giaoban.processes.ownership`)."""
    for path in sorted(place.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield str(path.relative_to(place)), path


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Who else asks for the same waits for the answer."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def begin() -> None:
    """From now on guests of this process, and of those that it begins, answer from what is kept."""
    boot.run = run


def command(name: str, *words: str) -> list[str]:
    """What runs a module of ours with such guests, in whatever folder."""
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    return [sys.executable, "-c", f"{path}; from tests import kept; kept.main()", name, *words]


def main() -> None:
    """Run the module that the command line names."""
    begin()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
