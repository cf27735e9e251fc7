"""The yearly summary as a PDF, laid out as the annex of a run is (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from giaoban.errors import InputError
from giaoban.files import refuse_other_ending, write_whole
from giaoban.processes.ownership import temporary_folder
from giaoban.regulation import Regulation
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.yearly import (
    VERDICTS,
    Ledger,
    by_network,
    pictures,
    regulation_of,
    yearly,
)
from giaoban.results.report.citation import Citation
from giaoban.results.report.document import (
    Align,
    Block,
    Bullets,
    Cell,
    Document,
    Head,
    Heading,
    Par,
    Picture,
    Table,
    Words,
    capital,
    numbered,
)
from giaoban.results.report.pdf.write import pdf
from giaoban.results.report.wording import Wording
from giaoban.translation import Language, pgettext


class _Column(NamedTuple):
    """`cells`: how many texts of a row it has; `made`: the cell of them; `verdict`: of a verdict,
    bold unless it is met."""

    title: str
    width: float
    align: Align = "left"
    cells: int = 1
    made: Callable[..., Cell] = Cell
    verdict: bool = False


def _code(text: str, sub: str = "") -> Cell:
    return Cell(text, sub=sub, code=True)


def _named(text: str, ident: str) -> Cell:
    return Cell(text, sub=ident)


MONTHS = (
    _Column(pgettext("year", "Month"), 10),
    _Column(pgettext("year", "Runs"), 10, "center"),
    _Column(pgettext("year", "Met"), 10, "center"),
    _Column(pgettext("year", "Not met"), 10, "center"),
    _Column(pgettext("year", "Not assessed"), 14, "center"),
)
SCENARIOS = (
    _Column(pgettext("year", "Scenario"), 11, "center"),
    _Column(pgettext("year", "What was asked"), 45, cells=2, made=_named),
    _Column(pgettext("year", "Runs"), 11, "center"),
    _Column(pgettext("year", "Last on"), 22, "center"),
    _Column(pgettext("year", "Result"), 17, "center", verdict=True),
    _Column(pgettext("year", "What limits"), 42),
    _Column(pgettext("year", "Margin"), 15, "right"),
)
CRITERIA = (
    _Column(pgettext("year", "Criterion"), 43),
    _Column(pgettext("year", "Limit"), 21, "right"),
    _Column(pgettext("year", "Runs"), 10, "center"),
    _Column(pgettext("year", "Not met"), 13, "center"),
    _Column(pgettext("year", "Worst"), 20, "right"),
    _Column(pgettext("year", "Day and place"), 36),
    _Column(pgettext("year", "Latest"), 20, "right"),
)
CHANGES = (
    _Column(pgettext("year", "Scenario"), 11, "center"),
    _Column(pgettext("year", "Criterion"), 48),
    _Column(pgettext("year", "First run"), 35, "right"),
    _Column(pgettext("year", "Last on"), 35, "right"),
    _Column(pgettext("year", "Margin"), 35, "right"),
)
FAULTS = (
    _Column(pgettext("year", "Day"), 20, "center"),
    _Column(pgettext("year", "Scenario"), 11, "center"),
    _Column(pgettext("year", "Result"), 17, "center"),
    _Column(pgettext("year", "Tried"), 17, "center"),
    _Column(pgettext("year", "Longest interruption"), 34),
    _Column(pgettext("year", "Highest load"), 34),
    _Column(pgettext("year", "Single points"), 28),
)
BINDINGS = (
    _Column(pgettext("year", "What limits"), 133),
    _Column(pgettext("year", "Runs"), 30, "center"),
)
UNUSED = (
    _Column(pgettext("year", "Day"), 20, "center"),
    _Column(pgettext("year", "Scenario"), 11, "center"),
    _Column(pgettext("year", "Why"), 66),
    _Column(pgettext("year", "Run"), 66, made=_code),
)
STUDIES = (
    _Column(pgettext("year", "Day"), 20, "center"),
    _Column(pgettext("year", "Kind"), 51),
    _Column(pgettext("year", "Result"), 20, "center"),
    _Column(pgettext("year", "Run of a study"), 72, made=_code),
)
RUNS = (
    _Column(pgettext("year", "Time"), 20, "center"),
    _Column(pgettext("year", "Scenario"), 11, "center"),
    _Column(pgettext("year", "Kind"), 27),
    _Column(pgettext("year", "Result"), 15, "center"),
    _Column(pgettext("year", "Run, SHA-256"), 90, cells=2, made=_code),
)


def write_summary(
    entries: Sequence[HistoryEntry],
    year: int,
    out: Path,
    *,
    lang: Language = "vi",
) -> None:
    """Write the summary of a year's runs (oldest first) to `out`, replacing it in one step.

    The same runs give the same bytes. Raises `InputError` (no run; `out` no .pdf, or not
    writable), `MachineLacks` (fonts).
    """
    if not entries:
        raise InputError(
            "--year {year}: no run was kept of that year, so there is no summary", year=year
        )
    refuse_other_ending(out, ".pdf")
    with temporary_folder("summary") as folder:
        made = document(entries, year, folder, lang)
        data = pdf(made, made=entries[-1].at)
    write_whole(out, data)


def document(
    entries: Sequence[HistoryEntry], year: int, folder: Path, lang: Language = "vi"
) -> Document:
    """The summary; its pictures are drawn in a folder."""
    data, ledger, say = yearly(entries, year, lang), Ledger(entries), Wording(lang)
    parts = [
        (network, _pictures(runs, ledger, folder, say))
        for network, runs in zip(data["networks"], by_network(entries, ledger), strict=True)
    ]
    return Document(
        lang=lang,
        label=say.gettext("Annex"),
        title=say.gettext(
            "RESULTS OF THE CHECKS\nOF THE VIDEO-CONFERENCE SYSTEM IN {year}", year=year
        ).split("\n"),
        attached=say.gettext("(Attached to report No. …/…-… of … of …)"),
        blocks=numbered(_blocks(say, regulation_of(entries, ledger), data, parts)),
        words=Words(say.gettext("Table"), say.gettext("Figure")),
    )


def _pictures(
    runs: Sequence[HistoryEntry], ledger: Ledger, folder: Path, say: Wording
) -> list[Picture]:
    from giaoban.results.archive.history.draw_trend import draw_trend

    drawn = []
    for caption, points in pictures(runs, ledger, say):
        file = folder / f"trend-{len(list(folder.iterdir()))}.svg"
        draw_trend(points, file, lang=say.language)
        drawn.append(Picture(file, caption))
    return drawn


def _blocks(
    say: Wording,
    regulation: Regulation | None,
    data: Mapping[str, Any],
    parts: Sequence[tuple[Mapping[str, Any], Sequence[Picture]]],
) -> Iterator[Block]:
    yield Heading(say.gettext("Basis and scope"))
    basis = Citation(regulation, say)
    if articles := basis.article("assessment"):
        assessed = say.gettext(
            "{articles} of the regulation issued with Decision {number} of {date} of {issuer}: "
            "each year it is assessed how well the system works, and reported to the committee.",
            articles=capital(articles),
            **basis.decision,
        )
    else:
        assessed = say.gettext("Each year it is assessed how well the system works.")
    rests = say.gettext("This summary rests on all runs of the year that are kept.")
    yield Par(f"{assessed} {rests}")
    yield Heading(say.gettext("Assessment"))
    yield from map(Par, data["overview"])
    for network, drawn in parts:
        yield Heading(network["heading"])
        yield from _network(say, basis, network, drawn)
    if data["unused"]:
        yield Heading(say.gettext("Runs that are not assessed"))
        yield _table(
            say, say.gettext("Runs that are no ground for an assessment"), UNUSED, data["unused"]
        )
    if data["studies"]:
        yield Heading(say.gettext("Other studies"))
        caption = say.gettext("Comparisons of variants, headroom, load tests and other studies")
        yield _table(say, caption, STUDIES, data["studies"])
    yield Heading(say.gettext("List of runs"))
    caption = say.gettext("All runs of the year, with the sum (SHA-256) of each answer")
    yield _table(say, caption, RUNS, data["runs"])
    if data["uncommitted"]:
        yield _note(
            say.gettext("* Made by a program that is no stored version; its annex is a draft.")
        )


def _network(
    say: Wording,
    basis: Citation,
    n: Mapping[str, Any],
    drawn: Sequence[Picture],
    level: int = 2,
) -> Iterator[Block]:
    """Render the sections of one network's running system, or of its proposals."""
    yield from map(Par, n["overview"])
    yield _table(say, say.gettext("Checks and trials of failures by month"), MONTHS, n["months"])
    yield Heading(say.gettext("What was checked"), level)
    if not n["scenarios"]:
        yield Par(
            say.gettext("In the year there was no check of a connection that could be assessed.")
        )
    else:
        caption = say.gettext("Scenarios, and what the last check said")
        yield _table(say, caption, SCENARIOS, n["scenarios"])
        yield _note(
            say.gettext(
                "The margin is the share of the allowance of the criterion nearest to its "
                "limit that is still unused: 100 % none used, 0 % at the limit, below 0 "
                "past it. Below what was asked stands the scenario’s id."
            )
        )
    if n["criteria"]:
        yield Heading(say.gettext("The criteria through the year"), level)
        yield _table(
            say, say.gettext("Worst and latest value of each criterion"), CRITERIA, n["criteria"]
        )
        yield _note(
            say.gettext(
                "Runs: how often the criterion was judged. The latest value is of the "
                "last check of the year that judged it; they may be of different "
                "scenarios."
            )
        )
    yield from drawn
    if n["scenarios"]:
        yield Heading(say.gettext("Changes in the year"), level)
        yield _changes(say, n)
    if n["faults"]:
        yield Heading(say.gettext("Failures that were tried"), level)
        yield _table(say, say.gettext("Trials of the network’s failures"), FAULTS, n["faults"])
        yield _note(
            say.gettext(
                "Tried: single failures that were tried and have a result, of all that "
                "the network can have. Single points: what alone takes other bridges out "
                "of the meeting when it fails."
            )
        )
    if n["bindings"]:
        yield Heading(
            say.gettext("What limits, and recommendations")
            if n["advice"]
            else say.gettext("What limits"),
            level,
        )
        caption = say.gettext("What limits in checks of connections")
        yield _table(say, caption, BINDINGS, n["bindings"])
        if n["advice"]:
            yield Par(
                say.gettext(
                    "Of the checks that were not met, recommended for plans of maintenance, "
                    "upgrades and expansion{cited}:",
                    cited=basis.in_brackets("plans"),
                )
            )
            yield Bullets(n["advice"])


def _changes(say: Wording, n: Mapping[str, Any]) -> Block:
    if not n["repeated"]:
        return Par(
            say.gettext("No scenario was checked twice or more, so there is nothing to compare.")
        )
    if not n["changes"]:
        return Par(
            say.gettext("No criterion moved between the first check of a scenario and its last.")
        )
    caption = say.gettext("The same scenario: its first check of the year and its last")
    return _table(say, caption, CHANGES, n["changes"])


def _table(
    say: Wording, caption: str, columns: Sequence[_Column], rows: Sequence[Sequence[str]]
) -> Table:
    return Table(
        caption=caption,
        head=[[Head(say.text(column.title)) for column in columns]],
        rows=[list(_cells(say, columns, row)) for row in rows],
        widths=[column.width for column in columns],
        aligns=[column.align for column in columns],
    )


def _cells(say: Wording, columns: Sequence[_Column], row: Sequence[str]) -> Iterator[Cell]:
    at = 0
    for column in columns:
        cell = column.made(*row[at : at + column.cells])
        if column.verdict:
            cell = replace(cell, bold=cell.text != say.text(VERDICTS["pass"]))
        yield cell
        at += column.cells
    assert at == len(row)


def _note(text: str) -> Par:
    return Par(text, note=True)
