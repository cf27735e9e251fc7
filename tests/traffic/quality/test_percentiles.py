"""Percentiles: numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.quality.percentiles import percentiles

PERCENTS = [0, 1, 5, 50, 95, 99, 99.9, 100]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300))
def test_they_are_numpys_to_the_last_bit(values: list[float]) -> None:
    assert percentiles(np.array(values), PERCENTS) == np.percentile(values, PERCENTS).tolist()


@given(st.lists(st.integers(-(2**52), 2**52), min_size=1, max_size=50))
def test_of_whole_numbers_too(values: list[int]) -> None:
    found = percentiles(np.array(values, np.int64), PERCENTS)
    assert found == np.percentile(np.array(values, np.int64), PERCENTS).tolist()


def test_of_none_there_are_none() -> None:
    with pytest.raises(IndexError):
        percentiles(np.empty(0), [50])
