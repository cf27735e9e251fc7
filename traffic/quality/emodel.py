"""Conversational speech quality by the E-model: narrowband (ITU-T G.107, 06/2015) and wideband
(ITU-T G.107.1, 06/2019 with Cor. 1).

Equation numbers are G.107's. Neither model speaks of sound above 7 kHz: super-wideband and fullband
are G.107.2's. MOS-CQE of the two are on different scales (4.41 is the best that a narrowband
connection reaches, 4.5 a wideband one): not to be compared with each other.

Functions take floats or arrays of one shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

R_DEFAULT = 93.2  # Ro − Is with the defaults of G.107 table 1, as G.107 rounds it
R_WIDEBAND = 129.0  # Ro,WB (G.107.1 §7.2)
DELAY_SENSITIVITY = 1.0  # sT, the default class of connections
DELAY_MINIMUM_MS = 100.0  # mT
G711_WITH_PLC = (0.0, 25.1)  # Ie, Bpl of G.711 with packet loss concealment (G.113 table I.3)


@dataclass(frozen=True)
class Planning:
    """The parameters of G.107 table 1 with their defaults; those of codec and loss are apart.

    Attributes:
        slr, rlr, stmr, telr, wepl: loudness ratings and echo path loss, dB.
        ds, dr: D-values of the telephones at either side.
        t_ms: mean one-way delay of the echo path. 0 where echo cancellers leave no echo.
        round_trip_ms: Tr, of the four-wire loop that a listener's echo goes round.
        delay_ms: Ta, from mouth to ear.
        qdu: quantising distortion units.
        nc, nfor: circuit noise, dBm0p, and noise floor at the receiver, dBmp.
        ps, pr: room noise at the sender and at the receiver, dB(A).
        advantage: A.
    """

    slr: float = 8.0
    rlr: float = 2.0
    stmr: float = 15.0
    ds: float = 3.0
    dr: float = 3.0
    telr: float = 65.0
    wepl: float = 110.0
    t_ms: float = 0.0
    round_trip_ms: float = 0.0
    delay_ms: float = 0.0
    qdu: float = 1.0
    nc: float = -70.0
    nfor: float = -64.0
    ps: float = 35.0
    pr: float = 35.0
    advantage: float = 0.0

    @property
    def noise(self) -> float:
        """No, the sum of all noises at the 0 dBr point, dBm0p (equations 7-3 to 7-7)."""
        lstr = self.stmr + self.dr
        olr = self.slr + self.rlr
        sender = self.ps - self.slr - self.ds - 100 + 0.004 * (self.ps - olr - self.ds - 14) ** 2
        pre: float = self.pr + 10 * math.log10(1 + 10 ** ((10 - lstr) / 10))
        receiver = self.rlr - 121 + pre + 0.008 * (pre - 35) ** 2
        parts = (self.nc, sender, receiver, self.nfor + self.rlr)
        return 10 * math.log10(math.fsum(10 ** (part / 10) for part in parts))

    @property
    def ro(self) -> float:
        """Ro, the basic signal-to-noise ratio (equation 7-2)."""
        return 15 - 1.5 * (self.slr + self.noise)

    @property
    def sidetone(self) -> float:
        """Ist, by a sidetone that is not optimal (equations 7-11 and 7-12)."""
        x: float = -10 * math.log10(
            10 ** (-self.stmr / 10) + math.exp(-self.t_ms / 4) * 10 ** (-self.telr / 10)
        )
        impairment: float = (
            12 * (1 + ((x - 13) / 6) ** 8) ** (1 / 8)
            - 28 * (1 + ((x + 1) / 19.4) ** 35) ** (1 / 35)
            - 13 * (1 + ((x - 3) / 33) ** 13) ** (1 / 13)
            + 29
        )
        return impairment

    @property
    def simultaneous(self) -> float:
        """Is: too loud a connection, sidetone, quantising distortion (equations 7-8 to 7-17)."""
        x = self.slr + self.rlr + 0.2 * (64 + self.noise - self.rlr)
        loud = 20 * ((1 + (x / 8) ** 8) ** (1 / 8) - x / 8)
        q = 37 - 15 * math.log10(self.qdu)
        g = 1.07 + 0.258 * q + 0.0602 * q**2
        y = (self.ro - 100) / 15 + 46 / 8.4 - g / 9
        z = 46 / 30 - g / 40
        quantising = 15 * math.log10(1 + 10**y + 10**z)
        return float(loud + self.sidetone + quantising)

    @property
    def talker_echo(self) -> float:
        """Idte (equations 7-19 to 7-24)."""
        t = self.t_ms
        if t < 1:
            return 0.0
        terv = self.telr - 40 * math.log10((1 + t / 10) / (1 + t / 150)) + 6 * math.exp(-0.3 * t**2)
        if self.stmr < 9:
            terv += self.sidetone / 2
        half = (-1.5 * (self.noise - self.rlr) - (80 + 2.5 * (terv - 14))) / 2
        echo = (half + math.sqrt(half**2 + 100) - 1) * (1 - math.exp(-t))
        return math.hypot(echo, self.sidetone) if self.stmr > 20 else echo

    @property
    def listener_echo(self) -> float:
        """Idle (equations 7-25 and 7-26)."""
        half: float = (self.ro - 10.5 * (self.wepl + 7) * (self.round_trip_ms + 1) ** -0.25) / 2
        return half + math.sqrt(half**2 + 169)

    def rating(self, impairment: float = 0.0) -> float:
        """R, with Ie,eff as `impairment` (equation 7-1)."""
        delay = self.talker_echo + self.listener_echo + float(delay_impairment(self.delay_ms))
        return self.ro - self.simultaneous - delay - impairment + self.advantage


def delay_impairment(ta_ms: ArrayLike) -> Values:
    """Idd for an absolute one-way delay Ta (equations 7-27 and 7-28)."""
    ratio = np.maximum(np.asarray(ta_ms, np.float64), DELAY_MINIMUM_MS) / DELAY_MINIMUM_MS
    x = np.log2(ratio)
    six = 6 * DELAY_SENSITIVITY
    return 25 * ((1 + x**six) ** (1 / six) - 3 * (1 + (x / 3) ** six) ** (1 / six) + 2)


def loss_impairment(
    loss_pct: ArrayLike, burst_ratio: ArrayLike, codec: tuple[float, float] = G711_WITH_PLC
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


def conversational_mos(ta_ms: float, loss_pct: float, burst_ratio: float = 1.0) -> float:
    """MOS of a G.711 conversation without echo, with mouth-to-ear delay Ta and packet loss."""
    return float(mos(R_DEFAULT - delay_impairment(ta_ms) - loss_impairment(loss_pct, burst_ratio)))
