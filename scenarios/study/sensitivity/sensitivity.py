"""The whole answer: the question as assumed, then each assumed figure at other values.

Judged by estimate, in processes beside this one: each takes a figure and a side of it and looks for
the nearest flip there. Limits of criteria need no estimate: what was measured is judged by another.
Nor does a world in which the device or a link has to carry more than it may: sums decide.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giaoban.cluster import ClusterWorkers
from giaoban.errors import InputError
from giaoban.progress import Progress
from giaoban.results.archive import store
from giaoban.results.archive.store import RunFolder
from giaoban.results.judge.criteria import Criterion
from giaoban.results.judge.verdict import Judgement, margin_pct, meets
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import CriterionResult
from giaoban.results.model.seeds import others, wilson_pct
from giaoban.results.model.sensitivity import (
    SENSITIVITY,
    DrawnWorlds,
    FailedBy,
    FlipPoint,
    Influence,
    Sensitivity,
    TriedFigure,
    TriedValue,
    UntriedAssumption,
    verdict_of,
)
from giaoban.results.report.sensitivity_summary import summary_md
from giaoban.scenarios.estimate.estimate import AsJudged, judge_soon
from giaoban.scenarios.estimate.static import shortfall, static_loads
from giaoban.scenarios.measure.assemble import criteria_of, inputs_of
from giaoban.scenarios.plan.identity import code_identity
from giaoban.scenarios.spec.question import Question
from giaoban.scenarios.study.sensitivity.drawn import first_order, hypercube, total_order, value_at
from giaoban.scenarios.study.sensitivity.figures import (
    Figure,
    figures,
    load_ranges,
)
from giaoban.scenarios.study.sensitivity.flip_points import Flip, nearest
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, Value, World
from giaoban.scenarios.study.sensitivity.world import Path as WorldPath
from giaoban.scenarios.study.sweep.points import Points
from giaoban.scenarios.study.unmodelled import unmodelled
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.translation import SOURCE, Language
from giaoban.workers import Helpers, InlineWorker, WorkerProcess

WORLDS = 1000
"""Drawn where a share of them is required and nobody says how many."""
DEVICE, LINK_PEAK = "mcu-units", "link-peak"
Judge = Callable[[Question, float | None], AsJudged]
"""How a question is judged: as `judge_soon` does, or a stand-in in tests."""
FAR_PCT = 100.0
"""A limit that is passed by as much again counts as no further than that."""


@dataclass(frozen=True)
class Found:
    """What a world's verdict is, and what limits it."""

    verdict: Verdict
    binding: Binding | None
    estimated: bool = False
    whole: bool = True
    """Whether the meeting was held to its end: else `binding` is of what was held of it."""


@dataclass(frozen=True)
class Asked:
    """What every process knows: the world as assumed, its verdict, and how worlds are judged."""

    world: World
    judgement: Judgement
    seeds: int
    judge: Judge

    @property
    def verdict(self) -> Verdict:
        """As assumed."""
        return self.judgement.verdict


@dataclass(frozen=True)
class Side:
    """A figure to be tried: towards an end of its range, or at one of its choices."""

    number: int
    figure: Figure
    end: Value


@dataclass(frozen=True)
class Tried:
    side: Side
    flip: FlipPoint | None
    estimates: int
    curve: list[TriedValue]


@dataclass(frozen=True)
class Wanted:
    """What is asked beside the flip points.

    Attributes:
        seeds: so many others are judged in each world that passes at its own.
        worlds: so many are drawn in which all figures are others at once.
        anew: so many of these are judged once more with each figure alone drawn anew.
        required_pct: the share of these that has to pass, if any.
        ranges: a file of ranges that hold before those beside figures, and the program's.
        points: a folder in which all that was judged is kept, so that it is not judged again.
    """

    seeds: int = 0
    worlds: int = 0
    required_pct: float | None = None
    ranges: Path | None = None
    anew: int = 0
    points: Path | None = None

    @classmethod
    def of(
        cls,
        worlds: int,
        share: float | None,
        ranges: Path | None,
        *,
        seeds: int = 0,
        anew: int = 0,
        points: Path | None = None,
    ) -> Wanted:
        """As a command line says it; where worlds are needed and no number is said, `WORLDS` are
        drawn."""
        required_pct = None if share is None else 100 * share
        drawn = worlds or WORLDS * (share is not None or anew > 0)
        return cls(seeds, drawn, required_pct, ranges, anew, points)


