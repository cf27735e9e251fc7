"""The same question at other seeds: in how many of them it passes, and how far values go apart.

One run is one throw of the dice: when cameras begin, which packets a bad line takes. A question of
which nothing is known but n independent answers, k of them *pass*, passes at a share of all seeds
that lies in the interval of Wilson (1927), which holds for small n and at 0 and n of n as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Annotated, Self

from pydantic import Field, model_validator

from giaoban.results.confidence import wilson
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Count, Id, Method, Percent, Verdict
from giaoban.tomlfile import StrictModel

CONFIDENCE_PCT = 95.0
"""Of the interval: so often it holds the share of all seeds."""
OTHER_SEEDS = 20
"""So many other seeds are tried unless something else is said: where all pass, 83 % of all do."""
SEEDS = 2**31
"""Seeds are whole numbers from 0 to below this."""

Seed = Annotated[int, Field(ge=0, lt=SEEDS)]
"""How other seeds were tried: estimated, or emulated by one of the engines."""


class Valued(StrictModel):
    """What a criterion came to at one seed."""

    id: Id
    value: float | None
    unit: str
    ok: bool


class Trial(StrictModel):
    """The answer at one seed."""

    seed: Seed
    verdict: Verdict
    criteria: list[Valued]
    binding: Binding | None

    @property
    def passes(self) -> bool:
        return self.verdict == "pass"


class Spread(StrictModel):
    """How far a criterion's values went apart; null where it was measured at no seed.

    `measured`: at how many seeds it had a value. `failed`: at how many it was not met. `first`: at
    how many it was what failed first.
    """

    id: Id
    unit: str
    least: float | None
    median: float | None
    largest: float | None
    measured: Count
    failed: Count
    first: Count


class FirstToFail(StrictModel):
    """The first seed at which it does not pass, and what fails there."""

    seed: Seed
    binding: Binding | None


class Seeds(StrictModel):
    """The same question at other seeds than the run's own.

    `seeds` are those that were tried, in order; `passed` at how many of them all other criteria
    are met. The share of all seeds at which it passes is between `least_pct` and `most_pct`
    (Wilson's interval at 95 %). `stopped`: as many did not pass as end it, by default one, so that
    there is no share. `refused`: why there are none.
    """

    method: Method = "estimate"
    seeds: list[Seed] = Field(default_factory=list)
    passed: Count = 0
    least_pct: Percent | None = None
    most_pct: Percent | None = None
    spread: list[Spread] = Field(default_factory=list)
    first: FirstToFail | None = None
    stopped: bool = False
    refused: str | None = None
    refused_vi: str | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.passed > self.tried:
            raise ValueError(f"passed at {self.passed} of {self.tried} seeds")
        if (self.first is None) != (self.passed == self.tried):
            raise ValueError("the first seed that fails is given if, and only if, one does")
        if self.tried and self.refused is not None:
            raise ValueError("seeds were tried, and refused")
        return self

    @property
    def tried(self) -> int:
        return len(self.seeds)

    @property
    def failed(self) -> int:
        return self.tried - self.passed

    @property
    def failed_pct(self) -> float:
        """The share that does not pass, of those that were tried; there has to be one."""
        return 100.0 * self.failed / self.tried


def others(seed: int, count: int) -> list[int]:
    """The seeds that are tried beside a run's own: the `count` next ones, 0 after the last."""
    return [(seed + step) % SEEDS for step in range(1, count + 1)]


def wilson_pct(passed: int, tried: int) -> tuple[float, float]:
    """The interval of the share in %, at 95 % (`giaoban.results.confidence.wilson`)."""
    found = wilson(passed, tried, 0.5 + CONFIDENCE_PCT / 200)
    return round(100 * found.low, 3), round(100 * found.high, 3)


def seeds_of(trials: Sequence[Trial], method: Method, *, stopped: bool = False) -> Seeds:
    """All trials together; there has to be one."""
    passed = sum(trial.passes for trial in trials)
    least, most = (None, None) if stopped else wilson_pct(passed, len(trials))
    failing = [trial for trial in trials if not trial.passes]
    first = None
    if failing:
        first = FirstToFail(seed=failing[0].seed, binding=failing[0].binding)
    return Seeds(
        method=method,
        seeds=[trial.seed for trial in trials],
        passed=passed,
        least_pct=least,
        most_pct=most,
        spread=_spread(trials, failing),
        first=first,
        stopped=stopped,
    )


def _spread(trials: Sequence[Trial], failing: Sequence[Trial]) -> list[Spread]:
    """A criterion each, in their order; one may have been judged at some seeds alone."""
    found: dict[str, list[Valued]] = {}
    for trial in trials:
        for valued in trial.criteria:
            found.setdefault(valued.id, []).append(valued)
    bound = Counter(trial.binding.criterion for trial in failing if trial.binding is not None)
    spread = []
    for ident, seen in found.items():
        values = [valued.value for valued in seen if valued.value is not None]
        spread.append(
            Spread(
                id=ident,
                unit=seen[0].unit,
                least=min(values, default=None),
                median=median(values) if values else None,
                largest=max(values, default=None),
                measured=len(values),
                failed=sum(not valued.ok for valued in seen),
                first=bound[ident],
            )
        )
    return spread
