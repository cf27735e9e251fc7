"""Blocks on a terminal, as wide as that: lines are broken between words, and nothing is cut.

What goes through a pipe or into a file has no line ends that are not its own.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as Styled

from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Heading,
    Par,
    Picture,
    Sum,
    Table,
    Text,
    Tone,
    in_language,
    plain,
)

STYLES: dict[Tone, str] = {
    "": "",
    "good": "green",
    "bad": "red",
    "doubt": "yellow",
    "known": "cyan",
    "quiet": "dim",
}


LEAST, UNBROKEN = 40, 100_000
"""Letters in a line of a very narrow terminal, and where there is none."""
READABLE, NARROW, LONGEST_WORD = 18, 8, 30
"""Columns are not narrower, as long as others can give way; longer words are broken before others,
which are only where the line would not hold the table else: best at a hyphen."""


def show(*blocks: Block, console: Console | None = None, say: Callable[[str], str] = str) -> None:
    """Print blocks, one below the other; `say` says a sentence in the reader's language."""
    to = console or Console(width=width())
    for block in blocks:
        _show(in_language(block, say), to)


def width(stream: TextIO | None = None) -> int:
    """Letters in a line: the terminal's, or what `COLUMNS` says; else there is no end of it."""
    to = stream or sys.stdout
    if to.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return max(shutil.get_terminal_size().columns, LEAST)
    return UNBROKEN


def _show(block: Block, to: Console) -> None:
    match block:
        case Heading():
            _say(to, f"{block.number} {block.text}".strip(), block.tone, bold=True)
        case Par():
            _say(to, block.text, block.tone, bold=block.bold)
        case Bullets():
            for mark, item in block.marked():
                _say(to, f"{mark} {plain(item)}", indent=len(mark) + 1)
        case Table():
            if block.caption:
                _say(to, block.caption, bold=True)
            _show_table(block, to)
        case Picture():
            _say(to, f"{block.caption}: {block.file}")
        case Sum():
            _say(to, f"{block.label}: {block.text}")


def _say(to: Console, text: Text, tone: Tone = "", *, bold: bool = False, indent: int = 0) -> None:
    style = f"{'bold ' * bold}{STYLES[tone]}".strip()
    for line in plain(text).split("\n"):
        for part in _broken(line, to.width, indent + len(line) - len(line.lstrip(" "))):
            to.print(part, style=style, soft_wrap=True, highlight=False, markup=False)


def _broken(line: str, at: int, indent: int = 0) -> list[str]:
    """A line in several that are no longer, if no word is: paths stay whole, to be copied."""
    if cell_len(line) <= at:
        return [line]
    found = textwrap.wrap(
        line,
        at,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
    return found or [""]


def _show_table(block: Table, to: Console) -> None:
    """A line a row where there is room; else cells are broken between words, and nothing is cut."""
    rows = [[Styled(title, style="bold") for title in block.titles()]]
    rows += [[_cell(cell) for cell in row] for row in block.rows]
    widths = _widths(block, rows, to.width)
    for row in rows:
        cells = [_in_column(cell, widths[n], "  " if n == 0 else "") for n, cell in enumerate(row)]
        for number in range(max(map(len, cells))):
            line = Styled()
            for n, lines in enumerate(cells):
                part = lines[number] if number < len(lines) else Styled()
                room = " " * (widths[n] - part.cell_len)
                line.append(room if block.aligns[n] == "right" else "").append_text(part)
                line.append("" if block.aligns[n] == "right" else room).append(_between(block))
            line.rstrip()
            to.print(line, soft_wrap=True, highlight=False)


def _between(block: Table) -> str:
    """What is between two columns: less where many stand side by side."""
    return " " if block.gives else "  "


def _widths(block: Table, rows: Sequence[Sequence[Styled]], room: int) -> list[int]:
    """Columns as wide as what is in them, or less: first those that give way, then any."""
    columns = range(len(block.aligns))
    parts = {n: [line for row in rows for line in row[n].plain.split("\n")] for n in columns}
    found = [max(map(cell_len, parts[n])) for n in columns]
    words = [max(map(cell_len, " ".join(parts[n]).split()), default=1) for n in columns]
    over = sum(found) + len(_between(block)) * (len(found) - 1) - room
    first = [n for n in columns if (n in block.gives if block.gives else n not in block.keep)]
    gives = ((first, READABLE, LONGEST_WORD), (columns, NARROW, LONGEST_WORD))
    for may, least, word in (*gives, (columns, 1, READABLE), (columns, 1, NARROW)):
        lowest = [max(min(words[n], word), least) for n in columns]
        while over > 0 and (wide := [n for n in may if found[n] > lowest[n]]):
            found[max(wide, key=found.__getitem__)] -= 1
            over -= 1
    return found


def _in_column(cell: Styled, room: int, indent: str) -> list[Styled]:
    """The lines of a cell; what continues one begins further in, so that rows can be told apart."""
    found = []
    for line in cell.plain.split("\n"):
        if cell_len(line) <= room:
            found.append(line)
        else:
            further = indent if room > NARROW else ""
            fits = max(map(cell_len, line.split())) + len(further) <= room
            found += textwrap.wrap(line, room, subsequent_indent=further, break_on_hyphens=not fits)
    return [Styled(line, style=cell.style) for line in found]


def _cell(cell: Cell) -> Styled:
    text = f"{cell.text}\n{cell.sub}" if cell.sub else cell.text
    return Styled(text, style=f"{'bold ' * cell.bold}{STYLES[cell.tone]}".strip())
