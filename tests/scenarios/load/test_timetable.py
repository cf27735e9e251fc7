"""When bridges call in a load test: from the arithmetic of each shape."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.plan import LoadPlan


def plan(**changes: Any) -> LoadPlan:
    """Ten bridges, two calls a second, for a minute."""
    values: dict[str, Any] = {
        "target": ("127.0.0.1", 5060),
        "shape": "steady",
        "bridges": 10,
        "rate_per_s": 2.0,
        "seconds": 60.0,
        "hold_s": 4.0,
        "media": [],
        "profile": "720p30-2m",
        "kbps": 2000.0,
    }
    return LoadPlan.model_validate({**values, **changes})


def dials(of: LoadPlan) -> list[float]:
    return sorted(s.dial_s for n in range(of.bridges) for s in timetable.calls_of(of, n))


def test_steady_calls_are_at_even_distances_for_the_whole_time() -> None:
    steady = plan()
    times = dials(steady)
    assert len(times) == 120  # 60 s at 2/s
    assert times[0] == timetable.PREPARE_S
    gaps = {round(b - a, 9) for a, b in itertools.pairwise(times)}
    assert gaps == {0.5}


def test_a_steady_bridge_has_hung_up_when_it_calls_again() -> None:
    for number in range(10):
        own = list(timetable.calls_of(plan(), number))
        assert all(s.until_s == pytest.approx(s.dial_s + 4.0) for s in own)
        assert all(a.until_s < b.dial_s for a, b in itertools.pairwise(own))


def test_at_nine_the_most_come_in_the_middle_and_never_more_than_the_rate() -> None:
    ramp = plan(shape="ramp", bridges=400, rate_per_s=20.0)
    times = dials(ramp)
    assert len(times) == 400
    middle = (times[199] + times[200]) / 2
    per_second = [sum(t <= x < t + 1 for x in times) for t in range(int(times[-1]) + 1)]
    assert max(per_second) <= 21  # one more for where the second is cut
    assert max(per_second) >= 19
    assert per_second[int(middle)] >= 19
    assert per_second[0] + per_second[1] + per_second[2] <= 4
    # as many are earlier than a standard deviation before the middle as in a normal distribution
    deviation = 400 / 20 / 2.5066
    share = sum(t < middle - deviation for t in times) / 400
    assert share == pytest.approx(0.1587, abs=0.01)


def test_who_holds_stays_until_all_have_been_there_for_the_whole_time() -> None:
    hold = plan(shape="hold")
    stays = [s for n in range(10) for s in timetable.calls_of(hold, n)]
    last_in = max(s.dial_s for s in stays)
    first_out = min(s.until_s for s in stays)
    assert len(stays) == 10
    assert first_out - last_in >= 60.0


def test_without_back_off_all_redial_in_the_same_moment_and_with_it_over_the_spread() -> None:
    together = plan(shape="storm", back_off="none", redial_s=5.0)
    assert {timetable.redial_s(together, n, 0) for n in range(10)} == {0.0}
    assert {timetable.redial_s(together, n, 3) for n in range(10)} == {5.0}
    apart = plan(shape="storm", bridges=500, back_off="random", spread_s=20.0, redial_s=5.0)
    first = [timetable.redial_s(apart, n, 0) for n in range(500)]
    assert first == [timetable.redial_s(apart, n, 0) for n in range(500)]
    assert min(first) >= 0.0
    assert max(first) <= 20.0
    assert sum(first) / 500 == pytest.approx(10.0, abs=1.0)
    later = [timetable.redial_s(apart, n, 2) for n in range(500)]
    assert max(later) <= 20.0  # 5 s · 2²
    assert max(later) > 15.0


def test_a_storm_begins_when_all_are_in_and_ends_as_long_after_the_line_is_back() -> None:
    storm = plan(shape="storm", outage_s=3.0)
    outage = timetable.outage(storm)
    assert outage.at_s > max(dials(storm))
    assert outage.back_s == outage.at_s + 3.0
    assert timetable.window_s(storm) == (outage.at_s, outage.back_s + 60.0)


@pytest.mark.parametrize("rate", [0.5, 3.0, 12.5])
def test_intruders_strike_at_the_rate_together(rate: float) -> None:
    guess = plan(shape="guess", rate_per_s=rate, seconds=20.0)
    times = sorted(
        t for n in range(timetable.intruders(guess)) for t in timetable.intrusions(guess, n)
    )
    assert len(times) == pytest.approx(20.0 * rate, abs=1)
    assert all(b - a == pytest.approx(1 / rate) for a, b in itertools.pairwise(times))
    assert times[0] > max(dials(guess))


@pytest.mark.parametrize("shape", ["steady", "ramp", "hold", "storm", "guess", "malformed"])
def test_a_test_lasts_longer_than_anybody_stays(shape: str) -> None:
    some = plan(shape=shape)
    last = max(s.until_s for n in range(10) for s in timetable.calls_of(some, n))
    assert timetable.total_s(some) > last
    assert timetable.attempts(some) == len(dials(some))
