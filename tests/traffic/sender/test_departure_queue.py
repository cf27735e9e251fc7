"""Packets held back until they can be handed over in order of leaving."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.sender.departure_queue import DepartureQueue


def rows(numbers: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.array([[n % 256, n // 256, 9] for n in numbers], np.uint8).reshape(-1, 3)


@given(
    windows=st.lists(st.lists(st.integers(0, 40), max_size=8), max_size=10),
    room=st.integers(1, 12),
)
def test_nothing_is_lost_and_all_is_in_order(windows: list[list[int]], room: int) -> None:
    """Windows are 10 long; a packet leaves up to 40 after its window begins."""
    holding, got = DepartureQueue(), []
    out = np.zeros((room, 5), np.uint8)
    sent: list[tuple[int, int]] = []
    for window, delays in enumerate(windows):
        new = [(10 * window + delay, len(sent) + n) for n, delay in enumerate(delays)]
        sent += new
        times = np.array([t for t, _ in new], np.int64)
        holding.put(rows([n for _, n in new]), np.array([n + 12 for _, n in new], np.int64), times)
        lengths, leaving = holding.take(10 * (window + 1), out)
        assert np.all(leaving < 10 * (window + 1))
        got += [(t, int(out[i, 0]) + 256 * int(out[i, 1])) for i, t in enumerate(leaving.tolist())]
        assert lengths.tolist() == [n + 12 for _, n in got[len(got) - len(lengths) :]]
    while len(holding):
        _, leaving = holding.flush(out)
        got += [(t, int(out[i, 0]) + 256 * int(out[i, 1])) for i, t in enumerate(leaving.tolist())]
    assert sorted(got) == sorted(sent)
    if all(len(w) <= 1 for w in windows):  # then there is always room
        assert got == sorted(sent)


def test_equal_times_keep_their_order_and_what_finds_no_row_stays() -> None:
    holding, out = DepartureQueue(), np.zeros((2, 3), np.uint8)
    holding.put(rows([1, 2, 3]), np.array([3, 3, 3]), np.array([5, 5, 4]))
    holding.put(rows([4]), np.array([3]), np.array([9]))
    assert holding.take(9, out)[1].tolist() == [4, 5]
    assert out[:, 0].tolist() == [3, 1]
    assert holding.take(9, out)[1].tolist() == [5]
    assert (int(out[0, 0]), len(holding)) == (2, 1)
    assert holding.take(9, out)[0].tolist() == []
    assert holding.flush(out)[1].tolist() == [9]
    assert holding.flush(out)[1].tolist() == []
