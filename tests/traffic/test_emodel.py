"""The E-model's published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traffic.emodel import (
    R_DEFAULT,
    conversational_mos,
    delay_impairment,
    loss_impairment,
    mos,
)

LOSS_PCT = [0, 0.5, 1, 2, 3, 5, 10]
G711_WITHOUT_PLC = (0.0, 4.3)  # Ie, Bpl (ITU-T G.113 table I.3)


@pytest.mark.parametrize(
    ("codec", "published"),
    [
        (G711_WITHOUT_PLC, [4.41, 4.14, 3.83, 3.26, 2.79, 2.17, 1.48]),
        ((0.0, 25.1), [4.41, 4.37, 4.33, 4.23, 4.13, 3.92, 3.41]),
        ((11.0, 19.0), [4.10, 4.03, 3.95, 3.79, 3.63, 3.34, 2.75]),  # G.729A + VAD
    ],
)
def test_mos_by_loss_at_no_delay(codec: tuple[float, float], published: list[float]) -> None:
    got = [mos(R_DEFAULT - loss_impairment(loss, 1.0, codec)) for loss in LOSS_PCT]
    assert [round(value, 2) for value in got] == published


def test_a_conversation_is_g711_with_concealment() -> None:
    got = [round(conversational_mos(0, loss), 2) for loss in LOSS_PCT]
    assert got == [4.41, 4.37, 4.33, 4.23, 4.13, 3.92, 3.41]


def test_mos_by_rating() -> None:
    assert [round(mos(r), 2) for r in (90, 80, 70, 60, 50)] == [4.34, 4.02, 3.60, 3.10, 2.58]
    assert [mos(r) for r in (-5, 0, 3, 100, 120)] == [1, 1, 1, 4.5, 4.5]


def test_delay_impairment_by_delay() -> None:
    got = [round(delay_impairment(ta), 2) for ta in (0, 100, 150, 200, 250, 300, 400, 500)]
    assert got == [0, 0, 0.16, 3.04, 8.92, 14.76, 24.07, 30.64]


def test_delay_and_loss_add_up_and_bursts_cost_more() -> None:
    r = R_DEFAULT - delay_impairment(300) - loss_impairment(2, 1.0)
    assert conversational_mos(300, 2) == mos(r)
    assert conversational_mos(0, 5, 2.0) < conversational_mos(0, 5, 1.0)
    # G.107: the burst ratio divides the loss in the denominator only
    assert loss_impairment(5, 2.0, G711_WITHOUT_PLC) == pytest.approx(95 * 5 / (2.5 + 4.3))


@given(ta=st.floats(0, 2000), loss=st.floats(0, 100), more=st.floats(0, 50), ratio=st.floats(1, 8))
def test_quality_never_rises_with_delay_or_loss(
    ta: float, loss: float, more: float, ratio: float
) -> None:
    here = conversational_mos(ta, loss, ratio)
    assert 1 <= here <= 4.5
    assert conversational_mos(ta + more, loss, ratio) <= here + 1e-9
    assert conversational_mos(ta, min(100, loss + more), ratio) <= here + 1e-9
