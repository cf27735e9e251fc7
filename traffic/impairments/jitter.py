"""The delay that a jitter model adds to consecutive packets: a seeded process.

A latent Gaussian process Z of unit variance runs along the packets, first-order autoregressive:
Z[k] = c·Z[k−1] + √(1 − c²)·E[k], so its autocorrelation at lag m is cᵐ. A packet's delay is the
model's quantile at Φ(Z) (a Gaussian copula), thus exactly distributed as the model says. The
model's `correlation` is c: the correlation of Z between neighbours. For normal jitter that is the
delays' own too, before what is below zero becomes zero; for others theirs is somewhat less.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.impairments.models import GammaJitter, Jitter, NormalJitter, ParetoJitter

BLOCK = 256
"""Correlated numbers made at once, whatever the windows: a sum's rounding hangs on its order."""
REACH, STEPS_PER_UNIT = 9, 128  # of the tables: Φ(−9) is 1e-19; linear between is good to 1e-5
INTEGRATION_STEPS = 40_000
SERIES_BELOW = -37.0  # log t under which e⁻ᵗ is 1 to all digits
DEPTH = 57.0  # the gamma table begins where the probability is below e⁻⁵⁷


class JitterProcess:
    """Draws the delays added to consecutive packets; does not depend on the cut into windows."""

    def __init__(self, model: Jitter, seed: int | np.random.SeedSequence) -> None:
        self._model = model
        self._rng = np.random.default_rng(seed)
        self._z, self._ready = 0.0, np.zeros(0)
        if model.correlation:
            self._z = float(self._rng.standard_normal())
        if not isinstance(model, NormalJitter):
            self._at = np.linspace(-REACH, REACH, 2 * REACH * STEPS_PER_UNIT + 1)
            self._log_ms = log_quantile(model, self._at)

    def draw(self, n: int) -> NDArray[np.int64]:
        """(n,) nanoseconds to add, ≥ 0."""
        model, z = self._model, self._latent(n)
        if isinstance(model, NormalJitter):
            added_ms = np.maximum(0.0, model.mean_ms + model.sd_ms * z)
        else:
            added_ms = np.exp(np.interp(z, self._at, self._log_ms))
        return np.rint(added_ms * 1e6).astype(np.int64)

    def _latent(self, n: int) -> NDArray[np.float64]:
        if not self._model.correlation:
            return self._rng.standard_normal(n)
        parts, ahead = [self._ready], len(self._ready)
        while ahead < n:
            parts.append(self._block())
            ahead += BLOCK
        ready = np.concatenate(parts)
        self._ready = ready[n:].copy()
        return ready[:n]

    def _block(self) -> NDArray[np.float64]:
        c = self._model.correlation
        value = self._rng.standard_normal(BLOCK) * math.sqrt(1 - c * c)
        value[0] += c * self._z
        # Z[k] = factor·Z[k − reach] + value, and each pass doubles the reach
        reach, factor = 1, c
        while reach < BLOCK:
            value[reach:] += factor * value[:-reach]
            reach, factor = 2 * reach, factor * factor
        self._z = float(value[-1])
        return value


def log_quantile(model: GammaJitter | ParetoJitter, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the model's delay in ms at probability Φ(z): (n,) for z (n,), ascending."""
    log_below = np.array([_log_phi(x) for x in z.tolist()])
    log_above = np.array([_log_phi(-x) for x in z.tolist()])
    if isinstance(model, ParetoJitter):
        # P(delay > x) = (1 + x / scale)^−shape
        return np.log(np.expm1(-log_above / model.shape)) + math.log(model.scale_ms)
    return _log_gamma_quantile(model.shape, log_below, log_above) + math.log(model.scale_ms)


def _log_phi(x: float) -> float:
    """log Φ(x), exact in both tails."""
    tail = math.erfc(abs(x) / math.sqrt(2)) / 2
    return math.log(tail) if x < 0 else math.log1p(-tail)


def _log_gamma_quantile(
    shape: float, log_below: NDArray[np.float64], log_above: NDArray[np.float64]
) -> NDArray[np.float64]:
    """log t where a gamma variable of scale 1 is below t with the one probability and above it
    with the other; each half by the smaller one, which is the exact one."""
    factorial = math.lgamma(shape + 1)
    low = max(SERIES_BELOW, (factorial - DEPTH) / shape)
    high = math.log(shape + 15 * math.sqrt(shape) + 60)
    y = np.linspace(low, high, INTEGRATION_STEPS + 1)
    # y = log t has the density t^shape·e⁻ᵗ / Γ(shape)
    density = np.exp(shape * y - np.exp(y) - math.lgamma(shape))
    piece = (density[1:] + density[:-1]) / 2 * (y[1] - y[0])
    # for small t the probability below it is t^shape / Γ(shape + 1)
    below = math.exp(shape * low - factorial) + np.r_[0.0, np.cumsum(piece)]
    above = np.cumsum(piece[::-1])[::-1]  # of all y but the last
    lower = np.interp(log_below, np.log(below), y)
    deep = log_below < math.log(below[0])
    lower[deep] = (log_below[deep] + factorial) / shape
    upper = np.interp(-log_above, -np.log(above), y[:-1])
    return np.where(log_below < log_above, lower, upper)
