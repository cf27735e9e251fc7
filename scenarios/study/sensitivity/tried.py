"""One figure on one side: which worlds are judged, and where the verdict is another.

Limits of criteria need no estimate: what was measured is judged by another. Nor does a world in
which the device or a link has to carry more than it may: sums decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.errors import InputError
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS, Criterion
from giaoban.results.judge.verdict import Judgement, margin_pct, meets, outcome
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import CriterionResult
from giaoban.results.model.seeds import others
from giaoban.results.model.studies.sensitivity import FAR_PCT, FlipPoint, TriedValue
from giaoban.scenarios.estimate.static import (
    PictureLoad,
    Shortfall,
    most_video_load,
    shortfall,
    static_loads,
    video_load,
)
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.sensitivity.figures import AssumedFigure
from giaoban.scenarios.study.sensitivity.flip_points import Flip, nearest
from giaoban.scenarios.study.sensitivity.world import Path as WorldPath
from giaoban.scenarios.study.sensitivity.world import Value, World

ALIKE_PCT = 0.5
"""Points by which a least margin may be another where a figure is said to move nothing."""
Judge = Callable[[Question], Judgement]
"""How a question is judged: as `judge_alone` does, or a stand-in in tests."""


@dataclass(frozen=True)
class Found:
    """What a world's verdict is, and what limits it."""

    verdict: Verdict
    binding: Binding | None
    estimated: bool = False
    margins: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Of each criterion, where packets were estimated."""


@dataclass(frozen=True)
class Asked:
    """What every process knows: the world as assumed, its verdict, and how worlds are judged."""

    world: World
    judgement: Judgement
    seeds: int
    judge: Judge

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict


@dataclass(frozen=True)
class Side:
    """A figure to be tried: towards an end of its range, or at one of its choices."""

    number: int
    figure: AssumedFigure
    end: Value


@dataclass(frozen=True)
class Tried:
    """What came of a side: its nearest flip, how many estimates it took, and its curve."""

    side: Side
    flip: FlipPoint | None
    estimates: int
    curve: list[TriedValue]


def sides(number: int, figure: AssumedFigure) -> Iterable[Side]:
    """The ways on which a figure is tried; `number`: its place among all."""
    if figure.choices:
        return [Side(number, figure, c) for c in figure.choices if c != figure.value]
    return [Side(number, figure, e) for e in (figure.low, figure.high) if e != figure.value]


@dataclass(frozen=True)
class Draw:
    """A world to be judged, by its number: where each of its figures stands, and its value."""

    number: int
    figures: tuple[tuple[WorldPath, Value], ...]


@dataclass(frozen=True)
class Looked:
    """What was found in a drawn world; None: no file could say such figures."""

    draw: Draw
    found: Found | None


def look_at(asked: Asked, draw: Draw) -> Looked:
    return Looked(draw, _found_with(asked, draw.figures))


def _found_with(asked: Asked, figures: Iterable[tuple[WorldPath, Value]]) -> Found | None:
    """Return the verdict in the world with these figures; None: a file that said so would be
    refused."""
    try:
        question = asked.world.put_all(figures).question()
    except (ValueError, InputError):
        return None
    try:
        if (short := by_arithmetic(question)) is not None:
            return short
        found = judged_at_seeds(question, asked.seeds, asked.judge)
    except InputError:
        return None
    return Found(found.verdict, found.binding, estimated=True, margins=_margins(found))


def _margins(judgement: Judgement) -> dict[str, float]:
    known = ((each.id, each.margin_pct) for each in judgement.criteria)
    return {criterion: margin for criterion, margin in known if margin is not None}


def _not_below(binding: Binding | None) -> float | None:
    """A margin, but no further past the limit than as far again: what fails far, fails."""
    margin = None if binding is None else binding.margin_pct
    return None if margin is None else max(-FAR_PCT, margin)


def attempt(asked: Asked, side: Side) -> Tried:
    """The nearest flip of one figure on one side, by estimates of worlds."""
    figure, count = side.figure, 0
    curve: list[TriedValue] = []

    def look(value: Value) -> Found | None:
        nonlocal count
        if isinstance(figure.value, int) and not isinstance(value, str):
            value = round(value)
        found = _found_with(asked, [(figure.path, value)])
        if found is not None:
            count += found.estimated
            curve.append(tried_value(value, found.verdict, found.binding))
        return found

    def flips(found: Found) -> bool:
        return found.verdict != asked.verdict

    def alike(found: Found) -> bool:
        own, there = asked.judgement.binding, found.binding
        if own is None or there is None or own.criterion != there.criterion:
            return False
        if own.margin_pct is None or there.margin_pct is None:
            return False
        return abs(own.margin_pct - there.margin_pct) <= ALIKE_PCT

    if isinstance(side.end, str):
        there = look(side.end)
        flipped = there is not None and flips(there)
        flip = Flip(figure.value, side.end, there) if flipped and there is not None else None
    else:
        flip = nearest(
            float(figure.value),
            side.end,
            look,
            flips,
            figure.scale,
            alike,
            margins=lambda found: found.margins,
            own=_margins(asked.judgement),
        )
    return Tried(side, _flip_point(flip), count, curve)


def by_arithmetic(question: Question) -> Found | None:
    """What is found where sums of calls and rates say no (`shortfall`); None: packets decide.

    An estimate would say no as well, and takes long where queues overflow.
    """
    limits = {each.id: each for each in criteria_of(question).criterion}

    def short_with(pictures: PictureLoad) -> Shortfall | None:
        loads = static_loads(question.plan, pictures=pictures)
        return shortfall(loads, limits[MCU_UNITS].threshold, limits[LINK_PEAK].threshold)

    short = short_with(most_video_load)
    if short is not None and short.link is not None:  # what is drawn may be less
        short = short_with(video_load)
    limit = None if short is None else limits.get(short.criterion)
    if short is None or limit is None or meets(limit, short.value):
        return None  # a scenario may allow calls that are refused
    value = round(short.value, 3)
    binding = Binding(
        criterion=short.criterion,
        cause="mcu" if short.link is None else "link",
        place=short.place,
        where=short.where,
        value=value,
        threshold=limit.threshold,
        unit=limit.unit,
        margin_pct=margin_pct(limit, value),
    )
    return Found("fail", binding)


def tried_value(value: Value, verdict: Verdict, binding: Binding | None) -> TriedValue:
    return TriedValue(
        value=value,
        verdict=verdict,
        criterion=None if binding is None else binding.criterion,
        margin_pct=_not_below(binding),
    )


def _flip_point(flip: Flip[Found] | None) -> FlipPoint | None:
    if flip is None:
        return None
    found = flip.found
    return FlipPoint(
        holds=flip.holds, flips=flip.flips, verdict=found.verdict, binding=found.binding
    )


def judged_at_seeds(
    question: Question, seeds: int, judge: Judge, *, every: bool = False
) -> Judgement:
    """Return the judgement at the own seed; where that passes, at others until one does not.

    It passes if it does at each, and has then of each criterion the least margin at any. As in a
    check, only the own seed makes an answer one that cannot be trusted.

    Args:
        seeds: how many others.
        every: judge at each of them, whatever the others come to.
    """
    judgements = [judge(question)]
    for seed in others(question.plan.seed, seeds):
        if judgements[-1].verdict != "pass" and not every:
            break
        judgements.append(judge(question.at_seed(seed)))
    first = next((each for each in judgements if each.verdict != "pass"), judgements[0])
    found = _worst(judgements) if len(judgements) == 1 + seeds else first
    if found.verdict == "invalid" and judgements[0].verdict == "pass":
        found = found._replace(verdict="fail", reason_codes=[])
    return found


def _worst(judgements: Sequence[Judgement]) -> Judgement:
    """The judgement of the seed that fares worst, with the worst of each criterion at any; the own
    one's, the first, if that cannot be trusted."""
    kinds: tuple[Verdict, ...] = ("fail", "invalid", "pass")
    alike = ([each for each in judgements if each.verdict == kind] for kind in kinds)
    least = min(next(filter(None, alike)), key=lambda each: _least_first(each.binding))
    if judgements[0].verdict == "invalid":
        least = judgements[0]
    criteria: dict[str, CriterionResult] = {}
    for each in (criterion for judgement in judgements for criterion in judgement.criteria):
        criteria[each.id] = min(criteria.get(each.id, each), each, key=_least_first)
    return least._replace(criteria=[*criteria.values()])


