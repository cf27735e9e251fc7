"""The worst windows of what a link carried."""

from __future__ import annotations

import numpy as np

from giaoban.topology.counts import BIN_NS, BINS, WINDOWS_MS, worst_windows


def test_windows_follow_one_another_from_the_second_on() -> None:
    """A burst of 30 ms over an edge of two windows of 100 ms counts in both, in each a part."""
    carried = np.zeros((2, BINS), np.int64)
    carried[0, 8:11] = 1000, 1200, 700
    carried[1] = 5
    assert WINDOWS_MS == (100, 10)
    assert BINS * BIN_NS == 1_000_000_000
    assert worst_windows(carried).tolist() == [[2200, 50], [1200, 5]]
