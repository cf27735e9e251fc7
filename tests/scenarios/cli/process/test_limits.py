"""Limits of a process (setrlimit(2)) that a check runs into: 4, the cause in a sentence, and
nothing half-written."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import COMMAND
from scenario_factory import ROOT, scenario

from tests.nights import at_night


@pytest.mark.parametrize(
    ("limit", "amount", "said"),
    [
        (resource.RLIMIT_NOFILE, 8, "no more files may be open"),
        (resource.RLIMIT_FSIZE, 4096, "a file grew larger"),
        (resource.RLIMIT_CPU, 1, "processor time"),
    ],
    ids=["files", "size", "time"],
)
def test_a_check(tmp_path: Path, limit: int, amount: int, said: str) -> None:
    results = tmp_path / "results"
    seeds = "0" if limit == resource.RLIMIT_CPU else "1"  # then nobody draws for it
    words = ["check", scenario(tmp_path / "s.toml"), "--estimate", "--seeds", seeds]
    hard = resource.RLIM_INFINITY if limit == resource.RLIMIT_CPU else amount

    def limited() -> None:
        """Half of the second is spent before it begins, as a fast machine needs no more."""
        resource.setrlimit(limit, (amount, hard))
        while limit == resource.RLIMIT_CPU and time.process_time() < 0.5:
            pass

    done = subprocess.run(
        [*COMMAND, *words, "--results", results],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode == 4, done.stderr
    assert said in done.stderr
    assert "to mend it: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not results.exists() or list(results.iterdir()) == []


SWALLOWING = """
import os, signal
from giaoban.errors import MachineLacks
from giaoban.scenarios.cli import process_environment

process_environment._handle_cpu_time_limit()

def signalled():
    os.kill(os.getpid(), signal.SIGXCPU)

class Swallows:
    def __del__(self):
        signalled()

Swallows()
try:
    signalled()
except MachineLacks as error:
    print(error)
"""


def test_where_the_end_of_its_time_is_swallowed_the_next_signal_tells_it() -> None:
    """As in what pydantic's Rust code calls."""
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("the processor time that a process may take here is used up")


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("size", "workers"),
    [(2048, "0"), (2048, "1"), (64 * 1024, "0")],
    ids=["journal", "journal of a worker", "page"],
)
def test_a_load_test_that_cannot_write_all_down(tmp_path: Path, size: int, workers: str) -> None:
    """The page is written by the process that has the journal, whoever calls."""
    few = ["--bridges", "2", "--rate", "2", "--time", "1", "--media", "none", "--workers", workers]
    done = subprocess.run(
        [*COMMAND, "load", "--shape", "hold", *few, "--results", tmp_path / "results"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    assert done.returncode == 4, done.stderr
    assert "could be written down" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.parametrize("suffix", [at_night(".svg"), ".png", at_night(".pdf")])
def test_a_picture_of_which_only_half_fits(tmp_path: Path, suffix: str) -> None:
    picture = tmp_path / f"map{suffix}"
    picture.write_text("of before")
    words = ["topology", "show", "--province", "tests/topology/small.toml", "--map", picture]
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 4, done.stderr
    assert "a file grew larger" in done.stderr
    assert list(tmp_path.iterdir()) == [picture]
    assert picture.read_text() == "of before"


def test_a_library_that_ends_the_program_gives_no_verdict() -> None:
    """OpenBLAS calls exit(1) where it finds no memory."""
    code = (
        "import ctypes\nfrom giaoban.scenarios.cli import entry\n"
        "entry.run = lambda: ctypes.CDLL(None).exit(1)\nentry.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "not enough memory" in done.stderr