def at_limits(asked: Asked, side: Side, criteria: Sequence[Criterion]) -> Tried:
    """A limit's flip: what was measured, judged by other limits."""
    ident = str(side.figure.path[1])
    [criterion] = [each for each in criteria if each.id == ident]
    results = {each.id: each for each in asked.judgement.criteria}
    if ident not in results or asked.verdict == "invalid":
        return Tried(side, None, 0, [])
    own = results[ident]
    curve: list[TriedValue] = []

    def look(limit: float) -> Found:
        other = criterion.model_copy(update={"threshold": limit})
        judged = own.model_copy(
            update={"threshold": limit, **outcome(other, own.value, own.detectable)}
        )
        found = _found_among([*({**results, ident: judged}).values()])
        curve.append(tried_value(limit, found.verdict, found.binding))
        return found

    assert not isinstance(side.end, str)
    flip = nearest(
        float(side.figure.value),
        side.end,
        look,
        lambda found: found.verdict != asked.verdict,
        side.figure.scale,
    )
    return Tried(side, _flip_point(flip), 0, curve)


def _found_among(criteria: Sequence[CriterionResult]) -> Found:
    """What limits an answer of which criteria alone are known: the least margin, of what fails if
    anything does."""
    failed = [each for each in criteria if not each.ok]
    verdict: Verdict = "fail" if failed else "pass"
    known = [each for each in failed or criteria if each.place is not None and each.shown]
    least = min(known, key=_least_first, default=None)
    if least is None or least.place is None:
        return Found(verdict, None)
    binding = Binding(
        criterion=least.id,
        cause="stream" if least.place.kind == "bridge" else least.place.kind,
        place=least.place,
        where=least.worst_at,
        value=least.value,
        threshold=least.threshold,
        unit=least.unit,
        margin_pct=least.margin_pct,
    )
    return Found(verdict, binding)


def _least_first(found: CriterionResult | Binding | None) -> float:
    return -math.inf if found is None or found.margin_pct is None else found.margin_pct
