"""Blocks as HTML (the HTML Living Standard; accessible as WCAG 2.2 asks). All that people wrote is
escaped, so that no name becomes markup; nothing has a style or a handler of its own, which a policy
of content security would stop."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from giaoban.results.report.document import (
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
    Tone,
)

_CLASSES: dict[Tone, str] = {
    "": "",
    "good": "ok",
    "bad": "no",
    "doubt": "unsure",
    "known": "",
    "quiet": "small",
}
_BAR = 60
"""How long a full bar is, in pixels."""


def html(blocks: Iterable[Block]) -> str:
    return "\n".join(map(_block, blocks))


def element(tag: str, inside: str, **attributes: str) -> str:
    """An element with attributes that are not empty; `inside` is HTML already."""
    names = {"class_": "class", "for_": "for"}
    said = "".join(
        f' {names.get(name, name.replace("_", "-"))}="{escape(value)}"'
        for name, value in attributes.items()
        if value
    )
    return f"<{tag}{said}>{inside}</{tag}>"


def _block(block: Block) -> str:
    match block:
        case Heading():
            said = f"{block.number} {block.text}".strip()
            return element(f"h{block.level + 1}", escape(said), class_=_CLASSES[block.tone])
        case Par():
            classes = ("bold" * block.bold, "small" * block.note, _CLASSES[block.tone])
            return element("p", _inline(block.text), class_=_joined(classes))
        case Bullets():
            items = "".join(element("li", _inline(item)) for item in block.items)
            return element("ol" if block.numbered else "ul", items, class_="plain")
        case Table():
            return _table(block)
        case Picture():
            data = base64.b64encode(block.file.read_bytes()).decode("ascii")
            image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(block.caption)}">'
            shown = element("div", image, class_="scroll", role="region", aria_label=block.caption)
            return element("figure", shown + element("figcaption", escape(block.caption)))
        case Sum():
            sum_ = element("span", escape(block.text), class_="code")
            return element("p", f"{escape(block.label)} {sum_}")


def _table(block: Table) -> str:
    right = {number for number, side in enumerate(block.aligns) if side == "right"}
    heads = "".join(
        element("th", escape(title), scope="col", class_="n" if number in right else "")
        for number, title in enumerate(block.titles())
    )
    rows = "".join(_row(row, right, block.titles()) for row in block.rows)
    caption = escape(block.caption)
    made = element(
        "table",
        f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>",
        id=block.ident,
    )
    return element("div", made, class_="scroll", role="region", aria_label=block.caption)


def _row(row: Iterable[Cell], right: set[int], titles: Sequence[str]) -> str:
    """On a narrow screen each cell says its column's title, as the head is not shown there."""
    cells = list(row)
    bad = "bad" if cells and all(cell.tone == "bad" for cell in cells) else ""
    made = [
        element("td" if number else "th", _cell(cell, bad), **_of(titles, number, number in right))
        for number, cell in enumerate(cells)
    ]
    return element("tr", "".join(made), class_=bad)


def _of(titles: Sequence[str], number: int, right: bool) -> dict[str, str]:
    label = titles[number] if number else ""
    return {"scope": "" if number else "row", "class_": "n" if right else "", "data_label": label}


def _cell(cell: Cell, row: str) -> str:
    text = escape(cell.text)
    if cell.code:
        text = element("span", text, class_="code")
    tone = "" if row and cell.tone == "bad" else _CLASSES[cell.tone]
    if tone or cell.bold:
        text = element("span", text, class_=_joined(("bold" * cell.bold, tone)))
    if cell.bar is not None:
        text = _bar(cell.bar) + text
    return f"{text}<br>{element('span', escape(cell.sub), class_='small')}" if cell.sub else text


def _bar(pct: float) -> str:
    """How much of an allowance is left, as a bar."""
    share = max(0.0, min(100.0, pct)) / 100 * _BAR
    ground = "#f3c9c9" if pct < 0 else "#fff"
    return (
        f'<svg class="bar" width="{_BAR + 2}" height="10" aria-hidden="true" focusable="false">'
        f'<rect x="0.5" y="0.5" width="{_BAR + 1}" height="9" fill="{ground}" stroke="#75828f"/>'
        f'<rect x="1" y="1" width="{share:.1f}" height="8" fill="#1f4e79"/></svg>'
    )


def _inline(text: Text) -> str:
    if isinstance(text, str):
        return escape(text)
    return "".join(
        element("span", escape(piece), class_="code") if isinstance(piece, Code) else escape(piece)
        for piece in text
    )


def _joined(classes: Iterable[str]) -> str:
    return " ".join(filter(None, classes))
