"""Temporary folders: gone at the end, and what killed processes left is removed by the next."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from giaoban.processes.ownership import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os
from giaoban.processes.ownership import temporary_folder
with temporary_folder("test") as folder:
    (folder / "written").write_text("x")
    os.kill(os.getpid(), 9)
"""
ELSEWHERE = {
    "giaoban/processes/ownership.py",  # this is it
    "giaoban/build_cache.py",  # under a lock, in a folder of its own
    "topology/sandbox/boot.py",  # in a folder that is removed in the same way
    "topology/emulation/routers.py",  # in the guest, whose files end with it
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_only_what_dead_processes_left_is_removed(place: Path) -> None:
    foreign = place / "giaoban-of-somebody"
    foreign.write_text("no folder")
    with temporary_folder("mine") as mine:
        env = {**os.environ, "TMPDIR": str(place)}
        dead = subprocess.run([sys.executable, "-c", KILLED], check=False, cwd=ROOT, env=env)
        assert dead.returncode == -9
        left = set(place.iterdir()) - {mine, foreign}
        assert [(each / "written").read_text() for each in left] == ["x"]
        with temporary_folder("next") as following:
            assert set(place.iterdir()) == {mine, foreign, following}
    assert list(place.iterdir()) == [foreign]


def test_a_folder_of_somebody_s_own_of_a_like_name_is_left_alone(place: Path) -> None:
    """A user's results, say, or what another program works in, of whatever age."""
    own = place / "giaoban-results"
    (own / "runs").mkdir(parents=True)
    (own / "runs" / "result.json").write_text("{}")
    os.utime(own, (0, 0))
    with temporary_folder("mine"):
        pass
    assert (own / "runs" / "result.json").read_text() == "{}"
