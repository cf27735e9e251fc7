"""Ctrl-C, SIGTERM and SIGHUP at named points of a check: 130, one line, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenario_factory import ROOT, scenario

from tests.nights import at_night

LAB = Path(__file__).with_name("signal_lab.py")
SAID = "giaoban: interrupted, nothing is left behind"


@pytest.fixture(scope="module")
def lab() -> Iterator[subprocess.Popen[str]]:
    """Has loaded what a check needs."""
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, LAB], cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield process


def copied(
    lab: subprocess.Popen[str], words: list[str], variables: dict[str, str], folder: Path
) -> tuple[int, str, str]:
    """Exit code, standard output and error of a copy of it."""
    out, err = folder / "stdout", folder / "stderr"
    order = [words, variables, [os.devnull, str(out), str(err)]]
    lab.stdin.write(f"{json.dumps(order)}\n")
    lab.stdin.flush()
    code = int(lab.stdout.readline())
    return code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "event", "part"),
    [
        # modules that load in C, in which an exception becomes another one, or an abort
        (signal.SIGTERM, "import", "typer"),
        (signal.SIGINT, "import", "numpy.linalg"),
        (signal.SIGHUP, "import", "numpy._core._multiarray_umath"),
        (signal.SIGTERM, "import", "pydantic_core"),
        at_night(signal.SIGINT, "import", "matplotlib.ft2font"),
        # while a meeting is estimated, judged, drawn and written down
        at_night(signal.SIGTERM, "os.mkdir", ".partial-"),
        (signal.SIGINT, "open", ".owner"),
        at_night(signal.SIGTERM, "open", "criteria.toml"),
        (signal.SIGINT, "os.fork", ""),
        (signal.SIGHUP, "open", "plots"),
        at_night(signal.SIGTERM, "open", "result.json"),
        (signal.SIGINT, "open", "view.html"),
    ],
)
def test_a_check_by_estimate(
    lab: subprocess.Popen[str],
    tmp_path: Path,
    number: signal.Signals,
    event: str,
    part: str,
) -> None:
    results, temporary = tmp_path / "results", tmp_path / "temporary"
    temporary.mkdir()
    seeds = "0" if part.startswith("matplotlib") else "1"  # who tries other seeds draws as well
    words = ["check", scenario(tmp_path / "s.toml"), "--estimate", "--seeds", seeds]
    words = [str(int(number)), event, part, *map(str, words), "--results", str(results)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    if event == "import":
        done = subprocess.run(
            [sys.executable, LAB, *words],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        code, out, err = copied(lab, words, variables, tmp_path)
    *progress, last = err.splitlines()
    assert (code, out, last) == (130, "", SAID), err
    assert all(line.endswith("%") for line in progress), err
    assert not results.exists() or list(results.iterdir()) == []
    assert list(temporary.iterdir()) == []
