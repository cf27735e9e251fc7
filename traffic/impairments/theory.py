"""What a loss model loses in the long run: its Markov chain, and what follows from it.

A chain has states, each with the probability that a packet in it is lost; a packet makes one step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GilbertElliottLoss,
    GilbertLoss,
    Loss,
)


@dataclass(frozen=True)
class Chain:
    """A loss model of k states.

    Attributes:
        steps: (k, k) probability to go from the row's state to the column's at a packet.
        stationary: (k,) share of the packets in each state.
        loss: (k,) probability that a packet in the state is lost.
    """

    steps: NDArray[np.float64]
    stationary: NDArray[np.float64]
    loss: NDArray[np.float64]


def chain(
    model: BernoulliLoss | GilbertLoss | GilbertElliottLoss,
) -> Chain:
    """The model's chain; states in the order good, bad."""
    match model:
        case BernoulliLoss(p=p):
            return Chain(np.ones((1, 1)), np.ones(1), np.array([p]))
        case GilbertLoss(p=p, r=r):
            return _two_states(p, r, 0.0, 1.0)
        case GilbertElliottLoss():
            return _two_states(model.p, model.r, model.loss_good, model.loss_bad)


def _two_states(p: float, r: float, loss_good: float, loss_bad: float) -> Chain:
    steps = np.array([[1 - p, p], [r, 1 - r]])
    return Chain(steps, np.array([r, p]) / (p + r), np.array([loss_good, loss_bad]))


def loss_rate(model: Loss) -> float:
    """The share of packets that are lost in the long run."""
    c = chain(model)
    return float(c.stationary @ c.loss)


def mean_burst(model: Loss) -> float:
    """How many packets are lost one after another on average; 0 if none is, infinite if all are.

    Of n packets n·P(lost, lost before) do not begin a burst, and all other lost ones do.
    """
    c = chain(model)
    rate = float(c.stationary @ c.loss)
    begins = float((c.stationary * (1 - c.loss)) @ c.steps @ c.loss)
    if rate == 0:
        return 0.0
    return rate / begins if begins > 0 else math.inf


def burst_starts(model: Loss, spacing: int = 1, visible: float = 1.0) -> float:
    """Return the share of a stream's packets with which a run of its lost packets begins.

    The model steps at every packet of the line, of which each `spacing`-th belongs to the stream.
    `visible` is the probability that a lost packet stays lost (1 − share that is repaired). A run
    that is repaired in part counts once.
    """
    c = chain(model)
    steps = np.linalg.matrix_power(c.steps, spacing)
    every, left = (
        float((c.stationary * (1 - loss)) @ steps @ loss) for loss in (c.loss, visible * c.loss)
    )
    return min(every, left) if visible < 1 else every
