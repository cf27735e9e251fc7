"""Files: read, whoever made them, of a known kind and never without end; written whole, or refused
in words that a person can act on."""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from secrets import token_hex

from giaoban.errors import GiaobanError, InputError, did_you_mean, hints_anew, strerror
from giaoban.scarce import shortage
from giaoban.sentence import Sentence, either

MOST_ENTRIES = 20_000
MOST_TIMES, AT_LEAST = 100, 16 * 2**20
"""An archive unpacks to so many times its own size, or to a few megabytes; logs pack 30 to 1."""
_CENTRAL = b"PK\x01\x02"
"""How an entry of an archive's directory begins (APPNOTE.TXT, 4.3.12)."""


def refuse_too_many(data: bytes) -> None:
    """Before the directory is read, each of whose entries takes a kilobyte. Raises `ValueError`."""
    if data.count(_CENTRAL) > MOST_ENTRIES:
        raise ValueError(
            Sentence("it has more than {most_entries:,} entries", most_entries=MOST_ENTRIES)
        )


def entries_of(archive: zipfile.ZipFile, size: int, most: int) -> list[zipfile.ZipInfo]:
    """The entries of an archive of `size` bytes that may be unpacked, `most` bytes at the most.

    Raises `ValueError`: a name twice, packed in a way that may take any memory, or a bomb. That
    there are not too many was seen before (`refuse_too_many`).
    """
    entries = archive.infolist()
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError(Sentence("a name is there twice"))
    if any(e.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in entries):
        raise ValueError(Sentence("an entry is neither stored nor deflated"))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(most, AT_LEAST + MOST_TIMES * size):
        raise ValueError(Sentence("it unpacks to {unpacked:,.0f} MiB", unpacked=unpacked / 2**20))
    return entries


