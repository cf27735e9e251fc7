"""`giaoban history`: the runs that were kept, through the year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from giaoban.errors import InputError
from giaoban.figure_words import LABELS, label_of
from giaoban.files import writing
from giaoban.results.archive.history.choose import RunFilter, check_criterion, choose
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import HistoryEntry, SkippedRun
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.networks import Networks, refuse_several
from giaoban.results.archive.history.recheck import Changed, Moved, Rechecked
from giaoban.results.archive.history.trend import TrendPoint, drawable, trend
from giaoban.results.archive.history.yearly import KINDS, OTHER, yearly
from giaoban.results.archive.store import open_run, read_result
from giaoban.results.judge.compare import INPUTS, Change, RunComparison, compare
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import CriterionResult
from giaoban.results.report.document import (
    TONES,
    Block,
    Cell,
    Par,
    Table,
    Tone,
    pars,
    table,
    toned,
)
from giaoban.results.report.screen_wording import MET
from giaoban.results.report.summaries.check_summary import ESTIMATED
from giaoban.results.report.summaries.sensitivity_summary import amount, name_of
from giaoban.results.report.wording import NOT_SHOWN, VERDICTS, margin, margin_of
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.options import day
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.sentence import N_, Both, Sentence, joined, message, shown
from giaoban.translation import pgettext, translator, unit_words


def runs_table(found: Sequence[HistoryEntry]) -> Table:
    head = (
        *(Sentence("when"), Sentence(pgettext("table", "verdict")), Sentence("kind")),
        *(Sentence(pgettext("table", "bridges")), Sentence("binds"), Sentence("margin")),
        Sentence("run"),
    )
    return table(head, map(_run_row, found), right=(3, 5), gives=(4, 6))


def runs_tables(found: Sequence[HistoryEntry]) -> Iterator[Block]:
    """A table, or one for each province where there are several."""
    apart = Networks(found).apart(found)
    if len([name for name in apart if name]) < 2:
        yield runs_table(found)
        return
    for name, entries in apart.items():
        yield Par(name or Sentence("of no province"), bold=True)
        yield runs_table(entries)


def _kind(e: HistoryEntry) -> Both | Sentence:
    """Return what a run is of: in English by its command's name, as `--kind` has it."""
    kind = Both(e.kind, translator("vi").text(KINDS.get(e.kind, OTHER)))
    return Sentence("{kind} (estimate)", kind=kind) if e.engine == "estimate" else kind


def _run_row(e: HistoryEntry) -> tuple[str | Cell, ...]:
    binds, room = "", ""
    if e.binding is not None and e.verdict != "invalid":
        known = e.criterion(e.binding.criterion)
        binds = Both(known.name_en, known.name_vi) if known else e.binding.criterion
        room = margin(e.binding.margin_pct)
    return (
        f"{e.at:%Y-%m-%d %H:%M}",
        Cell(VERDICTS.get(e.verdict or "", e.verdict or "–"), tone=TONES.get(e.verdict or "", "")),
        _kind(e),
        f"{len(e.existing)}+{len(e.new)}" if e.existing or e.new else "",
        binds,
        room,
        e.folder,
    )


def _not_counted(skipped: Sequence[SkippedRun]) -> list[Par]:
    """Folders that nothing is taken from, each with the reason."""
    told = (
        Sentence(
            "not a run: {folder} – {why}",
            folder=each.folder,
            why=Both(each.reason, each.reason_vi),
        )
        for each in skipped
    )
    return pars(told, "quiet")


