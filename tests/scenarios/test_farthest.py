"""The longest delay of all others, found for everybody at once."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scenarios.farthest import Farthest
from scenarios.recent import Recent

value = st.one_of(st.just(math.nan), st.sampled_from([0.0, 1.0, 2.0, 2.0, 7.5]))


@given(st.lists(st.tuples(value, value), max_size=8))
def test_it_is_what_comparing_each_with_all_others_gives(rows: list[tuple[float, float]]) -> None:
    farthest = Farthest(2)
    for owner, row in enumerate(rows):
        farthest.add(owner, np.array(row))
    for owner in range(len(rows) + 1):
        others = [np.array(row) for other, row in enumerate(rows) if other != owner]
        expected = np.fmax.reduce([np.zeros(2), *others])
        np.testing.assert_array_equal(farthest.but(owner), expected)


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(0, 12))
def test_what_was_asked_for_last_is_remembered_as_long_as_there_is_room(
    asked: list[int], most: int
) -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    recent: Recent[int, int] = Recent(most, lambda size: size)
    kept: list[int] = []
    for key in asked:
        before = len(made)
        assert recent.get(key, make) == key
        assert (len(made) == before) == (key in kept)
        kept = [*(one for one in kept if one != key), key]
        while sum(kept) > most and len(kept) > 1:
            kept.pop(0)
