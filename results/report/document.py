"""What a document consists of, whatever it is written as: terminal, Markdown, PDF, DOCX and HTML
lay out the same blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

from giaoban.sentence import Sentence

Align = Literal["left", "right", "center"]
Tone = Literal["", "good", "bad", "doubt", "known", "quiet"]
"""What a text means for its reader, where there are colours to show it."""
TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "undecided": "doubt", "invalid": "doubt"}
"""Of verdicts."""

NOTHING = "–"
"""What a cell holds where there is nothing to tell."""


class Code(str):
    """A piece of a text that is compared letter by letter: a path, a sum, an id."""


Text = str | Sequence[str]
"""One text, or its pieces in their order, of which some may be `Code`; so may be values of a
sentence."""


def plain(text: Text) -> str:
    """A text without the marks of its pieces."""
    return text if isinstance(text, str) else "".join(text)


def capital(text: str) -> str:
    """A text as it begins a sentence, a cell or a line."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """A text as it stands within a sentence."""
    return text[:1].lower() + text[1:]


def aligned(first: Align, others: Align, count: int) -> list[Align]:
    """The first column one way, `count` others another."""
    return [first, *(others for _ in range(count))]


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1, or 2 for a part of a section; 0 is the title of what has no other."""

    text: str
    level: int = 1
    number: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Par:
    """A paragraph; `note` is a small one that explains the table above it."""

    text: Text
    bold: bool = False
    note: bool = False
    tone: Tone = ""


def pars(texts: Iterable[Text], tone: Tone = "") -> list[Par]:
    return [Par(text, tone=tone) for text in texts]


@dataclass(frozen=True)
class Bullets:
    """A list, an item a line, each with a dash or with its number."""

    items: Sequence[Text]
    numbered: bool = False

    def marked(self, dash: str = "–") -> list[tuple[str, Text]]:
        """Each item with what stands before it."""
        return [
            (f"{number}." if self.numbered else dash, item)
            for number, item in enumerate(self.items, 1)
        ]


def bullets(items: Iterable[str]) -> Bullets:
    """A list of clauses: `;` after each, `.` after the last."""
    bare = [item.rstrip(";.") for item in items]
    return Bullets([f"{item};" for item in bare[:-1]] + [f"{item}." for item in bare[-1:]])


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `sub` is a second, smaller line; `code` is compared letter by letter.

    In a browser it may have a bar that is `bar` percent full.
    """

    text: str
    sub: str = ""
    bold: bool = False
    code: bool = False
    tone: Tone = ""
    bar: float | None = None


@dataclass(frozen=True)
class Head:
    """A cell of a table's head, over `columns` columns or down `rows` rows."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Table:
    """A table. `widths` are shares of the line; `head` are rows, in which spanned cells are left
    out. `whole`: short enough to be kept on one page.

    Where a terminal is too narrow the columns of `keep` are broken last, and others before; with
    `gives` those columns alone are broken before all others.
    """

    caption: str
    head: Sequence[Sequence[Head]]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]
    aligns: Sequence[Align]
    whole: bool = False
    small: bool = False
    number: int = 0
    keep: Collection[int] = ()
    gives: Collection[int] = ()
    ident: str = ""

    def titles(self) -> list[str]:
        """What stands above each column, where a head can have but one row."""
        found: list[list[str]] = [[] for _ in self.aligns]
        for _, x, cell in self.head_cells():
            for texts in found[x : x + cell.columns]:
                texts.append(cell.text)
        return [" ".join(filter(None, texts)) for texts in found]

    def head_cells(self) -> Iterator[tuple[int, int, Head]]:
        """Row and column of each cell of the head, and the cell."""
        taken: set[tuple[int, int]] = set()
        for y, row in enumerate(self.head):
            x = 0
            for cell in row:
                while (y, x) in taken:
                    x += 1
                over = range(x, x + cell.columns)
                taken |= {(y + down, at) for down in range(cell.rows) for at in over}
                yield y, x, cell


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    right: Collection[int] = (),
    *,
    caption: str = "",
    ident: str = "",
    keep: Collection[int] = (),
    gives: Collection[int] = (),
) -> Table:
    """A table with a head of one row; the columns `right` (from 0) stand there."""
    return Table(
        caption=caption,
        head=[[Head(text) for text in head]],
        rows=[[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows],
        widths=[1.0] * len(head),
        aligns=["right" if number in right else "left" for number in range(len(head))],
        keep=keep,
        gives=gives,
        ident=ident,
    )


def toned(row: Iterable[str | Cell], tone: Tone) -> list[Cell]:
    return [replace(c if isinstance(c, Cell) else Cell(c), tone=tone) for c in row]


@dataclass(frozen=True)
class Picture:
    """A picture: `file` as vectors (.svg), its caption, and what it shows in words. `alone`: it has
    a page to itself, a broad one."""

    file: Path
    caption: str
    number: int = 0
    alone: bool = False


@dataclass(frozen=True)
class Sum:
    """The sum that ties the document to a run's evidence, as text and as a QR code."""

    label: str
    text: str
    payload: str


Block = Heading | Par | Bullets | Table | Picture | Sum


def in_language[T](value: T, say: Callable[[str], str]) -> T:
    """A block, or what is in one, with its sentences in the reader's language."""
    said: Any = value
    if isinstance(value, Sentence):
        said = _pieces(value, say)
    elif is_dataclass(value) and not isinstance(value, type):
        there = {each.name: getattr(value, each.name) for each in fields(value)}
        said = replace(value, **{name: in_language(each, say) for name, each in there.items()})
    elif isinstance(value, list | tuple) and type(value) in (list, tuple):
        said = type(value)(in_language(each, say) for each in value)
    return said  # type: ignore[no-any-return]


def _pieces(sentence: Sentence, say: Callable[[str], str]) -> Text:
    """A sentence in the reader's language, of which `Code` is a piece of its own."""
    codes = {name: value for name, value in sentence.values.items() if isinstance(value, Code)}
    if not codes:
        return say(sentence)
    marked = {name: f"{_MARK}{name}{_MARK}" for name in codes}
    said = say(Sentence(sentence.msgid, **{**sentence.values, **marked}))
    return [codes[each] if n % 2 else each for n, each in enumerate(said.split(_MARK))]


_MARK = "\0"
"""Around what a piece is put in for: no text of people has it."""


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
        """Return every text in the order of reading, with its place."""
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
                found.append(replace(block, number=tables))
            case Picture():
                pictures += 1
                found.append(replace(block, number=pictures))
            case _:
                found.append(block)
    return found


def _texts(block: Block, words: Words) -> Iterator[tuple[str, str]]:
    match block:
        case Par():
            yield "", plain(block.text)
        case Bullets():
            yield from (("", f"{mark} {plain(item)}") for mark, item in block.marked())
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
