"""The jitter of many sources at once is that of each alone, packet by packet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.receiver.jitter import smoothed, transit_changes


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.lists(st.floats(0, 1e6), min_size=1, max_size=70)),
        max_size=6,
    )
)
def test_runs_end_to_end_are_smoothed_apart(runs: list[tuple[float, list[float]]]) -> None:
    expected = []
    for jitter, changes in runs:
        for change in changes:
            jitter += (1.0 / 16.0) * (change - jitter)
            expected.append(jitter)
    starts = np.cumsum([0, *(len(changes) for _, changes in runs)])[:-1]
    got = smoothed(
        np.array([change for _, changes in runs for change in changes]),
        starts.astype(np.intp),
        np.array([jitter for jitter, _ in runs]),
    )
    assert got.tolist() == pytest.approx(expected, rel=1e-12)


def test_transit_changes_are_in_units_of_the_timestamp_and_have_no_sign() -> None:
    arrival_ns = np.array([20_000_000, 15_000_000, 25_000_000, 20_000_000])
    stamps = np.array([160, 160, 160, 160 - 2**32])
    assert transit_changes(arrival_ns, stamps, 8000).tolist() == pytest.approx([0, 40, 40, 0])
