"""`giaoban history`: the runs of the project: list, trend of a criterion, summary of a year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.files import writing
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import HistoryEntry, SkippedRun
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.networks import Networks, refuse_several
from giaoban.results.archive.history.trend import TrendPoint, drawable, trend
from giaoban.results.archive.history.yearly import KINDS, OTHER, yearly
from giaoban.results.report.document import TONES, Block, Cell, Par, Table, pars, table
from giaoban.results.report.screen_wording import MET
from giaoban.results.report.wording import NOT_SHOWN, VERDICTS, margin
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.sentence import Both, Sentence, shown
from giaoban.translation import pgettext, translator, unit_words

app = typer.Typer(
    add_completion=False, help="The runs of the project, by year.", no_args_is_help=True
)

Scenario = Annotated[str | None, typer.Option("--scenario", help="only this scenario's (its id)")]
Year = Annotated[int | None, typer.Option("--year", min=2000, max=2999, help="only of this year")]


@app.command("list")
def list_runs(
    scenario: Scenario = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="only of this kind: check, faults, …")
    ] = None,
    year: Year = None,
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """All runs, oldest first, or those that fit."""
    with opened(results) as index:
        found = index.entries(scenario, kind, year)
        skipped = index.skipped()
    if as_json:
        print_json(
            {
                "runs": [entry.model_dump(mode="json") for entry in found],
                "skipped": [folder.model_dump() for folder in skipped],
            }
        )
        return 0
    none = Sentence("no runs in {results}", results=results)
    if (scenario, kind, year) != (None, None, None):
        none = Sentence("no run fits")
    print_blocks(*(_runs_tables(found) if found else [Par(none)]), *_not_counted(skipped))
    return 0


@app.command("trend")
def trend_of(
    criterion: Annotated[str, typer.Argument(help="criterion, e.g. mouth-to-ear, mcu-units")],
    scenario: Scenario = None,
    year: Year = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="draw it into this .svg, .png or .pdf file")
    ] = None,
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """One criterion through the runs: value, limit and margin each time."""
    with opened(results) as index:
        index.check_criterion(criterion)
        skipped = index.skipped()
        chosen = index.entries(scenario, None, year)
    chosen = [entry for entry in chosen if entry.criterion(criterion) is not None]
    refuse_several(chosen)
    points = trend(chosen, criterion)
    if out is not None:
        if not drawable(points):
            raise InputError(
                "--out {out}: no valid run with a value of {criterion} to draw",
                out=out,
                criterion=criterion,
            )
        from giaoban.results.archive.history.draw_trend import draw_trend

        with writing(out):
            draw_trend(points, out, lang=language.asked() or "vi")
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
                "out": None if out is None else str(out),
                "skipped": [folder.model_dump() for folder in skipped],
            }
        )
        return 0
    print_blocks(
        _trend_table(points) if points else Par(Sentence("no run fits")), *_not_counted(skipped)
    )
    return 0


@app.command("year")
def summary_of(
    year: Annotated[int, typer.Argument(min=2000, max=2999, help="the year")],
    out: Annotated[
        Path | None, typer.Option("--out", help="the .pdf file [giao-ban-YEAR.pdf]")
    ] = None,
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """The year's runs as a document, for the yearly report."""
    path = out or Path(f"giao-ban-{year}.pdf")
    with opened(results) as index:
        found = index.entries(year=year)
        skipped = index.skipped()
    write_summary(found, year, path)
    if as_json:
        left = [folder.model_dump() for folder in skipped]
        print_json({"file": str(path), **yearly(found, year), "skipped": left})
    else:
        told = Sentence("summary of {n} {n:run|runs}: {path}", n=len(found), path=path)
        print_blocks(Par(told), *_not_counted(skipped))
    return 0


def _runs_tables(found: Sequence[HistoryEntry]) -> Iterator[Block]:
    """Yield a table, or one for each province where there are several."""
    apart = Networks(found).apart(found)
    if len([name for name in apart if name]) < 2:
        yield _runs_table(found)
        return
    for name, entries in apart.items():
        yield Par(name or Sentence("of no province"), bold=True)
        yield _runs_table(entries)


def _runs_table(found: Sequence[HistoryEntry]) -> Table:
    head = (
        *(Sentence("when"), Sentence(pgettext("table", "verdict")), Sentence("kind")),
        *(Sentence(pgettext("table", "bridges")), Sentence("binds"), Sentence("margin")),
        Sentence("run"),
    )
    return table(head, map(_run_row, found), right=(3, 5), gives=(4, 6))


def _run_row(e: HistoryEntry) -> tuple[str | Cell, ...]:
    binds, room = "", ""
    if e.binding is not None and e.verdict != "invalid":
        known = e.criterion(e.binding.criterion)
        binds = Both(known.name_en, known.name_vi) if known else e.binding.criterion
        room = margin(e.binding.margin_pct)
    kind = Both(e.kind, translator("vi").text(KINDS.get(e.kind, OTHER)))
    return (
        f"{e.at:%Y-%m-%d %H:%M}",
        Cell(VERDICTS.get(e.verdict or "", e.verdict or "–"), tone=TONES.get(e.verdict or "", "")),
        Sentence("{kind} (estimate)", kind=kind) if e.engine == "estimate" else kind,
        f"{len(e.existing)}+{len(e.new)}" if e.existing or e.new else "",
        binds,
        room,
        e.folder,
    )


def _not_counted(skipped: Sequence[SkippedRun]) -> list[Par]:
    """Return the folders that hold no run, each with the reason."""
    lines = (
        Sentence(
            "not a run: {folder} – {why}", folder=each.folder, why=Both(each.reason, each.reason_vi)
        )
        for each in skipped
    )
    return pars(lines, "quiet")


def _trend_table(points: Sequence[TrendPoint]) -> Table:
    last = points[-1].criterion
    sign = "≤" if last.sense == "at-most" else "≥"
    rows: list[tuple[str | Cell, ...]] = []
    for p in points:
        c = p.criterion
        mark = Cell(MET[c.ok] if c.shown else Sentence(NOT_SHOWN), tone="" if c.ok else "bad")
        if not p.counts:
            mark = Cell(
                Sentence("estimate") if p.engine == "estimate" else Sentence("invalid run"),
                tone="quiet",
            )
        value = Sentence("not measured") if c.value is None else shown(c.value, c.threshold)
        limit = shown(c.threshold, c.threshold)
        rows.append(
            (
                f"{p.at:%Y-%m-%d %H:%M}",
                value,
                Sentence("{sign} {limit}", sign=sign, limit=limit),
                margin(c.margin_pct),
                mark,
                Both(c.where_en, c.where_vi or c.where_en),
                p.run_id,
            )
        )
    return table(
        (
            *(Sentence("when"), Sentence("value"), Sentence("limit"), Sentence("margin")),
            *(Sentence("result"), Sentence("worst at"), Sentence("run")),
        ),
        rows,
        right=(1, 2, 3),
        caption=Sentence(
            "{criterion} ({unit})",
            criterion=Both(last.name_en, last.name_vi),
            unit=unit_words(last.unit, 2, last.unit_vi),
        ),
        gives=(5,),
    )
