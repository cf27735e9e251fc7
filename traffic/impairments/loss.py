"""Which packets a loss model takes: seeded processes, drawn by the window.

A model with memory is drawn by the run of packets in one state, whose length is geometric, and not
by the packet. Every process starts in its stationary state (netem's chains start in the good one).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GilbertElliottLoss,
    GilbertLoss,
    Loss,
)

Seed = int | np.random.SeedSequence

PAIRS = 64
"""Pairs of runs drawn at once: a number of its own, so that windows do not decide what is drawn."""
NEVER = 1 << 40
"""Length of a run in a state that is never left: longer than any stream."""


class LossProcess(Protocol):
    """Draws, for n consecutive packets, which are lost."""

    def draw(self, n: int) -> NDArray[np.bool_]:
        """(n,) whether each is lost."""


def loss_process(model: Loss, seed: Seed) -> LossProcess:
    """Return the seeded process of a loss model."""
    rng = np.random.default_rng(seed)
    match model:
        case BernoulliLoss():
            return _Bernoulli(model, rng)
        case GilbertLoss(p=p, r=r):
            return _TwoStates(p, r, rng)
        case GilbertElliottLoss():
            return _GilbertElliott(model, rng)


class _Bernoulli:
    def __init__(self, model: BernoulliLoss, rng: np.random.Generator) -> None:
        self._p, self._rng = model.p, rng

    def draw(self, n: int) -> NDArray[np.bool_]:
        return self._rng.random(n) < self._p


class _TwoStates:
    """Runs of good and bad packets in turn; a run may be empty."""

    def __init__(self, p: float, r: float, rng: np.random.Generator) -> None:
        self._leave = np.array([p, r])
        self._rng = rng
        self._starts_bad = bool(rng.random() < p / (p + r))
        self._left = np.zeros(0, np.int64)
        self._bad_first = False

    def draw(self, n: int) -> NDArray[np.bool_]:
        """Return (n,) which of the next n packets are in the bad state."""
        parts, ahead = [self._left], int(self._left.sum())
        while ahead < n:
            parts.append(self._runs())
            ahead += int(parts[-1].sum())
        lengths = np.concatenate(parts)
        ends = np.cumsum(lengths)
        last = int(np.searchsorted(ends, n))
        if last == len(lengths):  # n is 0 and nothing was drawn yet
            return np.zeros(0, np.bool_)
        rest = int(ends[last]) - n
        taken = lengths[: last + 1].copy()
        taken[last] -= rest
        bad = (np.arange(last + 1) % 2 == 1) ^ self._bad_first
        self._left = lengths[last:].copy()
        self._left[0] = rest
        self._bad_first ^= bool(last % 2)
        return np.repeat(bad, taken)

    def _runs(self) -> NDArray[np.int64]:
        """Return the lengths of the next runs, an even number of them."""
        lengths = _sojourns(self._rng, np.tile(self._leave, PAIRS))
        if self._starts_bad:
            lengths[0], self._starts_bad = 0, False
        return lengths


class _GilbertElliott:
    """One generator for the states and one for the losses: how many numbers the one has used does
    not depend on how the other was asked."""

    def __init__(self, model: GilbertElliottLoss, rng: np.random.Generator) -> None:
        self._chances = np.array([model.loss_good, model.loss_bad])
        states, self._losses = rng.spawn(2)
        self._states = _TwoStates(model.p, model.r, states)

    def draw(self, n: int) -> NDArray[np.bool_]:
        chance = self._chances[self._states.draw(n).astype(np.intp)]
        return self._losses.random(n) < chance


def _sojourns(rng: np.random.Generator, leave: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) packets until a state is left that is left with probability `leave` (n,) at each."""
    drawn = rng.geometric(np.where(leave > 0, np.minimum(leave, 1.0), 1.0))
    return np.where(leave > 0, np.minimum(drawn, NEVER), NEVER).astype(np.int64)
