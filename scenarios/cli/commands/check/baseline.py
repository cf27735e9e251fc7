"""`giaoban baseline`: accepted answers, which later ones are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from giaoban.files import write_whole, writing
from giaoban.results.archive.store import open_run
from giaoban.results.archive.stored_report import report_of_run
from giaoban.results.judge import baseline as baselines
from giaoban.results.judge.accepted_cases import (
    AcceptedCases,
    accept_cases,
    is_of_cases,
    refuse_to_replace,
    text_of_cases,
)
from giaoban.results.judge.baseline import (
    Baseline,
    accept,
    path_of,
    read,
    text_of,
    tolerance_in,
)
from giaoban.results.model.answer_files import ANSWER_FILES
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.document import Par, table
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.schemas import referring
from giaoban.sentence import Sentence
from giaoban.tomlfile import load
from giaoban.translation import pgettext

app = typer.Typer(add_completion=False, help="Answers that were accepted.", no_args_is_help=True)


@app.command("accept")
def accept_run(
    run: Annotated[str, typer.Argument(help="run that judges: folder, id or its beginning")],
    name: Annotated[str, typer.Option("--name", help="name of the baseline")],
    reason: Annotated[str, typer.Option("--reason", help="why it is accepted")],
    *,
    results: folders.Runs,
    folder: folders.Baselines,
) -> int:
    """Take a run as what later ones are compared with; tolerances stay as they were."""
    path = path_of(name, folder)
    where = open_run(run, results, *ANSWER_FILES)
    today = now_in_vietnam().date()
    if (where / FaultsAnswer.FILE).is_file():
        answer = FaultsAnswer.read(where)
        refuse_to_replace(path, "faults", answer.method)
        before = tolerance_in(path) if path.is_file() else None
        made = accept(answer, name=path.stem, reason=reason, on=today, tolerance=before)
        text, n = referring(text_of(made), path), len(made.failure)
        said = Sentence("{path}: {n} {n:failure|failures} accepted", path=path, n=n)
    else:
        report = report_of_run(where)
        refuse_to_replace(path, report.command, report.method)
        kept = load(path, AcceptedCases).tolerance if path.is_file() else None
        cases = accept_cases(report, name=path.stem, reason=reason, on=today, tolerance=kept)
        text, n = text_of_cases(cases), len(cases.case)
        said = Sentence("{path}: {n} {n:case|cases} accepted", path=path, n=n)
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())
    print_blocks(Par(said))
    return 0


def _read_any(name: str, folder: Path) -> Baseline | AcceptedCases:
    path = path_of(name, folder)
    return load(path, AcceptedCases) if path.is_file() and is_of_cases(path) else read(name, folder)


@app.command("list")
def list_all(*, folder: folders.Baselines, as_json: AsJson = False) -> int:
    """The baselines there are."""
    found = [_read_any(name, folder) for name in baselines.names(folder)]
    if as_json:
        print_json({"baselines": [_head(item) for item in found]})
        return 0
    rows = [
        (
            item.name,
            item.accepted.isoformat(),
            *_of_what(item),
            item.reason,
        )
        for item in found
    ]
    head = (
        *(Sentence("name"), Sentence(pgettext("verdict", "accepted")), Sentence("cases")),
        *(Sentence("of what"), Sentence("reason")),
    )
    print_blocks(table(head, rows) if found else Par(Sentence("none in {folder}", folder=folder)))
    return 0


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="name of a baseline, or a .toml file")],
    *,
    folder: folders.Baselines,
    as_json: AsJson = False,
) -> int:
    """One baseline as it was accepted."""
    found = _read_any(name, folder)
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        text = text_of(found) if isinstance(found, Baseline) else text_of_cases(found)
        print_blocks(Par(text.removesuffix("\n")))
    return 0


def _of_what(item: Baseline | AcceptedCases) -> tuple[str, str]:
    if isinstance(item, Baseline):
        return str(len(item.failure)), f"faults {item.scenario.path}"
    return str(len(item.case)), f"{item.command} {item.subject}"


def _head(item: Baseline | AcceptedCases) -> dict[str, object]:
    of: dict[str, object]
    if isinstance(item, AcceptedCases):
        of = {"cases": len(item.case), "command": item.command, "subject": item.subject}
    else:
        files = {"scenario": item.scenario.path, "province": item.province.path}
        of = {"failures": len(item.failure), **files}
    return {
        "name": item.name,
        "accepted": item.accepted.isoformat(),
        **of,
        "reason": item.reason,
    }
