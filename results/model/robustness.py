"""How far the assumptions of a check may be off, in short: `sensitivity.json` beside it has all.
Data only."""

from __future__ import annotations

from pydantic import Field

from giaoban.results.model.quantities import Amount, Count, Verdict
from giaoban.tomlfile import StrictModel


class PassedWorlds(StrictModel):
    """How many worlds pass in which all assumed figures are others at once.

    `low_pct` and `high_pct` are the 95 % interval of the share (Wilson).
    """

    judged: Count
    passed: Count
    low_pct: Amount
    high_pct: Amount

    @property
    def passed_pct(self) -> float:
        return 100 * self.passed / self.judged if self.judged else 0.0

    def suffice(self, required_pct: float) -> bool:
        """Whether the share passes that has to; of no world that could be judged nobody asks."""
        return self.passed_pct >= required_pct


class WorldsPassed(PassedWorlds):
    """The same with `required_pct`, the share that has to pass, if that was asked for."""

    required_pct: Amount | None = None


class Robustness(StrictModel):
    """As long as what a verdict holds.

    `file` has the whole; null: worlds alone were drawn, and no figure was varied by itself.
    `as_assumed` is the verdict by estimate, about which this is. `deciding` are the keys of the
    assumed figures that can flip it, what to settle first in front, of `tried` in all;
    `holds_while` says the same of those that are no limits, each as half a sentence for a letter.
    `nearest` is the figure that turns the verdict in most of its likely range, with its value and
    where it turns, in English and Vietnamese; limits of criteria aside; null: none does.
    """

    file: str | None
    as_assumed: Verdict
    tried: Count
    deciding: list[str] = Field(default_factory=list)
    holds_while: list[str] = Field(default_factory=list)
    holds_while_vi: list[str] = Field(default_factory=list)
    nearest: tuple[str, str] | None = None
    worlds: WorldsPassed | None = None

    @property
    def can_turn(self) -> bool:
        """Whether a pass turns within the ranges of assumed figures, limits of criteria aside."""
        fails = self.worlds is not None and self.worlds.passed < self.worlds.judged
        return self.as_assumed == "pass" and (bool(self.holds_while) or fails)

    @property
    def fails_in_worlds(self) -> bool:
        """Whether it passes as assumed, but in fewer of the drawn worlds than it has to."""
        worlds = self.worlds
        if worlds is None or worlds.required_pct is None or self.as_assumed != "pass":
            return False
        return not worlds.suffice(worlds.required_pct)
