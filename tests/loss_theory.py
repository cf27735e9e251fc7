"""How far the share of lost packets may be from the long run's, by theory."""

from __future__ import annotations

from typing import Any

import numpy as np

from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GilbertElliottLoss,
    GilbertLoss,
)
from giaoban.traffic.impairments.theory import chain


def loss_rate_variance(model: BernoulliLoss | GilbertLoss | GilbertElliottLoss, n: int) -> float:
    """The variance of the loss rate of n consecutive packets, n being large.

    The losses' covariances at all lags are summed by the chain's fundamental matrix
    (I − P + 1π)⁻¹ (Kemeny and Snell 1960, §4.3 and §4.6).
    """
    c = chain(model)
    rate = float(c.stationary @ c.loss)
    one = np.eye(len(c.loss))
    fundamental = np.linalg.inv(one - c.steps + c.stationary)
    later: Any = (c.stationary * c.loss) @ (fundamental - one) @ c.loss
    return (rate * (1 - rate) + 2 * float(later)) / n
