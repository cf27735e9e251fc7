"""How far a percentile may be off: against published quantiles, and how often it is right."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.traffic.quality.uncertainty import CONFIDENCE, quantile_interval, student_t

NORMAL = 3.719
"""The normal's quantile, of infinitely many degrees."""
TABLE = {
    **{2: 70.700, 3: 22.204, 4: 13.034, 5: 9.678, 6: 8.025, 7: 7.063, 8: 6.442, 9: 6.010},
    **{10: 5.694, 20: 4.539, 29: 4.254, 30: 4.234, 60: 3.962, 120: 3.837},
}
"""t(0.9999) by its degrees of freedom, from tables."""


@pytest.mark.parametrize(("degrees", "published"), TABLE.items())
def test_student_s_t(degrees: int, published: float) -> None:
    got = student_t(degrees)
    assert CONFIDENCE == 0.9999
    assert abs(got - published) < published - NORMAL
    if degrees >= 10:
        assert got == pytest.approx(published, rel=0.01)
    if degrees >= 20:
        assert got == pytest.approx(published, abs=0.0015)


def interval(
    values: NDArray[np.float64], batch: NDArray[np.int64], percent: float = 95
) -> tuple[float, float]:
    return quantile_interval(values, np.sort(values), np.bincount(batch), percent)


SECONDS, A_SECOND = 30, 50
BATCH = np.repeat(np.arange(SECONDS), A_SECOND)
BUSY_MS = 5.0


def independent(rng: np.random.Generator) -> NDArray[np.float64]:
    """Delays of 30 s of sound, each by itself: exponential, 1 ms on average."""
    return rng.exponential(1.0, len(BATCH))


def in_bursts(rng: np.random.Generator) -> NDArray[np.float64]:
    """The same, but in every fifth second, by chance, a queue adds 5 ms to all."""
    busy = rng.random(SECONDS) < 0.2
    return independent(rng) + BUSY_MS * np.repeat(busy, A_SECOND)


P95 = {
    independent: math.log(20),
    # P(delay > x) = exp(−x) (0.8 + 0.2 exp(5)) from 5 ms on
    in_bursts: math.log((0.8 + 0.2 * math.exp(BUSY_MS)) / 0.05),
}


def missed(
    delays: Callable[[np.random.Generator], NDArray[np.float64]], batch: NDArray[np.int64]
) -> tuple[float, float]:
    """(share of runs in which the true 95th percentile is outside, mean length in ms)."""
    runs, outside, lengths = 600, 0, []
    for seed in range(runs):
        low, high = interval(delays(np.random.default_rng(seed)), batch)
        outside += not low <= P95[delays] <= high
        lengths.append(high - low)
    return outside / runs, float(np.mean(lengths))


@pytest.mark.parametrize("delays", P95)
def test_the_true_percentile_lies_within(
    delays: Callable[[np.random.Generator], NDArray[np.float64]],
) -> None:
    share, length = missed(delays, BATCH)
    assert share < 0.01
    assert length < 8  # ms: it says something all the same


def test_what_hangs_together_is_known_less_well() -> None:
    """Taken one by one, delays in bursts would seem to be known far better than they are."""
    share, length = missed(in_bursts, np.arange(len(BATCH)))
    assert share > 0.02
    assert length < missed(in_bursts, BATCH)[1]


@given(
    n=st.integers(1, 200),
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 60),
    percent=st.floats(0, 100),
    ties=st.booleans(),
)
def test_the_percentile_of_the_run_is_always_within(
    n: int, seed: int, size: int, percent: float, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.exponential(1.0, n)
    if ties:
        values = np.round(values)
    low, high = interval(values, 7 + np.arange(n) // size, percent)
    assert low - 1e-9 <= np.percentile(values, percent) <= high + 1e-9
    assert values.min() <= low <= high <= values.max()
    if n <= size:  # one batch says nothing
        assert (low, high) == (values.min(), values.max())
