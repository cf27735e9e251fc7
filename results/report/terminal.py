"""Blocks on a terminal.

Texts are not broken: the terminal does that, and what is copied, or goes through a pipe, has no
line ends that are not its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from rich import table as rich_table
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
    plain,
)
from giaoban.sentence import Sentence

STYLES: dict[Tone, str] = {
    "": "",
    "good": "green",
    "bad": "red",
    "doubt": "yellow",
    "known": "cyan",
    "quiet": "dim",
}


def show(*blocks: Block, console: Console | None = None, say: Callable[[str], str] = str) -> None:
    """Print blocks, one below the other; `say` says a sentence in the reader's language."""
    to = console or Console()
    for block in blocks:
        _show(in_language(block, say), to)


def in_language[T](value: T, say: Callable[[str], str]) -> T:
    """A block, or what is in one, with its sentences in the reader's language."""
    said: Any = value
    if isinstance(value, Sentence):
        said = say(value)
    elif is_dataclass(value) and not isinstance(value, type):
        there = {each.name: getattr(value, each.name) for each in fields(value)}
        said = replace(value, **{name: in_language(each, say) for name, each in there.items()})
    elif isinstance(value, list | tuple) and type(value) in (list, tuple):
        said = type(value)(in_language(each, say) for each in value)
    return said  # type: ignore[no-any-return]


def _show(block: Block, to: Console) -> None:
    match block:
        case Heading():
            _say(to, f"{block.number} {block.text}".strip(), block.tone, bold=True)
        case Par():
            _say(to, block.text, block.tone, bold=block.bold)
        case Bullets():
            for mark, item in block.marked():
                _say(to, f"{mark} {plain(item)}")
        case Table():
            if block.caption:
                _say(to, block.caption, bold=True)
            if block.gives:
                _show_lines(block, to)
            else:
                to.print(_folded(block), highlight=False)
        case Picture():
            _say(to, f"{block.caption}: {block.file}")
        case Sum():
            _say(to, f"{block.label}: {block.text}")


def _say(to: Console, text: Text, tone: Tone = "", *, bold: bool = False) -> None:
    style = f"{'bold ' * bold}{STYLES[tone]}".strip()
    to.print(plain(text), style=style, soft_wrap=True, highlight=False, markup=False)


def _folded(block: Table) -> rich_table.Table:
    """A table whose cells are broken where they are too long."""
    made = _bare((0, 1, 0, 1))
    for number, title in enumerate(block.titles()):
        made.add_column(
            Styled(title),
            justify=block.aligns[number],
            overflow="fold",
            no_wrap=number in block.keep,
        )
    for cells in block.rows:
        made.add_row(*map(_cell, cells))
    return made


def _show_lines(block: Table, to: Console) -> None:
    """A table of a line a row, as wide as it must be: a terminal may break its lines, but nothing
    is cut that does not give way."""
    titles = block.titles()
    widths = [
        max(Styled(text).cell_len for text in (title, *(row[n].text for row in block.rows)))
        for n, title in enumerate(titles)
    ]
    shown = list(range(len(titles)))
    for give in block.gives:
        over = sum(widths[n] for n in shown) + len(shown) - 1 - to.width
        if over <= 0:
            break
        if give.drop and widths[give.column] - over < min(give.least, widths[give.column]):
            shown.remove(give.column)
        else:
            least = min(give.least, widths[give.column])
            widths[give.column] = max(least, widths[give.column] - over)
    made = _bare((0, 1, 0, 0))
    for n in shown:
        made.add_column(Styled(titles[n]), justify=block.aligns[n], no_wrap=True, width=widths[n])
    for row in block.rows:
        made.add_row(*(_cell(row[n]) for n in shown))
    needed = sum(widths[n] for n in shown) + len(shown)
    Console(file=to.file, width=max(to.width, needed)).print(made, highlight=False)


def _bare(padding: tuple[int, int, int, int]) -> rich_table.Table:
    return rich_table.Table(box=None, pad_edge=False, padding=padding, header_style="bold")


def _cell(cell: Cell) -> Styled:
    text = f"{cell.text}\n{cell.sub}" if cell.sub else cell.text
    return Styled(text, style=f"{'bold ' * cell.bold}{STYLES[cell.tone]}".strip())
