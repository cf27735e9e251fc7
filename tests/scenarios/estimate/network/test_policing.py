"""Token buckets against theory, against tokens counted packet by packet, by their laws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.policing import ONE_BY_ONE, TokenBucket
from giaoban.topology.lines.bandwidth_profile import LineProfile
from giaoban.topology.lines.token_bucket import BucketSize

SECOND_NS = 1_000_000_000
FULL = 1254


def profile(cir_mbps: float = 10.0, cbs_bytes: int = 12_500) -> LineProfile:
    return LineProfile(source="a", cir_mbps=cir_mbps, cbs_bytes=cbs_bytes)


def bucket(of: LineProfile) -> TokenBucket:
    return TokenBucket(of.bucket)


def by_bytes(of: LineProfile, came: list[int], size: list[int]) -> list[bool]:
    """A token bucket (RFC 4115 §2 with its first bucket alone) in exact fractions of a byte."""
    rate, most = Fraction(of.cir_mbps) * 125_000, Fraction(of.cbs_bytes)
    tokens, last, passed = most, came[0] if came else 0, []
    for now, length in zip(came, size, strict=True):
        tokens = min(most, tokens + rate * Fraction(now - last, SECOND_NS))
        last = now
        passed.append(length <= tokens)
        tokens -= length if passed[-1] else 0
    return passed


def steady(mbps: float, seconds: float) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    gap_ns = FULL * 8e3 / mbps
    n = round(seconds * 1e9 / gap_ns)
    return np.rint(np.arange(n) * gap_ns).astype(np.int64), np.full(n, FULL, np.int32)


@pytest.mark.parametrize("mbps", [11.0, 16.0, 40.0])
def test_a_steady_stream_above_the_rate_loses_what_is_above(mbps: float) -> None:
    came, size = steady(mbps, 20.0)
    lost = 1 - bucket(profile()).conform(came, size).mean()
    # the bucket begins full: so much passes once
    assert lost == pytest.approx(1 - 10.0 / mbps - 12_500 / size.sum(), abs=2 * FULL / size.sum())


def test_a_steady_stream_of_just_the_rate_loses_nothing() -> None:
    came, size = steady(10.0, 20.0)
    assert bucket(profile(cbs_bytes=1514)).conform(came, size).all()


@pytest.mark.parametrize(("cir_mbps", "cbs_bytes"), [(10.0, 6000), (2.0, 12_500), (33.3, 50_000)])
def test_a_burst_passes_just_if_it_is_no_larger_than_the_bucket(
    cir_mbps: float, cbs_bytes: int
) -> None:
    size_of = BucketSize.of(cir_mbps, cbs_bytes)
    for more, passes in ((0, True), (1, False)):
        packets = [1000] * (cbs_bytes // 1000 - 1)
        size = np.array([*packets, cbs_bytes - sum(packets) + more], np.int32)
        conforming = TokenBucket(size_of).conform(np.zeros(len(size), np.int64), size)
        assert conforming.tolist() == [True] * len(packets) + [passes]


arrivals = st.lists(
    st.tuples(st.integers(0, 3_000_000), st.integers(60, 1514)), min_size=1, max_size=400
)
profiles = st.builds(
    profile,
    cir_mbps=st.sampled_from([0.5, 2.0, 10.0, 33.3]),
    cbs_bytes=st.integers(1514, 20_000),
)


def times_and_sizes(
    packets: list[tuple[int, int]],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    gaps, sizes = zip(*packets, strict=True)
    return np.cumsum(gaps).astype(np.int64), np.array(sizes, np.int32)


@given(profiles, arrivals)
def test_it_lets_pass_what_tokens_allow(of: LineProfile, packets: list[tuple[int, int]]) -> None:
    came, size = times_and_sizes(packets)
    passing = bucket(of).conform(came, size).tolist()
    wanted = by_bytes(of, came.tolist(), size.tolist())
    unlike = [i for i in range(len(came)) if passing[i] != wanted[i]]
    if unlike:  # the kernel's bucket is up to 64 ns larger, and a packet's cost rounded down
        update = {"cbs_bytes": of.cbs_bytes + 2}
        larger = by_bytes(of.model_copy(update=update), came.tolist(), size.tolist())
        assert passing[unlike[0]]
        assert larger[unlike[0]]


@given(profiles, arrivals, st.data())
def test_never_more_passes_than_the_bucket_and_its_rate_allow(
    of: LineProfile, packets: list[tuple[int, int]], data: st.DataObject
) -> None:
    came, size = times_and_sizes(packets)
    passing = bucket(of).conform(came, size)
    first = data.draw(st.integers(0, len(came) - 1))
    last = data.draw(st.integers(first, len(came) - 1))
    passed = int(size[first : last + 1][passing[first : last + 1]].sum())
    a_second = of.cir_mbps * 125_000
    # two ticks of 64 ns and a rounding of each packet
    slack = a_second * (2 * 64 + len(came)) / SECOND_NS
    allowed = of.cbs_bytes + a_second * int(came[last] - came[first]) / SECOND_NS
    assert passed <= allowed + slack


@given(profiles, arrivals, st.integers(0, 400))
def test_it_does_not_matter_in_how_many_calls_packets_come(
    of: LineProfile, packets: list[tuple[int, int]], cut: int
) -> None:
    came, size = times_and_sizes(packets)
    whole = bucket(of).conform(came, size)
    parts = bucket(of)
    found = [parts.conform(came[a], size[a]) for a in (slice(cut), slice(cut, None))]
    assert np.concatenate(found).tolist() == whole.tolist()


def test_many_packets_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(1681)
    n = 20 * ONE_BY_ONE
    came = np.cumsum(rng.exponential(600_000, n)).astype(np.int64)
    size = rng.integers(60, 1514, n).astype(np.int32)
    bucket = BucketSize.of(10.0, 6000)
    alone = TokenBucket(bucket)
    one_by_one = [bool(alone.conform(came[i : i + 1], size[i : i + 1])[0]) for i in range(n)]
    assert 0 < one_by_one.count(False) < n
    assert TokenBucket(bucket).conform(came, size).tolist() == one_by_one


@pytest.mark.parametrize("mbps", [0.064, 10.0, 33.3, 1000.0, 100_000.0])
def test_a_packet_costs_what_its_bytes_take(mbps: float) -> None:
    bucket = BucketSize.of(mbps, 1514)
    cost = bucket.cost_ns(np.array([60, 1514], np.int32))
    exact = [size * 8e3 / mbps for size in (60, 1514)]
    assert cost.tolist() == [pytest.approx(each, rel=1e-6, abs=1) for each in exact]
