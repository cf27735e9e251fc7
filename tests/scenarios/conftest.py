"""Makes the helpers beside the tests importable; laws are checked without a clock."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from runs import Runs

# a busy machine must not fail a law, and the same code must give the same result
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Emulations in the sandbox, each made once a session, whatever number of processes test."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    base = tmp_path_factory.getbasetemp()
    cores = len(os.sched_getaffinity(0))
    return Runs((base.parent if workers > 1 else base) / "runs", max(1, cores // workers))
