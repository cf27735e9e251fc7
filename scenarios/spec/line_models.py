"""Impairments as a scenario writes them → what netem does on a line; refuses what it cannot do.

Where netem means something else than injection does: a duplicated packet's copy is damaged and
delayed by itself; a damaged bit is anywhere in the frame (in the payload at injection), so most
damaged packets die of a checksum.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from giaoban.sentence import Sentence
from giaoban.topology.lines import impairments as line
from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GammaJitter,
    GilbertElliottLoss,
    GilbertLoss,
    Impairments,
    Jitter,
    Loss,
    NormalJitter,
    ParetoJitter,
)

STEPS = 200_000  # of the numerical integration of the gamma density
SOLVED = 1e-12


def to_line(what: Impairments) -> line.LineImpairment:
    """What the line does; the `rate` is not part of it (see `ProvinceNet.reshape`).

    Raises:
        ValueError: netem cannot do that; the sentence says what is allowed.
    """
    loss, duplicate = _loss(what.loss), what.duplicate
    if loss is not None and duplicate:
        if not isinstance(loss, line.RandomLoss):
            raise ValueError(
                Sentence(
                    "a line with {model} loss cannot duplicate: a copy would move "
                    "the loss model's states on (allowed with duplicate: bernoulli "
                    "loss; or at a bridge)",
                    model=loss.model,
                )
            )
        p, duplicate = _apart(loss.p, duplicate)
        loss = line.RandomLoss(p=p)
    return line.LineImpairment(
        loss=loss,
        jitter=None if what.jitter is None else _jitter(what.jitter),
        duplicate=duplicate,
        corrupt=what.corrupt,
    )


def _loss(loss: Loss | None) -> line.RandomLoss | line.GilbertElliott | None:
    match loss:
        case None:
            return None
        case BernoulliLoss(p=p):
            return line.RandomLoss(p=p)
        case GilbertLoss(p=p, r=r):
            return line.GilbertElliott(p=p, r=r)
        case GilbertElliottLoss():
            return line.GilbertElliott(
                p=loss.p, r=loss.r, loss_bad=loss.loss_bad, loss_good=loss.loss_good
            )


def _apart(loss: float, duplicate: float) -> tuple[float, float]:
    """netem's probabilities with which a packet is lost, or else duplicated, as was asked.

    netem (netem_enqueue) draws the copy before the loss, a copy saves a packet from being lost,
    and a copy can be lost itself. With its loss l and duplication d no packet comes with
    probability l(1 − d), two with d(1 − l)²; wanted are `loss` and (1 − loss)·`duplicate`.
    """
    if loss in (0.0, 1.0):
        return loss, (1 - loss) * duplicate
    d = 0.0
    for _ in range(1000):
        lost = loss / (1 - d)
        if not lost < 1:
            break
        before, d = d, (1 - loss) * duplicate / (1 - lost) ** 2
        if abs(d - before) < SOLVED:
            return lost, d
        if not d < 1:
            break
    raise ValueError(
        Sentence(
            "a line cannot lose {loss:g} and duplicate {duplicate:g} at the same "
            "time: netem draws them together (allowed: less of one of them)",
            loss=loss,
            duplicate=duplicate,
        )
    )


def _jitter(jitter: Jitter) -> line.LineJitter:
    if jitter.correlation:
        raise ValueError(
            Sentence(
                "a line cannot have correlated jitter: netem takes the low bits of "
                "its correlated number, which are independent (allowed on a line: "
                "correlation = 0; or at a bridge)"
            )
        )
    match jitter:
        case NormalJitter(mean_ms=mean, sd_ms=sd):
            return line.jitter(
                lambda u: normal_quantile(u, mean, sd),
                *clipped_normal(mean, sd),
                reorder=jitter.reorder,
            )
        case GammaJitter(shape=shape, scale_ms=scale):
            return line.jitter(
                lambda u: scale * gamma_quantile(u, shape),
                shape * scale,
                math.sqrt(shape) * scale,
                reorder=jitter.reorder,
            )
        case ParetoJitter(shape=shape, scale_ms=scale):
            mean = scale / (shape - 1)
            return line.jitter(
                lambda u: scale * np.expm1(-np.log1p(-u) / shape),
                mean,
                mean * math.sqrt(shape / (shape - 2)),
                reorder=jitter.reorder,
            )


def normal_quantile(u: NDArray[np.float64], mean: float, sd: float) -> NDArray[np.float64]:
    """(n,) quantiles of a normal variable of which what would be below zero is zero."""
    inverse = NormalDist().inv_cdf
    return np.maximum(0.0, mean + sd * np.array([inverse(p) for p in u.tolist()]))


def clipped_normal(mean: float, sd: float) -> tuple[float, float]:
    """Mean and standard deviation of a normal variable of which below zero is zero."""
    if sd == 0:
        return mean, 0.0
    a, standard = mean / sd, NormalDist()
    above, density = standard.cdf(a), standard.pdf(a)
    first = mean * above + sd * density
    second = (mean**2 + sd**2) * above + mean * sd * density
    return first, math.sqrt(max(0.0, second - first**2))


def gamma_quantile(u: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """(n,) quantiles of a gamma variable of scale 1, by integration of its density.

    Below a shape of 1 the density is infinite at zero: there x^shape is integrated over instead,
    since ∫ x^(k−1) e^(−x) dx = (1/k) ∫ exp(−y^(1/k)) dy.
    """
    top = shape + 40 * math.sqrt(shape) + 40  # beyond it less than 1e-16 of the probability
    if shape < 1:
        y = np.linspace(0.0, top**shape, STEPS)
        x = y ** (1 / shape)
        density = np.exp(-x)
        step = y
    else:
        x = step = np.linspace(max(0.0, shape - 40 * math.sqrt(shape)), top, STEPS)
        with np.errstate(divide="ignore"):
            log_density = (shape - 1) * np.log(x) - x if shape > 1 else -x
        density = np.exp(log_density - log_density.max())
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(step))])
    return np.interp(u, mass / mass[-1], x)
