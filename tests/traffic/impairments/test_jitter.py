"""A million delays of each jitter model against theory, the seed, and the windows.

Bounds are those of 99.9 % intervals; with fixed seeds the outcome is fixed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from traffic_factory import MS, cuts

from giaoban.traffic.impairments import (
    GammaJitter,
    Jitter,
    JitterProcess,
    NormalJitter,
    ParetoJitter,
)

N = 1_000_000
Z = 3.2905  # two-sided 99.9 % of the normal distribution
KS = 1.9495  # 99.9 % of Kolmogorov's distribution
JITTERS: list[Jitter] = [
    NormalJitter(mean_ms=20, sd_ms=15),
    NormalJitter(mean_ms=20, sd_ms=15, correlation=0.9),
    GammaJitter(shape=0.5, scale_ms=20),
    GammaJitter(shape=0.5, scale_ms=20, correlation=0.25),
    ParetoJitter(shape=3, scale_ms=20),
    ParetoJitter(shape=3, scale_ms=20, correlation=0.7),
]


def added_ms(model: Jitter, seed: int, n: int = N) -> NDArray[np.float64]:
    return JitterProcess(model, seed).draw(n) / MS


def assert_moments(got: NDArray[np.float64], mean: float, variance: float, fourth: float) -> None:
    """`fourth`: central; of independent delays."""
    assert abs(got.mean() - mean) < Z * math.sqrt(variance / N)
    assert abs(got.var() - variance) < Z * math.sqrt((fourth - variance**2) / N)


@pytest.mark.parametrize(("mean_ms", "sd_ms"), [(20.0, 4.0), (5.0, 5.0), (0.0, 3.0)])
def test_normal_jitter_censored_at_zero(mean_ms: float, sd_ms: float) -> None:
    got = added_ms(NormalJitter(mean_ms=mean_ms, sd_ms=sd_ms), 14)
    # moments of max(0, X): with a = μ/σ, Φ and φ of the standard normal
    a = mean_ms / sd_ms
    upper = 0.5 * (1 + math.erf(a / math.sqrt(2)))
    density = math.exp(-a * a / 2) / math.sqrt(2 * math.pi)
    raw = [upper, mean_ms * upper + sd_ms * density]
    for k in (2, 3, 4):  # E[Xᵏ; X > 0] = μ·E[Xᵏ⁻¹; X > 0] + (k−1)·σ²·E[Xᵏ⁻²; X > 0]
        raw.append(mean_ms * raw[k - 1] + (k - 1) * sd_ms**2 * raw[k - 2])
    mean = raw[1]
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    assert_moments(got, mean, raw[2] - mean**2, fourth)
    assert got.min() >= 0
    at_zero = float(np.mean(got == 0))
    assert abs(at_zero - (1 - upper)) < Z * math.sqrt(upper * (1 - upper) / N) + 1e-6


@pytest.mark.parametrize(
    ("shape", "scale_ms"), [(0.02, 50.0), (0.5, 8.0), (1.0, 3.0), (2.0, 5.0), (30.0, 0.5), (900, 1)]
)
def test_gamma_jitter(shape: float, scale_ms: float) -> None:
    """Moments, and against numpy's own draws (Kolmogorov–Smirnov, two samples)."""
    got = added_ms(GammaJitter(shape=shape, scale_ms=scale_ms), 15)
    variance = shape * scale_ms**2
    assert_moments(got, shape * scale_ms, variance, variance**2 * (3 + 6 / shape))
    theirs = np.sort(np.random.default_rng(16).gamma(shape, scale_ms, N))
    theirs = np.sort(np.rint(theirs * MS) / MS)  # delays are whole nanoseconds
    mine = np.sort(got)
    at = np.unique(np.concatenate([mine, theirs]))
    difference = np.searchsorted(mine, at, "right") - np.searchsorted(theirs, at, "right")
    assert np.abs(difference).max() / N < KS * math.sqrt(2 / N)


@pytest.mark.parametrize(("shape", "scale_ms"), [(2.1, 5.0), (10.0, 30.0)])
def test_pareto_jitter(shape: float, scale_ms: float) -> None:
    got = added_ms(ParetoJitter(shape=shape, scale_ms=scale_ms), 18)
    ordered = np.sort(got)
    wanted = 1 - (1 + ordered / scale_ms) ** -shape
    assert np.abs(wanted - (np.arange(N) + 0.5) / N).max() < KS / math.sqrt(N)
    if shape > 4:  # else there is no fourth moment
        raw = [1.0]
        for k in (1, 2, 3, 4):  # E[Xᵏ] = k!·scaleᵏ / ((α−1)…(α−k))
            raw.append(raw[-1] * k * scale_ms / (shape - k))
        mean = raw[1]
        fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
        assert_moments(got, mean, raw[2] - mean**2, fourth)


def assert_autocorrelated(z: NDArray[np.float64], c: float) -> None:
    """At lags 1 to 5, within Bartlett's variance for an autoregressive process."""
    x, n = z - z.mean(), len(z)
    for lag in range(1, 6):
        found = float(x[lag:] @ x[:-lag]) / float(x @ x)
        power = c ** (2 * lag)
        variance = (1 + c * c) * (1 - power) / (1 - c * c) - 2 * lag * power
        assert abs(found - c**lag) < Z * math.sqrt(variance / n)


@pytest.mark.parametrize("c", [0.0, 0.25, 0.9, 0.99])
def test_correlated_normal_jitter(c: float) -> None:
    got = added_ms(NormalJitter(mean_ms=100.0, sd_ms=5.0, correlation=c), 19)
    assert got.min() > 0  # nothing is censored: the delays are the latent process themselves
    assert abs(got.mean() - 100) < Z * math.sqrt(25 / N * (1 + c) / (1 - c))
    spread = 2 * 25**2 / N * (1 + c * c) / (1 - c * c)
    assert abs(got.var() - 25) < Z * math.sqrt(spread)
    assert_autocorrelated(got, c)


@given(at=st.lists(st.integers(0, 3000), max_size=12), seed=st.integers(0, 2**48 - 1))
def test_delays_do_not_depend_on_the_cut_into_windows(at: list[int], seed: int) -> None:
    n = 1500
    for model in JITTERS:
        whole = JitterProcess(model, seed).draw(n)
        process = JitterProcess(model, seed)
        parts = [process.draw(c.stop - c.start) for c in cuts(n, at)]
        assert np.array_equal(np.concatenate(parts), whole)


GOLDEN_US = [
    [31441.898, 15934.588, 6956.776],
    [28525.636, 21921.457, 22008.837],
    [14862.814, 2648.371, 592.237],
    [3971.020, 592.025, 20017.938],
    [12991.021, 3623.508, 1475.427],
    [7940.185, 3068.144, 10469.600],
]


@pytest.mark.parametrize(
    ("model", "first_us"), list(zip(JITTERS, GOLDEN_US, strict=True)), ids=repr
)
def test_the_seed_fixes_the_outcome(model: Jitter, first_us: list[float]) -> None:
    drawn = [JitterProcess(model, seed).draw(1000) for seed in (1681, 1681, 1682)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert (drawn[0][[0, 1, 999]] / 1000).tolist() == pytest.approx(first_us, abs=0.002)
