"""Impairments of lines: shares by theory, and the same fate in each pass."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.scenarios.estimate.lines import Line
from giaoban.topology.lines.impairments import (
    GilbertElliott,
    LineImpairment,
    RandomLoss,
    jitter,
)

N, END_NS = 40_000, 10**12
AT_NS = np.arange(N, dtype=np.int64) * 1_000_000
LATE = jitter(lambda u: 5 + 10 * u, 10.0, 10 / 12**0.5, reorder=False)
OVERTAKING = LATE.model_copy(update={"reorder": True})


def line(**what: object) -> Line:
    return Line([(0, END_NS, LineImpairment.model_validate(what))], [1, 2], own=False)


@pytest.mark.parametrize(
    ("loss", "share"),
    [
        (RandomLoss(p=0.02), 0.02),
        (GilbertElliott(p=0.01, r=0.25), 0.01 / 0.26),
    ],
    ids=["random", "gilbert-elliott"],
)
def test_the_share_that_is_lost_is_the_models(
    loss: RandomLoss | GilbertElliott, share: float
) -> None:
    found = line(loss=loss)
    came = found.pass_on(AT_NS)
    assert len(came.which) + found.lost == N
    assert found.lost / N == pytest.approx(share, rel=0.2)


def test_copies_and_damage_are_counted() -> None:
    found = line(duplicate=0.1, corrupt=0.05)
    came = found.pass_on(AT_NS)
    assert len(came.which) == N + found.doubled - found.damaged
    assert found.damaged / N == pytest.approx(0.05, rel=0.1)
    assert found.doubled / N == pytest.approx(0.095, rel=0.1)


@pytest.mark.parametrize("what", [LATE, OVERTAKING], ids=["in order", "overtaking"])
def test_jitter_delays_by_its_table_and_keeps_the_order_unless_told(what: object) -> None:
    came = line(jitter=what).pass_on(AT_NS)
    late_ms = (came.out_ns - AT_NS[came.which]) / 1e6
    assert late_ms.min() >= 5.0
    assert (np.diff(came.out_ns) >= 0).all()
    assert (np.diff(came.which) > 0).all() == (what is LATE)


def test_a_later_pass_meets_the_fate_of_the_first() -> None:
    found = line(loss=RandomLoss(p=0.05))
    first = found.pass_on(AT_NS)
    more = np.sort(np.r_[AT_NS, AT_NS[1000:1010] + 10])  # a key frame's
    again = found.pass_on(more)
    lost = set(AT_NS.tolist()) - set(first.out_ns.tolist())
    assert lost <= set(AT_NS.tolist()) - set(again.out_ns.tolist())
    assert found.loses(next(iter(lost)))


def test_nothing_happens_outside_of_its_time() -> None:
    spans = [(10_000_000_000, 20_000_000_000, LineImpairment(loss=RandomLoss(p=1.0)))]
    came = Line(spans, [1], own=False).pass_on(AT_NS)
    gone = np.setdiff1d(np.arange(N), came.which)
    assert (gone.min(), gone.max()) == (10_000, 19_999)
