"""The whole answer: the question as assumed, then each assumed figure at other values.

Judged by estimate, in processes beside this one or on a cluster: each takes a figure and a side of
it and looks for the nearest flip there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from giaoban.errors import InvalidRun
from giaoban.processes.cluster import ClusterWorkers
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers, InlineWorker
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.judge.criteria import Criterion
from giaoban.results.model.robustness import Robustness
from giaoban.results.model.seeds import wilson_pct
from giaoban.results.model.studies.sensitivity import (
    DrawnWorlds,
    FailedBy,
    PastFlips,
    Sensitivity,
    TriedFigure,
    TriedValue,
    UntriedAssumption,
    verdict_of,
)
from giaoban.results.report.summaries.sensitivity_summary import passed_worlds, summary_md
from giaoban.scenarios.estimate.estimate import judge_alone
from giaoban.scenarios.estimate.limits import check as check_estimable
from giaoban.scenarios.measure.assemble import criteria_of, inputs_of
from giaoban.scenarios.measure.unmodelled import unmodelled
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.documents import prove
from giaoban.scenarios.study.failures.answer import names_of
from giaoban.scenarios.study.sensitivity.drawn import hypercube, value_at
from giaoban.scenarios.study.sensitivity.figures import AssumedFigure, figures, load_ranges
from giaoban.scenarios.study.sensitivity.tried import (
    Asked,
    Draw,
    Found,
    Judge,
    Tried,
    at_limits,
    attempt,
    judged_at_seeds,
    look_at,
    sides,
    tried_value,
)
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, Value, World
from giaoban.sentence import Sentence
from giaoban.translation import SOURCE, Language

WORLDS = 1000
"""Drawn where a share of them is required and nobody says how many."""


@dataclass(frozen=True)
class AnalysisOptions:
    """What is asked beside the flip points.

    Attributes:
        seeds: so many others are judged in each world that passes at its own.
        worlds: so many are drawn in which all figures are others at once.
        required_pct: the share of these that has to pass, if any.
        ranges: a file of ranges that hold before those beside figures, and the program's.
    """

    seeds: int = 0
    worlds: int = 0
    required_pct: float | None = None
    ranges: Path | None = None

    @classmethod
    def of(
        cls,
        worlds: int,
        share: float | None,
        ranges: Path | None,
        *,
        seeds: int = 0,
    ) -> AnalysisOptions:
        """As a command line says it; where worlds are needed and no number is said, `WORLDS` are
        drawn."""
        required_pct = None if share is None else round(100 * share, 6)
        drawn = worlds or WORLDS * (share is not None)
        return cls(seeds, drawn, required_pct, ranges)


def sensitivity(
    question: Question,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    wanted: AnalysisOptions | None = None,
    helpers: Helpers | ClusterWorkers | None = None,
    judge: Judge | None = None,
) -> Outcome[Sensitivity]:
    """Try every assumed figure, write `sensitivity.json`, `summary.md` and the evidence.

    Args:
        helpers: processes in which worlds are judged, or a cluster.
        judge: how; None: by estimate.

    Raises:
        InputError: the question cannot be estimated, thresholds make no sense, or the file of
            ranges names no figure of this question.
    """
    wanted = wanted or AnalysisOptions()
    check_options(question, wanted)
    with new_run(root, f"sensitivity-{question.plan.scenario_id}", now) as folder:
        answer = analyse(question, folder.run_id, wanted, progress, helpers, judge)
        folder.keep(answer, summary_md(answer, language))
        prove(folder.path, question, answer)
        return folder.finished_with(answer)


def check_options(question: Question, wanted: AnalysisOptions) -> None:
    """Raises `InputError` for all that can be told before anything is judged."""
    criteria = criteria_of(question)
    check_estimable(question)
    if wanted.ranges is not None:
        load_ranges(wanted.ranges, World.of(question), criteria)


def analyse(
    question: Question,
    run_id: str,
    wanted: AnalysisOptions,
    progress: Progress,
    helpers: Helpers | ClusterWorkers | None = None,
    judge: Judge | None = None,
) -> Sensitivity:
    """The answer without a folder of its own. Raises as `sensitivity`."""
    began_s = time.monotonic()
    criteria = criteria_of(question)
    world = World.of(question)
    own = None if wanted.ranges is None else load_ranges(wanted.ranges, world, criteria)
    tried_figures, untried = figures(world, criteria, own)
    progress(Sentence("as assumed"), 0.0)
    judge = judge or judge_alone
    first = judged_at_seeds(question, wanted.seeds, judge, every=True)
    asked = Asked(world, first, wanted.seeds, judge)
    found = _all_tried(asked, tried_figures, criteria.criterion, helpers, progress)
    told = [
        _told(asked, figure, [each for each in found if each.side.number == number])
        for number, figure in enumerate(tried_figures)
    ]
    drawn, drawn_estimates = None, 0
    if wanted.worlds:
        drawn, drawn_estimates = _drawn(asked, tried_figures, wanted, helpers, progress, told)
        if wanted.required_pct is not None and not drawn.judged:
            raise InvalidRun(
                "no world of {n} that {n:was|were} drawn can be judged, of which a share has to "
                "pass",
                n=wanted.worlds,
            )
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
        figures=told,
        untried=[
            UntriedAssumption(assumption=each.told, why=each.why.en, why_vi=each.why.vi)
            for each in untried
        ],
        unmodelled=unmodelled(question, estimate=True),
        drawn=drawn,
        names=names_of(question.plan.network, question.province),
        estimates=1 + sum(each.estimates for each in found) + drawn_estimates,
        seconds=round(time.monotonic() - began_s, 3),
    )


def draw_worlds(
    question: Question,
    worlds: int,
    progress: Progress,
    helpers: Helpers | ClusterWorkers | None = None,
    judge: Judge | None = None,
) -> Robustness | None:
    """Return in how many drawn worlds a question passes, without the search for flip points; the
    seed of the question draws them. None: it fails as assumed, or no such world can be judged.

    Raises `InputError`: the question cannot be estimated.
    """
    check_estimable(question)
    world = World.of(question)
    assumed = figures(world, criteria_of(question))[0]
    judge = judge or judge_alone
    first = judge(question)
    if first.verdict != "pass":
        return None
    asked = Asked(world, first, 0, judge)
    options = AnalysisOptions(worlds=worlds)
    drawn, _ = _drawn(asked, assumed, options, helpers, progress)
    if not drawn.judged:
        return None
    return Robustness(file=None, as_assumed="pass", tried=len(assumed), worlds=passed_worlds(drawn))


def _all_tried(
    asked: Asked,
    tried: Sequence[AssumedFigure],
    criteria: Sequence[Criterion],
    helpers: Helpers | ClusterWorkers | None,
    progress: Progress,
) -> list[Tried]:
    every = [side for number, figure in enumerate(tried) for side in sides(number, figure)]
    limits = [side for side in every if side.figure.path[0] == THRESHOLDS]
    found = [at_limits(asked, side, criteria) for side in limits]
    others_than_limits = [side for side in every if side not in limits]
    for each in _each(attempt, asked, others_than_limits, helpers):
        found.append(each)
        progress(
            Sentence("assumptions: {number} of {all}", number=len(found), all=len(every)),
            len(found) / len(every),
        )
    return found


def _drawn(
    asked: Asked,
    tried: Sequence[AssumedFigure],
    wanted: AnalysisOptions,
    helpers: Helpers | ClusterWorkers | None,
    progress: Progress,
    flips: Sequence[TriedFigure] = (),
) -> tuple[DrawnWorlds, int]:
    """Return the drawn worlds, and how many were estimated. Limits stay as they are: they are no
    part of the world. `flips`: the figures with their flip points, where these were searched."""
    of_world = [figure for figure in tried if figure.path[0] != THRESHOLDS]
    seed, worlds = asked.world.base.plan.seed, wanted.worlds
    columns = {kind: n for n, kind in enumerate(dict.fromkeys(f.kind for f in of_world))}
    places = hypercube(worlds, len(columns), seed)[:, [columns[f.kind] for f in of_world]]
    draws = [
        Draw(n, tuple((f.path, value_at(f, x)) for f, x in zip(of_world, row, strict=True)))
        for n, row in enumerate(places.tolist())
    ]
    found: dict[int, Found] = {}
    for done, looked in enumerate(_each(look_at, asked, draws, helpers), 1):
        number, there = looked.draw.number, looked.found
        progress(Sentence("worlds: {number} of {all}", number=done, all=worlds), done / worlds)
        if there is not None:
            found[number] = there
    numbers = sorted(found)
    passed = sum(found[n].verdict == "pass" for n in numbers)
    low_pct, high_pct = wilson_pct(passed, len(numbers)) if numbers else (0.0, 100.0)
    failed: dict[str, list[int]] = {}
    for n in numbers:
        if found[n].verdict != "pass" and (binding := found[n].binding) is not None:
            failed.setdefault(binding.criterion, []).append(n)

    def values_of(world: int) -> dict[str, Value]:
        values = (value for _, value in draws[world].figures)
        return dict(zip([figure.key for figure in of_world], values, strict=True))

    drawn = DrawnWorlds(
        seed=seed,
        judged=len(numbers),
        impossible=worlds - len(numbers),
        passed=passed,
        low_pct=low_pct,
        high_pct=high_pct,
        failed_by=[
            failed_by(criterion, [values_of(n) for n in worlds_of], flips)
            for criterion, worlds_of in sorted(failed.items(), key=lambda each: -len(each[1]))
        ],
    )
    return drawn, sum(each.estimated for each in found.values())


def failed_by(
    criterion: str, worlds: Sequence[Mapping[str, Value]], figures: Sequence[TriedFigure]
) -> FailedBy:
    """Return the worlds (values by key) that a criterion limits, with the figures past a flip."""
    by_field: dict[str, list[set[str]]] = {}
    alone = 0
    for values in worlds:
        past: dict[str, set[str]] = {}
        for figure in figures:
            if figure.key in values and figure.is_past_flip(values[figure.key], criterion):
                past.setdefault(figure.field, set()).add(figure.key)
        alone += bool(past)
        for field, keys in past.items():
            by_field.setdefault(field, []).append(keys)
    return FailedBy(
        criterion=criterion,
        worlds=len(worlds),
        alone=alone,
        past_flips=[
            PastFlips(
                field=field,
                keys=sorted(counts := Counter(chain(*found)), key=lambda key: (-counts[key], key)),
                worlds=len(found),
            )
            for field, found in sorted(by_field.items(), key=lambda each: (-len(each[1]), each[0]))
        ],
    )


def _each[T, R](
    function: Callable[[Asked, T], R],
    asked: Asked,
    given: Sequence[T],
    helpers: Helpers | ClusterWorkers | None,
) -> Iterator[R]:
    """Yield the values of a function in any order, from processes beside this one if there are."""
    if helpers is None:
        helpers = InlineWorker()
    yield from helpers.as_finished_with(asked, function, given)


def _told(asked: Asked, figure: AssumedFigure, found: Sequence[Tried]) -> TriedFigure:
    chosen = [each.flip for each in found if figure.choices and each.flip is not None]
    sides = {each.side.end: each.flip for each in found if not figure.choices}
    ends = figure.low < figure.value if not isinstance(figure.value, str) else False
    own = tried_value(figure.value, asked.verdict, asked.judgement.binding)
    curve = {each.value: each for each in (own, *(v for each in found for v in each.curve))}
    scale = None if figure.choices else figure.scale
    likely_low, likely_high = _likely(figure)
    return TriedFigure(
        key=figure.key,
        what=figure.told.what,
        what_vi=figure.told.what_vi,
        field=figure.field,
        unit=figure.unit,
        value=figure.value,
        low=None if figure.choices else figure.low,
        high=None if figure.choices else figure.high,
        likely_low=likely_low,
        likely_high=likely_high,
        choices=list(figure.choices),
        likely_choices=[*figure.likely_choices] if figure.likely_choices != figure.choices else [],
        choice_names={
            each.id: each.name for each in asked.world.profiles.profile if each.id in figure.choices
        },
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


def _likely(figure: AssumedFigure) -> tuple[float, float] | tuple[None, None]:
    """Between what it is drawn, if not from all that was tried of it."""
    if figure.choices or figure.path[0] == THRESHOLDS:
        return None, None
    low, high, _ = figure.likely
    return (None, None) if (low, high) == (figure.low, figure.high) else (low, high)


def _number(tried: TriedValue) -> float:
    return float(tried.value)
