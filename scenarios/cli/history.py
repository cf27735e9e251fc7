"""`giaoban history`: the runs that were kept, through the year."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from giaoban.counting import counted
from giaoban.errors import InputError
from results.history.choose import Choice, check_criterion, choose
from results.history.compare import compare
from results.history.document import write_summary
from results.history.index import opened
from results.history.prune import Pruned, check_own, prunable, prune_run, unfinished
from results.history.trend import draw_trend, drawable, trend
from results.history.yearly import yearly
from results.plot_words import Lang
from results.store import read_result, writing
from scenarios.cli.history_tables import (
    comparison_json,
    print_wide,
    runs_table,
    show_comparison,
    show_pruning,
    trend_table,
)
from scenarios.cli.output import print_json
from scenarios.cli.runs import open_kind
from scenarios.cli.shared import RUNS

app = typer.Typer(
    help="The runs that were kept: list, compare, trend, summary, prune.", no_args_is_help=True
)

Root = Annotated[Path, typer.Option("--results", help="folder of the runs")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Scenario = Annotated[str | None, typer.Option("--scenario", help="only this scenario's (its id)")]
Kind = Annotated[str | None, typer.Option("--kind", help="only of this kind: check, faults, …")]
Bridge = Annotated[
    str | None, typer.Option("--bridge", help="only with this bridge in it (id or name)")
]
Since = Annotated[str | None, typer.Option("--from", help="from this day on, YYYY-MM-DD")]
Until = Annotated[str | None, typer.Option("--to", help="to this day, YYYY-MM-DD")]
Year = Annotated[int | None, typer.Option("--year", min=2000, max=2999, help="of this year")]


@app.callback()
def group() -> None:
    """The runs that were kept: list, compare, trend, summary, prune."""


@app.command("list")
def list_runs(
    scenario: Scenario = None,
    kind: Kind = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", help="only pass, fail or invalid")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="only by this engine: sandbox, native, …")
    ] = None,
    bridge: Bridge = None,
    since: Since = None,
    until: Until = None,
    year: Year = None,
    results: Root = RUNS,
    as_json: AsJson = False,
) -> int:
    """All runs, oldest first, or those that fit."""
    if verdict not in (None, "pass", "fail", "invalid"):
        raise InputError(f'--verdict "{verdict}": allowed are pass, fail, invalid')
    first, last = days(since, until, year)
    choice = Choice(scenario, kind, verdict, engine, bridge, first, last)
    with opened(results) as index:
        found = choose(index, choice)
        skipped = index.skipped()
    if as_json:
        print_json(
            {
                "runs": [entry.model_dump(mode="json") for entry in found],
                "skipped": [folder.model_dump() for folder in skipped],
            }
        )
        return 0
    console = Console()
    if found:
        print_wide(console, runs_table(found, console.width))
    else:
        console.print("no run fits" if choice != Choice() else f"no runs in {results}")
    for folder in skipped:
        console.print(
            f"not a run: {folder.folder} – {folder.reason}",
            style="dim",
            highlight=False,
            markup=False,
        )
    return 0


@app.command("compare")
def compare_runs(
    first: Annotated[str, typer.Argument(help="run: folder, id, or the beginning of an id")],
    second: Annotated[str, typer.Argument(help="a later run")],
    results: Root = RUNS,
    as_json: AsJson = False,
) -> int:
    """What changed from one run to another: inputs, bridges, criteria."""
    runs = [read_result(open_kind(ref, results, "check")) for ref in (first, second)]
    found = compare(*runs)
    if as_json:
        print_json(comparison_json(found))
    else:
        show_comparison(found)
    return 0


@app.command("trend")
def trend_of(
    criterion: Annotated[str, typer.Argument(help="criterion, e.g. mouth-to-ear, mcu-units")],
    scenario: Scenario = None,
    kind: Kind = None,
    bridge: Bridge = None,
    since: Since = None,
    until: Until = None,
    year: Year = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="draw it into this .svg, .png or .pdf file")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="of the picture: vi or en")] = "vi",
    results: Root = RUNS,
    as_json: AsJson = False,
) -> int:
    """One criterion through the runs: value, limit and margin each time."""
    language = language_of(lang)
    first, last = days(since, until, year)
    with opened(results) as index:
        check_criterion(index, criterion)
        chosen = choose(index, Choice(scenario, kind, None, None, bridge, first, last))
    points = trend(chosen, criterion)
    if plot is not None:
        if not drawable(points):
            raise InputError(f"--plot {plot}: no valid run with a value of {criterion} to draw")
        with writing(plot):
            draw_trend(points, plot, lang=language)
    if as_json:
        print_json(
            {
                "criterion": criterion,
                "points": [
                    {
                        "at": p.at.isoformat(),
                        "run_id": p.run_id,
                        "scenario": p.scenario,
                        "verdict": p.verdict,
                        "engine": p.engine,
                        "counts": p.counts,
                        **p.criterion.model_dump(exclude={"id", "name_vi", "unit_vi", "where_vi"}),
                    }
                    for p in points
                ],
                "plot": None if plot is None else str(plot),
            }
        )
        return 0
    console = Console()
    if not points:
        console.print("no run fits")
        return 0
    print_wide(console, trend_table(points, console.width))
    if plot is not None:
        console.print(f"plot: {plot}", soft_wrap=True, highlight=False, markup=False)
    return 0


@app.command("summary")
def summary_of(
    year: Annotated[int, typer.Option("--year", min=2000, max=2999, help="the year")],
    out: Annotated[
        Path | None, typer.Option("--out", help="the .pdf file [giao-ban-YEAR.pdf]")
    ] = None,
    results: Root = RUNS,
    as_json: AsJson = False,
) -> int:
    """The year's runs as a document in Vietnamese, for the yearly report (Art. 13(4), 22(2))."""
    path = out or Path(f"giao-ban-{year}.pdf")
    with opened(results) as index:
        found = choose(index, Choice.of_year(year))
    write_summary(found, year, path)
    if as_json:
        print_json({"file": str(path), **yearly(found, year)})
    else:
        said = f"summary of {counted(len(found), 'run')}: {path}"
        Console().print(said, soft_wrap=True, highlight=False, markup=False)
    return 0


