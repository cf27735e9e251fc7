"""`giaoban metrics`: runs as OpenMetrics text, and the dashboard that shows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.files import write_whole
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.store import kind_of_run, open_run
from giaoban.results.archive.stored_report import report_of_run
from giaoban.results.model.answer_files import ANSWER_FILES
from giaoban.results.report.ci.openmetrics import KeptReport, dashboard, openmetrics
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import print_json

MOST_LOOKED_AT = 200
"""Of the newest runs, where none are named."""


def command(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="runs: folder, id or its beginning [the newest of each command and subject]",
            metavar="RUN…",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="write the text there, all at once")
    ] = None,
    grafana: Annotated[
        bool, typer.Option("--dashboard", help="print the Grafana dashboard of these metrics")
    ] = False,
    *,
    results: folders.Runs,
) -> int:
    """Print verdicts, figures and limits of runs as OpenMetrics text, for Prometheus.

    With --out into the folder of node_exporter's textfile collector, or sent to a push gateway.
    """
    if grafana:
        print_json(dashboard())
        return 0
    named = [_kept(open_run(ref, results, *ANSWER_FILES)) for ref in runs or ()]
    found = named or _newest(results)
    text = openmetrics(found)
    if out is not None:
        write_whole(out, text.encode())
    else:
        sys.stdout.write(text)
    return 0


def _newest(root: Path) -> list[KeptReport]:
    """The newest of each command and subject. Raises `InputError`: there is none."""
    with opened(root) as index:
        entries = [root / entry.folder for entry in reversed(index.entries())]
    there = [folder for folder in entries if kind_of_run(folder) is not None]
    found: dict[tuple[str, str], KeptReport] = {}
    for path in there[:MOST_LOOKED_AT]:
        kept = _kept(path)
        found.setdefault((kept.report.command, kept.report.subject), kept)
    if not found:
        raise InputError(
            "{root} holds no finished run; name one, or run giaoban check first", root=root
        )
    return list(found.values())


def _kept(folder: Path) -> KeptReport:
    kind = kind_of_run(folder)
    assert kind is not None  # others are not opened
    return KeptReport(report_of_run(folder), (folder / ANSWER_FILES[kind]).stat().st_mtime)
