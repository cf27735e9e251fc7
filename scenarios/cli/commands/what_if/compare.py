"""`giaoban compare OLD NEW`: what a change of a province or a scenario does, and to whom."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.workers import InlineWorker, WorkerPool, cores
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.ci.answers import of_compared
from giaoban.results.report.document import Par
from giaoban.results.report.summaries.compared_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.spec.project import scenario_file
from giaoban.scenarios.study.compare.compare import (
    MAP,
    TOLERANCE_POINTS,
    CompareRequest,
    compare,
)
from giaoban.scenarios.study.compare.sides import at_revision, pairs, top_of, tree_of
from giaoban.sentence import Sentence


def command(
    old: Annotated[
        str | None,
        typer.Argument(
            help="scenario (file or name), province or folder as it was; REV:PATH: of git"
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(help="as it is; with --since the folder [this one]")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="REV", help="all scenarios of a folder, since a revision"),
    ] = None,
    scenario: Annotated[
        list[Path] | None,
        typer.Option("--scenario", help="judge two provinces by this scenario (repeatable)"),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", min=0, max=1000, help="points a margin may lose, if still met"),
    ] = TOLERANCE_POINTS,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="emulate what is near a limit, or has changed sides")
    ] = False,
    jobs: options.Jobs = None,
    engine: options.Engine = EngineName.SANDBOX,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Say what a change does: inputs key by key, verdicts, margins, bridges, a map; by estimate.

    Exit code 0: nothing is worse; 1: a verdict, a criterion or a bridge is, or a margin has lost
    more than --tolerance, or a scenario is gone; 3: what changed could not be judged, as it can
    only be emulated (--confirm), or an emulation cannot be trusted.
    """
    jobs = jobs or cores()
    with temporary_folder("compare") as place:
        before, after, names = _sides(old, new, since, place)
        order = CompareRequest(
            pairs(before, after, [scenario_file(each) for each in scenario or ()]),
            *names,
            tolerance_points=tolerance,
            confirm=confirm,
            engine=engine,
            jobs=jobs,
        )
        beside = WorkerPool(min(jobs, 2 * len(order.pairs))) if jobs > 1 else None
        with beside or nullcontext(InlineWorker()) as workers, progress() as told:
            outcome = compare(
                order,
                root=results,
                now=now_in_vietnam(),
                progress=told,
                workers=workers,
                language=language.chosen(),
            )
    drawn = outcome.folder / MAP
    where = [Par(Sentence("map of the difference: {path}", path=drawn))] if drawn.is_file() else []
    return judging.end_of(
        outcome,
        of_compared(outcome.answer),
        *brief(outcome.answer),
        *where,
        Par(Sentence("all figures: {folder}", folder=outcome.summary)),
        as_json=as_json,
        files=outcome.files,
    )


def _sides(
    old: str | None, new: str | None, since: str | None, place: Path
) -> tuple[Path, Path, tuple[str, str]]:
    """Both sides as paths, and what to call them."""
    if since is not None:
        if new is not None:
            raise InputError("--since: says what the old side is (allowed: one folder or file)")
        here = Path(old or ".").resolve()
        top = top_of(here if here.is_dir() else here.parent)
        return tree_of(since, place) / here.relative_to(top), here, (since, old or ".")
    if old is None or new is None:
        raise InputError("what is compared? (allowed: OLD NEW, or --since REV)")
    sides = [at_revision(text, place) or scenario_file(Path(text)) for text in (old, new)]
    return sides[0], sides[1], (old, new)