def sums_of(paths: Iterable[Path]) -> dict[Path, str]:
    """The SHA-256 of each file, in hexadecimal digits; "": no file, which its reader tells."""
    found = {}
    for path in paths:
        found[path] = ""
        with suppress(OSError):
            if path.is_file():  # a pipe would be waited for
                with path.open("rb") as file:
                    found[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def sum_before_reading(paths: Iterable[Path], as_read: MutableMapping[Path, str]) -> None:
    """Sum the files that are about to be read for the first time, which stand in `as_read` then.

    A file that was read before is to stay what it was then. One that is saved between the two is
    refused at the end, even if what was read of it is new; summed afterwards it would not be.
    """
    as_read.update(sums_of(path for path in paths if path not in as_read))


def refuse_changed(as_read: Mapping[Path, str], now: Mapping[Path, str] | None = None) -> None:
    """Raises `InputError` for the first file that is not what it was when it was summed.

    An answer takes its time. Who saves an input meanwhile would have it told of a file that nobody
    has judged, or of two halves. `now`: the sums of what is looked at, where they are known.
    """
    for path, summed in (sums_of(as_read) if now is None else now).items():
        if summed != as_read[path]:
            raise InputError(
                "{path}: was changed while it was being answered (allowed: inputs that stay as "
                "they are until the answer is there; begin again)",
                path=path,
            )


def refuse_if_others_read(path: Path, holds: str, option: str = "") -> None:
    """Raise `InputError` if others than its owner may read or change a regular file.

    `holds`: what is in it, in the plural; `option`: by which it was named. What is no regular
    file (a pipe, or nothing) has nobody else who could open it later.
    """
    if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        named = f"{option} = {path}" if option else str(path)
        raise InputError(
            "{named}: holds {holds} but others may read it: chmod 600 {path}",
            named=named,
            holds=holds,
            path=shlex.quote(str(path)),
        )


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """The name under which `out` is to be written; it gets its own once all of it is there.

    A device or a pipe is written to as it is. Raises `OSError`.
    """
    if out.exists() and not out.is_file():
        yield out
        return
    # of its own, also where machines share the folder; the suffix says what kind it is
    aside = out.with_name(f".{token_hex(8)}.{out.name}")
    try:
        yield aside
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


MAX_BYTES = 16 * 1024 * 1024
"""Of a file that people write: a country's 11,000 bridges take 7 MB."""

MOST_ANSWER = 128 * 1024 * 1024
"""Of what a run found or was made from: a country's is some 80 MB."""


def read_file(path: Path, kind: str = "", most: int = MAX_BYTES, option: str = "") -> bytes:
    """The bytes of a regular file of at most `most` bytes; `InputError` for anything else.

    `kind` names what is expected; its lower case is what such files' names end in. `option`
    is how it was named, if by an option.
    """
    name = f"{option} = {path}" if option else str(path)
    hints_anew()
    try:
        _refuse(path.stat(), name, most)  # opening is enough to do harm with some devices
        # not waiting for a writer: what a name means may have changed since the look at it
        with open_file(path) as file:
            _refuse(os.fstat(file.fileno()), name, most)
            data = file.read(most + 1)
    except FileNotFoundError:
        like = f"*.{kind.lower()}" if kind else "*"
        siblings = [p.name for p in path.parent.glob(like)] if path.parent.is_dir() else []
        raise InputError(
            "{name}: no such file{near}", name=name, near=did_you_mean(path.name, siblings)
        ) from None
    except OSError as error:
        raise InputError("{name}: cannot be read: {why}", name=name, why=strerror(error)) from None
    except ValueError:  # "embedded null byte"
        raise InputError("{name}: is not the name of a file", name=repr(name)) from None
    if len(data) > most:  # it grew, or is one of those that have no size
        raise _too_large(name, most)
    return data


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it, as far as that can be done, even where only one more
    file may be open at a time (`shutil.rmtree` takes some for each level)."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        _remove_by_name(path)


def _remove_by_name(folder: Path) -> None:
    for name in os.listdir(folder):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            _remove_by_name(path)
        else:
            path.unlink()
    folder.rmdir()


def open_file(path: Path) -> BufferedReader:
    """A regular file, open for reading. Raises `InputError` for what is none, and `OSError`."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InputError("{path}: is not a regular file", path=path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    return os.fdopen(descriptor, "rb")


def _refuse(found: os.stat_result, name: str, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise InputError("{name}: is a folder, a file is needed", name=name)
    if not stat.S_ISREG(found.st_mode):
        raise InputError("{name}: is not a regular file", name=name)
    if found.st_size > most:
        raise _too_large(name, most)


def _too_large(name: str, most: int) -> InputError:
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most} bytes"
    return InputError("{name}: larger than {size}, not a file of ours", name=name, size=size)


def shown(path: Path) -> Path:
    """A path as somebody types it who stands in the current folder, if it lies below that."""
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd())
    except (OSError, ValueError):  # the folder is gone, or the path lies elsewhere
        return path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the disk's refusals into errors a person can act on: `InputError`, `MachineLacks`."""
    try:
        yield
    except OSError as error:
        raise _refusal(path, error) from None


def _refusal(path: Path, error: OSError) -> GiaobanError:
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        error.filename = str(path)  # else it is named: a temporary file may be on another disk
    if (lacks := shortage(error)) is not None:
        return lacks
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        why = (
            Sentence("is read-only")
            if error.errno == errno.EROFS
            else Sentence("may not be written by you")
        )
        return InputError("{path}: {why}; name another folder", path=path, why=why)
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return InputError("{path}: is not a folder, so nothing can be written into it", path=path)
    return InputError("{path}: cannot be written: {why}", path=path, why=strerror(error))


def flush(*paths: Path) -> None:
    """Have what was written to files and folders on the disk. Raises `OSError`."""
    for path in paths:
        if os.name == "nt" and path.is_dir():
            continue  # Windows keeps folders by itself, and opens none
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def refuse_other_ending(out: Path, *allowed: str) -> None:
    """Raise `InputError` for a file to write (`--out`) whose name ends in none of `allowed`."""
    if not out.name.lower().endswith(allowed):
        raise InputError(
            "--out = {out}: is no file to write (allowed: a name that ends with {endings})",
            out=out,
            endings=either(allowed),
        )


def make_folder_of(out: Path) -> None:
    """Make the folder of a file to write. Raise `InputError` or `MachineLacks`."""
    with writing(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)


def write_whole(out: Path, data: bytes) -> None:
    """A file that is there whole, or not at all. Raises `InputError`, `MachineLacks`."""
    with writing(out.parent), whole(out) as aside:
        aside.write_bytes(data)
