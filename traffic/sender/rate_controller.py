"""An encoder's rate, lowered where much is reported lost and raised again when the line is calm."""

from __future__ import annotations

from giaoban.traffic.profiles import RateAdaptation

WHOLE = 256
"""A fraction lost is told in parts of this (RFC 3550 §6.4.1)."""


class RateController:
    """The rate of one encoder by what the receiver of its pictures reports (RFC 3550 §6.4.1).

    Attributes:
        kbps: the rate now.
        most_kbps: what the call allows.
    """

    def __init__(self, model: RateAdaptation, most_kbps: float) -> None:
        self._model = model
        self.most_kbps = self.kbps = most_kbps
        self._calm_since_ns: int | None = None

    def limit(self, most_kbps: float) -> float:
        """The call allows another rate (re-INVITE): the encoder's from now on.

        A rate that is not lowered goes with it.
        """
        lowered = self.kbps < self.most_kbps
        self.most_kbps = most_kbps
        self.kbps = min(self.kbps, most_kbps) if lowered else most_kbps
        return self.kbps

    def reported(self, fraction_lost: int, at_ns: int) -> float | None:
        """A report came: the new rate, None if it stays.

        Args:
            fraction_lost: of `WHOLE`, since the report before.
        """
        model, before = self._model, self.kbps
        if 100 * fraction_lost > WHOLE * model.loss_pct:
            self._calm_since_ns = None
            self.kbps = min(before, max(model.least_kbps, before * (1 - model.lower_pct / 100)))
        elif fraction_lost:
            self._calm_since_ns = None
        elif self._calm_since_ns is None:
            self._calm_since_ns = at_ns
        elif at_ns - self._calm_since_ns >= model.calm_s * 1e9:
            raised = before + self.most_kbps * model.raise_pct / 100
            self.kbps = min(self.most_kbps, raised)
        return None if self.kbps == before else self.kbps
