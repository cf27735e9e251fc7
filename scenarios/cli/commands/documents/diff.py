"""`giaoban diff RUN RUN`: the same measures, or what differs."""

from __future__ import annotations

from typing import Annotated

import typer

from giaoban.results.archive.store import open_run, read_result
from giaoban.results.judge.diff import differences
from giaoban.results.report.document import Par, table
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.cli.runs import last_two
from giaoban.sentence import Sentence


def command(
    first: Annotated[
        str | None, typer.Argument(help="run: folder, id, or the beginning of an id [the last]")
    ] = None,
    second: Annotated[
        str | None, typer.Argument(help="another run [the one before it of the same scenario]")
    ] = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """Compare two runs' measures: exit 0 if they are the same, 1 if not."""
    if first is None or second is None:
        folders = last_two(results, first)
    else:
        folders = open_run(first, results, "check"), open_run(second, results, "check")
    runs = [read_result(folder) for folder in folders]
    found = differences(*runs)
    if as_json:
        print_json({"same": not found, "differences": [d._asdict() for d in found]})
    elif not found:
        print_blocks(Par(Sentence("the same measures and the same verdict"), tone="good"))
    else:
        kinds = {"input": Sentence("input"), "measure": Sentence("measure")}
        head = (Sentence("kind"), Sentence("what"), runs[0].run_id, runs[1].run_id)
        said = Sentence("{n} {n:difference|differences}", n=len(found))
        print_blocks(
            Par(said, tone="bad"),
            table(head, [(kinds[d.kind], d.path, str(d.a), str(d.b)) for d in found]),
        )
    return 1 if found else 0
