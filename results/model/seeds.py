"""The same question at other seeds: the share of seeds that fail, and the spread of the values.

A run is a sample: the seed draws when cameras start and which packets a lossy line drops. If k of n
seeds fail, the share of all seeds that fail lies between the bounds of Wilson (1927), which hold
for small n and for k = 0 and k = n. The verdict compares these bounds with a limit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import Annotated, Self

from pydantic import Field, model_validator

from giaoban.results.confidence import wilson
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Count, Id, Method, Percent, Verdict
from giaoban.tomlfile import StrictModel

CONFIDENCE_PCT = 95.0
"""Confidence of each bound of the share of failing seeds by itself."""
OTHER_SEEDS = 20
"""Other seeds that are judged first. If none of the 21 fails, at most 11.4 % of all seeds fail."""
MOST_OTHERS = 100
"""Other seeds that are judged at most while the answer is undecided, 20 at a time."""
MOST_NEEDED = 10_000
"""The largest number of seeds that an undecided answer gives as deciding."""
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

    `seeds` are those that were tried, in order; `passed` of them meet all other criteria.
    `own_passed`: whether the run's own seed does; null: not judged. The
    share of all seeds that pass is between `least_pct` and `most_pct` (Wilson, each bound at 95 %);
    up to `limit_pct` of all seeds may fail. `needed`: the number of other seeds that decide if the
    share stays as it is; null: decided, or more than 10,000. `stopped`: no more seeds were judged
    after the failure was certain, so that there is no share. `refused`: why there are none.
    """

    method: Method = "estimate"
    seeds: list[Seed] = Field(default_factory=list)
    passed: Count = 0
    least_pct: Percent | None = None
    most_pct: Percent | None = None
    spread: list[Spread] = Field(default_factory=list)
    first: FirstToFail | None = None
    stopped: bool = False
    own_passed: bool | None = None
    limit_pct: Percent | None = None
    needed: Count | None = None
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
    def judged(self) -> int:
        """The number of seeds, the run's own among them."""
        return self.tried + (self.own_passed is not None)

    @property
    def failing(self) -> int:
        """The number of seeds that fail, the run's own among them."""
        return self.failed + (self.own_passed is False)

    @property
    def most_failing_pct(self) -> float:
        """The upper bound of the share of all seeds that fail."""
        return round(100 - share_pct(self.judged - self.failing, self.judged)[0], 3)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of all seeds; None without other seeds or a limit."""
        if not self.tried or self.limit_pct is None:
            return None
        return verdict_of(self.failing, self.judged, self.limit_pct)

    def beside(self, limit_pct: float, *, own_passed: bool | None) -> Seeds:
        """Return the seeds beside the run's own, with the share of all seeds that pass."""
        seeds = self.model_copy(update={"own_passed": own_passed, "limit_pct": limit_pct})
        least, most = share_pct(seeds.judged - seeds.failing, seeds.judged)
        needed = None
        if seeds.verdict == "undecided":
            needed = needed_others(seeds.failing, seeds.judged, limit_pct)
        share = {} if self.stopped else {"least_pct": least, "most_pct": most}
        return seeds.model_copy(update={**share, "needed": needed})


def others(seed: int, count: int) -> list[int]:
    """The seeds that are tried beside a run's own: the `count` next ones, 0 after the last."""
    return [(seed + step) % SEEDS for step in range(1, count + 1)]


def share_pct(passed: int, judged: int) -> tuple[float, float]:
    """Return the bounds of the share of all seeds that pass, in %, each at 95 %."""
    found = wilson(passed, judged, CONFIDENCE_PCT / 100)
    return round(100 * found.low, 3), round(100 * found.high, 3)


def verdict_of(failing: int, judged: int, limit_pct: float) -> Verdict:
    """Return the verdict: whether the share of failing seeds is certainly within its limit.

    Fewer than 21 seeds that all pass are too few for the share; they pass.
    """
    least, most = share_pct(judged - failing, judged)
    if 100 - least <= limit_pct or (not failing and judged <= OTHER_SEEDS):
        return "pass"
    return "fail" if 100 - most > limit_pct else "undecided"


def needed_others(failing: int, judged: int, limit_pct: float) -> int | None:
    """Return how many other seeds decide, if the share of failing seeds stays as it is.

    Wilson's bounds invert the score test: a bound is at the limit L where the share is
    z √(L (1 − L) / n) away from it. None: more than `MOST_NEEDED`.
    """
    limit, z = limit_pct / 100, NormalDist().inv_cdf(CONFIDENCE_PCT / 100)
    distance = abs(failing / judged - limit)
    if z**2 * limit * (1 - limit) > MOST_NEEDED * distance**2:
        return None
    return math.ceil(z**2 * limit * (1 - limit) / distance**2) - 1


def wilson_pct(passed: int, tried: int) -> tuple[float, float]:
    """Return the interval of a share in %, at 95 % (`giaoban.results.confidence.wilson`)."""
    found = wilson(passed, tried, 0.5 + CONFIDENCE_PCT / 200)
    return round(100 * found.low, 3), round(100 * found.high, 3)


def seeds_of(trials: Sequence[Trial], method: Method, *, stopped: bool = False) -> Seeds:
    """Return all trials together; there has to be one."""
    passed = sum(trial.passes for trial in trials)
    failing = [trial for trial in trials if not trial.passes]
    first = None
    if failing:
        first = FirstToFail(seed=failing[0].seed, binding=failing[0].binding)
    return Seeds(
        method=method,
        seeds=[trial.seed for trial in trials],
        passed=passed,
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