@dataclass(frozen=True)
class SensitivityOutcome:
    """A finished answer."""

    folder: Path
    answer: Sensitivity


def sensitivity(
    question: Question,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    wanted: Wanted | None = None,
    helpers: Helpers | ClusterWorkers | None = None,
    judge: Judge = judge_soon,
) -> SensitivityOutcome:
    """Try every assumed figure, write `sensitivity.json` and `summary.md`.

    Args:
        helpers: processes in which worlds are judged, or a cluster.

    Raises:
        InputError: the question cannot be estimated, thresholds make no sense, or the file of
            ranges names no figure of this question.
    """
    store.remove_stale_partials(root)
    run_id = f"sensitivity-{question.plan.scenario_id}-{now:%Y%m%d-%H%M%S}"
    with RunFolder.create(root, run_id) as folder, store.writing(folder.path):
        answer = analyse(question, folder.run_id, wanted or Wanted(), progress, helpers, judge)
        (folder.path / SENSITIVITY).write_text(answer.to_json(), encoding="utf-8")
        (folder.path / "summary.md").write_text(summary_md(answer, language), encoding="utf-8")
        final = folder.finish(SENSITIVITY)
    return SensitivityOutcome(final, answer)


def analyse(
    question: Question,
    run_id: str,
    wanted: Wanted,
    progress: Progress,
    helpers: Helpers | ClusterWorkers | None = None,
    judge: Judge = judge_soon,
) -> Sensitivity:
    """The answer without a folder of its own. Raises as `sensitivity`."""
    began_s = time.monotonic()
    criteria = criteria_of(question)
    world = World.of(question)
    own = None if wanted.ranges is None else load_ranges(wanted.ranges, world, criteria)
    tried_figures, untried = figures(world, criteria, own)
    progress(Sentence("as assumed"), 0.0)
    first = _judged(question, wanted.seeds, judge).judgement
    asked = Asked(world, first, wanted.seeds, judge)
    sides_kept, worlds = None, None
    if wanted.points is not None:
        content = _content(asked)
        sides_kept = _KeptSides(wanted.points, content)
        worlds = _KeptWorlds(wanted.points, content)
    found = _all_tried(asked, tried_figures, criteria.criterion, helpers, progress, sides_kept)
    drawn, drawn_estimates = None, 0
    if wanted.worlds:
        drawn, drawn_estimates = _drawn(asked, tried_figures, wanted, helpers, progress, worlds)
    return Sensitivity(
        run_id=run_id,
        verdict=verdict_of(first.verdict, drawn, wanted.required_pct),
        as_assumed=first.verdict,
        required_pct=wanted.required_pct,
        criteria=first.criteria,
        binding=first.binding,
        question_en=question.scenario.question,
        question_vi=question.scenario.question_vi,
        inputs=inputs_of(question),
        seeds=wanted.seeds,
        figures=[
            _told(asked, figure, [each for each in found if each.side.number == number])
            for number, figure in enumerate(tried_figures)
        ],
        untried=[
            UntriedAssumption(assumption=each.told, why=each.why.en, why_vi=each.why.vi)
            for each in untried
        ],
        unmodelled=unmodelled(question, estimate=True),
        drawn=drawn,
        estimates=1 + sum(each.estimates for each in found) + drawn_estimates,
        seconds=round(time.monotonic() - began_s, 3),
    )


def _all_tried(
    asked: Asked,
    tried: Sequence[Figure],
    criteria: Sequence[Criterion],
    helpers: Helpers | ClusterWorkers | None,
    progress: Progress,
    kept: _KeptSides | None,
) -> list[Tried]:
    every = [side for number, figure in enumerate(tried) for side in sides(number, figure)]
    limits = [side for side in every if side.figure.path[0] == THRESHOLDS]
    found = [at_limits(asked, side, criteria) for side in limits]
    others_than_limits = [side for side in every if side not in limits]
    for each in _each(attempt, asked, others_than_limits, helpers, kept):
        found.append(each)
        progress(
            Sentence("assumptions: {number} of {all}", number=len(found), all=len(every)),
            len(found) / len(every),
        )
    return found


def sides(number: int, figure: Figure) -> Iterable[Side]:
    if figure.choices:
        return [Side(number, figure, c) for c in figure.choices if c != figure.value]
    return [Side(number, figure, e) for e in (figure.low, figure.high) if e != figure.value]


