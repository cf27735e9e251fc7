"""`giaoban baseline`: accepted answers about failures, which later ones are compared with."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from giaoban.files import MOST_ANSWER, read_file
from giaoban.results import RUNS
from giaoban.results.archive.store import open_run, write_whole, writing
from giaoban.results.judge import baseline as baselines
from giaoban.results.judge.baseline import (
    FOLDER,
    Baseline,
    accept,
    path_of,
    read,
    text_of,
    tolerance_in,
)
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.report.document import Par, table
from giaoban.scenarios.cli.output import print_blocks, print_json
from giaoban.scenarios.study.failures.failures import FAULTS
from giaoban.sentence import Sentence
from giaoban.translation import pgettext

app = typer.Typer(help="Answers about failures that were accepted.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--baselines", help="folder of the baselines")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.callback()
def group() -> None:
    """Answers about failures that were accepted."""


@app.command("accept")
def accept_run(
    run: Annotated[
        str, typer.Argument(help="run of `giaoban faults`: folder, id or its beginning")
    ],
    name: Annotated[str, typer.Option("--name", help="name of the baseline")],
    reason: Annotated[str, typer.Option("--reason", help="why it is accepted")],
    results: Annotated[Path, typer.Option("--results", help="folder of the runs")] = RUNS,
    folder: Folder = FOLDER,
) -> int:
    """Take a run as what later ones are compared with; tolerances stay as they were."""
    where = open_run(run, results, FAULTS)
    path = path_of(name, folder)
    answer = _read_answer(where / FAULTS)
    tolerance = tolerance_in(path) if path.is_file() else None
    made = accept(answer, name=path.stem, reason=reason, on=date.today(), tolerance=tolerance)
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text_of(made).encode())
    print_blocks(
        Par(
            Sentence(
                "{path}: {n} {n:failure|failures} accepted",
                path=path,
                n=len(made.failure),
            )
        )
    )
    return 0


@app.command("list")
def list_all(folder: Folder = FOLDER, as_json: AsJson = False) -> int:
    """The baselines there are."""
    found = [read(name, folder) for name in baselines.names(folder)]
    if as_json:
        print_json({"baselines": [_head(item) for item in found]})
        return 0
    rows = [
        (
            item.name,
            item.accepted.isoformat(),
            str(len(item.failure)),
            item.scenario.path,
            item.reason,
        )
        for item in found
    ]
    head = (
        *(Sentence("name"), Sentence(pgettext("verdict", "accepted")), Sentence("failures")),
        *(Sentence("scenario"), Sentence("reason")),
    )
    print_blocks(table(head, rows) if found else Par(Sentence("none in {folder}", folder=folder)))
    return 0


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="name of a baseline, or a .toml file")],
    folder: Folder = FOLDER,
    as_json: AsJson = False,
) -> int:
    """One baseline as it was accepted."""
    found = read(name, folder)
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        print_blocks(Par(text_of(found).removesuffix("\n")))
    return 0


def _read_answer(path: Path) -> FaultsAnswer:
    return FaultsAnswer.from_json(read_file(path, most=MOST_ANSWER), str(path))


def _head(item: Baseline) -> dict[str, object]:
    return {
        "name": item.name,
        "accepted": item.accepted.isoformat(),
        "failures": len(item.failure),
        "scenario": item.scenario.path,
        "province": item.province.path,
        "reason": item.reason,
    }
