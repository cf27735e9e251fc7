"""Locust's user at the end of a test."""

from __future__ import annotations

import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("locust")


def stopped(restored_ago_s: float) -> tuple[Counter[str], list[tuple[Any, ...]]]:
    """Return counts and reports of a bridge that is stopped after its line came back."""
    from giaoban.scenarios.load.locust.users import BridgeUser

    reports: list[tuple[Any, ...]] = []
    counts: Counter[str] = Counter()
    plan = SimpleNamespace(seconds=3.0)
    test = SimpleNamespace(
        plan=plan, counts=counts, report=lambda *words: reports.append(words), give_back=int
    )
    user = SimpleNamespace(
        number=0, sessions=[], test=test, plan=plan, _cut_off=True, _back=False,
        _restored_s=time.monotonic() - restored_ago_s,
    )  # fmt: skip
    BridgeUser.on_stop(user)  # type: ignore[arg-type]
    return counts, reports


@pytest.mark.parametrize(("restored_ago_s", "early"), [(3.0, 0), (1.0, 1), (-float("inf"), 1)])
def test_late_generator_is_no_failure_of_the_mcu(restored_ago_s: float, early: int) -> None:
    """A test that ends before a bridge had its planned time to come back is invalid."""
    counts, reports = stopped(restored_ago_s)
    assert counts["ended early"] == early
    assert reports == [("back", 0.0, "- not back")]
