"""The queue against an event loop and against the theory of M/D/1."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traffic_factory import cuts

from giaoban.traffic.fifo import BoundedQueue, departures


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


# ------------------------------------------------------------------------------ a finite buffer


def bounded_by_events(arrivals: list[int], services: list[int], buffer: int) -> list[int | None]:
    """When each has been served, one event at a time; None for those that found no room."""
    waiting: deque[int] = deque()
    serving: int | None = None
    done: list[int | None] = [None] * len(arrivals)
    end = 0

    def until(clock: int) -> None:
        nonlocal serving, end
        while serving is not None and end <= clock:
            done[serving], serving = end, None
            if waiting:
                serving = waiting.popleft()
                end += services[serving]

    for i, clock in enumerate(arrivals):
        until(clock)
        if serving is None:
            serving, end = i, clock + services[i]
        elif len(waiting) < buffer:
            waiting.append(i)
    until(2**62)
    return done


@given(
    packets=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), max_size=60),
    buffer=st.integers(1, 6),
    at=st.lists(st.integers(0, 80), max_size=6),
)
def test_a_bounded_queue_is_that_of_an_event_loop(
    packets: list[tuple[int, int]], buffer: int, at: list[int]
) -> None:
    """However it is cut into windows."""
    arrivals = np.cumsum([p[0] for p in packets], dtype=np.int64)
    services = np.array([p[1] for p in packets], np.int64)
    queue = BoundedQueue(buffer)
    parts = [queue.serve(arrivals[c], services[c]) for c in cuts(len(packets), at)]
    leaving = np.concatenate([p[0] for p in parts])
    lost = np.concatenate([p[1] for p in parts])
    wanted = bounded_by_events(arrivals.tolist(), services.tolist(), buffer)
    assert lost.tolist() == [w is None for w in wanted]
    assert leaving[~lost].tolist() == [w for w in wanted if w is not None]
    assert leaving[lost].tolist() == arrivals[lost].tolist()


def test_a_packet_before_its_forerunner_comes_with_it() -> None:
    queue = BoundedQueue(5)
    leaving, lost = queue.serve(np.array([100, 50]), np.array([10, 10]))
    assert leaving.tolist() == [110, 120]
    assert not lost.any()
    assert queue.serve(np.array([0]), np.array([5]))[0].tolist() == [125]


@pytest.mark.parametrize(("load", "buffer"), [(0.9, 4), (1.3, 2)])
def test_md1k_loses_what_it_must(load: float, buffer: int) -> None:
    """M/D/1/K with K = buffer + 1 places: a chain over what each departure leaves behind gives
    the share lost, 1 − 1/(π₀ + ρ) (Gross and Harris, §5.1.8). Within 99.9 % by batch means."""
    places, n, service = buffer + 1, 400_000, 1_000_000
    coming = [math.exp(-load) * load**k / math.factorial(k) for k in range(places)]
    steps = np.zeros((places, places))
    for left in range(places):
        first = max(left - 1, 0)
        steps[left, first : places - 1] = coming[: places - 1 - first]
        steps[left, places - 1] = 1 - steps[left].sum()
    equations = np.vstack([steps.T - np.eye(places), np.ones(places)])
    share = np.linalg.lstsq(equations, np.r_[np.zeros(places), 1.0], rcond=None)[0]
    wanted = 1 - 1 / (share[0] + load)
    gaps = np.random.default_rng(2014).exponential(service / load, n)
    arrivals = np.rint(np.cumsum(gaps)).astype(np.int64)
    _, lost = BoundedQueue(buffer).serve(arrivals, np.full(n, service))
    batches = lost.reshape(200, -1).mean(axis=1)
    assert abs(lost.mean() - wanted) < 3.34 * batches.std(ddof=1) / math.sqrt(200)  # t, 199
