"""Where the guest's memory goes: round a /dev/shm that is too small or forbids to run anything."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.mounts import in_own_mounts

NEEDED_MB = 100
ROOM, SMALL, NOEXEC = "size=200m", "size=64m", "size=200m,noexec"


def placed(folder: Path, shm: str, tmpdir: str | None, temporary: str, other: str) -> str:
    """The name of the place that is found, of file systems mounted so, or why there is none."""
    mounts = {"tmp": temporary, "other": other, "shm": shm}
    if tmpdir is not None:
        mounts["tmpdir"] = tmpdir
    lines = []
    for name, how in mounts.items():
        (folder / name).mkdir()
        lines.append(f"mount -t tmpfs -o {how} tmpfs {shlex.quote(str(folder / name))}")
    code = f"""
import os, tempfile
from pathlib import Path
from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import memory
here = Path({str(folder)!r})
memory.SHARED_MEMORY, tempfile.tempdir = here / "shm", str(here / "tmp")
try:
    print(memory.place({NEEDED_MB}, here / "other").name)
except MachineLacks as error:
    print(error)
"""
    named = "" if tmpdir is None else f"TMPDIR={shlex.quote(str(folder / 'tmpdir'))} "
    lines.append(f"unset TMPDIR; {named}{shlex.join([sys.executable, '-c', code])}")
    done = in_own_mounts("\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("shm", "tmpdir", "temporary", "other", "found"),
    [
        (ROOM, None, ROOM, ROOM, "shm"),
        (SMALL, None, ROOM, ROOM, "tmp"),
        (NOEXEC, None, ROOM, ROOM, "tmp"),
        (SMALL, None, NOEXEC, ROOM, "other"),
        (ROOM, ROOM, ROOM, ROOM, "tmpdir"),
        (ROOM, SMALL, ROOM, ROOM, "shm"),
        (NOEXEC, NOEXEC, ROOM, ROOM, "tmp"),
        ("ro", None, ROOM, ROOM, "tmp"),
    ],
)
def test_it_goes_where_there_is_room(
    tmp_path: Path, shm: str, tmpdir: str | None, temporary: str, other: str, found: str
) -> None:
    assert placed(tmp_path, shm, tmpdir, temporary, other) == found


def test_where_there_is_none_each_place_is_told_with_its_reason(tmp_path: Path) -> None:
    said = placed(tmp_path, SMALL, None, NOEXEC, "ro,size=200m")
    assert "shm: 64 MB are free, 132 are needed" in said
    assert "tmp: nothing may be run from it (noexec)" in said
    assert "other: Read-only file system" in said
    assert "--shm-size=2g" in said
    assert "TMPDIR=FOLDER" in said
