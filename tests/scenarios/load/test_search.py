"""The search for the session establishment rate, at MCUs whose rate is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from giaoban.results.model.studies.load import Trial
from giaoban.scenarios.load.search import ATTEMPTS, PRECISION, search


def mcu(
    most_per_s: float, *, spoilt: tuple[int, ...] = (), generator: float = 1e9
) -> Callable[[float], Trial]:
    """Takes so many calls a second; trials of these numbers go wrong whatever the rate."""
    count = 0

    def attempt(rate: float) -> Trial:
        nonlocal count
        count += 1
        outcome = "clean"
        if rate > most_per_s or count - 1 in spoilt:
            outcome = "failed"
        if rate > generator:
            outcome = "invalid"
        return Trial.model_validate({"rate_per_s": rate, "outcome": outcome, "why": "x"})

    return attempt


@pytest.mark.parametrize("most", [1.3, 3.0, 17.0, 99.0, 100.0, 180.0, 1234.0])
@pytest.mark.parametrize("first", [1.0, 20.0, 150.0])
def test_the_rate_is_found_within_five_per_cent(most: float, first: float) -> None:
    found, trials = search(first, 2000.0, mcu(most))
    assert found is not None
    assert most / PRECISION - 0.01 <= found <= most
    assert len(trials) < 40


def test_a_rate_has_failed_when_it_failed_twice() -> None:
    undisturbed, _ = search(20.0, 2000.0, mcu(100.0))
    disturbed, trials = search(20.0, 2000.0, mcu(100.0, spoilt=(0, 3)))
    assert disturbed == undisturbed
    assert ATTEMPTS == 2
    assert sum(t.outcome == "failed" for t in trials if t.rate_per_s < 100) == 2


def test_a_generator_at_its_end_finds_no_rate_of_the_mcu() -> None:
    found, trials = search(20.0, 2000.0, mcu(1000.0, generator=300.0))
    assert found is None
    assert trials[-1].outcome == "invalid" or trials[-2].outcome == "invalid"


@pytest.mark.parametrize("second_look", [("invalid", "failed"), ("failed", "invalid")])
def test_one_failure_beside_an_invalid_trial_is_no_failure(second_look: tuple[str, str]) -> None:
    looks = iter(second_look)

    def attempt(rate: float) -> Trial:
        outcome = "clean" if rate < 30.0 else next(looks)
        return Trial.model_validate({"rate_per_s": rate, "outcome": outcome, "why": "x"})

    found, trials = search(29.0, 30.0, attempt)
    assert [trial.outcome for trial in trials] == ["clean", *second_look]
    assert found is None


def test_an_mcu_that_takes_no_call_has_no_rate() -> None:
    found, trials = search(20.0, 2000.0, mcu(0.0))
    assert found is None
    assert {trial.outcome for trial in trials} == {"failed"}


def test_no_rate_is_tried_beyond_the_bound() -> None:
    found, trials = search(8.0, 20.0, mcu(1000.0))
    assert found == 20.0
    assert max(trial.rate_per_s for trial in trials) == 20.0
