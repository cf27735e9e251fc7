"""Strict reading of tables that people keep in spreadsheets: CSV with headings.

What spreadsheets write is taken as it is: a byte-order mark, `;`, `,` or tab between cells, a first
line `sep=;`, headings in Vietnamese with or without marks, decimals with a comma. What cannot be
meant is refused with file, line and column.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import InputError, allowed, did_you_mean, several
from giaoban.names import key
from giaoban.sentence import Sentence
from giaoban.text import LONGEST, text_problem
from giaoban.tomlfile import read_text

SEPARATORS = ";,\t"
MOST_LINES = 20_000
"""Of a table: the communes of a country are some 11,000."""
MOST_COLUMNS = 100
_PERHAPS_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet would take a text for; `written` puts a ' before it (CWE-1236)."""


def perhaps_thousands(text: str, known: Collection[float] = ()) -> bool:
    """Whether a number may be one of thousands, as 1,000 or 1.250; `known`: values that are not."""
    if not _PERHAPS_THOUSANDS.fullmatch(text):
        return False
    return float(text.replace(",", ".")) not in known


@dataclass(frozen=True)
class InputCell:
    """A value with its place: `line` from 1, `heading` the column's as the file has it."""

    path: Path
    line: int
    heading: str
    text: str

    def mistake(self, msgid: str, /, **values: object) -> InputError:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return InputError(
            "{path}:{line}: column {heading} = {shown}: {what}",
            path=self.path,
            line=self.line,
            heading=repr(self.heading),
            shown=repr(shown),
            what=Sentence(msgid, **values),
        )

    def number(self, *, decimals: Collection[float] | None = None) -> float:
        """The number in the cell. Raises `InputError`.

        A comma is a decimal comma: Vietnamese spreadsheets write 12,5. Where both marks stand, one
        of them divides thousands, and nobody can tell which: refused. `decimals`: of a figure that
        may well be some, as a rate, what is known to have three decimals all the same; then 1,000
        and 1.250 are refused as well.
        """
        plain = self.text.replace("\u00a0", "").replace(" ", "")
        both = ("," in plain and "." in plain) or plain.count(",") > 1
        if both or (decimals is not None and perhaps_thousands(plain, decimals)):
            raise self.mistake("is ambiguous (allowed: no thousands separator, like 1250,5)")
        try:
            value = float(plain.replace(",", "."))
        except ValueError:
            raise self.mistake("is not a number (allowed: like 12.5 or 12,5)") from None
        if not math.isfinite(value):
            raise self.mistake("is not a finite number")
        return value

    def whole(self) -> int:
        """The whole number in the cell. Raises `InputError`."""
        value = self.number(decimals=())
        if value != int(value):
            raise self.mistake("is not a whole number")
        return int(value)


@dataclass(frozen=True)
class Row:
    """A line of a table; cells are asked for by the column's own name, not the file's heading."""

    path: Path
    line: int
    cells: Mapping[str, InputCell]

    def cell(self, column: str) -> InputCell | None:
        """The cell if the file has such a column and something stands in it."""
        cell = self.cells.get(column)
        return cell if cell is not None and cell.text else None

    def text(self, column: str) -> str:
        """The text in a column, "" if there is none."""
        cell = self.cell(column)
        return cell.text if cell is not None else ""

    def number(self, column: str, *, decimals: Collection[float] | None = None) -> float | None:
        """As of a cell; None where nothing stands. Raises `InputError`."""
        cell = self.cell(column)
        return cell.number(decimals=decimals) if cell is not None else None

    def mistake(self, msgid: str, /, **values: object) -> InputError:
        what = Sentence(msgid, **values)
        return InputError("{path}:{line}: {what}", path=self.path, line=self.line, what=what)


