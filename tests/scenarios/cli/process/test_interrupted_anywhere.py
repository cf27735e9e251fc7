"""Ctrl-C, SIGTERM and SIGHUP at named points of a check: 130, one line, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scenario_factory import ROOT, scenario

LAB = Path(__file__).with_name("signal_lab.py")
SAID = "giaoban: interrupted, nothing is left behind"


@pytest.mark.parametrize(
    ("number", "event", "part"),
    [
        # modules that load in C, in which an exception becomes another one, or an abort
        (signal.SIGTERM, "import", "typer"),
        (signal.SIGINT, "import", "numpy.linalg"),
        (signal.SIGHUP, "import", "numpy._core._multiarray_umath"),
        (signal.SIGTERM, "import", "pydantic_core"),
        (signal.SIGINT, "import", "matplotlib.ft2font"),
        # while a meeting is estimated, judged, drawn and written down
        (signal.SIGTERM, "os.mkdir", ".partial-"),
        (signal.SIGINT, "open", ".owner"),
        (signal.SIGTERM, "open", "criteria.toml"),
        (signal.SIGINT, "os.fork", ""),
        (signal.SIGHUP, "open", "plots"),
        (signal.SIGTERM, "open", "result.json"),
        (signal.SIGINT, "open", "view.html"),
    ],
)
def test_a_check_by_estimate(tmp_path: Path, number: signal.Signals, event: str, part: str) -> None:
    results, temporary = tmp_path / "results", tmp_path / "temporary"
    temporary.mkdir()
    seeds = "0" if part.startswith("matplotlib") else "1"  # who tries other seeds draws as well
    words = ["check", scenario(tmp_path / "s.toml"), "--estimate", "--seeds", seeds]
    done = subprocess.run(
        [sys.executable, LAB, str(int(number)), event, part, *words, "--results", results],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    *progress, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout, last) == (130, "", SAID), done.stderr
    assert all(line.endswith("%") for line in progress), done.stderr
    assert not results.exists() or list(results.iterdir()) == []
    assert list(temporary.iterdir()) == []
