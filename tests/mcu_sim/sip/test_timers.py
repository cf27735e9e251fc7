"""The agenda of deadlines against a plain model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.sip.transaction import SPARE, TimerQueue

CHANGES = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 5)), max_size=40)


@given(CHANGES)
def test_the_earliest_comes_first_and_equal_ones_in_the_order_they_were_set(
    changes: list[tuple[str, int | None]],
) -> None:
    agenda: TimerQueue[str] = TimerQueue()
    model: dict[str, tuple[int, int]] = {}
    for count, (key, at) in enumerate(changes):
        agenda.set(key, at)
        if at is None:
            model.pop(key, None)
        elif key not in model or model[key][0] != at:
            model[key] = (at, count)
        assert agenda.next_timeout() == min((at for at, _ in model.values()), default=None)
        assert len(agenda) == len(model)
    taken = []
    while (due := agenda.pop_due(3)) is not None:
        taken.append(due)
    assert taken == sorted((k for k, (at, _) in model.items() if at <= 3), key=model.__getitem__)
    assert all(at > 3 for at in [agenda.next_timeout()] if at is not None)


def test_deadlines_that_move_do_not_pile_up() -> None:
    agenda: TimerQueue[int] = TimerQueue()
    for moved in range(100_000):
        agenda.set(moved % 10, 1e9 + moved)
    assert len(agenda) == 10
    assert len(agenda._heap) <= 2 * 10 + SPARE + 1
    assert [agenda.pop_due(2e9) for _ in range(11)] == [*range(10), None]
