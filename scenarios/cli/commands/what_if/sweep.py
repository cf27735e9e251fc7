"""`giaoban sweep FILE`: many points at once, on this machine's cores or a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from giaoban.processes.cluster import workers_for
from giaoban.processes.workers import cores
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.sweep import SweepAnswer, SweepPoint
from giaoban.results.report.ci.answers import of_sweep
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries.sweep_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.study.sweep.axes import Sweep
from giaoban.scenarios.study.sweep.points import Points, default_folder
from giaoban.scenarios.study.sweep.sweep import (
    TABLE,
    SweepRequest,
    sweep,
)
from giaoban.scenarios.study.whatif.apply import base_of
from giaoban.sentence import Sentence
from giaoban.tomlfile import load


def command(
    file: Annotated[Path, typer.Argument(help="sweep file (TOML)")],
    province: options.OtherProvince = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, max=options.MOST_JOBS, help="points at a time (the cores there are)"
        ),
    ] = None,
    scheduler: options.Scheduler = None,
    kept: options.Points = None,
    seeds: options.StudySeeds = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Judge bridges × profiles × devices × failures. Exit code 0: all points are computed.

    With --baseline 1 means that a point is worse than it was accepted.

    Finished points are kept: an interrupted sweep goes on where it was, and nothing is computed
    twice.
    """
    judging.known_baseline("estimate")
    asked = load(file, Sweep)
    if seeds is not None:
        asked = asked.model_copy(update={"seeds": seeds})
    base = base_of(
        file.parent / asked.scenario, province, phase_s=asked.phase_s, pace_s=asked.pace_s
    )
    points = Points(kept or default_folder(), SweepPoint.model_validate_json)
    # before what shows the progress has a thread
    with workers_for(jobs or cores(), scheduler) as workers, progress() as told:
        order = SweepRequest(asked, file, base, points, workers, language.chosen())
        outcome = sweep(order, root=results, now=now_in_vietnam(), progress=told)
    return judging.end_of(
        outcome, of_sweep(outcome.answer), *shown(outcome), as_json=as_json, files=[file]
    )


def shown(outcome: Outcome[SweepAnswer]) -> list[Block]:
    told = Sentence("all points: {folder}", folder=outcome.folder / TABLE)
    return [*brief(outcome.answer), Par(told)]
