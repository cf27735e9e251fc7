"""No column of an annex's table is too narrow for what it holds."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import annex_factory as annexes
import failures_factory
import load_factory
import results_factory
import sensitivity_factory

from giaoban.results.judge.criteria import load_criteria
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.content import document
from giaoban.results.report.annex.sensitivity import Analysis
from giaoban.results.report.document import Cell, Table
from giaoban.results.report.letter import Letter
from giaoban.scenarios.measure.assumptions import assumptions
from giaoban.scenarios.plan.question import make_question

ROOT = Path(__file__).parents[4]
SCENARIO = ROOT / "scenarios/expansion-gia-nghia-quang-son.toml"
RANGES = ROOT / "scenarios/study/sensitivity/ranges.toml"

LETTER_MM = 1.5
"""Of the small letters of tables, on average."""
STEP_MM = 6.0
SHARE = 0.85


def height(table: Table, widths: Sequence[float]) -> float:
    """In lines: each row is as high as its highest cell."""
    return sum(
        max(
            math.ceil(len(text) * LETTER_MM / (mm - 2))
            for cell, mm in zip(row, widths, strict=True)
            for text in (f"{cell.text} {cell.sub}",)
        )
        for row in table.rows
    )


def longest_word(table: Table, column: int) -> float:
    """How broad a column must be at least."""
    texts = [f"{row[column].text} {row[column].sub}" for row in table.rows]
    return max(len(word) for text in texts for word in text.split()) * LETTER_MM + 2


def narrow(table: Table) -> list[str]:
    """Columns that, a little broader at the cost of another one, would make the table much lower:
    by more than a seventh and two lines."""
    if not table.widths or not table.rows or any(len(r) != len(table.widths) for r in table.rows):
        return []
    widths, now = list(table.widths), height(table, table.widths)
    found = []
    for broader, other in permutations(range(len(widths)), 2):
        if widths[other] - STEP_MM < max(12, longest_word(table, other)):
            continue
        tried = list(widths)
        tried[broader] += STEP_MM
        tried[other] -= STEP_MM
        if height(table, tried) < min(SHARE * now, now - 2):
            found.append(f"{table.ident}: column {broader}, instead of {other}")
    return found


def as_long_as_in_use(answer: Sensitivity) -> Sensitivity:
    """With the longest source of a range that there is at every figure."""
    ranges = tomllib.loads(RANGES.read_text(encoding="utf-8"))["range"]
    longest = max((entry["source_vi"] for entry in ranges), key=len)
    figures = [
        figure.model_copy(update={"range_source": longest, "range_source_vi": longest})
        for figure in answer.figures
    ]
    return answer.model_copy(update={"figures": figures})


def test_no_table_is_long_because_a_column_is_narrow() -> None:
    assumed = assumptions(make_question(SCENARIO), load_criteria())
    result = results_factory.result().model_copy(update={"assumptions": assumed})
    analysis = Analysis(as_long_as_in_use(sensitivity_factory.answer()), None, proved=True)
    chapters = [
        annexes.chapter(result)._replace(analysis=analysis),
        annexes.chapter(failures_factory.answer(failures_factory.usual())),
        annexes.chapter(load_factory.storm()),
    ]
    made = document(chapters, Letter())
    tables = [block for block in made.blocks if isinstance(block, Table)]
    assert {"assumptions-table", "deciding-table"} <= {table.ident for table in tables}
    assert [text for table in tables for text in narrow(table)] == []


def test_a_narrow_column_is_found() -> None:
    row = [Cell("a " * 60), Cell("b"), Cell("c")]
    table = Table("", [], [row], widths=[20, 60, 60], aligns=["left"] * 3, ident="t")
    assert narrow(table) == ["t: column 0, instead of 1", "t: column 0, instead of 2"]
    assert narrow(replace(table, widths=[110, 15, 15])) == []
