"""Numbers of a column under each other, at their decimal sign.

Texts stay as they are: a number with fewer decimals only ends further from the cell's right edge,
by the width that the missing digits would have taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from giaoban.results.report.document import Table

DIGIT, SIGN = 0.5, 0.25
"""Widths in em of a digit and of a comma or point, in Times and what has its metrics."""


def room(table: Table, lang: str) -> list[list[float]]:
    """For each cell the room right of it, in em of its letters: nought but in columns of numbers.

    Where a column has several units, or more than numbers, nothing can stand under each other.
    """
    columns = [
        _column([row[at].text for row in table.rows], lang)
        if side == "right"
        else [0.0] * len(table.rows)
        for at, side in enumerate(table.aligns)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(texts: Sequence[str], lang: str) -> list[float]:
    sign, groups = (",", r"\.") if lang == "vi" else (r"\.", ",")
    number = re.compile(rf"[-−–]?\d+(?:{groups}\d{{3}})*(?:{sign}(\d+))?([\s\u00a0]%)?")
    found = [number.fullmatch(text) for text in texts]
    read = [match for match in found if match]
    others = [text for text, match in zip(texts, found, strict=True) if not match and text != "–"]
    if others or len({match[2] for match in read}) > 1:
        return [0.0] * len(texts)
    most = max((len(match[1] or "") for match in read), default=0)
    return [_room(len(match[1] or ""), most) if match else 0.0 for match in found]


def _room(decimals: int, most: int) -> float:
    return (most - decimals) * DIGIT + (SIGN if most and not decimals else 0.0)
