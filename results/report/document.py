"""What a document consists of, whatever it is written as: PDF and DOCX lay out the same blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Align = Literal["left", "right", "center"]


def aligned(first: Align, others: Align, count: int) -> list[Align]:
    """The first column one way, `count` others another."""
    return [first, *(others for _ in range(count))]


@dataclass(frozen=True)
class Heading:
    """A numbered heading; `level` 1, or 2 for a part of a section."""

    text: str
    level: int = 1
    number: str = ""


@dataclass(frozen=True)
class Par:
    """A paragraph; `note` is a small one that explains the table above it."""

    text: str
    bold: bool = False
    note: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list, an item a line, each with a dash."""

    items: Sequence[str]


def bullets(items: Iterable[str]) -> Bullets:
    """A list of clauses: `;` after each, `.` after the last."""
    bare = [item.rstrip(";.") for item in items]
    return Bullets([f"{item};" for item in bare[:-1]] + [f"{item}." for item in bare[-1:]])


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `sub` is a second, smaller line; `code` is compared letter by letter."""

    text: str
    sub: str = ""
    bold: bool = False
    code: bool = False


@dataclass(frozen=True)
class Head:
    """A cell of a table's head, over `columns` columns or down `rows` rows."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Table:
    """A table. `widths` are shares of the line; `head` are rows, in which spanned cells are left
    out. `whole`: short enough to be kept on one page."""

    caption: str
    head: Sequence[Sequence[Head]]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]
    aligns: Sequence[Align]
    whole: bool = False
    small: bool = False
    number: int = 0


@dataclass(frozen=True)
class Picture:
    """A picture: `file` as vectors (.svg), its caption, and what it shows in words."""

    file: Path
    caption: str
    number: int = 0


@dataclass(frozen=True)
class Sum:
    """The sum that ties the document to a run's evidence, as text and as a QR code."""

    label: str
    text: str
    payload: str


Block = Heading | Par | Bullets | Table | Picture | Sum


@dataclass(frozen=True)
class Words:
    """The few words that the layout itself says."""

    table: str
    picture: str


@dataclass(frozen=True)
class Document:
    """A whole document. `title` has a line an item; `mark` is set over every page of a draft and
    `footer` below it; `notices` say why it is one."""

    lang: str
    label: str
    title: Sequence[str]
    attached: str
    blocks: Sequence[Block]
    words: Words
    mark: str = ""
    footer: str = ""
    notices: Sequence[str] = field(default_factory=tuple)
    subject: str = ""

    @property
    def draft(self) -> bool:
        """Whether it may not be used for an approval."""
        return bool(self.mark)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text in the order of reading, with where it is: what can be compared later."""
        yield "label", self.label
        for line in self.title:
            yield "title", line
        yield "attached", self.attached
        for notice in self.notices:
            yield "notice", notice
        section = ""
        for block in self.blocks:
            if isinstance(block, Heading):
                section = f"{block.number} {block.text}".strip()
                yield section, section
            else:
                yield from ((section + where, text) for where, text in _texts(block, self.words))


def numbered(blocks: Iterable[Block]) -> list[Block]:
    """The same blocks with headings, tables and pictures numbered in their order."""
    found: list[Block] = []
    sections, parts, tables, pictures = 0, 0, 0, 0
    for block in blocks:
        match block:
            case Heading(level=1):
                sections, parts = sections + 1, 0
                found.append(Heading(block.text, 1, f"{sections}."))
            case Heading():
                parts += 1
                found.append(Heading(block.text, 2, f"{sections}.{parts}."))
            case Table():
                tables += 1
                found.append(_renumbered(block, tables))
            case Picture():
                pictures += 1
                found.append(Picture(block.file, block.caption, pictures))
            case _:
                found.append(block)
    return found


def _renumbered(table: Table, number: int) -> Table:
    return Table(
        table.caption,
        table.head,
        table.rows,
        table.widths,
        table.aligns,
        table.whole,
        table.small,
        number,
    )


def _texts(block: Block, words: Words) -> Iterator[tuple[str, str]]:
    match block:
        case Par():
            yield "", block.text
        case Bullets():
            yield from (("", f"– {item}") for item in block.items)
        case Picture():
            name = f"{words.picture} {block.number}"
            yield f" · {name}", f"{name}: {block.caption}"
        case Sum():
            yield "", block.label
            yield "", block.text
        case Table():
            name = f"{words.table} {block.number}"
            yield f" · {name}", f"{name}: {block.caption}"
            for row in block.head:
                yield from ((f" · {name}", cell.text) for cell in row)
            for count, cells in enumerate(block.rows, 1):
                first = cells[0].text
                for cell in cells:
                    where = f" · {name}, {count} ({first})"
                    yield where, f"{cell.text}\n{cell.sub}" if cell.sub else cell.text
