"""What other seeds came to, in words."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from giaoban.results.judge.criteria import BESIDE_THE_RUN, EVERY_SEED
from giaoban.results.model.places import Binding
from giaoban.results.model.result import CriterionResult, Result
from giaoban.results.model.seeds import CONFIDENCE_PCT, Seeds, Spread
from giaoban.sentence import Sentence, counted, decimals_of, shown
from giaoban.translation import N_, NBSP, SOURCE, Translator, translator

NOT_TRIED = N_("other seeds were not tried")


def tried(result: Result) -> Seeds | None:
    """The other seeds, if any were tried."""
    return result.seeds if result.seeds is not None and result.seeds.tried else None


def by_luck(result: Result) -> bool:
    """Whether it passes at some seeds and not at others, its own among them."""
    seeds = tried(result)
    if seeds is None or result.verdict != "fail":
        return False
    if not passes_alone(result):
        return bool(seeds.passed)
    return any(c.id == EVERY_SEED and not c.ok for c in result.criteria)


def passes_alone(result: Result) -> bool:
    """Whether the run's own seed meets all criteria on the run itself."""
    return all(c.ok for c in result.criteria if c.id not in BESIDE_THE_RUN)


class AtSeed(NamedTuple):
    """What fails at another seed."""

    seed: int
    binding: Binding
    criterion: CriterionResult


def at_seed(result: Result) -> AtSeed | None:
    """What fails at the first other seed that does not pass, where that is what binds."""
    first = None if result.seeds is None else result.seeds.first
    if result.binding is None or result.binding.criterion != EVERY_SEED:
        return None
    if first is None or first.binding is None:
        return None
    found = result.criterion(first.binding.criterion)
    return None if found is None else AtSeed(first.seed, first.binding, found)


def luck(result: Result, say: Translator) -> str:
    """`passes at 13 of 20 seeds`, for the headline of what fails by luck."""
    seeds = tried(result)
    assert seeds is not None
    if not passes_alone(result):
        return say.gettext(
            "passes at {passed} of {n} {n:seed|seeds}, not at its own: the answer depends on luck",
            n=seeds.tried,
            passed=seeds.passed,
        )
    if seeds.passed:
        return say.gettext(
            "passes at {passed} of {n} {n:seed|seeds}: the answer depends on luck",
            n=seeds.tried,
            passed=seeds.passed,
        )
    return say.gettext(
        "passes at 0 of {n} {n:seed|seeds}: the answer depends on luck", n=seeds.tried
    )


def note(result: Result) -> str:
    """How sure the answer is, for the terminal and the summary."""
    seeds = tried(result)
    if seeds is None:
        why = result.seeds.refused if result.seeds is not None else None
        return NOT_TRIED + (f": {why}" if why else "")
    if seeds.stopped and seeds.first is not None:
        binding = seeds.first.binding
        what = "" if binding is None else f": {binding.criterion} at {binding.where}"
        return f"{stopped(seeds)}{what}"
    how = "" if seeds.method == "estimate" else ", emulated"
    if seeds.passed == seeds.tried:
        said = f"passes at all {seeds.tried} of {counted(seeds.tried, 'other seed')}{how}"
        return f"{said} (at least {_least(seeds)} % of all seeds, {_confidence()})"
    said = f"passes at {seeds.passed} of {counted(seeds.tried, 'other seed')}{how}"
    if (allowed := _allowed_pct(result)) is not None:
        said += f", and {figure(allowed, '%')} of them may fail"
    share = f"{_least(seeds)} % to {_most(seeds)} %"
    if not seeds.passed:
        share = f"at most {_most(seeds)} %"
    return f"{said} ({share} of all seeds, {_confidence()})"


def stopped(seeds: Seeds) -> Sentence:
    """Of a search that went on no further: `fails at seed 1684, number 3 of the other seeds`."""
    assert seeds.first is not None
    return Sentence(
        "fails at seed {seed}, number {number} of the other seeds",
        seed=seeds.first.seed,
        number=1 + seeds.seeds.index(seeds.first.seed),
    )


