"""Loss and jitter that an injector adds to a stream, seeded, drawn by the window.

Models keep their state from one window to the next, so a stream's impairments do not depend on
how it is cut into windows.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from giaoban.tomlfile import StrictModel

Probability = Annotated[float, Field(ge=0, le=1)]


class BernoulliLoss(StrictModel):
    """Each packet is lost with probability `p`, whatever happened to the others."""

    model: Literal["bernoulli"] = "bernoulli"
    p: Probability


class GilbertElliottLoss(StrictModel):
    """Two states, good and bad, each losing packets with its own probability (Elliott, 1963).

    `p` is the probability to go from good to bad at a packet, `r` from bad to good; `loss_bad` and
    `loss_good` are the loss probabilities in each. The stationary loss is
    (p·loss_bad + r·loss_good) / (p + r).
    """

    model: Literal["gilbert-elliott"] = "gilbert-elliott"
    p: Probability
    r: Annotated[float, Field(gt=0, le=1)]
    loss_bad: Probability = 1.0
    loss_good: Probability = 0.0


class NormalJitter(StrictModel):
    """Added delay, normal with `mean_ms` and `sd_ms`; what would be below zero is zero."""

    model: Literal["normal"] = "normal"
    mean_ms: Annotated[float, Field(ge=0, le=10_000)]
    sd_ms: Annotated[float, Field(ge=0, le=10_000)]
    reorder: bool = False


class GammaJitter(StrictModel):
    """Added delay, gamma with `shape` and `scale_ms`: mean shape·scale, a long upper tail."""

    model: Literal["gamma"] = "gamma"
    shape: Annotated[float, Field(gt=0, le=1000)]
    scale_ms: Annotated[float, Field(gt=0, le=10_000)]
    reorder: bool = False


Loss = Annotated[BernoulliLoss | GilbertElliottLoss, Field(discriminator="model")]
Jitter = Annotated[NormalJitter | GammaJitter, Field(discriminator="model")]


class LossProcess(Protocol):
    """Draws, for n consecutive packets, which are lost."""

    def draw(self, n: int) -> NDArray[np.bool_]: ...


class _Bernoulli:
    def __init__(self, model: BernoulliLoss, rng: np.random.Generator) -> None:
        self._p, self._rng = model.p, rng

    def draw(self, n: int) -> NDArray[np.bool_]:
        return self._rng.random(n) < self._p


class _GilbertElliott:
    """Runs of one state have geometric lengths, so they are drawn by the run, not by the packet.

    One generator for the states and one for the losses: how many numbers the one has used does
    not depend on how the other was asked.
    """

    def __init__(self, model: GilbertElliottLoss, rng: np.random.Generator) -> None:
        self._model = model
        self._states, self._losses = rng.spawn(2)
        stationary_bad = model.p / (model.p + model.r)
        self._bad = bool(self._states.random() < stationary_bad)
        self._left = self._run_length()

    def _run_length(self) -> int:
        leave = self._model.r if self._bad else self._model.p
        return int(self._states.geometric(leave)) if leave > 0 else np.iinfo(np.int64).max

    def draw(self, n: int) -> NDArray[np.bool_]:
        bad = np.empty(n, np.bool_)
        at = 0
        while at < n:
            step = min(self._left, n - at)
            bad[at : at + step] = self._bad
            at += step
            self._left -= step
            if self._left == 0:
                self._bad = not self._bad
                self._left = self._run_length()
        chance = np.where(bad, self._model.loss_bad, self._model.loss_good)
        return self._losses.random(n) < chance


def loss_process(model: BernoulliLoss | GilbertElliottLoss, seed: int) -> LossProcess:
    """The seeded process of a loss model."""
    rng = np.random.default_rng(seed)
    if isinstance(model, BernoulliLoss):
        return _Bernoulli(model, rng)
    return _GilbertElliott(model, rng)


class JitterProcess:
    """Draws the delay added to consecutive packets.

    Without reordering a packet never overtakes the one before it: it waits for it.
    """

    def __init__(self, model: NormalJitter | GammaJitter, seed: int) -> None:
        self._model = model
        self._rng = np.random.default_rng(seed)
        self._last_ns = np.iinfo(np.int64).min

    def apply(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """When packets due at `times_ns`, (n,) increasing, leave instead."""
        model, n = self._model, len(times_ns)
        if isinstance(model, NormalJitter):
            added_ms = np.maximum(0, self._rng.normal(model.mean_ms, model.sd_ms, n))
        else:
            added_ms = self._rng.gamma(model.shape, model.scale_ms, n)
        leaving = times_ns + np.rint(added_ms * 1e6).astype(np.int64)
        if not model.reorder and n:
            leaving = np.maximum.accumulate(np.maximum(leaving, self._last_ns))
            self._last_ns = int(leaving[-1])
        return leaving
