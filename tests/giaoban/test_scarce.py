"""What a machine runs short of, however the error was met and wrapped."""

from __future__ import annotations

import errno
import os
import tempfile

import numpy as np
import pytest

from giaoban.errors import MachineLacks
from giaoban.scarce import shortage


def system_error(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file)


def too_large() -> BaseException:
    with pytest.raises(MemoryError) as raised:
        np.empty(2**50, np.float64)
    return raised.value


def no_temporary_folder() -> BaseException:
    """As where all of them are full, or a file may not have a byte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", None)
        patch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc", "/sys"])
        with pytest.raises(FileNotFoundError) as raised:
            tempfile.gettempdir()
    return raised.value


def wrapped(cause: BaseException) -> BaseException:
    error = RuntimeError("a library's own")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (system_error(errno.ENOSPC, "/tmp/x"), "/tmp/x: no space left on the disk"),
        (system_error(errno.EDQUOT), "quota"),
        (system_error(errno.EFBIG, "/tmp/x"), "/tmp/x: a file grew larger"),
        (system_error(errno.ENOMEM), "not enough memory"),
        (system_error(errno.EMFILE), "no more files"),
        (system_error(errno.ENFILE), "no more files"),
        (system_error(errno.EAGAIN), "no more processes"),
        (RuntimeError("can't start new thread"), "no more processes or threads"),
        (OSError("codec configuration error when writing image file"), "not enough memory"),
        (no_temporary_folder(), "no folder for temporary files"),
        (MemoryError(), "not enough memory"),
        (too_large(), "not enough memory"),
        (ImportError("x.so: failed to map segment from shared object"), "not enough memory"),
        (ImportError("x.so: cannot open shared object file: Too many open files"), "no more files"),
        (RuntimeError("cannot write (os error 28)"), "no space left"),
        (wrapped(system_error(errno.ENOSPC)), "no space left"),
        (wrapped(MemoryError()), "not enough memory"),
    ],
)
def test_a_shortage_is_known_and_says_what_to_do(error: BaseException, what: str) -> None:
    found = shortage(error)
    assert isinstance(found, MachineLacks)
    assert what in found.what
    assert found.install


@pytest.mark.parametrize(
    "error",
    [
        system_error(errno.ENOENT),
        system_error(errno.EPIPE),
        RuntimeError("x (os error 2)"),
        ImportError("No module named x"),
        ValueError("no space left"),
        OSError("cannot identify image file"),
        SystemError("error return without exception set"),
    ],
)
def test_anything_else_is_none(error: BaseException) -> None:
    assert shortage(error) is None
