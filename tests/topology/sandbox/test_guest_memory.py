"""Where the guest's memory goes: round a /dev/shm that is too small or forbids to run anything."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import memory
from tests.mounts import ROOT, in_own_mounts

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


def test_a_place_that_is_none(tmp_path: Path) -> None:
    assert memory.unfit(tmp_path / "nowhere", 1) == "No such file or directory"
    assert memory.unfit(tmp_path, 10**9) is not None
    with pytest.raises(MachineLacks):
        memory.place(10**9, tmp_path)


ROOT_QUOTED = shlex.quote(str(ROOT))
DOCTOR = shlex.join([sys.executable, "-m", "giaoban.scenarios.cli.entry", "doctor", "--json"])


@pytest.mark.parametrize("how", ["size=64m", "size=4g,noexec"])
def test_the_doctor_says_where_it_goes_instead(how: str) -> None:
    """A container's /dev/shm is nothing to mend where there is room elsewhere."""
    done = in_own_mounts(f"unset TMPDIR; mount -t tmpfs -o {how} tmpfs /dev/shm; {DOCTOR}")
    [found] = [f for f in json.loads(done.stdout)["findings"] if "memory" in f["what"]]
    assert found["ok"]
    assert found["detail"] == "in /tmp"


def test_the_doctor_says_what_is_in_the_way() -> None:
    done = in_own_mounts(
        f"unset TMPDIR; mount -t tmpfs -o size=64m tmpfs /dev/shm\n"
        f"for place in /tmp /var/tmp; do mount -t tmpfs -o size=8m tmpfs $place; done\n"
        # the checkout may be in one of them; the current folder still refers to it
        f"mkdir -p {ROOT_QUOTED}; mount --no-canonicalize --bind . {ROOT_QUOTED}\n"
        f"cd {ROOT_QUOTED}; {DOCTOR}"
    )
    assert done.returncode == 4, done.stderr
    [found] = [f for f in json.loads(done.stdout)["findings"] if "memory" in f["what"]]
    assert not found["ok"]
    assert "/dev/shm: 64 MB are free, 1532 are needed; /tmp: 8 MB" in found["detail"]
    assert "TMPDIR=FOLDER" in found["install"]
