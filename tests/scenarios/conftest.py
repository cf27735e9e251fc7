"""Makes the helpers beside the tests importable."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runs import Runs


@pytest.fixture(scope="module", autouse=True)
def started(request: pytest.FixtureRequest) -> None:
    """The runs that a file names as `STARTED` begin at once: two go on while one is looked at."""
    for name in getattr(request.module, "STARTED", ()):
        request.getfixturevalue("runs").start(name)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Emulations in the sandbox, each made once a session, whatever number of processes test."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    base = tmp_path_factory.getbasetemp()
    cores = len(os.sched_getaffinity(0))
    made = Runs((base.parent if workers > 1 else base) / "runs", max(1, cores // workers))
    yield made
    made.end()