def written(value: object) -> str:
    """A value as a cell of a table; a text that a spreadsheet would reckon with begins with '."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _read(cell: str) -> str:
    """The text that `written` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def read_table(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    needed: Sequence[str] = (),
    *,
    may_be_empty: bool = False,
) -> list[Row]:
    """The lines of a CSV file.

    Args:
        columns: each column by its own name, with other headings that mean it.
        needed: columns that have to be there.
        may_be_empty: headings alone will do.

    Raises:
        InputError: not a table of this kind; every mistake of its headings, or of its lines'
            numbers of cells.
    """
    text = read_text(path, "CSV")
    first = text.split("\n", 1)[0].strip()
    skipped = 0
    separator = ""
    if first.lower().startswith("sep=") and len(first) == 5:
        separator, skipped = first[4], 1
        text = text.split("\n", 1)[1] if "\n" in text else ""
        first = text.split("\n", 1)[0]
    separator = separator or max(SEPARATORS, key=lambda mark: (first.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    headings: list[tuple[str, str]] | None = None
    mistakes: list[str] = []
    line = skipped + 1
    if text.count("\n") > MOST_LINES or text.count("\r") > MOST_LINES:
        raise InputError(
            "{path}: has more than {most_lines} lines, not a table of ours",
            path=path,
            most_lines=MOST_LINES,
        )
    try:
        for cells in reader:
            begins, line = line, skipped + reader.line_num + 1
            values = [_read(cell.strip()) for cell in cells]
            if not any(values):
                continue
            if headings is None:
                headings = _headings(path, begins, values, columns, needed)
                continue
            if any(values[len(headings) :]):
                mistakes.append(
                    Sentence(
                        "{path}:{begins}: has {number} {number:cell|cells}, the headings are "
                        "{number2} (allowed: text that holds the separator stands in quotes)",
                        path=path,
                        begins=begins,
                        number=len(values),
                        number2=len(headings),
                    )
                )
                continue
            placed = zip(headings, values, strict=False)
            row = {n: InputCell(path, begins, h, v) for (n, h), v in placed if n}
            mistakes += [
                cell.mistake(wrong).said
                for cell in row.values()
                if (wrong := text_problem(cell.text, LONGEST))
            ]
            rows.append(Row(path, begins, row))
    except csv.Error as error:
        raise InputError(
            "{path}:{line}: is not CSV: {error}", path=path, line=line, error=error
        ) from None
    if mistakes:
        raise several(mistakes)
    if not rows and not (headings and may_be_empty):
        raise InputError("{path}: holds no line under its headings", path=path)
    return rows


def _headings(
    path: Path,
    line: int,
    headings: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    needed: Sequence[str],
) -> list[tuple[str, str]]:
    """(column, heading) of each place, in order; a column without heading is "" and not read."""
    if len(headings) > MOST_COLUMNS:
        raise InputError(
            "{path}:{line}: has more than {most_columns} columns, no table of ours",
            path=path,
            line=line,
            most_columns=MOST_COLUMNS,
        )
    meant = {key(word): name for name, words in columns.items() for word in (name, *words)}
    found: list[tuple[str, str]] = []
    wrong: list[str] = []
    for number, heading in enumerate(headings, start=1):
        name = meant.get(key(heading), "")
        place = Sentence("{path}:{line}: column {number}", path=path, line=line, number=number)
        if heading and not name:
            known = [word for column, words in columns.items() for word in (column, *words)]
            near = did_you_mean(heading, known) or allowed(columns)
            wrong.append(
                Sentence(
                    "{place}: unknown heading {heading}{near}",
                    place=place,
                    heading=repr(heading),
                    near=near,
                )
            )
        elif name and name in (other for other, _ in found):
            wrong.append(
                Sentence(
                    '{place}: {heading} is a second column "{name}"',
                    place=place,
                    heading=repr(heading),
                    name=name,
                )
            )
        found.append((name, heading))
    for name in needed:
        if name not in (other for other, _ in found):
            words = ", ".join((name, *columns[name]))
            wrong.append(
                Sentence(
                    '{path}:{line}: no column "{name}" (a heading that means it: {words})',
                    path=path,
                    line=line,
                    name=name,
                    words=words,
                )
            )
    if wrong:
        raise several(wrong)
    return found
