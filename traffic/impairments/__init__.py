"""Loss and jitter that an injector adds to a stream: models as data, seeded processes, theory.

Processes keep their state from one window to the next, so a stream's impairments do not depend on
how it is cut into windows.
"""

from giaoban.traffic.impairments.jitter import JitterProcess
from giaoban.traffic.impairments.loss import LossProcess, loss_process
from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GammaJitter,
    GilbertElliottLoss,
    GilbertLoss,
    Impairments,
    Interval,
    Jitter,
    Loss,
    NormalJitter,
    ParetoJitter,
    Rate,
)
from giaoban.traffic.impairments.theory import loss_rate, mean_burst

__all__ = [
    "BernoulliLoss",
    "GammaJitter",
    "GilbertElliottLoss",
    "GilbertLoss",
    "Impairments",
    "Interval",
    "Jitter",
    "JitterProcess",
    "Loss",
    "LossProcess",
    "NormalJitter",
    "ParetoJitter",
    "Rate",
    "loss_process",
    "loss_rate",
    "mean_burst",
]
