"""The search for the nearest flip: neighbours on either side of where a verdict changes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.study.sensitivity.flip_points import CLOSE, Scale, nearest

VALUES = st.floats(0.5, 5000)
SCALES = [Scale(), Scale(logarithmic=True), Scale(whole=True), Scale(True, True)]


@given(
    steps=st.lists(st.integers(1, 400), min_size=2, unique=True),
    limit=st.integers(1, 400),
    logarithmic=st.booleans(),
)
def test_only_steps_are_tried_and_the_flip_is_between_two_of_them(
    steps: list[int], limit: int, *, logarithmic: bool
) -> None:
    first, *others = sorted(steps)
    scale = Scale(logarithmic, steps=(first, *others))
    asked: list[float] = []

    def look(at: float) -> bool:
        asked.append(at)
        return at > limit

    found = nearest(first, others[-1], look, over, scale)
    assert set(asked) <= {float(each) for each in steps}
    if first <= limit < others[-1]:
        assert found is not None
        assert float(found.holds) <= limit < float(found.flips)
        between = [each for each in steps if float(found.holds) < each < float(found.flips)]
        assert not between or scale.close(float(found.holds), float(found.flips), 400)
    elif limit >= others[-1]:
        assert found is None


def over(limit: float) -> bool:
    return bool(limit)


@pytest.mark.parametrize("scale", SCALES)
@given(value=VALUES, end=VALUES, limit=VALUES)
def test_a_step_is_found_between_two_neighbours(
    scale: Scale, value: float, end: float, limit: float
) -> None:
    if scale.whole:
        value, end = round(value), round(end)
    begins_low = value <= limit

    asked: list[float] = []

    def look(at: float) -> bool:
        asked.append(at)
        return (at <= limit) != begins_low

    found = nearest(value, end, look, over, scale)
    assert len(asked) == len(set(asked))
    # halves of ratios from 1 : 64, then of what is left; 5000 is 2 ** 12.3
    assert len(asked) <= 2 + 3 + 13 + 3
    if not look(end):
        assert found is None  # nothing changes on this way
        return
    assert found is not None
    assert not look(float(found.holds))
    assert look(float(found.flips))
    low, high = sorted((float(found.holds), float(found.flips)))
    assert low <= limit <= high
    if scale.whole:
        assert high - low == 1 or high - low <= CLOSE * max(high, abs(end - value))
    elif scale.logarithmic:
        assert high - low <= 1.2 * CLOSE * high + 1e-9
    else:
        assert high - low <= 1.2 * CLOSE * abs(end - value) + 1e-9


def test_what_flips_in_the_middle_of_the_range_alone_is_found_from_its_near_side() -> None:
    found = nearest(0.0, 100.0, lambda at: 40 <= at <= 60, over, Scale())
    assert found is not None
    assert 39 <= float(found.holds) < 40 <= float(found.flips) <= 41


def test_what_cannot_be_asked_is_no_flip() -> None:
    def look(at: float) -> bool | None:
        return None if at > 70 else at > 60

    assert nearest(0.0, 100.0, look, over, Scale()) is None  # neither the end nor the middle flips
    found = nearest(50.0, 80.0, lambda at: None if at > 70 else at > 60, over, Scale())
    assert found is not None
    assert math.isclose(float(found.flips), 60, abs_tol=0.4)


def test_nothing_is_asked_where_there_is_no_way() -> None:
    assert nearest(5.0, 5.0, lambda _: True, over, Scale()) is None