def _drawn(
    asked: Asked,
    tried: Sequence[Figure],
    wanted: Wanted,
    helpers: Helpers | ClusterWorkers | None,
    progress: Progress,
    kept: _KeptWorlds | None,
) -> tuple[DrawnWorlds, int]:
    """What became of them, and how many were estimated.

    Limits stay as they are: they are no part of the world.
    """
    of_world = [figure for figure in tried if figure.path[0] != THRESHOLDS]
    seed, worlds = asked.world.base.plan.seed, wanted.worlds
    places = hypercube(worlds, len(of_world), seed)
    draws = [
        _Draw(n, tuple((f.path, value_at(f, x)) for f, x in zip(of_world, row, strict=True)))
        for n, row in enumerate(places.tolist())
    ]
    found: dict[int, Found] = {}
    for done, looked in enumerate(_each(_look_at, asked, draws, helpers, kept), 1):
        number, there = looked.draw.number, looked.found
        progress(Sentence("worlds: {number} of {all}", number=done, all=worlds), done / worlds)
        if there is not None:
            found[number] = there
    numbers = sorted(found)
    passed = sum(found[n].verdict == "pass" for n in numbers)
    low_pct, high_pct = wilson_pct(passed, len(numbers)) if numbers else (0.0, 100.0)
    failed = Counter(
        b.criterion
        for n in numbers
        if found[n].verdict != "pass" and (b := found[n].binding) is not None
    )
    margins = [_margin(found[n]) for n in numbers]
    indices = first_order(places[numbers], margins)
    again, totals, more = numbers[: wanted.anew], None, 0
    if again:
        totals, more = _anew(asked, of_world, places[again], margins, helpers, progress, kept)
    influences = [
        Influence(
            key=figure.key,
            share=round(float(index), 4),
            total=None if totals is None else round(float(totals[n]), 4),
        )
        for n, (figure, index) in enumerate(zip(of_world, indices, strict=True))
        if index > 0 or (totals is not None and totals[n] >= LEAST_TOLD)
    ]
    drawn = DrawnWorlds(
        seed=seed,
        judged=len(numbers),
        impossible=worlds - len(numbers),
        passed=passed,
        low_pct=low_pct,
        high_pct=high_pct,
        failed_by=[FailedBy(criterion=c, worlds=n) for c, n in failed.most_common()],
        influences=sorted(influences, key=lambda each: (-each.share, each.key)),
    )
    return drawn, more + sum(each.estimated for each in found.values())


LEAST_TOLD = 0.01
"""A total-order index below it is not told where the figure by itself has none."""


def _anew(
    asked: Asked,
    of_world: Sequence[Figure],
    places: NDArray[np.float64],
    margins: Sequence[float],
    helpers: Helpers | ClusterWorkers | None,
    progress: Progress,
    kept: _KeptWorlds | None,
) -> tuple[NDArray[np.float64], int]:
    """Total-order indices, and how many worlds were estimated for them: at each of these places
    each figure is drawn anew by itself."""
    count, columns = places.shape
    others = hypercube(count, columns, asked.world.base.plan.seed + 1)
    draws = []
    for row in range(count):
        for column in range(columns):
            at = places[row].copy()
            at[column] = others[row, column]
            figures = zip(of_world, at.tolist(), strict=True)
            values = tuple((f.path, value_at(f, x)) for f, x in figures)
            draws.append(_Draw(row * columns + column, values))
    answers, estimated = np.full(len(draws), np.nan), 0
    for done, looked in enumerate(_each(_look_at, asked, draws, helpers, kept), 1):
        number, there = looked.draw.number, looked.found
        progress(
            Sentence("one figure anew: {number} of {all}", number=done, all=len(draws)),
            done / len(draws),
        )
        if there is not None:
            answers[number] = _margin(there)
            estimated += there.estimated
    variance = float(np.var(np.asarray(margins)))
    return total_order(margins[:count], answers.reshape(count, columns), variance), estimated


@dataclass(frozen=True)
class _Draw:
    number: int
    figures: tuple[tuple[WorldPath, Value], ...]


@dataclass(frozen=True)
class _Looked:
    draw: _Draw
    found: Found | None


def _look_at(asked: Asked, draw: _Draw) -> _Looked:
    return _Looked(draw, _found_with(asked, draw.figures))


class Kept[T, R](Protocol):
    """What was made before, an interrupted analysis goes on from there."""

    def find(self, given: T) -> R | None:
        """What was made of it; None: nothing yet."""

    def keep(self, made: R) -> None:
        """Write down what was made."""


