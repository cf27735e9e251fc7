"""`giaoban diff RUN RUN`: the same measures, or what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from results import RUNS
from results.archive.store import open_run, read_result
from results.judge.diff import differences
from scenarios.cli.output import print_json


def command(
    first: Annotated[str, typer.Argument(help="run: folder, id, or the beginning of an id")],
    second: Annotated[str, typer.Argument(help="another run")],
    results: Annotated[Path, typer.Option("--results", help="folder of the runs")] = RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """Compare two runs' measures: exit 0 if they are the same, 1 if not."""
    runs = [read_result(open_run(ref, results)) for ref in (first, second)]
    found = differences(*runs)
    if as_json:
        print_json({"same": not found, "differences": [d._asdict() for d in found]})
    elif not found:
        Console().print("the same measures and the same verdict", style="green")
    else:
        table = Table(box=None, pad_edge=False)
        for name in ("kind", "what", runs[0].run_id, runs[1].run_id):
            table.add_column(name, overflow="fold")
        for d in found:
            table.add_row(d.kind, escape(d.path), escape(str(d.a)), escape(str(d.b)))
        Console().print(table)
    return 1 if found else 0
