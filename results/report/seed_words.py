"""What other seeds came to, in words."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

from giaoban.results.judge.criteria import BESIDE_THE_RUN, FAILING_SEEDS
from giaoban.results.model.places import Binding
from giaoban.results.model.result import CriterionResult, Result
from giaoban.results.model.seeds import CONFIDENCE_PCT, MOST_NEEDED, Seeds, Spread
from giaoban.sentence import Sentence, counted, decimals_of, shown
from giaoban.translation import N_, NBSP, SOURCE, Translator, translator

NOT_TRIED = N_("other seeds were not tried")


def tried(result: Result) -> Seeds | None:
    """The other seeds, if any were tried."""
    return result.seeds if result.seeds is not None and result.seeds.tried else None


def by_luck(result: Result) -> bool:
    """Return whether it fails by the share of seeds that fail, and some pass."""
    seeds = tried(result)
    if seeds is None or result.verdict != "fail":
        return False
    return seeds.verdict == "fail" and seeds.failing < seeds.judged


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
    if result.binding is None or result.binding.criterion != FAILING_SEEDS:
        return None
    if first is None or first.binding is None:
        return None
    found = result.criterion(first.binding.criterion)
    return None if found is None else AtSeed(first.seed, first.binding, found)


def failing(seeds: Seeds, say: Translator) -> str:
    """Return `fails at 2 of 21 seeds`, the run's own among them."""
    return say.gettext(
        "fails at {failing} of {n} {n:seed|seeds}", failing=seeds.failing, n=seeds.judged
    )


def luck(result: Result, say: Translator) -> str:
    """Return the headline of a result that fails at some seeds and passes at others."""
    seeds = tried(result)
    assert seeds is not None
    return say.gettext("{failing}: the answer depends on luck", failing=failing(seeds, say))


def undecided(result: Result, say: Translator) -> str:
    """Return the headline of an undecided result: which seeds fail, and how many would decide."""
    seeds = tried(result)
    if seeds is None or seeds.verdict != "undecided":
        return say.gettext("in a meeting of the catalogue the seeds do not decide")
    said = failing(seeds, say)
    if seeds.needed is None:
        return say.gettext(
            "{failing}, too near to the limit of {limit} for {n:,} {n:seed|seeds} to decide",
            failing=said,
            limit=say.percent(seeds.limit_pct, 8),
            n=MOST_NEEDED,
        )
    return say.gettext(
        "{failing}; {n} other {n:seed|seeds} would decide", failing=said, n=seeds.needed
    )


def own(result: Result, say: Translator) -> str:
    """Return the seeds of a pass whose own seed fails."""
    seeds = tried(result)
    assert seeds is not None
    return say.gettext("{failing}, its own among them", failing=failing(seeds, say))


def note(result: Result) -> str:
    """How sure the answer is, for the terminal and the summary."""
    seeds = tried(result)
    if seeds is None:
        why = result.seeds.refused if result.seeds is not None else None
        return NOT_TRIED + (f": {why}" if why else "")
    how = "" if seeds.method == "estimate" else ", emulated"
    if seeds.passed == seeds.tried:
        said = f"passes at all {seeds.tried} of {counted(seeds.tried, 'other seed')}{how}"
    else:
        said = f"passes at {seeds.passed} of {counted(seeds.tried, 'other seed')}{how}"
    if seeds.least_pct is None or seeds.limit_pct is None:
        return said
    fail = f"at most {_most(seeds)} %"
    if seeds.failing:
        fail = f"{_least(seeds)} % to {_most(seeds)} %"
    return f"{said} ({fail} of all seeds fail, {_confidence()}; limit {seeds.limit_pct:g} %)"


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
    elif not seeds.passed:
        times = say.gettext("fails at all {tried}", tried=seeds.tried)
    else:
        times = say.gettext(
            "passes at {passed} and fails at {failed}", passed=seeds.passed, failed=seeds.failed
        )
    share = say.gettext("at most {most}", most=f"{_most(seeds)}{NBSP}%")
    if seeds.failing:
        least, most = f"{_least(seeds)}{NBSP}%", f"{_most(seeds)}{NBSP}%"
        share = say.gettext("{least} to {most}", least=least, most=most)
    return say.gettext(
        "{head} {times}. With {confidence} confidence {share} of all seeds fail; the limit is "
        "{limit}.",
        head=_head(result, seeds, say),
        times=times,
        confidence=f"{CONFIDENCE_PCT:g}{NBSP}%",
        share=share,
        limit=say.percent(seeds.limit_pct, 8),
    )


def _head(result: Result, seeds: Seeds, say: Translator) -> str:
    count, estimated = seeds.tried, seeds.method == "estimate"
    if result.verdict != "pass" and estimated:
        return say.gettext("Also estimated at {n} other {n:seed|seeds}: the system", n=count)
    if result.verdict != "pass":
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


def _least(seeds: Seeds) -> str:
    """Return the lower bound of the share of seeds that fail in whole percent, rounded down."""
    return "–" if seeds.most_pct is None else str(floor(round(100 - seeds.most_pct, 3)))


def _most(seeds: Seeds) -> str:
    """Return the upper bound of the share of seeds that fail in whole percent, rounded up."""
    return "–" if seeds.least_pct is None else str(ceil(round(100 - seeds.least_pct, 3)))


def _confidence() -> str:
    return f"{CONFIDENCE_PCT:g} % confidence"
