"""Percentiles: numpy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.quality.percentiles import percentiles

PERCENTS = [0, 1, 5, 50, 95, 99, 99.9, 100]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300))
def test_they_are_numpys_to_the_last_bit(values: list[float]) -> None:
    assert percentiles(np.array(values), PERCENTS) == np.percentile(values, PERCENTS).tolist()
