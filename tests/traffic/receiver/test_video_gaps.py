"""Receivers that look for gaps in sequence numbers, and for key frames that cure them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.receiver.video_gaps import VideoGaps


def take(gaps: VideoGaps, numbers: list[int], keys: set[int], stream: int = 0) -> bool:
    """Whether the stream is broken after these packets; `keys`: numbers that begin key frames."""
    gaps.take(
        np.full(len(numbers), stream),
        np.array([n & 0xFFFF for n in numbers], np.uint16),
        np.array([n in keys for n in numbers], np.bool_),
    )
    return bool(gaps.broken[stream])


@given(
    first=st.integers(0, 65_535),
    lost=st.sets(st.integers(1, 299)),
    keys=st.sets(st.integers(1, 299), max_size=5),
    cuts=st.lists(st.integers(0, 300), max_size=6),
)
def test_broken_from_a_loss_to_the_next_key_frame_that_is_whole_so_far(
    first: int, lost: set[int], keys: set[int], cuts: list[int]
) -> None:
    """Against a receiver that takes one packet after the other, however they come in batches."""
    gaps = VideoGaps(2)
    came = [n for n in range(300) if n not in lost]
    seen = 0
    for start, end in pairwise(sorted({0, 300, *cuts})):
        batch = [n for n in came if start <= n < end]
        got = take(gaps, [first + n for n in batch], {first + n for n in keys}, stream=1)
        seen = max([seen, *batch])
        begun = max((n for n in came if n <= seen and n in keys), default=-1)
        assert got == any(begun < n <= seen for n in lost)
        assert not gaps.broken[0]


def test_copies_hide_no_loss_and_late_packets_cure_none() -> None:
    gaps = VideoGaps(1)
    assert not take(gaps, [5, 6, 6, 7], set())
    assert take(gaps, [9, 9], set())
    assert take(gaps, [8, 10], set())
    assert not take(gaps, [11, 12], {11})


def test_a_call_that_begins_anew_knows_nothing_of_before() -> None:
    gaps = VideoGaps(1)
    assert take(gaps, [1, 3], set())
    assert gaps.heard(0)
    gaps.begin(0)
    assert not gaps.heard(0)
    assert not take(gaps, [40_000], set())
