"""Blocks as HTML: nothing that people wrote becomes markup, and a reader finds its way."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

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
    table,
    toned,
)
from giaoban.results.report.html import html

BAD = "</td><script>alert(1)</script> & \"x\" 'y'"


def test_nothing_becomes_markup(tmp_path: Path) -> None:
    picture = tmp_path / "p.svg"
    picture.write_text("<svg/>", encoding="utf-8")
    blocks: list[Block] = [
        Heading(BAD),
        Par([BAD, Code(BAD)]),
        Bullets([BAD, (Code(BAD), BAD)]),
        table([BAD], [[Cell(BAD, sub=BAD, code=True)]], caption=BAD, ident=BAD),
        Picture(picture, BAD),
        Sum(BAD, BAD, ""),
    ]
    text = html(blocks)
    assert "<script" not in text
    # as XML: each element is closed and each attribute ends where it should
    whole = ElementTree.fromstring(f"<x>{_closed(text)}</x>")
    assert "".join(whole.itertext()).count(BAD) == 13


def _closed(text: str) -> str:
    """Elements without an end closed as XML wants it."""
    before, image, rest = text.partition("<img")
    inside, _, after = rest.partition(">")
    return f"{before}{image}{inside}/>{after}".replace("<br>", "<br/>")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (Cell("7"), ">7</td>"),
        (Cell("7", tone="bad", bold=True), '><span class="bold no">7</span></td>'),
        (Cell("7", sub="at A"), '>7<br><span class="small">at A</span></td>'),
        (Cell("5 %", bar=-5.0), 'fill="#f3c9c9"'),
        (Cell("50 %", bar=50.0), 'width="30.0"'),
    ],
)
def test_cells(cell: Cell, said: str) -> None:
    assert said in html([table(["of", "x"], [["row", cell]], right=[1])])


def test_a_row_that_is_all_bad_is_told_by_the_row() -> None:
    made: Table = table(["of", "x"], [toned(["row", "7"], "bad")], right=[1], caption="T")
    assert html([made]) == (
        '<div class="scroll" role="region" aria-label="T"><table><caption>T</caption><thead><tr>'
        '<th scope="col">of</th><th scope="col" class="n">x</th></tr></thead><tbody>'
        '<tr class="bad"><th scope="row">row</th><td class="n" data-label="x">7</td></tr></tbody>'
        "</table></div>"
    )
