"""The table of a verdict on terminals of any width: names give way, figures do not."""

from __future__ import annotations

import io

import pytest
import results_factory as make
from rich.console import Console

from giaoban.results.model.result import Place
from giaoban.results.report import terminal
from giaoban.results.report.summary import criteria


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("name", ["MCU", "Polycom RMX 1500, 1 × MPMx, fixed mode, during" * 2])
def test_figures_and_marks_show_whole(width: int, name: str) -> None:
    plain = make.result()
    place = Place(kind="mcu", id="mcu", phase="during")
    judged = [
        c.model_copy(update={"place": place, "ok": number % 2 == 0, "margin_pct": -100.0 * number})
        for number, c in enumerate(plain.criteria)
    ]
    names = {**plain.names, "mcu": name}
    table = criteria(plain.model_copy(update={"criteria": judged, "names": names}))
    out = io.StringIO()
    terminal.show(table, console=Console(file=out, width=width))
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + len(judged)
    for c, row, line in zip(judged, table.rows, lines[1:], strict=True):
        assert all(figure.text in line for figure in row[1:4])
        assert ("met" if c.ok else "NOT MET") in line
        assert len(line) <= width