def trend_table(points: Sequence[TrendPoint]) -> Table:
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
        rows.append(
            (
                f"{p.at:%Y-%m-%d %H:%M}",
                figure(c.value, c.threshold),
                Sentence("{sign} {limit}", sign=sign, limit=figure(c.threshold, c.threshold)),
                margin(c.margin_pct),
                mark,
                Both(c.where_en, c.where_vi or c.where_en),
                p.run_id,
            )
        )
    return table(
        (
            Sentence("when"),
            Sentence("value"),
            Sentence("limit"),
            Sentence("margin"),
            Sentence("result"),
            Sentence("worst at"),
            Sentence("run"),
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


def comparison(found: RunComparison) -> Iterator[Block]:
    runs = zip(("A", "B"), (found.a, found.b), found.verdicts, found.estimated, strict=True)
    for name, run, verdict, estimated in runs:
        told = VERDICTS.get(verdict, verdict)
        if estimated:
            told = Sentence(ESTIMATED, verdict=told)
        yield Par(Sentence("{name}: {run} – {verdict}", name=name, run=run, verdict=told))
    inputs = [Sentence(INPUTS[each]) if each in INPUTS else each for each in found.inputs]
    yield Par(
        Sentence(
            "inputs that differ: {inputs}",
            inputs=joined(", ", inputs) if inputs else Sentence("none"),
        )
    )
    if found.added:
        yield Par(Sentence("bridges only in B: {added}", added=", ".join(found.added)))
    if found.removed:
        yield Par(Sentence("bridges only in A: {removed}", removed=", ".join(found.removed)))
    yield table(
        (
            Sentence("criterion"),
            "A",
            "B",
            Sentence("limit"),
            Sentence("margin A"),
            Sentence("margin B"),
            Sentence("B is"),
        ),
        map(_change_row, found.criteria),
        right=range(1, 6),
    )
    if found.measures:
        all_of = f"giaoban diff {found.a} {found.b}"
        yield Par(
            Sentence(
                "{measures} {measures:measure differs|measures differ}; all of them: {all_of}",
                measures=found.measures,
                all_of=all_of,
            )
        )
    else:
        yield Par(Sentence("all measures are the same"))


MOST_KEPT = 1_000_000
MOST_DAYS = 36_500
"""A hundred years."""
TRENDS = {
    "better": Sentence(pgettext("B is", "better")),
    "worse": Sentence(pgettext("B is", "worse")),
    "same": Sentence(pgettext("B is", "same")),
    "other": Sentence("not comparable"),
}


def _change_row(c: Change) -> Sequence[Cell]:
    known = c.b or c.a
    sign = "≤" if known and known.sense == "at-most" else "≥"
    row = (
        Both(c.name_en, c.name_vi),
        _of(c.a),
        _of(c.b),
        Sentence(
            "{sign} {limit} {unit}",
            sign=sign,
            limit=figure(known.threshold, known.threshold) if known else figure(None),
            unit=unit_words(c.unit, 2, c.unit_vi),
        ),
        *(margin(margin_of(each)) for each in (c.a, c.b)),
        TRENDS[c.trend],
    )
    tones: dict[str, Tone] = {"worse": "bad", "better": "good"}
    return toned(row, tones.get(c.trend, ""))


def rechecking(found: Sequence[Rechecked], without: int, alone: int) -> Iterator[Block]:
    """Each approval with what moved since, those that fall first. `without`: approvals that have no
    analysis; `alone`: analyses that are of no approval."""
    for each in sorted(found, key=lambda one: not one.falls):
        if each.reason:
            why = Both(each.reason, each.reason_vi)
            yield Par(Sentence("unknown: {run} – {reason}", run=each.folder, reason=why))
        elif each.falls:
            yield Par(
                Sentence("FALLS: {run} – check again", run=each.folder), bold=True, tone="bad"
            )
        else:
            yield Par(Sentence("holds: {run}", run=each.folder), tone="good")
        yield from pars(map(moved_line, each.moved))
        yield from pars(map(changed_line, each.changed or ()))
        if each.changed is None and not each.reason:
            yield Par(
                Sentence(
                    "its own files are not there or not readable: only figures that were tried are "
                    "compared"
                ),
                tone="doubt",
            )
        if len(each.moved) > 1 and not each.falls:
            yield Par(
                Sentence("several figures moved: that they hold together was not tried"),
                tone="doubt",
            )
    if not found:
        yield Par(Sentence("no approval with an analysis of its assumptions"))
    if without:
        yield Par(
            Sentence(
                "{n} {n:approval has|approvals have} none: giaoban check --sensitivity makes it",
                n=without,
            ),
            tone="quiet",
        )
    if alone:
        yield Par(
            Sentence(
                "{n} {n:analysis|analyses} of giaoban sensitivity alone, by estimate: no approval "
                "that could fall",
                n=alone,
            ),
            tone="quiet",
        )


STATES = {
    "holds": N_("{figure}: {was} → {now}"),
    "falls": N_("{figure}: {was} → {now}, held to {to}"),
    "untried": N_("{figure}: {was} → {now}, tried only to {to}"),
}


def moved_line(moved: Moved) -> Sentence:
    """A figure that moved, and whether the approval holds there."""
    said, values = STATES[moved.state], {"was": amount(moved, moved.was)}
    if moved.now is None:
        said = N_("{figure}: {was}, is in no file any more")
    else:
        values["now"] = amount(moved, moved.now)
        if moved.state == "untried" and (moved.to is None or isinstance(moved.to, str)):
            said = N_("{figure}: {was} → {now}, which was not tried")
        elif moved.to is not None:
            values["to"] = amount(moved, moved.to)
    return message(said, figure=name_of(moved), **values)


CHANGES = {
    "other": N_("{figure}: {was} → {now}, which was not tried"),
    "new": N_("{figure}: was not there, and was not tried"),
    "gone": N_("{figure}: is in no file any more"),
}


def changed_line(changed: Changed) -> Sentence:
    """What changed that no analysis tried at another value."""
    was, now = (
        Sentence("none") if value is None else message("{value}", value=value)
        for value in (changed.was, changed.now)
    )
    return message(CHANGES[changed.state], figure=_named(changed), was=was, now=now)


def _named(changed: Changed) -> Sentence:
    """By the name for people, and by the key that stands in the file."""
    if not changed.what:
        return message("{key}", key=changed.key)
    record = Both(changed.what, changed.what_vi)
    field = changed.field.rpartition(".")[2]
    if field not in LABELS:  # which has no word but its key
        return message("{record} ({key})", record=record, key=changed.key)
    return message(
        "{record}: {figure} ({key})",
        record=record,
        figure=label_of(field),
        key=changed.key,
    )


def _of(criterion: CriterionResult | None) -> str:
    if criterion is None:
        return Sentence("not judged")
    if not criterion.shown:
        return Sentence(NOT_SHOWN)
    said = figure(criterion.value, criterion.threshold)
    return said if criterion.ok else Sentence("{value} (not met)", value=said)


def comparison_json(found: RunComparison) -> dict[str, Any]:
    def side(c: CriterionResult | None) -> dict[str, Any] | None:
        keep = {"value", "threshold", "ok", "shown", "margin_pct", "worst_at"}
        return None if c is None else c.model_dump(include=keep)

    def change(c: Change) -> dict[str, Any]:
        return {"id": c.id, "unit": c.unit, "a": side(c.a), "b": side(c.b), "b_is": c.trend}

    return {**found._asdict(), "criteria": [change(c) for c in found.criteria]}


def figure(value: float | None, limit: float | None = None) -> str:
    """Return a value as the table of `giaoban check` shows it."""
    return Sentence("not measured") if value is None else shown(value, limit)


app = typer.Typer(
    add_completion=False,
    help="The runs that were kept: list, compare, trend, summary, recheck.",
    no_args_is_help=True,
)

Scenario = Annotated[str | None, typer.Option("--scenario", help="only this scenario's (its id)")]
Kind = Annotated[str | None, typer.Option("--kind", help="only of this kind: check, faults, …")]
Bridge = Annotated[
    str | None, typer.Option("--bridge", help="only with this bridge in it (id or name)")
]
Province = Annotated[
    str | None, typer.Option("--province", help="only of this province (its name)")
]
Since = Annotated[str | None, typer.Option("--from", help="from this day on, YYYY-MM-DD")]
Until = Annotated[str | None, typer.Option("--to", help="to this day, YYYY-MM-DD")]
Year = Annotated[int | None, typer.Option("--year", min=2000, max=2999, help="of this year")]


@app.command("list")
def list_runs(
    scenario: Scenario = None,
    kind: Kind = None,
    verdict: Annotated[
        Verdict | None, typer.Option("--verdict", help="only pass, fail, undecided or invalid")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="only by this engine: sandbox, native, …")
    ] = None,
    bridge: Bridge = None,
    province: Province = None,
    since: Since = None,
    until: Until = None,
    year: Year = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """All runs, oldest first, or those that fit."""
    first, last = days(since, until, year)
    choice = RunFilter(scenario, kind, verdict, engine, bridge, first, last, province)
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
    none = Sentence("no runs in {results}", results=results)
    if choice != RunFilter():
        none = Sentence("no run fits")
    print_blocks(*(runs_tables(found) if found else [Par(none)]), *_not_counted(skipped))
    return 0


@app.command("compare")
def compare_runs(
    first: Annotated[str, typer.Argument(help="run: folder, id, or the beginning of an id")],
    second: Annotated[str, typer.Argument(help="a later run")],
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """What changed from one run to another: inputs, bridges, criteria."""
    runs = [read_result(open_run(ref, results, "check")) for ref in (first, second)]
    found = compare(*runs)
    if as_json:
        print_json(comparison_json(found))
    else:
        print_blocks(*comparison(found))
    return 0


@app.command("trend")
def trend_of(
    criterion: Annotated[str, typer.Argument(help="criterion, e.g. mouth-to-ear, mcu-units")],
    scenario: Scenario = None,
    kind: Kind = None,
    bridge: Bridge = None,
    province: Province = None,
    since: Since = None,
    until: Until = None,
    year: Year = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="draw it into this .svg, .png or .pdf file")
    ] = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """One criterion through the runs: value, limit and margin each time."""
    first, last = days(since, until, year)
    with opened(results) as index:
        check_criterion(index, criterion)
        skipped = index.skipped()
        chosen = choose(index, RunFilter(scenario, kind, None, None, bridge, first, last, province))
    chosen = [entry for entry in chosen if entry.criterion(criterion) is not None]
    refuse_several(chosen)
    points = trend(chosen, criterion)
    if plot is not None:
        if not drawable(points):
            raise InputError(
                "--plot {plot}: no valid run with a value of {criterion} to draw",
                plot=plot,
                criterion=criterion,
            )
        from giaoban.results.archive.history.draw_trend import draw_trend

        with writing(plot):
            draw_trend(points, plot, lang=language.asked() or "vi")
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
                "skipped": [folder.model_dump() for folder in skipped],
            }
        )
        return 0
    print_blocks(trend_table(points) if points else Par(Sentence("no run fits")))
    if points and plot is not None:
        print_blocks(Par(Sentence("plot: {plot}", plot=plot)))
    print_blocks(*_not_counted(skipped))
    return 0


