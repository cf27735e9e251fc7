"""Texts of people in Markdown (CommonMark 0.31): shown as they are, whatever they look like."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import BaseModel

_MARKUP = re.compile(
    r"[\\`*]"
    r"|~(?=~)|(?<=~)~"
    r"|(?<!\w)_|_(?!\w)"  # inside a word it means nothing (6.2)
    r"|\](?=[(\[:])"  # a link, a picture, a definition of either (6.3)
    r"|<(?=[A-Za-z/!?])"  # HTML, or an address (6.5, 6.6)
    r"|&(?=#?\w+;)"  # an entity (6.1)
    r"|(?<=\A)[#>+=-](?=\s|$|=)"  # where a line begins: a heading, a quotation, a list
)
_APART = frozenset({"inputs", "run_id", "engine", "streams", "links", "accounting"})
"""Fields without texts of people; paths and ids stand between ` in a summary."""


def escaped_text(text: str) -> str:
    """A text with a \\ before all that Markdown would take for markup."""
    return _MARKUP.sub(r"\\\g<0>", text)


def cell_text(text: str) -> str:
    """A text in a cell of a table (GitHub Flavored Markdown 4.10)."""
    return text.replace("|", "\\|").replace("\n", " ")


def row(cells: Iterable[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(map(cell_text, cells)) + " |"


def table(
    head: Sequence[str], body: Iterable[Sequence[str]], right: Collection[int] = ()
) -> list[str]:
    """The lines of a table and an empty one; `right`: the columns (from 0) that stand there."""
    marks = ["---:" if number in right else "---" for number in range(len(head))]
    return [row(head), f"|{'|'.join(marks)}|", *map(row, body), ""]


def escaped[M: BaseModel](answer: M) -> M:
    """The same answer, with its texts to be put into Markdown."""
    found = _escaped(answer)
    assert isinstance(found, type(answer))
    return found


def _escaped(value: Any) -> Any:
    """The same object where nothing in it is to be escaped: an answer may hold a million."""
    if isinstance(value, str):
        return escaped_text(value)
    if isinstance(value, BaseModel):
        changed = {
            name: new
            for name in type(value).model_fields
            if name not in _APART and (new := _escaped(old := getattr(value, name))) is not old
        }
        changed = {name: new for name, new in changed.items() if new != getattr(value, name)}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, list):
        items = [_escaped(item) for item in value]
        return items if items != value else value
    if isinstance(value, dict):
        table = {key: _escaped(item) for key, item in value.items()}
        return table if table != value else value
    return value
