"""The table of a verdict on terminals of any width: names give way, figures do not."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from results.report.summary import Row, TerminalTable
from scenarios.cli.commands.check import _criteria

ROWS = [
    Row("Calls given less than they asked for", "1 call", "≤ 0 calls", "-100 %", False, True, "x"),
    Row(
        "Existing bridges: rise in packets lost",
        "0 points",
        "≤ 0.1 points",
        "+1 %",
        True,
        False,
        "y",
    ),
]


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("place", ["", "MCU", "Polycom RMX 1500, 1 × MPMx, fixed mode, during" * 2])
def test_figures_and_marks_show_whole(width: int, place: str) -> None:
    rows = [Row(r.criterion, r.value, r.limit, r.margin, r.ok, r.binding, place) for r in ROWS]
    out = io.StringIO()
    console = Console(file=out, width=width)
    console.print(_criteria(TerminalTable("fail", "", "", rows, []), console.width))
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + len(rows)
    for row, line in zip(rows, lines[1:], strict=True):
        assert all(figure in line for figure in (row.value, row.limit, row.margin))
        assert ("met" if row.ok else "NOT MET") in line
        assert len(line) <= width