@app.command("summary")
def summary_of(
    year: Annotated[int, typer.Option("--year", min=2000, max=2999, help="the year")],
    out: Annotated[
        Path | None, typer.Option("--out", help="the .pdf file [giao-ban-YEAR.pdf]")
    ] = None,
    province: Province = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """The year's runs as a document, for the yearly report."""
    lang = language.asked() or "vi"
    path = out or Path(f"giao-ban-{year}.pdf")
    with opened(results) as index:
        found = choose(index, RunFilter.of_year(year, province=province))
        skipped = index.skipped()
    write_summary(found, year, path, lang=lang)
    if as_json:
        left = [folder.model_dump() for folder in skipped]
        print_json({"file": str(path), **yearly(found, year, lang), "skipped": left})
    else:
        told = Sentence("summary of {n} {n:run|runs}: {path}", n=len(found), path=path)
        print_blocks(Par(told), *_not_counted(skipped))
    return 0


@app.command("recheck")
def recheck_runs(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE…",
            help="scenarios as they are now: files (those of the project, and ours)",
        ),
    ] = None,
    in_province: Annotated[
        Path | None,
        typer.Option("--with-province", help="another province's file than the scenarios name"),
    ] = None,
    scenario: Scenario = None,
    since: Since = None,
    until: Until = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """Which approvals fall with the figures as the files have them now. Exit 1: some do.

    Of checks that passed with --sensitivity: an assumed figure that was measured since, or entered
    anew, may lie beyond where the verdict held; and of what else changed nothing was tried.
    """
    from giaoban.scenarios.spec.project import known
    from giaoban.scenarios.study import recheck
    from giaoban.topology.load import load_province

    scenarios = recheck.ScenariosNow.among(files or [], known())
    if in_province is not None:
        load_province(in_province)
    first, last = days(since, until, None)
    with opened(results) as index:
        chosen = choose(index, RunFilter(scenario, since=first, until=last))
    found = [entry for entry in chosen if entry.kind == "check"]
    alone = [entry for entry in chosen if entry.kind == "sensitivity"]
    analysed, others = recheck.approvals(found, results)
    rechecked = recheck.recheck(analysed, results, scenarios, in_province)
    strangers = recheck.strangers(scenarios, analysed, results)
    if as_json:
        print_json(
            {
                "rechecked": [
                    {**each.model_dump(mode="json"), "falls": each.falls} for each in rechecked
                ],
                "without_analysis": [entry.run_id for entry in others],
                "analyses_alone": [entry.run_id for entry in alone],
                "of_no_approval": [str(path) for path in strangers],
            }
        )
    else:
        print_blocks(*rechecking(rechecked, len(others), len(alone)))
        for path in strangers:
            print_blocks(
                Par(
                    Sentence("{path}: no approval with an analysis is of this scenario", path=path),
                    tone="doubt",
                )
            )
    return 1 if any(each.falls for each in rechecked) else 0


def days(since: str | None, until: str | None, year: int | None) -> tuple[date | None, date | None]:
    """The first and the last day that count. Raises `InputError`."""
    if year is not None:
        if since or until:
            raise InputError("--year cannot go with --from or --to")
        return date(year, 1, 1), date(year, 12, 31)
    return day("--from", since), day("--to", until)
