"""The study engine: named questions of a study, estimated or emulated in parallel.

A study varies a question into points, has them judged here, and makes its answer of the results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from giaoban.errors import InvalidRun
from giaoban.files import writing
from giaoban.processes.progress import Progress
from giaoban.processes.workers import InlineWorker, WorkerPool
from giaoban.results.judge.criteria import CALLS_AS_ASKED, CALLS_SET_UP, MCU_UNITS
from giaoban.results.model.result import FAR_PCT, Result
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.emulation_process import EmulationJob, emulate_all, result_of
from giaoban.sentence import Sentence
from giaoban.topology.sandbox import kernel
from giaoban.translation import N_, Language

EMULATING = N_("emulating: {done} of {count}")
Points = Mapping[str, Question]
"""The points of a study by name; a name is that of the folder of an emulation."""
EXACT = (MCU_UNITS, CALLS_SET_UP, CALLS_AS_ASKED)
"""Criteria whose value does not depend on any packet."""


def estimate_points[T](
    points: Points,
    look: Callable[[Answer], T],
    progress: Progress,
    *,
    workers: WorkerPool | InlineWorker | None = None,
    told: str,
) -> dict[str, T]:
    """Return what `look` makes of the estimate of each point.

    Args:
        look: a function of a module, which another process may call.
        workers: processes that estimate; None: this one.
        told: progress message, with `{variant}`.
    """
    ask = (workers or InlineWorker()).ask
    asked = {name: ask(_estimated, question, name, look) for name, question in points.items()}
    found = {}
    for number, (name, answer) in enumerate(asked.items()):
        progress(Sentence(told, variant=name), number / len(asked))
        found[name] = answer()
    return found


def _estimated[T](question: Question, name: str, look: Callable[[Answer], T]) -> T:
    return look(estimate(question, name))


def emulate_points[T](
    points: Points,
    place: Path,
    engine: EngineName,
    progress: Progress,
    *,
    told: str,
    look: Callable[[Answer, Path], T],
    jobs: int | None = None,
    on_end: Callable[[str, T | InvalidRun], object] = lambda _name, _found: None,
) -> dict[str, T | InvalidRun]:
    """Return what `look` makes of the emulation of each point, or why it cannot be trusted.

    Args:
        place: folder in which each point has one of its name, with its `result.json`.
        told: progress message, with `{done}` and `{count}`.
        look, jobs, on_end: as of `EmulationJob` and `emulate_all`.

    Raises:
        InputError, MachineLacks: as the emulation.
    """
    if not points:
        return {}
    if engine is EngineName.SANDBOX:
        kernel.ensure(progress)  # once, before several would wait for it
    with writing(place):
        for name in points:
            (place / name).mkdir(parents=True)
    found = emulate_all(
        (
            EmulationJob(name, question, engine, place / name, look)
            for name, question in points.items()
        ),
        len(points),
        engine=engine,
        jobs=jobs,
        told=told,
        progress=progress,
        on_end=on_end,
    )
    return {name: found[name].found for name in points}


def with_summary[T](language: Language, look: Callable[[Answer], T]) -> Any:
    """Return a `look` of `emulate_points` that also writes `summary.md` beside the result."""
    return partial(_summarised, language, look)


def _summarised[T](
    language: Language, look: Callable[[Answer], T], answer: Answer, captures: Path
) -> T:
    folder = captures.parents[1]
    (folder / "summary.md").write_text(summary_md(answer.result, language), encoding="utf-8")
    return look(answer)


def judge_points(
    points: Points,
    place: Path,
    engine: EngineName | None,
    progress: Progress,
    *,
    estimating: str,
    told: str,
) -> dict[str, Result | InvalidRun | list[Sentence]]:
    """Return the result of each point: by estimate, or by emulation if that is near a limit.

    A point that cannot be estimated is emulated; without an engine the reasons are returned.

    Args:
        engine: None: by estimate alone.
        estimating, told: progress messages, as of `estimate_points` and `emulate_points`.
    """
    why = {name: reasons(question.plan) for name, question in points.items()}
    able = {name: question for name, question in points.items() if not why[name]}
    estimated = estimate_points(able, _result, progress, told=estimating)
    found: dict[str, Result | InvalidRun | list[Sentence]] = {**why, **estimated}
    if engine is None:
        return found
    near = {
        name: question
        for name, question in points.items()
        if why[name] or not is_far(estimated[name])
    }
    return found | emulate_points(near, place, engine, progress, told=told, look=result_of)


def _result(answer: Answer) -> Result:
    return answer.result


def is_far(result: Result) -> bool:
    """Return whether a result passes with every margin large enough to believe an estimate."""
    margins = [c.margin_pct for c in result.criteria if c.id not in EXACT and c.shown]
    return result.verdict == "pass" and all(m is not None and m >= FAR_PCT for m in margins)
