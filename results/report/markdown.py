"""Blocks as Markdown (CommonMark 0.31; tables: GitHub Flavored Markdown 4.10). Texts of people are
shown as they are, whatever they look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from giaoban.results.report.document import (
    Align,
    Block,
    Bullets,
    Cell,
    Code,
    Heading,
    Par,
    Picture,
    Sum,
    Table,
    Text,
    in_language,
)

_MARKUP = re.compile(
    r"[\\`*]"
    r"|~(?=~)|(?<=~)~"
    r"|(?<!\w)_|_(?!\w)"  # inside a word it means nothing (6.2)
    r"|\](?=[(\[:])"  # a link, a picture, a definition of either (6.3)
    r"|<(?=[A-Za-z/!?])"  # HTML, or an address (6.5, 6.6)
    r"|&(?=#?\w+;)"  # an entity (6.1)
    r"|(?<=\A)[#>+=-](?=\s|$|=)"  # where a line begins: a heading, a quotation, a list
)
_RULES: dict[Align, str] = {"left": "---", "right": "---:", "center": ":---:"}


def markdown(blocks: Iterable[Block], say: Callable[[str], str] = str) -> str:
    """The text of a file; `say` says a sentence in its language."""
    said = (_block(in_language(block, say)) for block in blocks)
    return "\n\n".join(filter(None, said)) + "\n"


def escaped_text(text: str) -> str:
    """A text with a \\ before all that Markdown would take for markup."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _block(block: Block) -> str:
    match block:
        case Heading():
            said = f"{block.number} {_inline(block.text)}".strip()
            return f"{'#' * (block.level + 1)} {said}"
        case Par():
            return _bold(_inline(block.text)) if block.bold else _inline(block.text)
        case Bullets():
            return "\n".join(f"{mark} {_inline(item)}" for mark, item in block.marked("-"))
        case Table():
            return "\n".join(_table(block))
        case Picture():
            return f"![{escaped_text(block.caption)}]({block.file.name})"
        case Sum():
            return f"{_inline(block.label)}: {_code(block.text)}"


def _table(block: Table) -> Iterable[str]:
    if block.caption:
        yield f"{_inline(block.caption)}\n"
    yield _row(map(_inline, block.titles()))
    yield f"|{'|'.join(_RULES[side] for side in block.aligns)}|"
    yield from (_row(map(_cell, cells)) for cells in block.rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"


def _cell(cell: Cell) -> str:
    text = _code(cell.text) if cell.code else _inline(cell.text)
    text = _bold(text) if cell.bold else text
    return f"{text} ({_inline(cell.sub)})" if cell.sub else text


def _inline(text: Text) -> str:
    pieces = [text] if isinstance(text, str) else text
    return "".join(_code(p) if isinstance(p, Code) else escaped_text(p) for p in pieces)


def _bold(text: str) -> str:
    return f"**{text}**" if text else ""


def _code(text: str) -> str:
    """A code span (6.1), fenced by more backticks than are in it."""
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " * bool(longest)
    return f"{fence}{space}{text}{space}{fence}"
