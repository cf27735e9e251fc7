"""Run folders: whole or absent, whatever happens."""

import errno
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import results_factory as make

from giaoban.errors import InputError, MachineLacks
from giaoban.results.archive.store import (
    RunFolder,
    list_runs,
    new_run,
    open_run,
    read_result,
    remove_stale_partials,
    write_result,
)


def finished(root: Path, run_id: str) -> Path:
    with RunFolder.create(root, run_id) as folder:
        write_result(folder.path, make.result(run_id=folder.run_id))
        return folder.finish()


def test_a_finished_run_is_found_and_holds_only_what_was_put_in(tmp_path):
    root = tmp_path / "a" / "runs"
    path = finished(root, "r1")
    assert path == root / "r1"
    assert [p.name for p in root.iterdir()] == ["r1"]
    assert [p.name for p in path.iterdir()] == ["result.json"]
    assert read_result(path).run_id == "r1"


def test_a_run_being_written_is_not_a_run(tmp_path):
    folder = RunFolder.create(tmp_path, "r1")
    write_result(folder.path, make.result())
    assert list_runs(tmp_path) == []
    with pytest.raises(InputError, match="no such run"):
        open_run("r1", tmp_path)
    with pytest.raises(InputError, match="did not finish"):
        open_run(str(folder.path), tmp_path)
    folder.finish()
    assert [p.name for p in list_runs(tmp_path)] == ["r1"]


def test_two_runs_at_the_same_moment_get_different_ids(tmp_path):
    first, second = RunFolder.create(tmp_path, "r"), RunFolder.create(tmp_path, "r")
    assert (first.run_id, second.run_id) == ("r", "r-2")
    write_result(first.path, make.result())
    first.finish()
    assert RunFolder.create(tmp_path, "r").run_id == "r-3"


def test_failure_removes_its_own_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), RunFolder.create(tmp_path, "r"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_finish_without_a_result_is_refused(tmp_path):
    folder = RunFolder.create(tmp_path, "r")
    with pytest.raises(ValueError, match="not complete"):
        folder.finish()


@pytest.mark.parametrize("run_id", ["", "../x", ".hidden", "a/b", "a b", "x" * 200])
def test_bad_run_id(tmp_path, run_id):
    with pytest.raises(InputError, match="run id"):
        RunFolder.create(tmp_path, run_id)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("sweep-cables_2.b", "sweep-cables_2.b"),
        ("sweep-Khảo sát (đợt 2)", "sweep-khao-sat-dot-2"),
        ("测试", "run"),
        ("x" * 300, "x" * 95),
        ("à" * 300, "a" * 95),
    ],
)
def test_a_run_of_a_file_with_any_name_is_kept(tmp_path: Path, name: str, called: str) -> None:
    with new_run(tmp_path, name, datetime(2026, 11, 25, 8)) as folder:
        write_result(folder.path, make.result(run_id=folder.run_id))
        assert folder.finish().name == f"{called}-20261125-080000"


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "runs").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        RunFolder.create(tmp_path / "runs", "r")


def test_no_space_while_reserving_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MachineLacks, match="no space"):
        RunFolder.create(tmp_path, "r")
    assert list(tmp_path.iterdir()) == []


def test_open_by_path_id_and_unique_beginning(tmp_path):
    first, second = finished(tmp_path, "2026-a"), finished(tmp_path, "2026-bc")
    assert open_run(str(first), tmp_path) == first
    assert open_run("2026-a", tmp_path) == first
    assert open_run("2026-b", tmp_path) == second
    with pytest.raises(InputError, match="2 runs begin so: 2026-a, 2026-bc"):
        open_run("2026", tmp_path)
    with pytest.raises(InputError, match='did you mean "2026-bc"'):
        open_run("2026-bd", tmp_path)
    with pytest.raises(InputError, match="holds no finished run"):
        open_run("x", tmp_path / "none")
    with pytest.raises(InputError, match="no such run"):
        open_run("", tmp_path)


def test_an_id_that_begins_another_is_itself(tmp_path):
    finished(tmp_path, "r")
    finished(tmp_path, "r")
    assert open_run("r", tmp_path).name == "r"


def test_damaged_result(tmp_path):
    path = finished(tmp_path, "r")
    (path / "result.json").write_text('{"schema": ')
    with pytest.raises(InputError, match=r"result\.json: not a giaoban"):
        read_result(path)
    with pytest.raises(InputError, match="no such file"):
        read_result(tmp_path)


def test_only_what_dead_processes_left_is_removed(tmp_path):
    mine = RunFolder.create(tmp_path, "mine")
    code = (
        "import os, sys; from pathlib import Path\n"
        "from giaoban.results.archive.store import RunFolder\n"
        "RunFolder.create(Path(sys.argv[1]), 'killed'); os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[3]
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=root)
    assert dead.returncode == -9
    assert [p.name for p in remove_stale_partials(tmp_path)] == [".partial-killed"]
    assert mine.path.is_dir()
