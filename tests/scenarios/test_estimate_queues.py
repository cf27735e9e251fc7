"""A link's queue, against the same thing done packet by packet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scenarios.estimate.netem_random import NetemRandom
from scenarios.estimate.queues import Fifo, Rate, rate_from, way_ns

MBPS = 2.0
DELAY_US = 190.0


def one_by_one(
    at_ns: list[int], size: list[int], rates: list[Rate], delay_ns: int
) -> tuple[list[int], list[bool]]:
    """When each packet is at the far end, and which find the queue full."""
    there: list[int] = []
    free_ns = 0
    outs, lost = [], []
    for now_ns, octets in zip(at_ns, size, strict=True):
        rate = [rate for rate in rates if rate.from_ns <= now_ns][-1]
        there = [out for out in there if out > now_ns]
        if len(there) >= rate.limit:
            outs.append(now_ns + delay_ns)
            lost.append(True)
            continue
        free_ns = max(free_ns, now_ns) + round(octets * 8e3 / rate.rate_mbps)
        there.append(free_ns + delay_ns)
        outs.append(there[-1])
        lost.append(False)
    return outs, lost


def packets(load: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Two seconds of packets at so many times the rate."""
    rng = np.random.default_rng(seed)
    size = rng.integers(100, 1254, 800).astype(np.int32)
    gaps = rng.exponential(size.mean() * 8e3 / MBPS / load, len(size))
    return np.cumsum(gaps).astype(np.int64), size


@pytest.mark.parametrize("load", [0.3, 0.95, 1.3])
@pytest.mark.parametrize("buffer", [2, 20, 1000])
@pytest.mark.parametrize("parts", [1, 7])
def test_departures_and_losses(load: float, buffer: int, parts: int) -> None:
    at_ns, size = packets(load, seed=buffer)
    rates = [rate_from(0, MBPS, DELAY_US, buffer)]
    queue = Fifo(rates, DELAY_US)
    served = [
        queue.serve(a, s)
        for a, s in zip(np.array_split(at_ns, parts), np.array_split(size, parts), strict=True)
    ]
    outs, lost = one_by_one(at_ns.tolist(), size.tolist(), rates, way_ns(DELAY_US))
    assert np.concatenate([s.lost for s in served]).tolist() == lost
    assert np.concatenate([s.out_ns for s in served]).tolist() == outs


@given(
    st.integers(0, 2**31),
    st.sampled_from([1, 3, 16, 60]),
    st.lists(st.tuples(st.integers(1, 900), st.floats(0.2, 3.0)), min_size=1, max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_a_queue_that_is_full_now_and_then(
    seed: int, buffer: int, times: list[tuple[int, float]]
) -> None:
    """So many packets at so many times the rate, then others: looked at one by one and at once."""
    rng = np.random.default_rng(seed)
    load = np.repeat([load for _, load in times], [count for count, _ in times])
    size = rng.integers(100, 1254, len(load)).astype(np.int32)
    at_ns = np.cumsum(rng.exponential(650 * 8e3 / MBPS / load)).astype(np.int64)
    rates = [rate_from(0, MBPS, DELAY_US, buffer)]
    served = Fifo(rates, DELAY_US).serve(at_ns, size)
    outs, lost = one_by_one(at_ns.tolist(), size.tolist(), rates, way_ns(DELAY_US))
    assert served.lost.tolist() == lost
    assert served.out_ns.tolist() == outs


def test_another_rate_and_buffer_for_a_while() -> None:
    at_ns, size = packets(1.2, seed=5)
    third = int(at_ns[-1] // 3)
    rates = [
        rate_from(0, MBPS, DELAY_US, 50),
        rate_from(third, MBPS / 3, DELAY_US, 5),
        rate_from(2 * third, MBPS, DELAY_US, 50),
    ]
    queue = Fifo(rates, DELAY_US)
    served = queue.serve(at_ns, size)
    outs, lost = one_by_one(at_ns.tolist(), size.tolist(), rates, way_ns(DELAY_US))
    assert served.out_ns.tolist() == outs
    assert served.lost.tolist() == lost


def test_what_a_fibre_holds_is_in_the_limit() -> None:
    """1 ms at 100 Mb/s are 12,500 bytes, ten full packets; 100 ms are 996.8 of 1,254 bytes."""
    assert rate_from(0, 100.0, 1000.0, 50).limit == 60
    assert rate_from(0, 100.0, 100_000.0, 0).limit == 997
    assert rate_from(7, 2.0, 190.0, 5).limit == 5


def test_random_numbers_of_the_kernel() -> None:
    """A combined Tausworthe generator is linear: equal seeds agree, and its bits are even."""
    one, same, other = NetemRandom(1681), NetemRandom(1681), NetemRandom(1682)
    first = [one.draw() for _ in range(4000)]
    assert first == [same.draw() for _ in range(4000)]
    assert first != [other.draw() for _ in range(4000)]
    assert np.mean(first) / 2**32 == pytest.approx(0.5, abs=0.02)
    assert len(set(first)) > 3990