def sentence(result: Result, say: Translator) -> str:
    """How sure the conclusion is, in one sentence of the annex."""
    seeds = tried(result)
    if seeds is None:
        if result.seeds is None or result.seeds.refused is None:
            return say.gettext("This conclusion rests on one seed: other seeds were not tried.")
        if result.faults:
            return say.gettext(
                "This conclusion rests on one seed: other seeds were not tried, as what fails on "
                "purpose cannot be estimated."
            )
        return say.gettext(
            "This conclusion rests on one seed: other seeds were not tried, as the scenario cannot "
            "be estimated."
        )
    if seeds.passed == seeds.tried:
        times = say.gettext("passes at all {tried}", tried=seeds.tried)
        share = say.gettext("{pct} or more", pct=f"{_least(seeds)}{NBSP}%")
    elif not seeds.passed:
        times = say.gettext("fails at all {tried}", tried=seeds.tried)
        share = say.gettext("{pct} or less", pct=f"{_most(seeds)}{NBSP}%")
    else:
        times = say.gettext(
            "passes at {passed} and fails at {failed}", passed=seeds.passed, failed=seeds.failed
        )
        least, most = f"{_least(seeds)}{NBSP}%", f"{_most(seeds)}{NBSP}%"
        share = say.gettext("{least} to {most}", least=least, most=most)
    if (allowed := _allowed_pct(result)) is not None:
        times = say.gettext(
            "{times}; the scenario lets up to {limit} of them fail",
            times=times,
            limit=say.percent(allowed, 8),
        )
    return say.gettext(
        "{head} {times} ({confidence} confidence interval: passes at {share}).",
        head=_head(result, seeds, say),
        times=times,
        confidence=f"{CONFIDENCE_PCT:g}{NBSP}%",
        share=share,
    )


def _head(result: Result, seeds: Seeds, say: Translator) -> str:
    count, estimated = seeds.tried, seeds.method == "estimate"
    if result.verdict == "fail" and estimated:
        return say.gettext("Also estimated at {n} other {n:seed|seeds}: the system", n=count)
    if result.verdict == "fail":
        return say.gettext("Also emulated at {n} other {n:seed|seeds}: the system", n=count)
    if estimated:
        return say.gettext(
            "This conclusion was also estimated at {n} other {n:seed|seeds}: it", n=count
        )
    return say.gettext("This conclusion was also emulated at {n} other {n:seed|seeds}: it", n=count)


def spreads(result: Result) -> list[tuple[CriterionResult, Spread]]:
    """Each criterion with the spread of its value at other seeds, in the result's order."""
    seeds = tried(result)
    if seeds is None:
        return []
    of = {criterion.id: criterion for criterion in result.criteria}
    return [(of[spread.id], spread) for spread in seeds.spread if spread.id in of]


def figure(value: float | None, unit: str, limit: float | None = None) -> str:
    """Return a value with its unit, as shown beside its limit; `–` without one."""
    if value is None:
        return "–"
    rounded = round(value, decimals_of(value, limit))
    return f"{shown(value, limit)} {translator(SOURCE).unit(rounded, unit)}"


def seeds_listed(seeds: Sequence[int]) -> str:
    """`1682 to 1701`; one by one where they begin anew at 0."""
    if len(seeds) > 1 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return Sentence("{first} to {last}", first=seeds[0], last=seeds[-1])
    return ", ".join(map(str, seeds))


def _allowed_pct(result: Result) -> float | None:
    """The share of seeds that the scenario lets fail, where that made it a pass."""
    seeds = tried(result)
    if seeds is None or not seeds.failed or result.verdict != "pass":
        return None
    found = result.criterion(EVERY_SEED)
    return None if found is None else found.threshold


def _least(seeds: Seeds) -> str:
    """The interval's lower end in whole percent, rounded so that no more is claimed."""
    return "–" if seeds.least_pct is None else str(floor(seeds.least_pct))


def _most(seeds: Seeds) -> str:
    """The interval's upper end in whole percent, likewise."""
    return "–" if seeds.most_pct is None else str(ceil(seeds.most_pct))


def _confidence() -> str:
    return f"{CONFIDENCE_PCT:g} % confidence"
