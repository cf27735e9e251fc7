"""Conversational speech quality by the E-model: narrowband (ITU-T G.107, 06/2015) and wideband
(ITU-T G.107.1, 06/2019 with Cor. 1).

Equation numbers are G.107's. Neither model speaks of sound above 7 kHz: super-wideband and fullband
are G.107.2's. MOS-CQE of the two are on different scales (4.41 is the best that a narrowband
connection reaches, 4.5 a wideband one): not to be compared with each other.

Functions take floats or arrays of one shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

R_DEFAULT = 93.2  # Ro − Is with the defaults of G.107 table 1, as G.107 rounds it
R_WIDEBAND = 129.0  # Ro,WB (G.107.1 §7.2)
DELAY_SENSITIVITY = 1.0  # sT, the default class of connections
DELAY_MINIMUM_MS = 100.0  # mT
G711_WITH_PLC = (0.0, 25.1)  # Ie, Bpl of G.711 with packet loss concealment (G.113 table I.3)


def delay_impairment(ta_ms: ArrayLike) -> Values:
    """Idd for an absolute one-way delay Ta (equations 7-27 and 7-28)."""
    ratio = np.maximum(np.asarray(ta_ms, np.float64), DELAY_MINIMUM_MS) / DELAY_MINIMUM_MS
    x = np.log2(ratio)
    six = 6 * DELAY_SENSITIVITY
    return 25 * ((1 + x**six) ** (1 / six) - 3 * (1 + (x / 3) ** six) ** (1 / six) + 2)


def loss_impairment(
    loss_pct: ArrayLike, burst_ratio: ArrayLike, codec: tuple[float | Values, float] = G711_WITH_PLC
) -> Values:
    """Ie,eff for a packet loss in percent with its burst ratio (equation 7-29).

    The same in G.107.1 (equation 7-15, of which only the form for independent losses is known
    here, burst ratio 1): its 95 is not replaced by 129.
    """
    ie, bpl = codec
    loss = np.maximum(np.asarray(loss_pct, np.float64), 0)
    return ie + (95 - ie) * loss / (loss / np.asarray(burst_ratio, np.float64) + bpl)


def mos(r: ArrayLike) -> Values:
    """MOS-CQE of a narrowband rating R (G.107 annex B, equation B-4)."""
    bounded = np.clip(np.asarray(r, np.float64), 0, 100)
    score = 1 + 0.035 * bounded + bounded * (bounded - 60) * (100 - bounded) * 7e-6
    return np.maximum(score, 1.0)  # the polynomial dips below 1 for R under 6.5


def mos_wideband(r: ArrayLike) -> Values:
    """MOS-CQE of a wideband rating R, 0 to 129 (G.107.1 annex A)."""
    return mos(np.asarray(r, np.float64) / (R_WIDEBAND / 100))
