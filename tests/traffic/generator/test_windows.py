"""The schedule: every packet in exactly one window, in order, with the right numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.clock import SECOND_NS
from giaoban.traffic.generator.cycle import Cycle, calls, constant_rate
from giaoban.traffic.generator.windows import Impairer, SendWindow, schedule
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sender.injection import Fate

START = 7 * SECOND_NS


def whole(
    cycle: Cycle, seconds: float, impair: list[Impairer] | None = None, size: int = 64
) -> SendWindow:
    windows = [w for w in schedule(cycle, START, seconds, impair, size) if w is not None]
    return SendWindow.joined(windows)


@given(
    rate=st.integers(50, 900),
    streams=st.integers(1, 20),
    size=st.integers(1, 500),
    seconds=st.floats(0.1, 3),
)
def test_constant_rate_is_exact(rate: int, streams: int, size: int, seconds: float) -> None:
    cycle = constant_rate(rate, 1000, streams, 1)
    sent = whole(cycle, seconds, size=size)
    end = round(seconds * SECOND_NS)
    number = np.arange(4 * rate)
    due = number // rate * SECOND_NS + number % rate * SECOND_NS // rate
    assert np.array_equal(sent.due_ns - START, due[due < end])
    assert np.array_equal(sent.leaving_ns, sent.due_ns)


@pytest.mark.parametrize("profile", ["720p30-2m", "1080p30-4m"])
def test_numbers_and_timestamps_run_on_over_cycles(profile: str) -> None:
    known = load_profiles()
    call = known.pick(profile)
    cycle = calls(3, 3, known.encoding(call.audio), known.video_model(call), 5)
    sent = whole(cycle, 8.0)
    assert np.all(np.diff(sent.leaving_ns) >= 0)
    for index, stream in enumerate(cycle.ids):
        rows = np.flatnonzero(sent.stream == index)
        assert np.array_equal(sent.sequence[rows], stream.first_sequence + np.arange(len(rows)))
        clock = known.encoding(call.audio).clock_hz if index % 2 == 0 else 90_000
        ticks = (sent.timestamp[rows] - stream.first_timestamp) % 2**32
        late = (sent.due_ns[rows] - sent.due_ns[rows[0]]) - ticks / clock * 1e9
        # a picture's packets leave within its interval, sound exactly
        assert late.min() > -1e5
        assert late.max() < SECOND_NS / call.fps


def test_a_seed_fixes_everything() -> None:
    model = load_profiles().video_model(load_profiles().pick("720p30-2m"))
    first, again, other = (whole(calls(2, 3, None, model, seed), 3.0) for seed in (1, 1, 2))
    assert np.array_equal(first.due_ns, again.due_ns)
    assert np.array_equal(first.size, again.size)
    assert not np.array_equal(first.size[:100], other.size[:100])


@given(seed=st.integers(0, 1000), size=st.integers(1, 200))
def test_delays_lose_no_packet_and_keep_the_order_of_leaving(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)

    def late(due_ns: NDArray[np.int64], sizes: NDArray[np.int64]) -> Fate:
        n = len(sizes)
        return Fate(
            due_ns + rng.integers(0, 300_000_000, n),
            rng.integers(0, 3, n).astype(np.uint8),
            np.zeros(n, np.bool_),
        )

    cycle = constant_rate(200, 100, 3, 1)
    sent = whole(cycle, 2.0, [late] * 3, size)
    assert np.all(np.diff(sent.leaving_ns) >= 0)
    numbers = list(zip(sent.stream.tolist(), sent.sequence.tolist(), strict=True))
    assert len(numbers) == len(set(numbers)) == 400


def test_sound_must_fill_a_cycle() -> None:
    encoding = load_profiles().audio[0].model_copy(update={"packet_ms": 30})
    with pytest.raises(ValueError, match="no whole number"):
        calls(1, 1, encoding, None, 1)
