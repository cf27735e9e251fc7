"""Routers, bridges and the MCU stopped at random times: each run ends, every packet is found.

One of the trials of `python -m bench faults`, which makes two hundred.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from bench.faults import trial
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.faults.kind import FailureCase, FaultContext
from giaoban.scenarios.spec.faults.kinds import KINDS
from giaoban.scenarios.spec.faults.kinds.router import RouterDown


@pytest.mark.sandbox
def test_a_trial_ends_with_a_verdict_and_every_packet_is_found(tmp_path: Path) -> None:
    asked = trial.question(seed=1)
    assert asked.plan.changes
    result = trial.run(asked, tmp_path)
    assert result.verdict in ("pass", "fail")
    assert result.accounting.unaccounted == 0
    assert result.accounting.packets_lost_by_faults > 0


class Restarted(RouterDown):
    """A kind that `giaoban faults` does not try."""

    kind: Literal["restarted"]  # type: ignore[assignment]

    @classmethod
    def cases(cls, _context: FaultContext) -> Iterator[FailureCase]:
        yield from ()


def test_a_kind_without_failure_cases_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "KINDS", (*KINDS, Restarted))
    network = make_question(trial.SCENARIO).plan.network
    drawn = [trial.faults(network, random.Random(seed)) for seed in range(20)]
    assert {faults[0]["kind"] for faults in drawn} == {"router", "site", "mcu"}


def test_the_same_seed_is_the_same_trial() -> None:
    network = make_question(trial.SCENARIO).plan.network
    drawn = [trial.faults(network, random.Random(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    kinds = {f["kind"] for seed in range(60) for f in trial.faults(network, random.Random(seed))}
    assert kinds == {"router", "site", "mcu", "cut", "silent"}
