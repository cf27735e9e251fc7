"""`giaoban compare OLD [NEW]`: two states of inputs, or two runs."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.workers import InlineWorker, WorkerPool, cores
from giaoban.results.archive.store import kind_of_run
from giaoban.results.archive.stored_report import report_of_run
from giaoban.results.judge.accepted_cases import as_it_was
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
from giaoban.scenarios.study.compare.sides import at_revision, pair_of_run, pairs, top_of, tree_of
from giaoban.sentence import Sentence


def command(
    old: Annotated[
        str | None,
        typer.Argument(
            help="scenario (file or name), province or folder as it was; REV:PATH: of git; or a "
            "run, or its evidence"
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Argument(help="the same as it is, or a later run [of a run: its inputs as of now]"),
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
        float | None,
        typer.Option(
            "--tolerance",
            min=0,
            max=1000,
            help="percent of a limit that a figure may be worse (inputs: 10, runs: 1)",
        ),
    ] = None,
    confirm: options.Confirm = False,
    jobs: options.Jobs = None,
    engine: options.Engine = EngineName.SANDBOX,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Compare two states of inputs, two runs, or a run with the inputs of today.

    Inputs are compared key by key and judged by estimate, a run and its inputs of today likewise.
    Exit code 0: nothing is worse; 1: a verdict, a criterion or a bridge is, or a margin has lost
    more than --tolerance, or a scenario is gone; 3: what changed could not be judged, as it can
    only be emulated (--confirm), or an emulation cannot be trusted.
    """
    runs = [_run(text, results) for text in (old, new) if text is not None]
    if len(runs) == 2 and runs[0] and runs[1]:
        return _runs(runs[0], runs[1], tolerance, as_json=as_json)
    jobs = jobs or cores()
    with temporary_folder("compare") as place:
        if old is not None and new is None and since is None and runs[0]:
            found = [pair_of_run(runs[0], place)]
            names = runs[0].name, str(found[0].new and found[0].new.scenario_path)
        else:
            before, after, names = _sides(old, new, since, place)
            found = pairs(before, after, [scenario_file(each) for each in scenario or ()])
        order = CompareRequest(
            found,
            *names,
            tolerance_points=TOLERANCE_POINTS if tolerance is None else tolerance,
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


def _run(text: str, results: Path) -> Path | None:
    """Return the folder of a run that a word names by its path or its whole id."""
    path = Path(text)
    if path.suffix == ".zip" and path.is_file():
        return path
    return next((each for each in (path, results / text) if kind_of_run(each) is not None), None)


def _runs(old: Path, new: Path, tolerance: float | None, *, as_json: bool) -> int:
    """Compare the cases of two runs."""
    before, after = report_of_run(old), report_of_run(new)
    if before.command != after.command:
        raise InputError(
            "{old} is a run of giaoban {command}, {new} of giaoban {other} (allowed: two of one "
            "kind)",
            old=old,
            command=before.command,
            new=new,
            other=after.command,
        )
    accepted = as_it_was(before, old.name, now_in_vietnam().date())
    if tolerance is not None:
        percent = accepted.tolerance.model_copy(update={"pct": min(tolerance, 100.0)})
        accepted = accepted.model_copy(update={"tolerance": percent})
    report, told, comparison = judging.against(after, accepted)
    worse = sum(change["sense"] == "worse" for change in comparison["changes"])
    headline = Sentence("PASS – nothing is worse than in {run}", run=old.name)
    if worse:
        headline = Sentence(
            "FAIL – {n} {n:thing is|things are} worse than in {run}", n=worse, run=old.name
        )
    report = replace(report, command="compare", headline=headline)
    head = Par(headline, bold=True, tone="bad" if worse else "good")
    return judging.end(report, head, *told[1:-1], data=lambda: comparison, as_json=as_json)


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
