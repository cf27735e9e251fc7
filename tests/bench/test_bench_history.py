"""What a benchmark wrote down is found again beside the next one's figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.harness import Target, targets_table
from bench.history import append, last_values
from bench.machine import Machine

HERE = Machine(
    cores=2,
    cpu="a processor",
    kernel="6.12",
    python="3.13.1",
    load_1m=0.1,
    host_call_us=0.1,
    guest_call_us=1.0,
    guest_boot_s=0.3,
)
SPEED, SECONDS = "8 bridges, times ns-3", "all flips, s"
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_the_last_figures_of_such_a_machine(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert last_values(path, HERE) == {}
    both = [Target(SPEED, 1.2, at_least=1.5), Target(SECONDS, 140.0, at_most=60.0)]
    append(path, HERE, both, NOW, "0" * 40)
    append(path, replace(HERE, cpu="another"), [Target(SPEED, 9.0, at_least=1.5)], NOW, None)
    append(path, replace(HERE, load_1m=0.4), [Target(SPEED, 1.6, at_least=1.5)], NOW, None)
    assert last_values(path, HERE) == {SPEED: 1.6, SECONDS: 140.0}
    first, *others = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert len(others) == 2
    assert first["measured"] == "2026-03-01T08:00:00+00:00"
    assert [target["met"] for target in first["targets"]] == [False, False]


def test_they_stand_beside_the_new_ones() -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(targets_table([Target(SPEED, 1.6, at_least=1.5)], {SPEED: 1.2}))
    assert captured.get().split()[-5:] == ["1.60", "1.20", "≥", "1.5", "met"]
