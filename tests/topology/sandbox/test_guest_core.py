"""A core for each guest, as long as there are any."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from giaoban.processes.children import follow
from giaoban.topology.sandbox.boot import own_core

AVAILABLE = os.sched_getaffinity(0)
CORES = {1_000_001, 1_000_002}
"""Of no machine: guests of other tests may have its own."""


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: CORES)


def test_no_two_guests_have_one_while_there_are_others() -> None:
    with own_core() as one, own_core() as other, own_core() as third:
        assert {one, other} == CORES
        assert third in CORES


def test_it_is_given_back() -> None:
    with own_core() as one:
        for _ in range(3):
            with own_core() as other:
                assert {one, other} == CORES


def test_a_child_keeps_to_it_with_all_that_it_starts(tmp_path: Path) -> None:
    code = "import os, subprocess, sys; print(sorted(os.sched_getaffinity(0)), flush=True); "
    code += "subprocess.run([sys.executable, '-c', 'import os; print(os.sched_getaffinity(0))'])"
    core = max(AVAILABLE)
    lines: list[str] = []
    log = tmp_path / "log"
    follow([sys.executable, "-c", code], log=log, on_line=lines.append, core=core)
    assert lines == [f"[{core}]", f"{{{core}}}"]
