"""Load tests that guess passwords: what they are judged by."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.results.model.studies.load import Guessing, LoadCriterion, Sessions
from giaoban.scenarios.load import assumed, judge, measures
from giaoban.scenarios.load.locust.outcomes import Record
from giaoban.scenarios.load.measures import guessing, most_a_minute
from tests.results import load_factory as loads

NO_SESSIONS = measures.sessions([])


def guess(at_s: float, ms: float = 5.0, who: str = "bridge-0001", **more: Any) -> Record:
    values: dict[str, Any] = {"ok": True, "code": 403, **more}
    return Record(operation="guess", who=who, at_s=at_s, ms=ms, **values)


def judged(records: list[Record], seen: int | None) -> dict[str, LoadCriterion]:
    mcu = None if seen is None else loads.mcu_view(wrong_passwords=seen)
    found = guessing(records, mcu)
    sessions: Sessions = NO_SESSIONS
    done = measures.operations(records)
    criteria = judge.judge(sessions, done, None, {}, guessing=found)
    return {criterion.id: criterion for criterion in criteria}


def test_an_mcu_that_answers_each_at_once_lets_passwords_be_tried() -> None:
    criterion = judged([guess(float(t)) for t in range(30)], seen=30)["guesses-answered"]
    assert (criterion.value, criterion.ok) == (30.0, False)


def test_one_that_answers_later_and_later_does_not() -> None:
    at_s, records = 0.0, []
    for held_s in (0, 0, 1, 2, 4, *[8] * 6):
        records.append(guess(at_s, held_s * 1e3))
        at_s += held_s + 0.5
    criterion = judged(records, seen=len(records))["guesses-answered"]
    assert (criterion.value, criterion.ok) == (10.0, True)  # the eleventh comes after a minute


@pytest.mark.parametrize(
    ("times", "most"),
    [([0.0], 1), ([0.0, 59.9], 2), ([0.0, 60.0], 1), ([0.0, 30.0, 61.0, 89.9, 90.1], 3)],
)
def test_a_minute_may_begin_at_any_moment(times: list[float], most: int) -> None:
    assert most_a_minute([guess(t, ms=0.0) for t in times]) == most
    apart = [guess(t, ms=0.0, who=f"b-{n}") for n, t in enumerate(times)]
    assert most_a_minute(apart) == 1


def test_an_answer_counts_when_it_comes_and_silence_does_not() -> None:
    late = [guess(0.0, 61_000.0), guess(100.0, 0.0)]
    assert most_a_minute(late) == 2
    silent = [guess(float(t), ok=False, code=0, cause="timeout") for t in range(30)]
    found = judged(silent, seen=0)
    assert found["guesses-answered"].value == 0
    assert found["guesses-unseen"].value == 0
    assert not found["guesses-accepted"].ok


@pytest.mark.parametrize(("seen", "unseen"), [(5, 0.0), (7, 0.0), (3, 2.0), (0, 5.0)])
def test_the_own_mcu_has_to_report_them(seen: int, unseen: float) -> None:
    criterion = judged([guess(float(t)) for t in range(5)], seen)["guesses-unseen"]
    assert (criterion.value, criterion.ok) == (unseen, unseen == 0)


def test_what_somebodys_device_reports_nobody_knows() -> None:
    found = judged([guess(0.0)], None)
    assert "guesses-unseen" not in found
    assert found["guesses-answered"].ok
    assert "guesses-answered" not in judged([], None)


def test_the_limit_is_an_assumption_unless_it_was_set() -> None:
    criterion = judged([guess(0.0)], 1)["guesses-answered"]
    [assumption] = assumed.of_criteria([criterion])
    assert "20" in assumption.value
    assert list(assumed.of_criteria([criterion.model_copy(update={"set_here": True})])) == []


def test_the_result_says_it() -> None:
    assert guessing([], None) is None
    found = guessing([guess(0.0), guess(1.0, ok=False, code=0)], None)
    assert found == Guessing(guesses=2, answered=1, most_a_minute=1, seen=None)
