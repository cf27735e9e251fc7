"""What `giaoban history` prints: tables whose run ids stay whole, to be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.history.compare import Change, Comparison
from results.history.entry import Entry
from results.history.prune import Pruned
from results.history.trend import Point
from results.model import CriterionResult
from scenarios.cli.shared import COLOURS

NARROW = 10
"""A column of words that would get less is left out."""


def runs_table(found: Sequence[Entry], width: int) -> Table:
    rows = [_run_row(entry) for entry in found]
    columns = (
        ("when", "left"),
        ("verdict", "left"),
        ("kind", "left"),
        ("bridges", "right"),
        ("binds", "left"),
        ("margin", "right"),
        ("run", "left"),
    )
    styles = [COLOURS.get(entry.verdict or "", "") for entry in found]
    return _table(columns, rows, width, "binds", styles={"verdict": styles})


def _run_row(e: Entry) -> tuple[str, ...]:
    binds, margin = "", ""
    if e.binding is not None:
        known = e.criterion(e.binding.criterion)
        binds = known.name_en if known else e.binding.criterion
        margin = percent(e.binding.margin_pct)
    return (
        f"{e.at:%Y-%m-%d %H:%M}",
        e.verdict or "–",
        e.kind + (" (estimate)" if e.engine == "estimate" else ""),
        f"{len(e.existing)}+{len(e.new)}" if e.existing or e.new else "",
        binds,
        margin,
        e.folder + ("" if e.state == "whole" else " (evidence only)"),
    )


def trend_table(points: Sequence[Point], width: int) -> Table:
    last = points[-1].criterion
    sign = "≤" if last.sense == "at-most" else "≥"
    rows, styles = [], []
    for p in points:
        c = p.criterion
        mark = "met" if c.ok else "NOT MET"
        if not p.counts:
            mark = "estimate" if p.engine == "estimate" else "invalid run"
        styles.append("dim" if not p.counts else ("" if c.ok else "red"))
        rows.append(
            (
                f"{p.at:%Y-%m-%d %H:%M}",
                figure(c.value),
                f"{sign} {figure(c.threshold)}",
                percent(c.margin_pct),
                mark,
                c.where_en,
                p.run_id,
            )
        )
    columns = (
        ("when", "left"),
        ("value", "right"),
        ("limit", "right"),
        ("margin", "right"),
        ("result", "left"),
        ("worst at", "left"),
        ("run", "left"),
    )
    table = _table(columns, rows, width, "worst at", styles={"result": styles})
    table.title = f"{last.name_en} ({last.unit})"
    table.title_justify, table.title_style = "left", "bold"
    return table


def print_wide(console: Console, table: Table) -> None:
    """Print a table as wide as it must be: a terminal may wrap its lines, but no id is cut."""
    needed = console.measure(table, options=console.options.update(width=1000)).minimum
    wide = Console(width=max(console.width, needed))
    wide.print(table)


def _table(
    columns: Sequence[tuple[str, Any]],
    rows: Sequence[Sequence[str]],
    width: int,
    gives_way: str,
    styles: Mapping[str, Sequence[str]],
) -> Table:
    """One line a row; the column that gives way gets what is left, or is left out."""
    widths = [
        max([len(name), *(len(row[place]) for row in rows)])
        for place, (name, _) in enumerate(columns)
    ]
    place = [name for name, _ in columns].index(gives_way)
    left = width - sum(widths) - 2 * (len(columns) - 1) + widths[place]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    shown = [n for n in range(len(columns)) if n != place or left >= NARROW]
    for n in shown:
        name, justify = columns[n]
        at_most = min(widths[n], left) if n == place else None
        table.add_column(
            name,
            justify=justify,
            no_wrap=True,
            max_width=at_most,
            min_width=None if n == place else widths[n],
        )
    for number, row in enumerate(rows):
        cells = []
        for n in shown:
            style = styles.get(columns[n][0], [""] * len(rows))[number]
            cells.append(Text(row[n], style=style))
        table.add_row(*cells)
    return table


def show_comparison(found: Comparison) -> None:
    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    before, after = found.verdicts
    say(f"A: {found.a} – {before}\nB: {found.b} – {after}")
    say(f"inputs that differ: {', '.join(found.inputs) or 'none'}")
    if found.added:
        say(f"bridges only in B: {', '.join(found.added)}")
    if found.removed:
        say(f"bridges only in A: {', '.join(found.removed)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("criterion", "A", "B", "limit", "margin A", "margin B", "B is"):
        table.add_column(name, justify="left" if name in ("criterion", "B is") else "right")
    for c in found.criteria:
        known = c.b or c.a
        sign = "≤" if known and known.sense == "at-most" else "≥"
        table.add_row(
            escape(c.name_en),
            _of(c.a),
            _of(c.b),
            f"{sign} {figure(known.threshold if known else None)} {c.unit}",
            percent(c.a.margin_pct if c.a else None),
            percent(c.b.margin_pct if c.b else None),
            {"other": "not comparable"}.get(c.way, c.way),
            style={"worse": "red", "better": "green"}.get(c.way, ""),
        )
    console.print(table)
    if found.measures:
        say(f"{found.measures} measures differ; all of them: giaoban diff {found.a} {found.b}")
    else:
        say("all measures are the same")


def show_pruning(
    folders: Sequence[Path], done: Sequence[Pruned], left: Mapping[str, str], *, dry_run: bool
) -> None:
    """Which runs, what it freed, and which could not be pruned."""
    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    for folder in [each for each in folders if dry_run and each.name not in left]:
        say(f"would be pruned: {folder.name}")
    for pruned in done:
        freed = (pruned.freed_bytes - pruned.evidence_bytes) / 1e6
        say(f"pruned: {pruned.folder.name} ({freed:.1f} MB freed)")
    for name, reason in left.items():
        say(f"left whole: {name} – {reason}")
    if not folders:
        say("nothing to prune")


def _of(criterion: CriterionResult | None) -> str:
    if criterion is None:
        return "not judged"
    return figure(criterion.value) + ("" if criterion.ok else " (not met)")


def comparison_json(found: Comparison) -> dict[str, Any]:
    def side(c: CriterionResult | None) -> dict[str, Any] | None:
        keep = {"value", "threshold", "ok", "margin_pct", "worst_at"}
        return None if c is None else c.model_dump(include=keep)

    def change(c: Change) -> dict[str, Any]:
        return {"id": c.id, "unit": c.unit, "a": side(c.a), "b": side(c.b), "b_is": c.way}

    return {**found._asdict(), "criteria": [change(c) for c in found.criteria]}


def figure(value: float | None) -> str:
    """A value as the table of `giaoban check` shows it."""
    if value is None:
        return "not measured"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"


def percent(value: float | None) -> str:
    """A margin in whole percent, with its sign."""
    return "–" if value is None else f"{value:+.0f} %"
