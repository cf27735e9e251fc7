"""How many emulations go on at once."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.processes.workers import cores
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.study import emulation_process
from giaoban.scenarios.study.emulation_process import emulate_all

SANDBOX, NATIVE = EngineName.SANDBOX, EngineName.NATIVE


@pytest.mark.parametrize(
    ("engine", "jobs", "expected"),
    [(SANDBOX, 3, 3), (SANDBOX, None, cores()), (NATIVE, 3, 1), (NATIVE, None, 1)],
)
def test_in_real_time_an_emulation_has_the_machine_to_itself(
    engine: EngineName, jobs: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command asks, and whatever --jobs says."""
    asked: list[int] = []

    def run_all(_jobs: Any, *, at_once: int, **_: Any) -> None:
        asked.append(at_once)

    monkeypatch.setattr(emulation_process, "run_all", run_all)
    emulate_all([], 0, engine=engine, jobs=jobs, told="", progress=lambda _what, _done: None)
    assert asked == [expected]
