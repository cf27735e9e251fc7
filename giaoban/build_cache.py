"""What is compiled once and kept: taken only if it is whole, by the sum that is kept beside it.

Under the user's cache folder, `XDG_CACHE_HOME` (XDG Base Directory Specification).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from giaoban.errors import MachineLacks, strerror
from giaoban.scarce import shortage
from giaoban.sentence import N_

Build = Callable[[Path], Path]
"""Makes the file somewhere in an empty folder."""
SCRATCH = "build-"
NOTHING_KEPT = N_("{path}: nothing can be kept there: {why}")
ELSEWHERE = N_("XDG_CACHE_HOME=FOLDER, where programs may be run")


def cache() -> Path:
    """Where it is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "giaoban"


PREBUILT = "GIAOBAN_PREBUILT"
"""Environment variable: a folder with what was built elsewhere (`giaoban.topology.sandbox`), as an
image has it, which has neither compiler nor sources."""


def prebuilt(name: str) -> Path | None:
    """What was built elsewhere, if it is there, whole and such that it can be used."""
    if not (folder := os.environ.get(PREBUILT)):
        return None
    path = Path(folder, name)
    return path if is_whole(path) and os.access(path, os.X_OK) else None


def hand_over(built: Path, folder: Path, name: str) -> None:
    """Lay a copy of what is kept here, with its sum, where `prebuilt` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(built, folder / name)
    (folder / name).chmod(0o755)
    told = _sum_of(built).read_text(encoding="ascii").split()[0]
    _sum_of(folder / name).write_text(f"{told}  {name}\n", encoding="ascii")


def is_whole(path: Path) -> bool:
    """Whether a file is, to the last byte, what was built; one without a sum is not."""
    try:
        told = _sum_of(path).read_text(encoding="ascii").split()[:1]
        with path.open("rb") as file:
            return told == [hashlib.file_digest(file, "sha256").hexdigest()]
    except (OSError, ValueError):
        return False


def ensure(
    path: Path, build: Build, *, program: bool = False, told: Callable[[str], None] = lambda _: None
) -> Path:
    """The file, built if it is not there or not whole.

    Two at the same moment build it once: the second waits. What a killed one left is removed.

    Args:
        program: it is to be run, so somebody may have taken that right from it.
        told: what is the matter, if it takes longer for it.

    Raises:
        MachineLacks: what is kept in its folder cannot be run.
        OSError: the folder cannot be written to.
    """
    if not is_whole(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent / "lock", told):
            for left in path.parent.glob(f"{SCRATCH}*"):
                told("removing what one that was killed left")  # of a kernel, 1.6 GB
                shutil.rmtree(left, ignore_errors=True)
            if not is_whole(path):
                if path.exists():
                    told(f"{path.name} is damaged and is built anew")
                _build(path, build)
    if program:
        _let_run(path)
    return path


def _build(path: Path, build: Build) -> None:
    """The sum comes last: whatever kills this, what is there by then is not taken for whole."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH) as scratch:
        built = build(Path(scratch))
        with built.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        note = Path(scratch, "sum")
        note.write_text(f"{found}  {path.name}\n", encoding="ascii")
        os.replace(built, path)
        os.replace(note, _sum_of(path))


def _let_run(path: Path) -> None:
    if os.access(path, os.X_OK):
        return
    with suppress(OSError):  # somebody else's: then it is as one that cannot be run
        path.chmod(0o755)
    if not os.access(path, os.X_OK):
        raise MachineLacks(
            "{path} cannot be run: its file system forbids it (noexec), or its rights do",
            ELSEWHERE,
            path=path,
        )


def refused() -> OSError | None:
    """Why nothing can be kept; None if it can."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache()):
            return None
    except OSError as error:
        return error


@contextmanager
def required() -> Iterator[None]:
    """Around `ensure` of what nothing goes without: where nothing can be kept, this says so.

    Raises:
        MachineLacks: the folder cannot be written to.
        OSError: of another kind, as of a full disk.
    """
    try:
        yield
    except OSError:
        if (why := refused()) is None or shortage(why) is not None:
            raise
        raise MachineLacks(NOTHING_KEPT, ELSEWHERE, path=cache(), why=strerror(why)) from None


def _sum_of(path: Path) -> Path:
    """As `sha256sum --check` reads it."""
    return path.with_name(f"{path.name}.sha256")


@contextmanager
def locked(path: Path, told: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Alone with a file, which is made. `told` if another has it. Raises `OSError`."""
    import fcntl  # not on every system on which the rest of the program runs

    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told("waiting for another that builds it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
