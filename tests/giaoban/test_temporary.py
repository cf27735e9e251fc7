"""Temporary folders: gone at the end, and what killed processes left is removed by the next."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from giaoban.processes.ownership import OWNER, temporary_folder

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


def test_what_others_put_there_is_not_looked_into(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = place / "giaoban-others"
    others.mkdir()
    (others / OWNER).write_text("{}")
    os.utime(others, (0, 0))
    monkeypatch.setattr(os, "geteuid", lambda: others.stat().st_uid + 1)
    with temporary_folder("mine"):
        assert others.is_dir()


def test_a_pipe_in_place_of_the_note_is_not_waited_for(place: Path) -> None:
    trap = place / "giaoban-trap"
    trap.mkdir()
    os.mkfifo(trap / OWNER)
    with temporary_folder("mine"):
        assert trap.is_dir()


def test_every_temporary_folder_is_such_a_one() -> None:
    rooms = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios")
    files = {file for room in rooms for file in (ROOT / room).rglob("*.py")}
    made = {
        str(file.relative_to(ROOT))
        for file in files
        if "TemporaryDirectory(" in (text := file.read_text(encoding="utf-8")) or "mkdtemp(" in text
    }
    assert made == ELSEWHERE
