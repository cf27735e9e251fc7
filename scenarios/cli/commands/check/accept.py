"""`giaoban accept RUN [NAME]`: an answer that later ones are compared with (`--baseline NAME`)."""

from __future__ import annotations

from typing import Annotated

import typer

from giaoban.files import write_whole, writing
from giaoban.results.archive.store import open_run
from giaoban.results.archive.stored_report import report_of_run
from giaoban.results.judge.accepted_cases import (
    AcceptedCases,
    accept_cases,
    refuse_to_replace,
    text_of_cases,
)
from giaoban.results.judge.baseline import accept, path_of, text_of, tolerance_in
from giaoban.results.model.answer_files import ANSWER_FILES
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.document import Par
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import print_blocks
from giaoban.scenarios.spec.project import current
from giaoban.schemas import referring
from giaoban.tomlfile import load


def command(
    run: Annotated[str, typer.Argument(help="run that judges: folder, id or its beginning")],
    name: Annotated[
        str | None, typer.Argument(help="name of the baseline, or a .toml file [that of the run]")
    ] = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="why it is accepted")],
    results: folders.Results,
) -> int:
    """Accept a run, so that later ones are compared with it; tolerances stay as they were."""
    where = open_run(run, results, *ANSWER_FILES)
    report = report_of_run(where)
    path = path_of(name or report.subject, current().baselines)
    refuse_to_replace(path, report.command, report.method)
    today = now_in_vietnam().date()
    if report.command == "faults":
        before = tolerance_in(path) if path.is_file() else None
        answer = FaultsAnswer.read(where)
        made = accept(answer, name=path.stem, reason=reason, on=today, tolerance=before)
        text, n = text_of(made), len(made.failure)
    else:
        kept = load(path, AcceptedCases).tolerance if path.is_file() else None
        cases = accept_cases(report, name=path.stem, reason=reason, on=today, tolerance=kept)
        text, n = text_of_cases(cases), len(cases.case)
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, referring(text, path).encode())
    print_blocks(Par(f"{path}: {n} cases accepted"))
    return 0
