"""Numbers of users that come and go: which bridge is who."""

from __future__ import annotations

import itertools

from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.locust.number_pool import NumberPool
from giaoban.scenarios.load.plan import LoadPlan


def test_the_smallest_free_number_is_given_out_and_no_more_than_there_may_be() -> None:
    places = NumberPool({"bridge": 3, "guesser": 1})
    assert [places.take("bridge") for _ in range(4)] == [0, 1, 2, None]
    assert [places.take("guesser") for _ in range(2)] == [0, None]
    places.give_back("bridge", 2)
    places.give_back("bridge", 0)
    assert [places.take("bridge") for _ in range(3)] == [0, 2, None]
    assert places.take("technician") is None
    assert (places.limit("bridge"), places.limit("technician")) == (3, 0)


def test_nobody_comes_faster_than_so_many_a_second() -> None:
    places = NumberPool({"bridge": 9}, per_s=20.0)
    assert [round(places.wait_s(5.0), 3) for _ in range(3)] == [0.0, 0.05, 0.1]
    assert places.wait_s(5.2) == 0.0  # the time that nobody used is gone
    assert round(places.wait_s(5.21), 3) == 0.04
    assert NumberPool({}).wait_s(5.0) == 0.0


def by_hand(**changes: object) -> LoadPlan:
    values = {
        "target": ("127.0.0.1", 5060), "shape": "steady", "by_hand": True, "bridges": 200,
        "rate_per_s": 1, "seconds": 60, "hold_s": 8, "media": [], "profile": "720p30-2m",
        "kbps": 2000.0,
    }  # fmt: skip
    return LoadPlan.model_validate({**values, **changes})


def test_an_intruder_by_hand_strikes_once_a_second_from_when_it_came() -> None:
    plan = by_hand()
    end_s = timetable.window_s(plan)[1]
    strikes = list(timetable.intrusions(plan, 0, 50.5))
    assert strikes[0] == 50.5
    assert {round(b - a, 6) for a, b in itertools.pairwise(strikes)} == {1.0}
    assert end_s - 1.0 <= strikes[-1] < end_s
    assert list(timetable.intrusions(plan, 0, end_s)) == []


def test_a_refused_bridge_does_not_dial_sooner() -> None:
    # calls of 8 s are 80 % of the time between two of them
    assert timetable.pause_s(by_hand(), 8.0) == 2.0
    assert timetable.pause_s(by_hand(), 0.01) == 9.99
    assert timetable.pause_s(by_hand(hold_s=0), 0.01) == 1.0
    assert timetable.pause_s(by_hand(), 60.0) == 1.0
