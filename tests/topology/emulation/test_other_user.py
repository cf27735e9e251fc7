"""The sandbox without privileges: another user measures the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from emulation_factory import ROOT, run_lab, star

from giaoban.topology.sandbox import kernel
from giaoban.traffic import log

pytestmark = pytest.mark.sandbox

FAST = {"km": 1.0, "rate_mbps": 10_000.0, "buffer_packets": 1000}
LOSSY = {"km": 200.0, "rate_mbps": 10.0, "buffer_packets": 200, "loss_pct": 2.0}
FACTORY = Path(__file__).with_name("emulation_factory.py")


@pytest.fixture
def commons() -> Iterator[Path]:
    """A folder that every user may enter and write to, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="giaoban-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def as_another(environment: dict[str, str]) -> list[str]:
    """The words before a command that run it as a user without privileges.

    Only root becomes another user without asking. Anyone else is without privileges already; and
    so is root where others may not read the checkout, but for the right to run it as them.
    """
    words = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    if os.geteuid() != 0:
        return words
    nobody = ["runuser", "-u", "nobody", "--", *words]
    tried = subprocess.run(
        [*nobody, sys.executable, "-c", "import topology, numpy"], capture_output=True, check=False
    )
    return nobody if tried.returncode == 0 else words


def test_another_user_measures_the_same(commons: Path) -> None:
    machine = commons / "linux"
    shutil.copy(kernel.ensure(lambda _what, _done: None), machine)
    machine.chmod(0o755)
    folders = []
    for who in ("mine", "theirs", "tmp"):
        folder = commons / who
        folder.mkdir()
        folder.chmod(0o777)
        network = star(FAST, LOSSY).model_dump_json()
        (folder / "both.json").write_text(network, encoding="utf-8")
        folders.append(folder)
    mine, theirs, scratch = folders
    assert run_lab(machine, "lab_theory", mine, "both") == 0
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
        "TMPDIR": str(scratch),  # where the guest's memory is kept
    }
    command = [sys.executable, str(FACTORY), str(machine), "lab_theory", str(theirs), "both"]
    done = subprocess.run(
        [*as_another(environment), *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if os.geteuid() == 0 and as_another(environment)[0] == "runuser":
        assert (theirs / "both.npz").stat().st_uid != 0
    # every counter of every queue and host, and every packet's fate
    counters = [(folder / "both.counters.json").read_text("utf-8") for folder in (mine, theirs)]
    assert counters[0] == counters[1]
    a, b = (
        log.load(folder / "both.npz")["arrival_ns"].astype(np.int64) for folder in (mine, theirs)
    )
    assert np.array_equal(a == 0, b == 0)
    assert np.abs(a - b).max() <= 100_000
