"""An encoder's rate, lowered where much is reported lost and raised again when the line is calm."""

from __future__ import annotations

import math

from giaoban.traffic.loss_repair import RateAdaptation

WHOLE = 256
"""A fraction lost is told in parts of this (RFC 3550 §6.4.1)."""


class RateController:
    """The rate of one encoder: by what the receiver of its pictures reports of their loss (RFC 3550
    §6.4.1), and no higher than that asks for (RFC 5104 §4.2.1).

    Attributes:
        most_kbps: what the call allows.
    """

    def __init__(self, model: RateAdaptation | None, most_kbps: float) -> None:
        """`model`: None: nothing answers reported loss."""
        self._model = model
        self.most_kbps = self._own_kbps = most_kbps
        self._asked_kbps = math.inf
        self._calm_since_ns: int | None = None

    @property
    def kbps(self) -> float:
        """The rate now."""
        return min(self._own_kbps, self._asked_kbps)

    def ask(self, kbps: float) -> float:
        """The receiver wants no more than this: the rate from now on."""
        self._asked_kbps = kbps
        return self.kbps

    def limit(self, most_kbps: float) -> float:
        """The call allows another rate (re-INVITE): the encoder's from now on.

        A rate that is not lowered goes with it.
        """
        lowered = self._own_kbps < self.most_kbps
        self.most_kbps = most_kbps
        self._own_kbps = min(self._own_kbps, most_kbps) if lowered else most_kbps
        return self.kbps

    def reported(self, fraction_lost: int, at_ns: int) -> float | None:
        """A report came: the new rate, None if it stays.

        Args:
            fraction_lost: of `WHOLE`, since the report before.
        """
        model, before = self._model, self.kbps
        if model is None:
            return None
        if 100 * fraction_lost > WHOLE * model.loss_pct:
            self._calm_since_ns = None
            lower = max(model.least_kbps, before * (1 - model.lower_pct / 100))
            self._own_kbps = min(before, lower)
        elif fraction_lost:
            self._calm_since_ns = None
        elif self._calm_since_ns is None:
            self._calm_since_ns = at_ns
        elif at_ns - self._calm_since_ns >= model.calm_s * 1e9:
            raised = self._own_kbps + self.most_kbps * model.raise_pct / 100
            self._own_kbps = min(self.most_kbps, raised)
        return None if self.kbps == before else self.kbps
