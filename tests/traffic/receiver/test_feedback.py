"""When requests for key frames leave: RFC 4585 §3.5."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.receiver.feedback import (
    HOLD_NS,
    MOST_DITHER_NS,
    REPEAT_NS,
    KeyFrameRequestTimer,
    dither_max_ns,
)

MS = 1_000_000
SEEDS = st.integers(0, 2**48)


def test_the_range_is_half_of_the_interval_without_its_minimum() -> None:
    # ten bridges and the MCU at 2 Mb/s: 11 reports of 104 bytes share 5 %, 100 kb/s
    assert dither_max_ns(2000, 11) == round(0.5 * 11 * 104 * 8 / 100_000 * 1e9)
    assert 40 * MS < dither_max_ns(2000, 11) < 50 * MS


@given(SEEDS, st.integers(0, MOST_DITHER_NS), st.integers(0, 2**60))
def test_a_request_leaves_within_the_range(seed: int, dither_ns: int, now_ns: int) -> None:
    at_ns = KeyFrameRequestTimer(seed).ask(now_ns, dither_ns, 0)
    assert at_ns is not None
    assert now_ns <= at_ns <= now_ns + dither_ns


@given(SEEDS, st.lists(st.integers(0, 400 * MS), min_size=1, max_size=40), st.booleans())
def test_early_is_allowed_once_an_interval(seed: int, steps_ns: list[int], answered: bool) -> None:
    """Of half a second to one and a half, or where no key frame came, of 0.4 to 0.6 s."""
    asking, now_ns, last_ns, keys = KeyFrameRequestTimer(seed), 0, None, 0
    least_ns, most_ns = HOLD_NS // 2, 3 * HOLD_NS // 2
    if not answered:
        least_ns, most_ns = REPEAT_NS, 3 * REPEAT_NS // 2
    for step_ns in steps_ns:
        now_ns += step_ns
        at_ns = asking.ask(now_ns, 48 * MS, keys)
        if last_ns is not None and now_ns < last_ns + least_ns:
            assert at_ns is None
        if last_ns is None or now_ns >= last_ns + most_ns:
            assert at_ns is not None
        if at_ns is not None:
            last_ns = at_ns
            keys += answered


def test_a_session_of_two_may_ask_at_once() -> None:
    assert KeyFrameRequestTimer(7).ask(123, 0, 0) == 123
