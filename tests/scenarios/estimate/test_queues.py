"""The queues of an estimate beside plain loops that take packet by packet."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.scenarios.estimate.queues import Classes, Fifo, Rate, conforming, rate_from
from giaoban.topology.lines.qos import TrafficClass
from giaoban.topology.lines.token_bucket import BucketSize

MBPS, DELAY_US = 8.0, 100.0
NS_A_BYTE = 1000


def packets(seed: int, n: int, load: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when n packets come and their bytes: bursts at a share of the rate."""
    rng = np.random.default_rng(seed)
    size = rng.integers(60, 1500, n)
    gaps = rng.exponential(size.mean() * NS_A_BYTE / load, n) * (rng.random(n) < 0.5) * 2
    return np.cumsum(gaps).astype(np.int64), size


def one_by_one(
    came: NDArray[np.int64], size: NDArray[np.int64], limit: int
) -> tuple[list[int], list[bool]]:
    """Return when each packet is at the far end, and which are lost."""
    inside: deque[int] = deque()
    free, out, lost = 0, [], []
    for now, octets in zip(came.tolist(), size.tolist(), strict=True):
        while inside and inside[0] <= now:
            inside.popleft()
        lost.append(len(inside) >= limit)
        if not lost[-1]:
            free = max(free, now) + octets * NS_A_BYTE
            inside.append(free + round(DELAY_US * 1000))
        out.append(free + round(DELAY_US * 1000))
    return out, lost


@pytest.mark.parametrize(("load", "limit"), [(0.6, 1000), (0.95, 12), (1.6, 20), (3.0, 1)])
def test_a_fifo_serves_and_loses_as_a_loop_does(load: float, limit: int) -> None:
    came, size = packets(1, 3000, load)
    found = Fifo([Rate(0, MBPS, limit)], DELAY_US).serve(came, size, np.zeros(3000, np.int8))
    out, lost = one_by_one(came, size, limit)
    assert found.lost.tolist() == lost
    assert found.out_ns[~found.lost].tolist() == np.array(out)[~found.lost].tolist()
    assert (limit == 1000) == (not found.lost.any())


def test_a_fifo_goes_on_from_one_call_to_the_next() -> None:
    came, size = packets(2, 2000, 1.2)
    kinds = np.zeros(2000, np.int8)
    whole = Fifo([Rate(0, MBPS, 15)], DELAY_US).serve(came, size, kinds)
    queue = Fifo([Rate(0, MBPS, 15)], DELAY_US)
    parts = [queue.serve(came[p], size[p], kinds[p]) for p in (slice(0, 700), slice(700, 2000))]
    assert np.concatenate([part.lost for part in parts]).tolist() == whole.lost.tolist()
    assert np.concatenate([part.out_ns for part in parts]).tolist() == whole.out_ns.tolist()


def test_a_rate_holds_from_its_moment_on() -> None:
    came, size = np.array([0, 10_000_000]), np.array([1000, 1000])
    rates = [Rate(0, MBPS, 10), Rate(5_000_000, MBPS / 2, 10)]
    found = Fifo(rates, 0.0).serve(came, size, np.zeros(2, np.int8))
    assert found.out_ns.tolist() == [1_000_000, 12_000_000]


def test_a_limit_counts_what_is_on_the_fibre() -> None:
    assert rate_from(0, 10.0, 1000.0, 50, 0).limit == 51


CLASSES = (
    TrafficClass("voice", (46,), 100, 0),
    TrafficClass("video", (34,), 100, 3000),
    TrafficClass("other", (), 100, 1500),
)


def test_classes_take_turns_by_their_quanta_and_voice_goes_first() -> None:
    n = 90
    kinds = np.tile(np.array([1, 2], np.int8), n // 2)
    kinds[-1] = 0
    size = np.full(n, 1000)
    came = np.zeros(n, np.int64)
    found = Classes(MBPS, DELAY_US, CLASSES).serve(came, size, kinds)
    assert not found.lost.any()
    order = kinds[np.argsort(found.out_ns)]
    assert order[0] == 0
    assert abs(int((order[1:31] == 1).sum()) - 20) <= 1  # two of three
    assert int(found.out_ns.max()) == n * 1000 * NS_A_BYTE + round(DELAY_US * 1000)


def test_each_class_has_a_buffer_of_its_own() -> None:
    kinds = np.array([2] * 150 + [1], np.int8)
    size, came = np.full(151, 1000), np.arange(151)
    found = Classes(MBPS, DELAY_US, CLASSES).serve(came, size, kinds)
    assert 45 <= found.lost.sum() <= 50
    assert not found.lost[-1]


@pytest.mark.parametrize("load", [0.5, 1.5])
def test_a_bucket_refuses_what_a_loop_refuses(load: float) -> None:
    bucket = BucketSize.of(MBPS, 3000)
    came, size = packets(3, 3000, load)
    full, wanted = 0, []
    for now, cost in zip(
        came.tolist(), bucket.cost_ns(size.astype(np.int32)).tolist(), strict=True
    ):
        then = max(full, now) + cost
        wanted.append(then - now <= bucket.burst_ns)
        full = then if wanted[-1] else full
    found = conforming(bucket, came, size.astype(np.int32))
    assert found.tolist() == wanted
    assert 0 < (~found).sum() < 3000
