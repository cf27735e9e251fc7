"""What a scenario writes → what netem does, or a sentence on what it cannot do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.spec.line_models import (
    gamma_quantile,
    to_line,
)
from giaoban.topology.lines.impairments import GilbertElliott, LineImpairment, RandomLoss
from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GammaJitter,
    GilbertElliottLoss,
    GilbertLoss,
    Impairments,
    Jitter,
    NormalJitter,
    ParetoJitter,
    Rate,
)


def test_nothing_is_nothing_and_a_rate_is_the_queue_s() -> None:
    assert to_line(Impairments()) == LineImpairment()
    assert to_line(Impairments(rate=Rate(kbps=100.0))) == LineImpairment()


def test_loss_models_keep_their_figures() -> None:
    for loss, expected in (
        (BernoulliLoss(p=0.1), RandomLoss(p=0.1)),
        (GilbertLoss(p=0.1, r=0.3), GilbertElliott(p=0.1, r=0.3, loss_bad=1.0, loss_good=0.0)),
        (
            GilbertElliottLoss(p=0.1, r=0.3, loss_bad=0.7, loss_good=0.2),
            GilbertElliott(p=0.1, r=0.3, loss_bad=0.7, loss_good=0.2),
        ),
    ):
        assert to_line(Impairments(loss=loss, corrupt=0.01)).loss == expected


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_loss_and_duplication_come_out_as_if_drawn_apart(loss: float, duplicate: float) -> None:
    """netem: no packet with probability l(1 − d), two with d(1 − l)²."""
    found = to_line(Impairments(loss=BernoulliLoss(p=loss), duplicate=duplicate))
    assert isinstance(found.loss, RandomLoss)
    p, d = found.loss.p, found.duplicate
    assert p * (1 - d) == pytest.approx(loss, abs=1e-9)
    assert d * (1 - p) ** 2 == pytest.approx((1 - loss) * duplicate, abs=1e-9)


@pytest.mark.parametrize(
    ("what", "allowed"),
    [
        (
            Impairments(loss=GilbertLoss(p=0.1, r=0.3), duplicate=0.1),
            "allowed with duplicate: bernoulli loss",
        ),
        (Impairments(loss=BernoulliLoss(p=0.6), duplicate=0.9), "allowed: less of one of them"),
        (
            Impairments(jitter=NormalJitter(mean_ms=9.0, sd_ms=2.0, correlation=0.5)),
            "allowed on a line: correlation = 0",
        ),
        (Impairments(jitter=ParetoJitter(shape=2.5, scale_ms=3.0)), "within 2 %"),
        (Impairments(jitter=GammaJitter(shape=1.0, scale_ms=9000.0)), "below 17 s"),
    ],
)
def test_what_netem_cannot_do_is_refused(what: Impairments, allowed: str) -> None:
    with pytest.raises(ValueError, match=allowed):
        to_line(what)


@pytest.mark.parametrize(
    ("jitter", "mean_ms", "sd_ms"),
    [
        (NormalJitter(mean_ms=20.0, sd_ms=5.0, reorder=True), 20.0, 5.0),
        # E and sd of max(0, N(0, 2)): 2/√(2π) and 2·√(1/2 − 1/(2π))
        (
            NormalJitter(mean_ms=0.0, sd_ms=2.0),
            2 / math.sqrt(2 * math.pi),
            2 * math.sqrt(0.5 - 0.5 / math.pi),
        ),
        (NormalJitter(mean_ms=4.0, sd_ms=0.0), 4.0, 0.0),
        (GammaJitter(shape=0.5, scale_ms=4.0), 2.0, 4.0 * math.sqrt(0.5)),
        (GammaJitter(shape=9.0, scale_ms=1.0), 9.0, 3.0),
        (ParetoJitter(shape=4.0, scale_ms=3.0), 1.0, math.sqrt(2.0)),
    ],
)
def test_jitter_has_its_moments(jitter: Jitter, mean_ms: float, sd_ms: float) -> None:
    found = to_line(Impairments(jitter=jitter)).jitter
    assert found.reorder == jitter.reorder
    assert found.delays_ns.mean() / 1e6 == pytest.approx(mean_ms, rel=0.001, abs=1e-5)
    assert found.delays_ns.std() / 1e6 == pytest.approx(sd_ms, rel=0.02, abs=1e-5)


def test_quantiles_of_the_gamma_distribution_are_the_published_ones() -> None:
    """Chi-squared with 2k degrees of freedom is gamma with shape k and scale 2 (any table)."""
    for degrees, u, chi_squared in (
        (1, 0.95, 3.8415),
        (1, 0.05, 0.00393),
        (2, 0.5, 1.3863),
        (10, 0.99, 23.2093),
        (10, 0.01, 2.5582),
        (100, 0.95, 124.342),
    ):
        [found] = 2 * gamma_quantile(np.array([u]), degrees / 2)
        assert found == pytest.approx(chi_squared, rel=2e-3)
