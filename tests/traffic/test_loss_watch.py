"""A receiver that looks for gaps in sequence numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from traffic.loss_watch import LossWatch


@given(
    first=st.integers(0, 65_535),
    lost=st.sets(st.integers(1, 299)),
    cuts=st.lists(st.integers(0, 300), max_size=6),
)
def test_a_gap_is_seen_by_the_batch_that_passes_it(
    first: int, lost: set[int], cuts: list[int]
) -> None:
    sent = np.arange(300)
    came = np.array([n for n in sent if n not in lost])
    edges = sorted({0, 300, *cuts})
    watch = LossWatch()
    highest = -1
    for start, end in pairwise(edges):
        batch = came[(came >= start) & (came < end)]
        wanted = bool(len(batch)) and any(highest < n < batch[-1] for n in lost)
        assert watch.misses(((first + batch) & 0xFFFF).astype(np.uint16)) == wanted
        highest = max([highest, *batch.tolist()])


@given(order=st.permutations(range(40)))
def test_packets_that_change_places_within_a_batch_are_no_loss(order: list[int]) -> None:
    watch = LossWatch()
    assert not watch.misses(np.array([65_530], np.uint16))
    numbers = (np.array(order) + 65_531) & 0xFFFF
    assert not watch.misses(numbers.astype(np.uint16))


def test_copies_and_late_packets_are_no_loss() -> None:
    watch = LossWatch()
    assert not watch.misses(np.array([5, 6, 6, 7], np.uint16))
    assert watch.misses(np.array([9], np.uint16))
    assert not watch.misses(np.array([8, 9], np.uint16))
