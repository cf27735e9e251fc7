"""Rates that answer reported loss: by the steps and timers of the data file, written here anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.loss_repair import RateAdaptation
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sender.rate_controller import RateController

MODEL = load_profiles().rate_adaptation
SECOND = 1_000_000_000
REPORT_NS = 5 * SECOND
"""RFC 3550 §6.2: the mean time from a report to the next."""
CALL_KBPS = 1024.0


def after(fractions: list[int], model: RateAdaptation = MODEL) -> list[float]:
    """The rate after each of these reports."""
    controller, rates = RateController(model, CALL_KBPS), []
    for number, fraction in enumerate(fractions):
        controller.reported(fraction, number * REPORT_NS)
        rates.append(controller.kbps)
    return rates


def test_a_rate_is_lowered_by_its_share_down_to_the_least_within_a_minute() -> None:
    """Huawei: steady within a minute, at 64 kb/s at the least."""
    rates = after([26] * 12)
    assert rates[:3] == pytest.approx([CALL_KBPS * 0.7, CALL_KBPS * 0.49, CALL_KBPS * 0.343])
    assert rates[:8] == sorted(rates[:8], reverse=True)
    assert rates[7:] == [64.0] * 5
    assert 8 * REPORT_NS < 60 * SECOND


@pytest.mark.parametrize(("fraction", "lowered"), [(0, False), (7, False), (8, True), (255, True)])
def test_at_most_three_per_cent_are_borne(fraction: int, lowered: bool) -> None:
    """7/256 is 2.7 %, 8/256 is 3.1 %; Polycom's limit is 3 %."""
    assert (after([fraction])[0] < CALL_KBPS) == lowered


def test_it_comes_back_in_steps_once_the_line_was_calm() -> None:
    # calm from the report at 10 s on: ten seconds later, at 20 s, it is raised for the first time
    low = CALL_KBPS * 0.49
    rates = after([26, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    raised = [min(CALL_KBPS, low + n * CALL_KBPS / 10) for n in range(1, 8)]
    assert rates[2:4] == pytest.approx([low, low])
    assert rates[4:] == pytest.approx(raised)
    assert rates[-1] == CALL_KBPS


def test_a_loss_that_is_borne_begins_the_wait_anew() -> None:
    low = CALL_KBPS * 0.7
    assert after([26, 0, 0, 1, 0, 0])[1:] == pytest.approx([low] * 5)


def test_a_call_that_allows_less_or_more_takes_the_rate_along() -> None:
    controller = RateController(MODEL, 1000)
    assert controller.limit(2000) == 2000  # not lowered: it goes with the call
    controller.reported(100, 0)
    assert controller.kbps == pytest.approx(1400)
    assert controller.limit(1800) == pytest.approx(1400)
    assert controller.limit(512) == 512
    assert controller.reported(100, 0) == pytest.approx(512 * 0.7)


def test_a_call_below_the_least_is_not_raised_to_it() -> None:
    controller = RateController(MODEL, 48)
    assert controller.reported(200, 0) is None
    assert controller.kbps == 48


@given(fractions=st.lists(st.integers(0, 255), max_size=40))
def test_whatever_is_reported_it_keeps_its_bounds_and_tells_every_change(
    fractions: list[int],
) -> None:
    controller = RateController(MODEL, CALL_KBPS)
    kbps = CALL_KBPS
    for number, fraction in enumerate(fractions):
        new = controller.reported(fraction, number * REPORT_NS)
        assert (new is None) == (controller.kbps == kbps)
        kbps = controller.kbps
        assert MODEL.least_kbps <= kbps <= CALL_KBPS
        if 100 * fraction > 256 * MODEL.loss_pct:
            assert new is None or new < CALL_KBPS
