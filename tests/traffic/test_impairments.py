"""A million draws of each model against theory, the seed, the windows, and no overtaking.

Bounds are five standard errors: with fixed seeds the outcome is fixed, and a right model is outside
for one seed in two million.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from traffic_factory import MS, JitterModel, LossModel

from traffic.impairments import (
    BernoulliLoss,
    GammaJitter,
    GilbertElliottLoss,
    Jitter,
    JitterProcess,
    Loss,
    NormalJitter,
    loss_process,
)

N = 1_000_000
DUE_NS = np.arange(N, dtype=np.int64) * MS


def burst_lengths(lost: NDArray[np.bool_]) -> NDArray[np.int64]:
    edges = np.flatnonzero(np.diff(np.r_[0, lost.astype(np.int8), 0]))
    return edges[1::2] - edges[::2]


def added_ms(model: JitterModel, seed: int) -> NDArray[np.float64]:
    return (JitterProcess(model, seed).apply(DUE_NS) - DUE_NS) / MS


@pytest.mark.parametrize("p", [0.001, 0.01, 0.2, 0.9])
def test_bernoulli_rate_and_independence(p: float) -> None:
    lost = loss_process(BernoulliLoss(p=p), 11).draw(N)
    assert abs(lost.mean() - p) < 5 * math.sqrt(p * (1 - p) / N)
    x = lost - lost.mean()
    autocorrelation = float(np.mean(x[1:] * x[:-1])) / float(np.var(x))
    assert abs(autocorrelation) < 5 / math.sqrt(N)
    bursts = burst_lengths(lost)  # geometric: mean 1/(1−p), variance p/(1−p)²
    error = math.sqrt(p) / (1 - p) / math.sqrt(len(bursts))
    assert abs(bursts.mean() - 1 / (1 - p)) < 5 * error


@pytest.mark.parametrize(("p", "r"), [(0.01, 0.25), (0.002, 0.05), (0.3, 0.6)])
def test_gilbert_rate_bursts_and_autocorrelation(p: float, r: float) -> None:
    lost = loss_process(GilbertElliottLoss(p=p, r=r), 12).draw(N)
    rate, memory = p / (p + r), 1 - p - r
    # variance of the mean of a two-state chain: inflated by (1 + memory)/(1 − memory)
    error = math.sqrt(rate * (1 - rate) / N * (1 + memory) / (1 - memory))
    assert abs(lost.mean() - rate) < 5 * error
    bursts = burst_lengths(lost)
    assert abs(bursts.mean() - 1 / r) < 5 * math.sqrt(1 - r) / r / math.sqrt(len(bursts))
    gaps = burst_lengths(~lost)
    assert abs(gaps.mean() - 1 / p) < 5 * math.sqrt(1 - p) / p / math.sqrt(len(gaps))
    x = lost - lost.mean()
    for lag in (1, 3):
        found = float(np.mean(x[lag:] * x[:-lag])) / float(np.var(x))
        assert found == pytest.approx(memory**lag, abs=0.01)


def test_gilbert_elliott_loses_in_both_states() -> None:
    model = GilbertElliottLoss(p=0.02, r=0.1, loss_bad=0.5, loss_good=0.01)
    lost = loss_process(model, 13).draw(N)
    bad = 0.02 / 0.12
    rate = (0.02 * 0.5 + 0.1 * 0.01) / 0.12
    memory = 1 - 0.12
    spread = bad * (1 - bad) * (0.5 - 0.01) ** 2  # of the states' loss probabilities
    error = math.sqrt((rate * (1 - rate) + 2 * spread * memory / (1 - memory)) / N)
    assert abs(lost.mean() - rate) < 5 * error
    # P(lost, lost next) of the hidden chain
    both = float(np.mean(lost[1:] & lost[:-1]))
    assert both == pytest.approx(rate**2 + spread * memory, rel=0.02)


def test_gilbert_elliott_starts_in_its_stationary_state() -> None:
    first = np.array(
        [loss_process(GilbertElliottLoss(p=0.1, r=0.3), s).draw(1)[0] for s in range(4000)]
    )
    assert abs(first.mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / 4000)


@pytest.mark.parametrize(
    ("model", "all_lost"),
    [
        (BernoulliLoss(p=0.0), False),
        (BernoulliLoss(p=1.0), True),
        (GilbertElliottLoss(p=0.0, r=0.5), False),
        (GilbertElliottLoss(p=0.5, r=0.5, loss_bad=1.0, loss_good=1.0), True),
        (GilbertElliottLoss(p=0.5, r=0.5, loss_bad=0.0), False),
    ],
)
def test_certain_loss_and_certain_arrival(model: LossModel, all_lost: bool) -> None:
    lost = loss_process(model, 1).draw(100_000)
    assert lost.all() if all_lost else not lost.any()


@pytest.mark.parametrize(("mean_ms", "sd_ms"), [(20.0, 4.0), (5.0, 5.0), (0.0, 3.0)])
def test_normal_jitter_censored_at_zero(mean_ms: float, sd_ms: float) -> None:
    got = added_ms(NormalJitter(mean_ms=mean_ms, sd_ms=sd_ms, reorder=True), 14)
    # moments of max(0, X): with a = μ/σ, Φ and φ of the standard normal
    a = mean_ms / sd_ms
    upper = 0.5 * (1 + math.erf(a / math.sqrt(2)))
    density = math.exp(-a * a / 2) / math.sqrt(2 * math.pi)
    mean = mean_ms * upper + sd_ms * density
    square = (mean_ms**2 + sd_ms**2) * upper + mean_ms * sd_ms * density
    variance = square - mean**2
    assert got.min() >= 0
    assert abs(got.mean() - mean) < 5 * math.sqrt(variance / N)
    fourth = float(np.mean((got - got.mean()) ** 4))
    assert abs(got.var() - variance) < 5 * math.sqrt((fourth - variance**2) / N)
    at_zero = float(np.mean(got == 0))
    assert abs(at_zero - (1 - upper)) < 5 * math.sqrt(upper * (1 - upper) / N) + 1e-6


@pytest.mark.parametrize(("shape", "scale_ms"), [(0.5, 8.0), (2.0, 5.0), (30.0, 0.5)])
def test_gamma_jitter_moments(shape: float, scale_ms: float) -> None:
    got = added_ms(GammaJitter(shape=shape, scale_ms=scale_ms, reorder=True), 15)
    variance = shape * scale_ms**2
    fourth = variance**2 * (3 + 6 / shape)
    assert abs(got.mean() - shape * scale_ms) < 5 * math.sqrt(variance / N)
    assert abs(got.var() - variance) < 5 * math.sqrt((fourth - variance**2) / N)
    assert float(np.mean((got - got.mean()) ** 3)) / variance**1.5 == pytest.approx(
        2 / math.sqrt(shape), rel=0.05
    )


JITTERS: list[JitterModel] = [
    NormalJitter(mean_ms=20, sd_ms=15),
    GammaJitter(shape=0.5, scale_ms=20),
]
LOSSES: list[LossModel] = [
    BernoulliLoss(p=0.1),
    GilbertElliottLoss(p=0.05, r=0.2, loss_bad=0.8, loss_good=0.02),
]


@pytest.mark.parametrize("model", JITTERS)
def test_without_reordering_nothing_overtakes(model: JitterModel) -> None:
    """Also not from window to window; each leaves at its own time or its forerunner's."""
    free = JitterProcess(model.model_copy(update={"reorder": True}), 3).apply(DUE_NS)
    assert np.any(np.diff(free) < 0)
    process = JitterProcess(model, 3)
    held = np.concatenate([process.apply(part) for part in np.array_split(DUE_NS, 997)])
    assert np.all(np.diff(held) >= 0)
    assert np.array_equal(held, np.maximum.accumulate(free))


