"""Conversational audio quality by the E-model, narrowband (ITU-T G.107, 06/2015).

With the default values of all parameters that are not arguments, R without impairments is 93.2.
"""

from __future__ import annotations

import math

R_DEFAULT = 93.2  # Ro − Is with the defaults of G.107 table 1
DELAY_SENSITIVITY = 1.0  # sT, the default class of connections
DELAY_MINIMUM_MS = 100.0  # mT
G711_WITH_PLC = (0.0, 25.1)  # Ie, Bpl of G.711 with packet loss concealment (G.113 table I.3)


def delay_impairment(ta_ms: float) -> float:
    """Idd for an absolute one-way delay Ta (G.107 §7.6, equations 7-27 and 7-28)."""
    if ta_ms <= DELAY_MINIMUM_MS:
        return 0.0
    x = math.log2(ta_ms / DELAY_MINIMUM_MS)
    six = 6 * DELAY_SENSITIVITY
    return float(25 * ((1 + x**six) ** (1 / six) - 3 * (1 + (x / 3) ** six) ** (1 / six) + 2))


def loss_impairment(
    loss_pct: float, burst_ratio: float, codec: tuple[float, float] = G711_WITH_PLC
) -> float:
    """Ie,eff for a packet loss in percent with its burst ratio (G.107 §7.7, equation 7-29)."""
    ie, bpl = codec
    if loss_pct <= 0:
        return ie
    return ie + (95 - ie) * loss_pct / (loss_pct / burst_ratio + bpl)


def mos(r: float) -> float:
    """MOS-CQE of a rating R (G.107 annex B, equation B-4)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def conversational_mos(ta_ms: float, loss_pct: float, burst_ratio: float = 1.0) -> float:
    """MOS of a G.711 conversation with mouth-to-ear delay Ta and packet loss."""
    return mos(R_DEFAULT - delay_impairment(ta_ms) - loss_impairment(loss_pct, burst_ratio))
