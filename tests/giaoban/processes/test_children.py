"""Child programs: their lines, their ends, and that none is left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from giaoban.errors import MachineLacks
from giaoban.processes import children
from giaoban.processes.children import die_with_parent, follow
from tests.processes import PATIENCE_S, alive, wait_for


def test_lines_and_exit_code(tmp_path: Path) -> None:
    code = "import sys; [print(n) for n in range(100)]; sys.stdout.write('half'); sys.exit(3)"
    lines: list[str] = []
    command = [sys.executable, "-c", code]
    ended, tail = follow(command, log=tmp_path / "log", on_line=lines.append)
    assert ended == 3
    assert lines == [*map(str, range(100)), "half"]
    assert tail == lines[-children.TAIL_LINES :]
    assert (tmp_path / "log").read_text().splitlines() == lines
    code = "import os; os.kill(os.getpid(), 9)"
    command = [sys.executable, "-c", code]
    assert follow(command, log=tmp_path / "log", on_line=print)[0] == -signal.SIGKILL


def test_an_error_ends_the_whole_process_group(tmp_path: Path) -> None:
    pids: list[int] = []
    code = (
        "import subprocess\n"
        "print(subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
        "import time; time.sleep(600)"
    )

    def on_line(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow([sys.executable, "-c", code], log=tmp_path / "log", on_line=on_line)
    wait_for(lambda: not alive(pids[0]), "the grandchild to die")


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\nfrom giaoban.processes.children import follow\n"
        "code = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        f"follow([sys.executable, '-c', code], log=pathlib.Path({str(tmp_path / 'log')!r}),\n"
        "       on_line=lambda line: print(line, flush=True))"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not alive(pid), "the child to die")


def test_a_silent_child_has_hung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "SILENCE_S", 0.1)
    with pytest.raises(MachineLacks, match="the program hung"):
        follow(["sleep", "600"], log=tmp_path / "log", on_line=print)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MachineLacks, match="/nowhere cannot be started"):
        follow(["/nowhere"], log=tmp_path / "log", on_line=print)


def test_a_child_ends_whose_parent_ended_before_it() -> None:
    """No signal comes then (prctl(2))."""
    gone = subprocess.Popen(["true"])
    gone.wait()

    def begin() -> None:
        die_with_parent(parent=gone.pid)

    child = subprocess.run(["sleep", "600"], preexec_fn=begin, check=False, timeout=PATIENCE_S)
    assert child.returncode == 1
