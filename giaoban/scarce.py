"""What a machine may run short of, told from an error: one place for space, memory, descriptors,
processes and limits (setrlimit(2)), whoever met the error and however it was wrapped; and libraries
that were not installed (`giaoban.extras`)."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from giaoban import extras
from giaoban.errors import MachineLacks
from giaoban.sentence import N_, Sentence

_MEMORY = (
    N_("not enough memory"),
    N_("end other programs, or ask for less at a time: --jobs 1, --seeds 0 (limits: ulimit -v)"),
)
_PROCESSES = (
    N_("no more processes or threads may be started"),
    N_("end other programs, or raise the limit: ulimit -u"),
)
_TEMPORARY = (
    N_("no folder for temporary files can be written"),
    N_(
        "free some space (df -h /tmp), or name another folder: TMPDIR (limits: ulimit -f unlimited)"
    ),
)
_SHORT = {
    errno.ENOSPC: (
        N_("no space left on the disk"),
        N_("free some space (df -h), or name another folder: --results, TMPDIR"),
    ),
    errno.EDQUOT: (
        N_("no space left on the disk: your quota is used up"),
        N_("remove files of yours, or name another folder: --results, TMPDIR"),
    ),
    errno.EFBIG: (
        N_("a file grew larger than files may become here"),
        N_("raise the limit: ulimit -f unlimited"),
    ),
    errno.ENOMEM: _MEMORY,
    errno.EMFILE: (
        N_("no more files may be open at a time"),
        N_("raise the limit: ulimit -n 4096"),
    ),
    errno.ENFILE: (
        N_("no more files may be open at a time on this machine"),
        N_("end other programs, or raise the limit: sysctl fs.file-max"),
    ),
}
_LOADER = re.compile(r"failed to map segment|cannot (?:map|allocate)|[Tt]oo many open files")
"""What the dynamic linker says where a library does not fit (dl_open of glibc)."""
_NO_TEMPORARY = "No usable temporary directory"
"""What `tempfile` says where all that it tries is full, or a file may have no byte."""
_PICTURE = "error when writing image file"
"""What Pillow says, without a number of an error, where its encoder is given no memory."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
"""How libraries written in Rust tell an error of the system."""


def shortage(error: BaseException) -> MachineLacks | None:
    """What the machine lacks, if that is why this was raised; None: it is something else.

    What an error was made from, or was raised in the handling of, counts as well.
    """
    for each in _chain(error):
        if isinstance(each, MachineLacks):
            return each
        if isinstance(each, ModuleNotFoundError) and (lacks := extras.lacking(each.name or "")):
            return lacks
        found = _of(each)
        if found is not None:
            what, mending = found
            place = _place(each)
            if place:
                return MachineLacks("{place}: {what}", mending, place=place, what=Sentence(what))
            return MachineLacks(what, mending)
    return None


def _of(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, BlockingIOError) and error.filename is None:  # fork(2), clone(2)
        return _PROCESSES
    if isinstance(error, FileNotFoundError) and _NO_TEMPORARY in str(error):
        return _TEMPORARY
    if isinstance(error, OSError) and error.errno is not None:
        return _SHORT.get(error.errno)
    text = str(error)
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return _PROCESSES
    if isinstance(error, ImportError) and (found := _LOADER.search(text)):
        return _SHORT[errno.EMFILE] if "open files" in found[0] else _MEMORY
    if isinstance(error, OSError) and _PICTURE in text:
        return _MEMORY
    if (said := _OS_ERROR.search(text)) is not None:
        return _SHORT.get(int(said[1]))
    return None


def _place(error: BaseException) -> str:
    name = error.filename if isinstance(error, OSError) else None
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
