"""The E-model's published values."""

from __future__ import annotations

import pytest

from giaoban.traffic.quality.codecs import CODECS, speech_mos
from giaoban.traffic.quality.emodel import (
    R_DEFAULT,
    R_WIDEBAND,
    delay_impairment,
    loss_impairment,
    mos,
    mos_wideband,
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


def conversation(ta_ms: float, loss_pct: float, burst_ratio: float = 1.0) -> float:
    """Of G.711 with concealment."""
    score = speech_mos(CODECS["g711-plc"], ta_ms, loss_pct, burst_ratio)
    assert score is not None
    return float(score)


def test_delay_and_loss_add_up_and_bursts_cost_more() -> None:
    r = R_DEFAULT - delay_impairment(300) - loss_impairment(2, 1.0)
    assert conversation(300, 2) == pytest.approx(mos(r))
    assert conversation(0, 5, 2.0) < conversation(0, 5, 1.0)
    # G.107: the burst ratio divides the loss in the denominator only
    assert loss_impairment(5, 2.0, G711_WITHOUT_PLC) == pytest.approx(95 * 5 / (2.5 + 4.3))


@pytest.mark.parametrize(
    ("ie", "published"),
    [(0, 4.5), (1, 4.4940), (8, 4.4206), (13, 4.3371), (41, 3.5123), (56, 2.9220)],
)
def test_wideband_scores_of_amr_wb(ie: float, published: float) -> None:
    """Vectors of a public implementation of G.107.1 for the Ie,WB of G.113 tables IV.1 and IV.3."""
    assert float(mos_wideband(R_WIDEBAND - ie)) == pytest.approx(published, abs=5e-4)


def test_wideband_loss_keeps_the_95_of_the_narrowband_formula() -> None:
    effective = loss_impairment(2, 1.0, (20.0, 4.3))  # AMR-WB 12.65, G.113 tables IV.3 and IV.4
    assert float(effective) == pytest.approx(43.8095, abs=1e-3)
    assert float(mos_wideband(R_WIDEBAND - effective)) == pytest.approx(3.4062, abs=5e-4)