@app.command("prune")
def prune(
    keep: Annotated[
        int, typer.Option("--keep", min=0, help="so many of the newest runs stay whole")
    ],
    older_than: Annotated[
        int | None, typer.Option("--older-than", min=0, help="and all not older than so many days")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only say what would be pruned")
    ] = False,
    results: Root = RUNS,
    as_json: AsJson = False,
) -> int:
    """Bring old runs down to their evidence, once that is verified. Exit 1: not all could be."""
    now = datetime.now()
    with opened(results) as index:
        entries = index.entries()
        old = prunable(entries, keep=keep, older_than_days=older_than, now=now)
        folders = [results / e.folder for e in old] + unfinished(results, entries)
        done: list[Pruned] = []
        left: dict[str, str] = {}
        for folder in folders:
            try:
                if dry_run:
                    check_own(folder)
                else:
                    done.append(prune_run(folder, now=now))
            except InputError as error:
                left[folder.name] = str(error)
        index.refresh()
    if as_json:
        print_json(
            {
                "would_prune" if dry_run else "pruned": [
                    folder.name for folder in folders if folder.name not in left
                ],
                "left": left,
                "freed_bytes": sum(p.freed_bytes - p.evidence_bytes for p in done),
            }
        )
    else:
        show_pruning(folders, done, left, dry_run=dry_run)
    return 1 if left else 0


def days(since: str | None, until: str | None, year: int | None) -> tuple[date | None, date | None]:
    """The first and the last day that count. Raises `InputError`."""
    if year is not None:
        if since or until:
            raise InputError("--year cannot go with --from or --to")
        return date(year, 1, 1), date(year, 12, 31)
    return _day("--from", since), _day("--to", until)


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f'{option} "{text}": not a day; allowed is YYYY-MM-DD') from None


def language_of(text: str) -> Lang:
    """`vi` or `en`. Raises `InputError`."""
    if text == "vi":
        return "vi"
    if text == "en":
        return "en"
    raise InputError(f'--lang "{text}": allowed are vi, en')
