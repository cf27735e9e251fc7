"""When a bridge gives its call up and dials again, with a clock that stands where the test says."""

from __future__ import annotations

import pytest

from giaoban.clock import NEVER_NS
from giaoban.scenarios.bridge.recovery import PASSING, Redialling
from giaoban.traffic.profiles import Recovery

ORIGIN_NS = 7_000_000_123
RECOVERY = Recovery(
    media_timeout_s=10, redial_every_s=5, bridge_boot_s=60, mcu_boot_s=180, source="test"
)


def at(seconds: float) -> int:
    return ORIGIN_NS + round(seconds * 1e9)


def standing(heard_s: float = 1.0) -> Redialling:
    one = Redialling(RECOVERY, ORIGIN_NS)
    one.calls(at(0.5))
    one.stands(at(0.502))
    one.hears(at(heard_s))
    return one


def test_a_call_is_dead_ten_seconds_after_the_last_packet_and_not_before() -> None:
    one = standing()
    assert one.next_ns == at(11)
    assert one.due(at(11) - 1) is None
    one.hears(at(2))
    one.hears(at(1.5))  # read later than what came after it
    assert one.due(at(11)) is None
    assert one.due(at(12)) == "lost"


def test_a_call_that_never_heard_anything_is_dead_after_that_time_too() -> None:
    one = Redialling(RECOVERY, ORIGIN_NS)
    one.calls(at(0.5))
    one.stands(at(1))
    assert (one.due(at(10.9)), one.due(at(11))) == (None, "lost")


def test_it_dials_every_five_seconds_until_it_is_back() -> None:
    one = standing()
    dialled = []
    one.ends(at(11.0))
    while len(dialled) < 4:
        now_ns = one.next_ns
        assert one.due(now_ns) == "dial"
        dialled.append(now_ns)
        one.calls(now_ns)
        if len(dialled) % 2:
            one.refused(None)
    assert dialled == [at(16), at(21), at(26), at(31)]
    assert one.attempts == 4
    one.stands(at(31.004))
    assert one.attempts == 0
    assert one.next_ns == at(41.004)


def test_it_dials_on_the_grid_of_all_dialling_and_stays_on_it() -> None:
    """An attempt is made some microseconds after its time: that is not to add up."""
    one = standing()
    one.ends(at(11.0331))
    for expected in (16.02, 21.02, 26.02):
        assert one.next_ns == at(expected)
        one.calls(at(expected) + 31_000)


def test_bridges_that_are_cut_off_together_do_not_dial_together() -> None:
    times = []
    for number in range(3):
        one = Redialling(RECOVERY, ORIGIN_NS, number)
        one.stands(at(1))
        one.ends(at(11))
        times.append(one.next_ns)
    assert times == [at(16), at(16.02), at(16.04)]


@pytest.mark.parametrize("code", PASSING)
def test_who_was_in_the_meeting_goes_on_after_a_refusal_that_may_pass(code: int) -> None:
    one = standing()
    one.ends(at(11))
    one.calls(at(16))
    one.refused(code)
    assert one.due(at(21)) == "dial"


@pytest.mark.parametrize("code", [403, 404, 488, 603])
def test_a_lasting_refusal_is_the_end_of_it(code: int) -> None:
    one = standing()
    one.ends(at(11))
    one.calls(at(16))
    one.refused(code)
    assert one.next_ns == NEVER_NS


def test_who_is_refused_before_it_ever_was_in_has_its_answer() -> None:
    """A device that is full: its answer is what the check is about."""
    one = Redialling(RECOVERY, ORIGIN_NS)
    one.calls(at(0.5))
    one.refused(486)
    assert one.next_ns == NEVER_NS


def test_who_gets_no_answer_to_its_first_call_tries_again() -> None:
    one = Redialling(RECOVERY, ORIGIN_NS)
    one.calls(at(0.5))
    assert one.next_ns == at(5.5)  # a pending attempt is given up for the next
    one.refused(None)
    assert one.due(at(5.5)) == "dial"


def test_after_hanging_up_nothing_is_due() -> None:
    for one in (standing(), Redialling(RECOVERY, ORIGIN_NS)):
        one.stop()
        assert one.next_ns == NEVER_NS
        assert one.due(at(1e6)) is None


def test_where_nothing_fails_nobody_gives_up_or_dials_again() -> None:
    one = Redialling(None, ORIGIN_NS)
    one.calls(at(0.5))
    assert one.next_ns == NEVER_NS
    one.stands(at(1))
    assert one.due(at(1000)) is None
    one.ends(at(1000))
    assert one.due(at(2000)) is None


def first_dials(redial: str, spread_s: float = 0.0, seed: int = 1) -> list[float]:
    """When each of a hundred bridges that are cut off at 11 s dials first."""
    how = RECOVERY.model_copy(update={"redial": redial, "redial_spread_s": spread_s})
    dials = []
    for number in range(100):
        one = Redialling(how, ORIGIN_NS, number, seed)
        one.calls(at(0.5))
        one.stands(at(0.502))
        one.ends(at(11.0))
        dials.append((one.next_ns - ORIGIN_NS) / 1e9)
    return dials


def test_those_cut_off_together_dial_in_turn_together_or_spread() -> None:
    in_turn = first_dials("in-turn")
    assert in_turn == pytest.approx([16 + 0.02 * number for number in range(100)])
    assert set(first_dials("together")) == {16.0}
    spread = first_dials("back-off", 20.0)
    assert spread == first_dials("back-off", 20.0)
    assert spread != first_dials("back-off", 20.0, seed=2)
    assert min(spread) >= 16.0 - 0.02  # on the grid of all dialling
    assert max(spread) <= 36.0
    assert sum(spread) / 100 == pytest.approx(26.0, abs=2.0)


def test_with_back_off_the_waits_grow_and_stay_random() -> None:
    how = RECOVERY.model_copy(update={"redial": "back-off", "redial_spread_s": 0.0})
    for number in range(20):
        one = Redialling(how, ORIGIN_NS, number, 1)
        one.calls(at(0.5))
        one.stands(at(0.502))
        one.ends(at(11.0))
        before_ns = one.next_ns
        for attempt in range(1, 5):
            assert one.due(before_ns) == "dial"
            one.calls(before_ns)
            one.refused(503)
            wait_s = (one.next_ns - before_ns) / 1e9
            assert 5.0 - 0.02 <= wait_s <= 5.0 * 2**attempt
            before_ns = one.next_ns
