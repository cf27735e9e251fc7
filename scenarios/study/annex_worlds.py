"""The share of drawn worlds in which a check passes, for its annex."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from giaoban.errors import InputError
from giaoban.processes.ownership import temporary_folder
from giaoban.results.model.result import Result
from giaoban.results.model.robustness import Robustness
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.sensitivity import agrees
from giaoban.results.report.summaries.sensitivity_summary import robustness
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study.laid_out import as_laid_out, lay_out, read_inputs

LEAST_WORLDS = 40
"""Their share has a 95 % interval of at most 30 points (Wilson)."""


def with_worlds(
    chapter: Chapter, run: Path, draw: Callable[[Question], Robustness | None]
) -> Chapter:
    """Return a check that passes with how far its assumptions may be off: from an analysis beside
    it, and the share of worlds from `draw` where no analysis has it."""
    result, analysis = chapter.part.answer, chapter.analysis
    if not isinstance(result, Result) or result.verdict != "pass":
        return chapter
    varied = result.robustness
    if varied is None and analysis is not None:
        if not agrees(analysis.answer, result):
            return chapter
        varied = robustness(analysis.answer, Sensitivity.FILE)
    if varied is None or varied.worlds is None:
        drawn = _drawn_of(run, draw)
        if varied is None or drawn is None:
            varied = varied or drawn
        else:
            varied = varied.model_copy(update={"worlds": drawn.worlds})
    result = result.model_copy(update={"robustness": varied})
    return chapter._replace(part=chapter.part._replace(answer=result))


def _drawn_of(run: Path, draw: Callable[[Question], Robustness | None]) -> Robustness | None:
    """Return the drawn worlds of the question as it was asked; None: its inputs are not there any
    more, or it cannot be estimated."""
    try:
        manifest, files = read_inputs(run)
        with temporary_folder("worlds") as folder:
            scenario, province = lay_out(manifest, files, folder)
            change = as_laid_out(manifest)
            return draw(
                make_question(scenario, province_path=province, seed=manifest.seed, change=change)
            )
    except (InputError, OSError):
        return None
