"""When requests for key frames leave: RFC 4585 §3.5."""

from __future__ import annotations

import numpy as np
import pytest
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
LONG_NS = 10 * HOLD_NS


def moments(seed: int, dither_ns: int, many: int) -> list[int]:
    """How long each of many requests waits, none of which is too soon after another."""
    asking = KeyFrameRequestTimer(seed)
    waits = []
    for n in range(many):
        at_ns = asking.ask(n * LONG_NS, dither_ns, n)
        assert at_ns is not None
        waits.append(at_ns - n * LONG_NS)
    return waits


def test_the_range_is_half_of_the_interval_without_its_minimum() -> None:
    # ten bridges and the MCU at 2 Mb/s: 11 reports of 104 bytes share 5 %, 100 kb/s
    assert dither_max_ns(2000, 11) == round(0.5 * 11 * 104 * 8 / 100_000 * 1e9)
    assert 40 * MS < dither_max_ns(2000, 11) < 50 * MS


@given(st.floats(64, 20_000), st.integers(2, 100_000))
def test_it_grows_with_the_group_and_not_without_end(kbps: float, members: int) -> None:
    here = dither_max_ns(kbps, members)
    assert 0 < here <= MOST_DITHER_NS
    assert here <= dither_max_ns(kbps, members + 1)
    assert here >= dither_max_ns(2 * kbps, members)


@given(SEEDS, st.integers(0, MOST_DITHER_NS), st.integers(0, 2**60))
def test_a_request_leaves_within_the_range(seed: int, dither_ns: int, now_ns: int) -> None:
    at_ns = KeyFrameRequestTimer(seed).ask(now_ns, dither_ns, 0)
    assert at_ns is not None
    assert now_ns <= at_ns <= now_ns + dither_ns


def test_every_moment_of_the_range_is_as_likely() -> None:
    """Kolmogorov–Smirnov at 0.1 %."""
    waits = np.sort(moments(1681, MOST_DITHER_NS, 2000)) / MOST_DITHER_NS
    n = len(waits)
    steps = np.arange(n + 1) / n
    distance = max(np.max(steps[1:] - waits), np.max(waits - steps[:-1]))
    assert distance < 1.95 / np.sqrt(n)


@given(SEEDS)
def test_the_same_seed_asks_at_the_same_moments(seed: int) -> None:
    assert moments(seed, 48 * MS, 5) == moments(seed, 48 * MS, 5)


def test_receivers_are_not_in_step() -> None:
    first = [moments(seed, 48 * MS, 1)[0] for seed in range(100)]
    assert len({ns // (5 * MS) for ns in first}) >= 9  # of the 10 places of the grid of RTCP
    again = set()
    for seed in range(100):
        asking = KeyFrameRequestTimer(seed)
        assert asking.ask(0, 0, 0) == 0
        ms = next(ms for ms in range(0, 3000, 100) if asking.ask(ms * MS, 0, 1) is not None)
        again.add(ms)
    assert len(again) >= 8


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


@pytest.mark.parametrize("seed", range(5))
def test_intervals_are_about_a_second(seed: int) -> None:
    asking, times = KeyFrameRequestTimer(seed), []
    for now_ns in range(0, 300 * HOLD_NS, 10 * MS):
        if (at_ns := asking.ask(now_ns, 0, len(times))) is not None:
            times.append(at_ns)
    gaps = np.diff(times) / HOLD_NS
    assert gaps.min() >= 0.5
    assert gaps.max() <= 1.52
    assert 0.9 < gaps.mean() < 1.1
