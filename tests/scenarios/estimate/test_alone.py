"""An estimate needs no Mininet, no netlink, no root and nothing that only Linux or Unix has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scenario_factory import ROOT, scenario

from tests.nights import at_night

WITHOUT = """
import os, select, signal, socket, sys
import multiprocessing.resource_tracker, subprocess  # they have ways of their own elsewhere
for name in ("mininet", "pyroute2", "fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
del select.epoll
for name in ("SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "setitimer"):
    delattr(signal, name)
for name in ("sched_getaffinity", "sched_setaffinity", "killpg", "getuid", "geteuid", "setsid"):
    delattr(os, name)
def refuse(*_args, **_kwargs):
    raise AssertionError("a socket was opened")
socket.socket.__init__ = refuse
from giaoban.scenarios.cli.entry import main
sys.argv = ["giaoban", *sys.argv[1:], "--json"]
main()
"""


def run(tmp_path: Path, command: str, *words: str) -> dict[str, object]:
    file = scenario(tmp_path / "s.toml", id="alone", phases=(2, 2, 2))
    done = subprocess.run(
        [
            *(sys.executable, "-c", WITHOUT, command, file),
            *("--results", tmp_path / "results", *words),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_check(tmp_path: Path) -> None:
    result = run(tmp_path, "check", "--estimate", "--seeds", "0")  # others: in other processes
    assert result["engine"]["name"] == "estimate"
    assert result["accounting"]["unaccounted"] == 0


@pytest.mark.parametrize(
    ("command", "words", "version"), [("whatif", ["--more", "1"], 2), at_night("headroom", [], 3)]
)
def test_further_bridges(tmp_path: Path, command: str, words: list[str], version: int) -> None:
    words = [*words, "--jobs", "1"]
    assert run(tmp_path, command, *words)["schema"] == f"giaoban.{command}/{version}"
