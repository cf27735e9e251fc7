"""The search for the nearest flip: neighbours on either side of where a verdict changes."""

from __future__ import annotations

import math
from collections.abc import Callable

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
    assert 39 <= float(found.holds) < 40 <= float(found.flips) <= 41


def test_what_cannot_be_asked_is_no_flip() -> None:
    def look(at: float) -> bool | None:
        return None if at > 70 else at > 60

    assert nearest(0.0, 100.0, look, over, Scale()) is None  # neither the end nor the middle flips
    found = nearest(50.0, 80.0, lambda at: None if at > 70 else at > 60, over, Scale())
    assert math.isclose(float(found.flips), 60, abs_tol=0.4)


def test_nothing_is_asked_where_there_is_no_way() -> None:
    assert nearest(5.0, 5.0, lambda _: True, over, Scale()) is None


@pytest.mark.parametrize(
    ("value", "end", "scale", "margin", "most"),
    [
        (120.0, 250.0, Scale(), lambda at: (140.56 - at) / 0.9, 4),
        (150.0, 37.5, Scale(logarithmic=True), lambda at: (at - 129.5) / 0.9, 4),
        (10.0, 2.0, Scale(logarithmic=True), lambda at: 100 - 163 * (3.9 / at) ** 1.35, 7),
        (200.0, 40.0, Scale(True, True), lambda at: 100 - 3e5 / at**2, 7),
    ],
)
def test_margins_lead_to_a_flip_sooner(
    value: float, end: float, scale: Scale, margin: Callable[[float], float], most: int
) -> None:
    """Where they come of a figure step by step: a line, a power."""
    asked: list[float] = []

    def look(at: float) -> float:
        asked.append(at)
        return margin(at)

    found = nearest(
        value, end, look, below_0, scale, margins=lambda one: {"it": one}, own={"it": margin(value)}
    )
    assert margin(float(found.flips)) < 0 <= margin(float(found.holds))
    assert scale.close(float(found.holds), float(found.flips), abs(end - value))
    assert len(asked) <= most
    halves = nearest(value, end, margin, below_0, scale)
    assert math.isclose(float(found.holds), float(halves.holds), rel_tol=2 * CLOSE, abs_tol=2)


def test_margins_that_go_in_steps_lead_nowhere() -> None:
    """Two values with the same margin: on to a flip by halves."""
    asked: list[float] = []

    def look(at: float) -> float:
        asked.append(at)
        return 7.0 if at < 97 else -50.0

    found = nearest(
        0.0, 100.0, look, below_0, Scale(), margins=lambda one: {"it": one}, own={"it": 7.0}
    )
    assert float(found.holds) < 97 <= float(found.flips)
    own: list[float] = []
    nearest(0.0, 100.0, lambda at: own.append(at) or at >= 97, over, Scale())
    assert len(asked) <= len(own) + 1


@pytest.mark.parametrize("scale", SCALES)
@given(
    value=VALUES,
    end=VALUES,
    limit=VALUES,
    shapes=st.tuples(st.floats(0.01, 500), st.floats(0.01, 500), st.floats(0.1, 5)),
)
def test_margins_of_any_shape_lead_to_two_neighbours(
    scale: Scale, value: float, end: float, limit: float, shapes: tuple[float, float, float]
) -> None:
    """Steep, flat, with a jump: what margins say may be wrong, and costs no more than halves."""
    if scale.whole:
        value, end = round(value), round(end)
    below, above, power = shapes
    sign = 1.0 if value <= limit else -1.0
    asked: list[float] = []

    def look(at: float) -> float:
        asked.append(at)
        off = sign * (limit - at) / limit
        return below * abs(off) ** power if off >= 0 else -above * abs(off) ** (1 / power) - 1e-9

    found = nearest(
        value, end, look, below_0, scale, margins=lambda one: {"it": one}, own={"it": look(value)}
    )
    del asked[0]
    assert len(asked) == len(set(asked))
    assert len(asked) <= 2 * (2 + 3 + 13 + 3)
    if look(end) >= 0:
        assert found is None
        return
    holds, flips = float(found.holds), float(found.flips)
    assert look(flips) < 0 <= look(holds)
    assert scale.close(holds, flips, abs(end - value)) or abs(holds - flips) <= 1e-9


def below_0(margin: float) -> bool:
    return margin < 0
