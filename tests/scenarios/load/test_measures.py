"""From Locust's statistics to measures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from giaoban.scenarios.load import measures
from giaoban.scenarios.load.load_test import LoadRecords, LoadTest, generator_view, problems
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.plan import LoadPlan

PLAN = LoadPlan(
    target=("127.0.0.1", 5060), shape="storm", bridges=4, rate_per_s=2.0, seconds=5.0, hold_s=0.0,
    media=[], profile="720p30-2m", kbps=2000.0,
)  # fmt: skip


def entry(name: str, times: Mapping[int, int], failed: int = 0, **more: Any) -> dict[str, Any]:
    """An entry as Locust writes it: delays with how many there were, in ms."""
    good = sum(times.values())
    return {
        "name": name, "method": "SIP", "num_requests": good + failed, "num_failures": failed,
        "response_times": {str(ms): n for ms, n in times.items()}, "start_time": 100.0,
        "last_request_timestamp": 103.0, "max_response_time": max(times, default=0),
        "total_response_time": sum(ms * n for ms, n in times.items()), **more,
    }  # fmt: skip


def error(name: str, text: str, occurrences: int) -> dict[str, Any]:
    return {"name": name, "error": f"RequestFailedError({text!r})", "occurrences": occurrences}


def read(folder: Path, entries: list[Any], errors: list[Any]) -> measures.Statistics:
    path = folder / "statistics.json"
    data = {"began_s": 99.0, "entries": entries, "errors": errors, "counts": {}, "peak": 3}
    path.write_text(json.dumps({**data, "cpu_pct": 5.0, "workers_missing": 0}), encoding="utf-8")
    return measures.read_statistics(path)


def test_percentiles_are_by_the_nearest_rank() -> None:
    delay = measures.delay_of(entry("invite", {10: 94, 20: 5, 300: 1}))
    assert delay is not None
    assert (delay.p50_ms, delay.p95_ms, delay.p99_ms, delay.max_ms) == (10, 20, 20, 300)
    assert delay.mean_ms == pytest.approx((940 + 100 + 300) / 100)
    assert measures.delay_of(entry("invite", {}, failed=3)) is None


def test_failures_have_causes_and_rates_are_those_after_the_first(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [entry("invite", {10: 2}, failed=5), entry("drop", {}, failed=1), entry("bye", {})],
        [
            error("invite", "503 Service Unavailable", 2), error("invite", "- no answer", 1),
            error("invite", "401 Unauthorized", 1), error("invite", "200 its answer's no SDP", 1),
            error("drop", "- bye", 1),
        ],
    )  # fmt: skip
    done = measures.operations(found, PLAN)
    assert [each.operation for each in done] == ["invite", "drop"]
    assert done[0].failed == {"authentication": 1, "capacity": 2, "protocol": 1, "timeout": 1}
    assert done[1].failed == {"protocol": 1}
    sessions = measures.sessions(found, done)
    assert (sessions.attempts, sessions.established, sessions.dropped) == (7, 2, 1)
    assert (sessions.attempt_rate_per_s, sessions.established_per_s) == (2.0, 0.571)
    assert sessions.capacity == 3


@pytest.mark.parametrize(
    ("times", "missing", "half_s", "last_s"),
    [
        ({500: 1, 1000: 2, 2500: 1}, 0, 1.0, 2.5),
        ({500: 1, 1000: 2}, 1, 1.0, None),
        ({500: 1}, 3, None, None),
        ({}, 4, None, None),
    ],
)
def test_half_and_all_count_those_that_were_cut_off(
    times: dict[int, int], missing: int, half_s: float | None, last_s: float | None, tmp_path: Path
) -> None:
    found = read(tmp_path, [entry("back", times, failed=missing), entry("redial", {9: 4}, 2)], [])
    storm = measures.storm(PLAN, found, measures.operations(found, PLAN))
    assert (storm.cut_off, storm.missing, storm.attempts, storm.refused) == (4, missing, 6, 2)
    assert (storm.half_back_s, storm.last_back_s) == (half_s, last_s)


def test_calls_that_all_fail_are_told_in_a_sentence(tmp_path: Path) -> None:
    silent = read(tmp_path, [entry("invite", {}, failed=2)], [error("invite", "- no answer", 2)])
    done = measures.operations(silent, PLAN)
    assert measures.unanswered(done) == ["no answer to any INVITE (2 calls)"]
    busy = read(tmp_path, [entry("invite", {}, failed=2)], [error("invite", "486 Busy", 2)])
    assert measures.unanswered(measures.operations(busy, PLAN)) == [
        "no call was set up: 2 × 486 Busy"
    ]


def test_late_generator_is_no_failure_of_the_mcu(tmp_path: Path) -> None:
    """A test that ends before a bridge had its planned time to come back is invalid."""
    assert PLAN.had_time(5.0)
    assert not PLAN.had_time(4.0)
    found = read(tmp_path, [entry("invite", {10: 4})], [])
    test = LoadTest(PLAN, LocustSetup(), None, None, {})
    assert problems(test, LoadRecords(found, None), generator_view(test, found)) == []
    found.counts["ended early"] = 2  # type: ignore[index]  # a dict, as read
    [wrong] = problems(test, LoadRecords(found, None), generator_view(test, found))
    assert str(wrong).startswith("the generator was late: for 2 bridges")
