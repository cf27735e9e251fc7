"""Which packets a loss model takes: seeded processes, drawn by the window.

A model with memory is drawn by the run of packets in one state, whose length is geometric, and not
by the packet. Every process starts in its stationary state (netem's chains start in the good one).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    FourStateLoss,
    GilbertElliottLoss,
    GilbertLoss,
    Loss,
)
from giaoban.traffic.impairments.theory import chain

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
        case FourStateLoss():
            return _FourStates(model, rng)


class _Bernoulli:
    def __init__(self, model: BernoulliLoss, rng: np.random.Generator) -> None:
        self._p, self._rng = model.p, rng

    def draw(self, n: int) -> NDArray[np.bool_]:
        return self._rng.random(n) < self._p


class _Alternating(ABC):
    """Runs of two kinds in turn, the first kind first; a run may be empty."""

    def __init__(self) -> None:
        self._left = np.zeros(0, np.int64)
        self._second_first = False

    @abstractmethod
    def _runs(self) -> NDArray[np.int64]:
        """The lengths of the next runs, an even number of them."""

    def draw(self, n: int) -> NDArray[np.bool_]:
        """(n,) which of the next n packets are in a run of the second kind."""
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
        second = (np.arange(last + 1) % 2 == 1) ^ self._second_first
        self._left = lengths[last:].copy()
        self._left[0] = rest
        self._second_first ^= bool(last % 2)
        return np.repeat(second, taken)


class _TwoStates(_Alternating):
    """Good and bad in turn; `draw` says where it is bad."""

    def __init__(self, p: float, r: float, rng: np.random.Generator) -> None:
        super().__init__()
        self._leave = np.array([p, r])
        self._rng = rng
        self._starts_bad = bool(rng.random() < p / (p + r))

    def _runs(self) -> NDArray[np.int64]:
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


class _FourStates(_Alternating):
    """As netem's `loss_4state`: a packet is lost if the step it makes ends in state 3 or 4.

    Between two losses the chain stays in 1 or in 2, and among consecutive losses in 3 or in 4, so
    received and lost come in turn and each run is a sojourn in one state.
    """

    def __init__(self, model: FourStateLoss, rng: np.random.Generator) -> None:
        super().__init__()
        leave_gap, leave_loss = model.p13 + model.p14, model.p31 + model.p32
        self._leave = np.array([leave_gap, model.p23])
        self._leave_loss = leave_loss
        self._to_burst = model.p13 / leave_gap if leave_gap else 0.0
        self._to_gap = model.p31 / leave_loss if leave_loss else 1.0
        self._rng = rng
        start = int(np.searchsorted(np.cumsum(chain(model).stationary), rng.random(), "right"))
        self._starts_lost = start in (2, 3)
        self._starts_alone = start == 3
        self._in_burst = start in (1, 2)

    def _runs(self) -> NDArray[np.int64]:
        bursts = self._rng.random(PAIRS) < self._to_burst  # from state 1: to 3, or else to 4
        stays = self._rng.random(PAIRS) >= self._to_gap  # from state 3: to 2, or else to 1
        if self._starts_alone:
            bursts[0] = self._starts_alone = False
        # after a loss: in 2 if it stays and was not alone, and that it was not from 2 either;
        # so a pair sets the state, or (it stays, and is alone if from 1) leaves it
        sets = np.flatnonzero(~stays | bursts)
        latest = np.searchsorted(sets, np.arange(PAIRS), "right") - 1
        known = latest >= 0
        after = np.full(PAIRS, self._in_burst)
        after[known] = stays[sets[latest[known]]]
        in_burst = np.r_[self._in_burst, after[:-1]]
        self._in_burst = bool(after[-1])
        leave = np.empty(2 * PAIRS)
        leave[::2] = self._leave[in_burst.astype(np.intp)]
        leave[1::2] = np.where(in_burst | bursts, self._leave_loss, 1.0)
        lengths = _sojourns(self._rng, leave)
        if self._starts_lost:
            lengths[0], self._starts_lost = 0, False
        return lengths


def _sojourns(rng: np.random.Generator, leave: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) packets until a state is left that is left with probability `leave` (n,) at each."""
    drawn = rng.geometric(np.where(leave > 0, np.minimum(leave, 1.0), 1.0))
    return np.where(leave > 0, np.minimum(drawn, NEVER), NEVER).astype(np.int64)
