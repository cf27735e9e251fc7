"""Bursts and gaps, against RFC 3611's example and its pseudo-code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.quality.bursts import (
    GMIN,
    GapBurst,
    burst_ratio,
    burst_ratios,
    ends_ns,
    gap_burst,
    run_lengths,
)

PATTERN = "11110111111111111111111X111X1011110111111111111111111X111111111"


def measured(missing: list[bool] | np.ndarray, packet_ms: int = 10) -> GapBurst:
    flags = np.array(missing, np.bool_)
    due = np.arange(len(flags)) * packet_ms * 1_000_000
    return gap_burst(flags, due, due + packet_ms * 1_000_000)


def test_the_example_of_the_rfc() -> None:
    """§4.7.2: burst density 0.33, gap density 0.04, burst duration 120 ms, gap duration 520 ms.

    The pattern as printed has 63 packets for its 64, so its gaps are 51 here.
    """
    got = measured([c != "1" for c in PATTERN])
    assert got.bursts == 1
    assert got.burst_density == pytest.approx(4 / 12)
    assert got.burst_ms == pytest.approx(120)
    assert got.gap_density == pytest.approx(2 / 51)
    assert got.gap_ms == pytest.approx(510)


def by_the_rfc(missing: list[bool]) -> tuple[int, float, float, float, float]:
    """Appendix A.2: bursts, burst and gap density, burst and gap length in packets.

    The packets that are taken to surround the session are put there and taken away again, with the
    transition into a burst that the code counts at its first loss. Its gap counts each burst's
    first loss a second time.
    """
    c11 = c13 = c14 = c22 = c23 = c33 = lost = pkt = 0
    for gone in [*[False] * GMIN, *missing, *[False] * GMIN, True]:
        if not gone:
            pkt += 1
            continue
        if pkt >= GMIN:
            if lost == 1:
                c14 += 1
            else:
                c13 += 1
            lost = 1
            c11 += pkt
        else:
            lost += 1
            if pkt == 0:
                c33 += 1
            else:
                c23 += 1
                c22 += pkt - 1
        pkt = 0
    c11, c13 = c11 - 2 * GMIN, c13 - 1
    c31, c32 = c13, c23
    ctotal = c11 + c14 + c13 + c22 + c23 + c31 + c32 + c33
    p32 = c32 / (c31 + c32 + c33) if c31 + c32 + c33 else 0
    p23 = 1 if c22 + c23 < 1 else 1 - c22 / (c22 + c23)
    gap_density = c14 / (c11 + c14) if c11 + c14 else 0
    if not c13:
        return 0, 0, gap_density, 0, c11 + c14
    gap = (c11 + c14 + c13) / c13
    return c13, p23 / (p23 + p32), gap_density, ctotal / c13 - gap, gap - 1


@given(
    lengths=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=12),
    tail=st.integers(0, 40),
)
def test_bursts_and_gaps_are_those_of_the_pseudo_code(
    lengths: list[tuple[int, int]], tail: int
) -> None:
    missing = [flag for got, lost in lengths for flag in [False] * got + [True] * lost]
    missing += [False] * tail
    if not any(missing):
        return
    got = measured(missing)
    bursts, burst_density, gap_density, burst, gap = by_the_rfc(missing)
    assert got.bursts == bursts
    assert (got.burst_density or 0) == pytest.approx(burst_density)
    assert (got.gap_density or 0) == pytest.approx(gap_density)
    assert (got.burst_ms or 0) == pytest.approx(10 * burst)
    assert (got.gap_ms or 0) == pytest.approx(10 * gap)
    assert (got.gap_density or 0) <= 1 / (GMIN + 1) or tail < GMIN or lengths[0][0] < GMIN


def test_no_loss_all_loss_and_nothing() -> None:
    assert measured([False] * 50) == GapBurst(0, None, 0.0, None, 500.0)
    assert measured([True] * 50) == GapBurst(1, 1.0, None, 500.0, None)
    assert measured([]) == GapBurst(0, None, None, None, None)
    assert run_lengths(np.zeros(5, np.bool_)) == (0, None)
    assert run_lengths(np.array([1, 1, 0, 1], np.bool_)) == (2, 1.5)


def test_a_packet_before_a_pause_does_not_last_through_it() -> None:
    """Silence that is not sent: packets of 20, a pause of 400 in the timestamps too."""
    due = np.array([0, 20, 40, 440, 460, 480])
    assert ends_ns(due, due * 8).tolist() == [20, 40, 60, 460, 480, 500]
    # pictures: several packets of one timestamp, the last of which lasts until the next picture
    due = np.array([0, 2, 4, 33, 35, 66, 67, 99, 500])
    picture = np.array([0, 0, 0, 3, 3, 6, 6, 9, 12])
    assert ends_ns(due, picture).tolist() == [2, 4, 33, 35, 66, 67, 99, 132, 533]


def test_burst_ratio_of_independent_and_of_bursty_loss() -> None:
    rng = np.random.default_rng(4)
    assert burst_ratio(rng.random(1_000_000) < 0.1) == pytest.approx(1, abs=0.02)
    # bursts of 4 in 5 %: 4 · (1 − 0.05)
    assert burst_ratio(np.tile(np.r_[[True] * 4, [False] * 76], 100)) == pytest.approx(3.8)


@given(st.lists(st.lists(st.booleans(), max_size=30), min_size=1, max_size=5))
def test_burst_ratios_of_parts_are_each_ones_own_at_least_one_and_finite(
    lost: list[list[bool]],
) -> None:
    flags = np.array([flag for part in lost for flag in part], np.bool_)
    part = np.repeat(np.arange(len(lost)), [len(p) for p in lost])
    ratios = burst_ratios(flags, part, len(lost))
    assert ratios.tolist() == [burst_ratio(np.array(p, np.bool_)) for p in lost]
    assert all(1 <= r <= max(1, len(p)) for r, p in zip(ratios, lost, strict=True))
