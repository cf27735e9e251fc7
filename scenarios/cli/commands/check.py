"""`giaoban check SCENARIO`: the main job."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from giaoban.errors import InputError
from results import RUNS
from results.model.result import Result
from results.report.summary import TerminalTable, terminal_table
from results.report.view.page import FILE
from scenarios.cli import options
from scenarios.cli.output import COLOURS, EXIT_CODES, print_json, progress
from scenarios.emulation.engine import EngineName
from scenarios.spec.question import make_question
from scenarios.study.check import check, check_by_estimate
from scenarios.study.seeds import helpers_for

MARK_WIDTH, NAME_WIDTH, GAP = len("NOT MET"), 22, 1


def command(
    scenario: Annotated[Path, typer.Argument(help="scenario file (TOML)")],
    province: Annotated[
        Path | None, typer.Option("--province", help="another province than the scenario names")
    ] = None,
    engine: options.Engine = EngineName.SANDBOX,
    seed: options.Seed = None,
    seeds: options.OtherSeeds = None,
    pcap: Annotated[
        list[str] | None, typer.Option("--pcap", help="record this bridge as .pcapng (repeatable)")
    ] = None,
    results: options.Results = RUNS,
    as_json: Annotated[
        bool, typer.Option("--json", help="print result.json instead of a table")
    ] = False,
    by_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="work it out in seconds, without emulation and annex"),
    ] = False,
) -> int:
    """Emulate an expansion before, during and after, and judge it.

    The same question is judged by estimate at other seeds: an answer that depends on luck is no
    pass. What cannot be estimated is emulated at up to 3 other seeds, if --seeds says so.
    """
    if by_estimate and pcap:
        raise InputError(
            "--pcap: an estimate has no frames to record (allowed: without --estimate)"
        )
    question = make_question(
        scenario, province_path=province, seed=seed, pcap=tuple(dict.fromkeys(pcap or ()))
    )
    # before what shows the progress has a thread
    with helpers_for(question, seeds) as helpers, progress() as told:
        now = datetime.now()
        if by_estimate:
            outcome = check_by_estimate(
                question, root=results, now=now, progress=told, seeds=seeds, helpers=helpers
            )
        else:
            outcome = check(
                question,
                engine=engine,
                root=results,
                now=now,
                progress=told,
                seeds=seeds,
                helpers=helpers,
            )
    if as_json:
        print_json(json.loads(outcome.result.to_json()))
    else:
        show(outcome.result, outcome.folder)
    return EXIT_CODES[outcome.result.verdict]


def show(result: Result, folder: Path) -> None:
    """The verdict as a table that can be read in ten seconds."""
    console = Console()
    shown = terminal_table(result)
    colour = COLOURS[result.verdict]
    console.print(shown.headline, style=colour, highlight=False, markup=False)
    console.print(shown.binds, highlight=False, markup=False)
    console.print(_criteria(shown, console.width))
    for note in shown.notes:
        console.print(note, style="dim", highlight=False, markup=False)
    if not result.is_estimate:
        told = f"annex: {folder / 'phu-luc.pdf'}"
        console.print(told, soft_wrap=True, highlight=False, markup=False)
    console.print(f"page: {folder / FILE}", soft_wrap=True, highlight=False, markup=False)


def _criteria(shown: TerminalTable, width: int) -> Table:
    """One line a criterion, also on a terminal of 80 columns: names give way, figures do not."""
    figures = {
        name: max([len(name), *(len(getattr(row, name)) for row in shown.rows)])
        for name in ("value", "limit", "margin")
    }
    left = width - sum(figures.values()) - MARK_WIDTH - GAP * (len(figures) + 2)
    longest = max((len(row.criterion) + 2 for row in shown.rows), default=0)
    where = max(NAME_WIDTH // 2, left - longest)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    table.add_column("criterion", no_wrap=True, max_width=max(NAME_WIDTH, left - where))
    for name, wide in figures.items():
        table.add_column(name, justify="right", no_wrap=True, width=wide)
    table.add_column("result", no_wrap=True, width=MARK_WIDTH)
    table.add_column("worst at", no_wrap=True, max_width=where)
    for row in shown.rows:
        style = "" if row.ok else "red"
        mark = "met" if row.ok else "NOT MET"
        name = f"▶ {row.criterion}" if row.binding else row.criterion
        table.add_row(name, row.value, row.limit, row.margin, mark, row.where, style=style)
    return table
