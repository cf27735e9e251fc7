"""Run folders: whole or absent, whatever happens."""

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
import results_factory as make

from giaoban.errors import InputError, MachineLacks
from giaoban.files import writing
from giaoban.processes.ownership import OWNER
from giaoban.results.archive import store
from giaoban.results.archive.store import (
    RunFolder,
    list_runs,
    new_run,
    open_run,
    read_result,
    remove_stale_partials,
    write_result,
)
from tests.processes import PATIENCE_S


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


def test_many_processes_at_once_all_get_their_own(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from giaoban.results.archive.store import RunFolder\n"
        "f = RunFolder.create(Path(sys.argv[1]), 'same')\n"
        "(f.path / 'result.json').write_text('{}')\n"
        "print(f.finish().name)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(4)
    ]
    names = {process.communicate(timeout=PATIENCE_S)[0].strip() for process in running}
    assert names == {"same", "same-2", "same-3", "same-4"} == {p.name for p in list_runs(tmp_path)}


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


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (errno.ENOSPC, MachineLacks, "no space left"),
        (errno.EDQUOT, MachineLacks, "no space left"),
        (errno.EROFS, InputError, "is read-only"),
        (errno.EACCES, InputError, "may not be written"),
        (errno.EIO, InputError, "cannot be written"),
    ],
)
def test_what_the_disk_says_becomes_clear(tmp_path, number, kind, message):
    with pytest.raises(kind, match=message) as caught, writing(tmp_path):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path) in str(caught.value)


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


def test_a_reused_process_number_does_not_keep_a_folder(tmp_path):
    folder = RunFolder.create(tmp_path, "r")
    owner = json.loads((folder.path / OWNER).read_text())
    (folder.path / OWNER).write_text(json.dumps(owner | {"start": "1"}))
    assert remove_stale_partials(tmp_path) == [folder.path]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"pid": 1}'])
def test_a_folder_without_an_owner_is_given_a_minute(tmp_path, text):
    partial = tmp_path / ".partial-x"
    partial.mkdir()
    if text is not None:
        (partial / OWNER).write_text(text)
    now = partial.stat().st_mtime
    assert remove_stale_partials(tmp_path, now) == []
    assert remove_stale_partials(tmp_path, now + 120) == [partial]


def test_another_machines_folder_is_left_alone_for_a_week(tmp_path):
    folder = RunFolder.create(tmp_path, "r")
    owner = json.loads((folder.path / OWNER).read_text())
    (folder.path / OWNER).write_text(json.dumps(owner | {"host": "elsewhere", "pid": 4194305}))
    now = folder.path.stat().st_mtime
    assert remove_stale_partials(tmp_path, now) == []
    assert remove_stale_partials(tmp_path, now + 8 * 86400) == [folder.path]


def test_no_root_no_stale(tmp_path):
    assert remove_stale_partials(tmp_path / "none") == []
    assert list_runs(tmp_path / "none") == []


def test_a_name_that_no_file_system_takes_is_no_run(tmp_path: Path) -> None:
    for name in ("x" * 300, "a\0b"):
        with pytest.raises(InputError, match="no such run"):
            open_run(name, tmp_path)


@contextmanager
def no_more_files() -> Iterator[None]:
    """As many files are open as may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/dev/fd"))), hard))
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_run_is_discarded_where_no_more_files_may_be_open(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "r1") as folder:
        inner = folder.path / "a" / "b"
        inner.mkdir(parents=True)
        (inner / "c").write_text("x", encoding="utf-8")
        (folder.path / "link").symlink_to(tmp_path)
        with no_more_files():
            with pytest.raises(OSError, match="Too many open files"):
                os.listdir(tmp_path)
            folder.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_now_is_tried_again_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[object] = []
    monkeypatch.setattr(store.atexit, "register", known.append)
    monkeypatch.setattr(store.atexit, "unregister", known.remove)
    folder = RunFolder.create(tmp_path, "r1")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "remove_folder", lambda path: None)
        folder.discard()
    assert known == [folder.discard]
    folder.discard()
    assert (known, list(tmp_path.iterdir())) == ([], [])