class _KeptSide(StrictModel):
    key: str
    flip: FlipPoint | None
    estimates: int
    curve: list[TriedValue]


class _KeptWorld(StrictModel):
    key: str
    possible: bool
    verdict: Verdict = "invalid"
    binding: Binding | None = None
    estimated: bool = False
    whole: bool = True


def _content(asked: Asked) -> bytes:
    """The hash of all that is the same for every figure: the question, criteria, program."""
    world = asked.world
    told = [code_identity(), str(asked.seeds), world.base.plan.to_json()]
    told += [
        model.model_dump_json()
        for model in (world.scenario, world.province, world.device, world.profiles)
    ]
    told.append(criteria_of(world.base).model_dump_json())
    return hashlib.sha256("\n".join(told).encode()).digest()


def _key(content: bytes, of: object) -> str:
    return hashlib.sha256(content + repr(of).encode()).hexdigest()


class _KeptSides:
    """Sides of figures that were tried, by all that they depend on."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._content = content
        self._points = Points(folder, _KeptSide.model_validate_json)

    def _key(self, side: Side) -> str:
        figure = side.figure
        scale = None if figure.choices else figure.scale
        return _key(self._content, ("side", figure.path, figure.value, side.end, scale))

    def find(self, given: Side) -> Tried | None:
        """As of `Kept`."""
        known = self._points.find(self._key(given))
        if known is None:
            return None
        return Tried(given, known.flip, known.estimates, known.curve)

    def keep(self, made: Tried) -> None:
        """As of `Kept`."""
        key, estimates, curve = self._key(made.side), made.estimates, made.curve
        self._points.keep(_KeptSide(key=key, flip=made.flip, estimates=estimates, curve=curve))


class _KeptWorlds:
    """Drawn worlds that were judged, by all that they depend on."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._content = content
        self._points = Points(folder, _KeptWorld.model_validate_json)

    def _key(self, draw: _Draw) -> str:
        return _key(self._content, ("world", draw.figures))

    def find(self, given: _Draw) -> _Looked | None:
        """As of `Kept`."""
        known = self._points.find(self._key(given))
        if known is None:
            return None
        found = Found(known.verdict, known.binding, known.estimated, known.whole)
        return _Looked(given, found if known.possible else None)

    def keep(self, made: _Looked) -> None:
        """As of `Kept`."""
        key, found = self._key(made.draw), made.found
        self._points.keep(
            _KeptWorld(key=key, possible=False)
            if found is None
            else _KeptWorld(key=key, possible=True, **vars(found))
        )


def _found_with(
    asked: Asked,
    figures: Iterable[tuple[WorldPath, Value]],
    past_pct: float | None = FAR_PCT,
) -> Found | None:
    """What is found in the world with these figures; None: no such world can be, a file that said
    so would be refused. `past_pct`: see `judge_soon`."""
    world = asked.world
    try:
        for path, value in figures:
            world = world.put(path, value)
        question = world.question()
        if (short := by_arithmetic(question)) is not None:
            return short
        judged = _judged(question, asked.seeds, asked.judge, past_pct)
    except (ValueError, InputError):
        return None
    found = judged.judgement
    return Found(found.verdict, found.binding, estimated=True, whole=judged.whole)


def _margin(found: Found) -> float:
    """The least margin; where it was not measured, as at the limit."""
    margin = _not_below(found.binding)
    return 0.0 if margin is None else margin


def _not_below(binding: Binding | None) -> float | None:
    """A margin, but no further past the limit than as far again: what fails far, fails."""
    margin = None if binding is None else binding.margin_pct
    return None if margin is None else max(-FAR_PCT, margin)


def _each[T, R](
    function: Callable[[Asked, T], R],
    asked: Asked,
    given: Sequence[T],
    helpers: Helpers | ClusterWorkers | None,
    kept: Kept[T, R] | None = None,
) -> Iterator[R]:
    """What a function makes of each, in any order, in processes beside this one if there are; what
    is kept from before is not made again."""
    if helpers is None or isinstance(helpers, WorkerProcess):
        helpers = InlineWorker()
    waiting = []
    for one in given:
        if kept is not None and (known := kept.find(one)) is not None:
            yield known
        else:
            waiting.append(one)
    for made in helpers.as_finished_with(asked, function, waiting):
        if kept is not None:
            kept.keep(made)
        yield made


