"""No call may send so much that the loop has no time for the others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.media.leg import NOBODY
from giaoban.mcu_sim.media.policing import LEAST_VIDEO, WINDOW_NS, MediaLimits, Policer

ROWS = 3
LIMITS = MediaLimits(audio=4, visual=6, control=2)
COMING = st.lists(
    st.tuples(st.integers(NOBODY, ROWS - 1), st.booleans(), st.integers(0, WINDOW_NS // 2)),
    min_size=1,
    max_size=60,
)


def admitted(coming: list[tuple[int, bool, int]], cuts: set[int]) -> tuple[list[bool], Policer]:
    """What is taken of (row, whether control, ns since the one before), read in parts."""
    policer = Policer(ROWS, LIMITS)
    rows = np.array([row for row, _, _ in coming], np.intp)
    control = np.array([is_control for _, is_control, _ in coming])
    arrival = np.cumsum([gap for _, _, gap in coming])
    kept: list[bool] = []
    for part in np.split(np.arange(len(coming)), sorted(cuts)):
        if len(part):
            kept += policer.admit("audio", rows[part], control[part], arrival[part]).tolist()
    return kept, policer


@given(COMING, st.sets(st.integers(1, 59)))
def test_the_first_of_each_window_are_taken_however_they_are_read(
    coming: list[tuple[int, bool, int]], cuts: set[int]
) -> None:
    kept, policer = admitted(coming, cuts)
    seen: dict[tuple[int, bool, int], int] = {}
    at_ns = 0
    for (row, is_control, gap_ns), taken in zip(coming, kept, strict=True):
        at_ns += gap_ns
        key = row, is_control, at_ns // WINDOW_NS
        seen[key] = seen.get(key, 0) + 1
        most = LIMITS.control if is_control else LIMITS.audio
        assert taken is (row == NOBODY or seen[key] <= most)
    assert policer.refused == kept.count(False)
    who = {row for (row, _, _), taken in zip(coming, kept, strict=True) if not taken}
    assert {row for row, _ in policer.take_refused()} == who


def test_each_call_is_told_once_and_its_place_anew() -> None:
    policer = Policer(ROWS, LIMITS)
    flood = np.zeros(10, np.intp), np.zeros(10, np.bool_), np.zeros(10, np.int64)
    for _ in range(2):
        policer.admit("video", *flood)
    assert policer.take_refused() == [(0, "video")]
    policer.open(0)
    policer.admit("video", *flood)
    assert policer.take_refused() == [(0, "video")]


def test_a_picture_may_have_what_its_rate_needs() -> None:
    """At the highest rate of `--kbps` in packets of 500 bytes, all of a second's within a quarter
    of it; at any rate no less than a usual picture has in a second."""
    packets_a_second = 20_000 * 1000 / 8 / 500
    assert MediaLimits.of(20_000).visual >= packets_a_second
    assert MediaLimits.of(64).visual == LEAST_VIDEO
