"""The injector: intervals, order, bottleneck, corruption, duplication, windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_fifo import bounded_by_events
from traffic_factory import MS, START_NS, cuts, during_all, stream_plan

from giaoban.traffic.impairments import (
    BernoulliLoss,
    GammaJitter,
    GilbertLoss,
    Impairments,
    Interval,
    NormalJitter,
    ParetoJitter,
    Rate,
)
from giaoban.traffic.rtp import StreamId
from giaoban.traffic.sender.injection import Fate, Injector

IDENT = StreamId(payload_type=97, ssrc=5, first_sequence=0, first_timestamp=0)
N = 1_000_000
Z = 3.2905  # two-sided 99.9 % of the normal distribution
LOSE_ALL = BernoulliLoss(p=1.0)


def injector(*intervals: Interval, seed: int = 7) -> Injector:
    return Injector(stream_plan(IDENT, seed=seed, impairments=intervals), START_NS)


def due(n: int, spacing_ns: int = 20 * MS) -> NDArray[np.int64]:
    return START_NS + np.arange(n, dtype=np.int64) * spacing_ns


def sizes(n: int) -> NDArray[np.int64]:
    return np.full(n, 172, np.int64)


def test_without_impairments_packets_pass_untouched() -> None:
    for idle in (injector(), injector(Interval(what=Impairments()))):
        times = due(50)
        fate = idle.apply(times, sizes(50))
        assert idle.idle
        assert fate.leaving_ns is times
        assert np.all(fate.copies == 1)
        assert not fate.corrupted.any()


def test_a_packet_belongs_to_the_interval_of_its_due_time() -> None:
    """From `from_s` until before `to_s`, to the nanosecond."""
    lossy = injector(
        Interval(from_s=1.0, to_s=2.0, what=Impairments(loss=LOSE_ALL)),
        Interval(from_s=2.0, to_s=3.0, what=Impairments()),
        Interval(from_s=3.5, what=Impairments(loss=LOSE_ALL)),
    )
    at_s = np.array([0, 1, 1, 1.5, 2, 2, 3.4, 3.5, 3.5, 9000])
    off_ns = np.array([0, -1, 0, 0, -1, 0, 0, -1, 0, 0])
    times = START_NS + (at_s * 1e9).astype(np.int64) + off_ns
    fate = lossy.apply(times, sizes(10))
    assert fate.copies.tolist() == [1, 1, 0, 0, 0, 1, 1, 1, 0, 0]
    assert fate.leaving_ns.tolist() == times.tolist()


def test_corruption_and_duplication_rates() -> None:
    model = injector(*during_all(corrupt=0.01, duplicate=0.02, loss=BernoulliLoss(p=0.1)))
    fate = model.apply(due(N, 1000), sizes(N))
    kept = fate.copies > 0
    m = int(kept.sum())
    for found, p in (((fate.copies == 2).sum() / m, 0.02), (fate.corrupted.sum() / m, 0.01)):
        assert abs(found - p) < Z * math.sqrt(p * (1 - p) / m)
    assert not fate.corrupted[~kept].any()
    both = float(np.mean(fate.corrupted[kept] & (fate.copies[kept] == 2)))
    assert abs(both - 0.0002) < Z * math.sqrt(0.0002 / m)


@given(
    lengths=st.lists(st.integers(13, 40), min_size=1, max_size=20),
    seed=st.integers(0, 2**31),
    csrcs=st.integers(0, 15),
)
def test_one_bit_of_the_payload_is_flipped(lengths: list[int], seed: int, csrcs: int) -> None:
    """Behind the whole header, if that leaves anything; behind the fixed part of it at least."""
    before = np.random.default_rng(seed).integers(0, 256, (len(lengths), 48)).astype(np.uint8)
    before[:, 0] = 0x80 | csrcs
    after, size = before.copy(), np.array(lengths, np.int64)
    rows = np.arange(0, len(lengths), 2)
    injector(*during_all(corrupt=1.0), seed=seed).flip(after, size, rows)
    changed = np.unpackbits(before ^ after, axis=1)
    assert changed.sum(axis=1).tolist() == [1 - n % 2 for n in range(len(lengths))]
    for row in rows.tolist():
        at = int(np.flatnonzero(changed[row])[0]) // 8
        header = 12 + 4 * csrcs
        assert (header if header < lengths[row] else 12) <= at < lengths[row]


REORDERING = NormalJitter(mean_ms=40, sd_ms=30, reorder=True)
KEEPING = GammaJitter(shape=0.5, scale_ms=80)


def test_without_reordering_nothing_overtakes() -> None:
    """Also over the edge of an interval: what is due after it waits for what was held up in it."""
    keeps = injector(
        Interval(from_s=0.0, to_s=5.0, what=Impairments(jitter=KEEPING)),
        Interval(from_s=5.0, to_s=9.0, what=Impairments(jitter=NormalJitter(mean_ms=0, sd_ms=1))),
    )
    times = due(1000)
    leaving = keeps.apply(times, sizes(1000)).leaving_ns
    assert np.all(np.diff(leaving) >= 0)
    assert np.all(leaving >= times)
    moved = leaving > times
    assert moved[:250].any()
    assert not moved[470:].any()


def test_reordering_lets_packets_overtake_within_its_interval_only() -> None:
    model = injector(
        Interval(from_s=1.0, to_s=2.0, what=Impairments(jitter=REORDERING)),
        Interval(from_s=2.0, to_s=3.0, what=Impairments(jitter=KEEPING)),
    )
    leaving = model.apply(due(200), sizes(200)).leaving_ns
    assert np.any(np.diff(leaving[50:100]) < 0)
    others = np.r_[0:50, 100:200]
    assert np.all(np.diff(leaving[others]) >= 0)


@pytest.mark.parametrize(("kbps", "buffer"), [(64.0, 1), (80.0, 3), (100.0, 20), (2000.0, 1)])
def test_a_bottleneck_is_an_event_simulations(kbps: float, buffer: int) -> None:
    rng = np.random.default_rng(31)
    n = 2000
    times = START_NS + np.cumsum(rng.integers(0, 40 * MS, n))
    size = rng.integers(60, 300, n)
    model = injector(*during_all(rate=Rate(kbps=kbps, buffer_packets=buffer)))
    parts = [model.apply(times[c], size[c]) for c in cuts(n, list(range(0, n, 37)))]
    leaving = np.concatenate([p.leaving_ns for p in parts])
    copies = np.concatenate([p.copies for p in parts])
    service = [round((s + 28 + 14) * 8e6 / kbps) for s in size.tolist()]
    wanted = bounded_by_events(times.tolist(), service, buffer)
    assert [bool(c) for c in copies] == [w is not None for w in wanted]
    assert leaving[copies > 0].tolist() == [w for w in wanted if w is not None]


EVERYTHING: list[list[Interval]] = [
    during_all(loss=GilbertLoss(p=0.05, r=0.3), corrupt=0.1, duplicate=0.1),
    during_all(jitter=ParetoJitter(shape=3, scale_ms=30, correlation=0.5), duplicate=0.05),
    during_all(jitter=REORDERING, loss=BernoulliLoss(p=0.2)),
    during_all(rate=Rate(kbps=90, buffer_packets=4), duplicate=0.2),
    [
        Interval(from_s=1.0, to_s=4.0, what=Impairments(jitter=KEEPING, corrupt=0.3)),
        Interval(
            from_s=4.0,
            to_s=4.5,
            what=Impairments(
                loss=GilbertLoss(p=0.1, r=0.3),
                rate=Rate(kbps=70, buffer_packets=3),
                jitter=REORDERING,
            ),
        ),
        Interval(from_s=5.0, what=Impairments(rate=Rate(kbps=60, buffer_packets=2))),
    ],
]


def joined(fates: list[Fate]) -> list[Any]:
    return [
        np.concatenate([getattr(f, name) for f in fates]).tolist()
        for name in ("leaving_ns", "copies", "corrupted")
    ]


@given(at=st.lists(st.integers(0, 600), max_size=12), seed=st.integers(0, 2**48 - 1))
def test_fates_do_not_depend_on_the_cut_into_windows(at: list[int], seed: int) -> None:
    n = 400
    times, size = due(n), sizes(n) + np.arange(n) % 90
    for intervals in EVERYTHING:
        whole = joined([injector(*intervals, seed=seed).apply(times, size)])
        cut = injector(*intervals, seed=seed)
        parts = [cut.apply(times[c], size[c]) for c in cuts(n, at)]
        assert joined(parts) == whole
        assert all(leaves >= t for leaves, t in zip(whole[0], times.tolist(), strict=True))
