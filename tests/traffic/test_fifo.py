"""The queue against an event loop and against the theory of M/D/1."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.fifo import departures


def by_events(arrivals: list[int], sizes: list[int], rate_mbps: float) -> list[int]:
    """One server, one queue, one event at a time."""
    coming = deque(sorted(range(len(arrivals)), key=lambda i: (arrivals[i], i)))
    waiting: deque[int] = deque()
    serving: int | None = None
    done: dict[int, int] = {}
    clock = end = 0
    while coming or waiting or serving is not None:
        if serving is not None and (not coming or end <= arrivals[coming[0]]):
            clock = end
            done[serving], serving = clock, None
        else:
            clock = arrivals[coming[0]]
            waiting.append(coming.popleft())
        if serving is None and waiting:
            serving = waiting.popleft()
            end = clock + round(sizes[serving] * 8000 / rate_mbps)
    return [done[i] for i in range(len(arrivals))]


@given(
    packets=st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 1500)), max_size=60),
    rate_mbps=st.sampled_from([0.512, 2.0, 10.0, 100.0, 1000.0]),
)
def test_departures_are_those_of_an_event_loop(
    packets: list[tuple[int, int]], rate_mbps: float
) -> None:
    arrivals, sizes = [p[0] for p in packets], [p[1] for p in packets]
    got = departures(np.array(arrivals, np.int64), np.array(sizes, np.int64), rate_mbps)
    assert got.tolist() == by_events(arrivals, sizes, rate_mbps)


def test_equal_times_keep_their_order() -> None:
    got = departures(np.array([50, 0, 0, 0]), np.array([125, 125, 250, 125]), 100.0)
    assert got.tolist() == [50_000, 10_000, 30_000, 40_000]


def test_md1_mean_waiting_at_80_percent_load() -> None:
    """λs²/(2(1−ρ)) = 2 services at ρ = 0.8 (Pollaczek–Khinchine); four million packets."""
    n, load, size, rate_mbps = 4_000_000, 0.8, 1250, 100.0
    service_ns = size * 8000 / rate_mbps
    rng = np.random.default_rng(2013)
    arrival = np.rint(np.cumsum(rng.exponential(service_ns / load, n))).astype(np.int64)
    leaving = departures(arrival, np.full(n, size), rate_mbps)
    waiting = float(np.mean(leaving - arrival)) - service_ns
    rate = load / service_ns
    assert waiting == pytest.approx(rate * service_ns**2 / (2 * (1 - load)), rel=0.03)
    assert waiting == pytest.approx(2 * service_ns, rel=0.03)