def attempt(asked: Asked, side: Side) -> Tried:
    """The nearest flip of one figure on one side, by estimates of worlds."""
    figure, count = side.figure, 0
    curve: list[TriedValue] = []

    def look(value: Value, past_pct: float | None = FAR_PCT) -> Found | None:
        nonlocal count
        if isinstance(figure.value, int) and not isinstance(value, str):
            value = round(value)
        found = _found_with(asked, [(figure.path, value)], past_pct)
        if found is not None:
            count += found.estimated
            if past_pct is not None:
                curve.append(_at(value, found.verdict, found.binding))
        return found

    def flips(found: Found) -> bool:
        return found.verdict != asked.verdict

    if isinstance(side.end, str):
        there = look(side.end)
        flipped = there is not None and flips(there)
        flip = Flip(figure.value, side.end, there) if flipped and there is not None else None
    else:
        flip = nearest(float(figure.value), side.end, look, flips, figure.scale)
    if flip is not None and not flip.found.whole:
        there = look(flip.flips, None)  # what fails by the end of the meeting
        assert there is not None
        assert flips(there)
        flip = replace(flip, found=there)
    return Tried(side, _flip_point(flip), count, curve)


def by_arithmetic(question: Question) -> Found | None:
    """What is found where sums of calls and rates say no (`shortfall`); None: packets decide.

    An estimate would say no as well, and takes long where queues overflow.
    """
    limits = {each.id: each for each in criteria_of(question).criterion}
    short = shortfall(
        static_loads(question.plan), limits[DEVICE].threshold, limits[LINK_PEAK].threshold
    )
    limit = None if short is None else limits.get(short.criterion)
    if short is None or limit is None or meets(limit, short.value):
        return None  # a scenario may allow calls that are refused
    place = Place(kind="mcu", id="mcu")
    if short.link is not None:
        place = Place(kind="link", id=short.link.link, detail=short.link.direction)
    value = round(short.value, 3)
    binding = Binding(
        criterion=short.criterion,
        cause="mcu" if short.link is None else "link",
        place=place,
        where=short.where,
        value=value,
        threshold=limit.threshold,
        unit=limit.unit,
        margin_pct=margin_pct(limit, value),
    )
    return Found("fail", binding)


def _at(value: Value, verdict: Verdict, binding: Binding | None) -> TriedValue:
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


def _judged(
    question: Question, seeds: int, judge: Judge, past_pct: float | None = None
) -> AsJudged:
    """At the own seed; what passes there, at others until one does not."""
    judged = judge(question, past_pct)
    for seed in others(question.plan.seed, seeds):
        if judged.judgement.verdict != "pass":
            break
        judged = judge(question.at_seed(seed), past_pct)
    return judged


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
            update={
                "threshold": limit,
                "ok": meets(other, own.value),
                "margin_pct": margin_pct(other, own.value),
            }
        )
        found = _found_among([*({**results, ident: judged}).values()])
        curve.append(_at(limit, found.verdict, found.binding))
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
    known = [each for each in failed or criteria if each.place is not None]
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


def _least_first(criterion: CriterionResult) -> float:
    return -math.inf if criterion.margin_pct is None else criterion.margin_pct


def _told(asked: Asked, figure: Figure, found: Sequence[Tried]) -> TriedFigure:
    chosen = [each.flip for each in found if figure.choices and each.flip is not None]
    sides = {each.side.end: each.flip for each in found if not figure.choices}
    ends = figure.low < figure.value if not isinstance(figure.value, str) else False
    own = _at(figure.value, asked.verdict, asked.judgement.binding)
    curve = {each.value: each for each in (own, *(v for each in found for v in each.curve))}
    scale = None if figure.choices else figure.scale
    return TriedFigure(
        key=figure.key,
        what=figure.told.what,
        what_vi=figure.told.what_vi,
        field=figure.field,
        unit=figure.unit,
        value=figure.value,
        low=None if figure.choices else figure.low,
        high=None if figure.choices else figure.high,
        choices=list(figure.choices),
        range_from=figure.origin,
        range_source=figure.within.source,
        range_source_vi=figure.within.source_vi or None,
        settled_by=figure.told.settled_by,
        settled_by_vi=figure.told.settled_by_vi,
        below=sides.get(figure.low) if ends else None,
        above=sides.get(figure.high) if figure.high != figure.value else None,
        chosen=chosen,
        scale="log" if scale is not None and scale.logarithmic else "linear",
        whole=scale is not None and scale.whole,
        curve=list(curve.values()) if figure.choices else sorted(curve.values(), key=_number),
    )


def _number(tried: TriedValue) -> float:
    return float(tried.value)