def cuts(n: int, at: Sequence[int]) -> list[slice]:
    edges = [0, *sorted(c % (n + 1) for c in at), n]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


@given(at=st.lists(st.integers(0, 3000), max_size=12), seed=st.integers(0, 2**48 - 1))
def test_impairments_do_not_depend_on_the_cut_into_windows(at: list[int], seed: int) -> None:
    n = 2000
    for loss in LOSSES:
        whole = loss_process(loss, seed).draw(n)
        process = loss_process(loss, seed)
        parts = [process.draw(c.stop - c.start) for c in cuts(n, at)]
        assert np.array_equal(np.concatenate(parts), whole)
    for jitter in JITTERS:
        for reorder in (False, True):
            model = jitter.model_copy(update={"reorder": reorder})
            moved = JitterProcess(model, seed).apply(DUE_NS[:n])
            mover = JitterProcess(model, seed)
            pieces = [mover.apply(DUE_NS[c]) for c in cuts(n, at)]
            assert np.array_equal(np.concatenate(pieces), moved)


def test_the_seed_fixes_the_outcome() -> None:
    for loss in LOSSES:
        a, b, c = (loss_process(loss, seed).draw(10_000) for seed in (5, 5, 6))
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
    for jitter in JITTERS:
        x, y, z = (JitterProcess(jitter, seed).apply(DUE_NS[:10_000]) for seed in (5, 5, 6))
        assert np.array_equal(x, y)
        assert not np.array_equal(x, z)


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "bernoulli", "p": 1.1},
        {"model": "bernoulli", "p": -0.1},
        {"model": "bernoulli", "p": float("nan")},
        {"model": "bernoulli"},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.0},
        {"model": "gilbert-elliott", "p": 0.1, "r": 0.1, "loss": 0.5},
        {"model": "markov", "p": 0.1},
    ],
)
def test_losses_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Loss).validate_python(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "normal", "mean_ms": -1.0, "sd_ms": 1.0},
        {"model": "normal", "mean_ms": 1.0},
        {"model": "gamma", "shape": 0.0, "scale_ms": 1.0},
        {"model": "gamma", "shape": 1.0, "scale_ms": float("inf")},
    ],
)
def test_jitters_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Jitter).validate_python(bad)
