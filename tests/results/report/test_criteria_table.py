"""A column that is added to the table of criteria is in every rendering of it."""

from __future__ import annotations

import io
import re

import annex_factory as annexes
import load_factory
import pytest
import results_factory as make
from rich.console import Console

from giaoban.results.judge.criteria import FAILING_SEEDS
from giaoban.results.report import criteria_table, document, terminal
from giaoban.results.report.annex import quality
from giaoban.results.report.annex.quality import AnnexCriteriaWording
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.criteria_table import COLUMNS, Column
from giaoban.results.report.document import Cell, Table
from giaoban.results.report.screen_wording import screen_wording
from giaoban.results.report.summaries import load_summary
from giaoban.results.report.summaries.check_summary import criteria, summary_md
from giaoban.results.report.view.page_data import PageRun, PageSubject
from giaoban.results.report.view.sections import _PageCriteriaWording, content
from giaoban.results.report.wording import Wording
from giaoban.translation import translator


def test_every_heading_is_in_the_catalogue() -> None:
    say = translator("vi").text
    assert [column.key for column in COLUMNS if say(column.key) == column.key] == []


@pytest.mark.parametrize("sign", ["–", "none"])
def test_where_no_margin_is_told_there_is_no_bar(
    monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    """Of other runs that fail nothing is left to be used up, whatever a cell then holds."""
    for module in (document, quality, criteria_table):
        monkeypatch.setattr(module, "NOTHING", sign)
    delay = next(c for c in make.result().criteria if c.margin_pct)
    others = delay.model_copy(update={"id": FAILING_SEEDS})
    say = AnnexCriteriaWording(make.result(), AnnexWording("en", make.result()))
    rows = criteria_table.criteria_table([delay, others], say, "browser").rows
    shown = [row[[c.key for c in COLUMNS].index("margin")] for row in rows]
    assert shown[0].bar == delay.margin_pct
    assert (shown[1].text, shown[1].bar) == (sign, None)


def test_other_runs_that_fail_have_no_margin_in_any_document() -> None:
    """A terminal said +100 % where the annex said nothing."""
    made = make.result()
    [*_, last] = made.criteria
    others = last.model_copy(update={"id": FAILING_SEEDS, "value": 0.0, "margin_pct": 100.0})
    result = made.model_copy(update={"criteria": [*made.criteria, others]})
    page = _PageCriteriaWording(result, AnnexWording("en", result))
    for say in (screen_wording(result, Wording("en", result)), page):
        assert say.margin(others) == "–"
        assert say.margin(last) != "–"


def test_a_column_is_added_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Column("its id", "left", 20, lambda c, say: Cell(c.id))
    monkeypatch.setattr(criteria_table, "COLUMNS", (*COLUMNS, added))
    result = make.result()
    ids = [c.id for c in result.criteria]

    out = io.StringIO()
    terminal.show(criteria(result), console=Console(file=out, width=400))
    head, *lines = out.getvalue().splitlines()
    assert head.split()[-2:] == ["its", "id"]
    assert [line.split()[-1] for line in lines] == ids

    rows = [line for line in summary_md(result).splitlines() if line.startswith("| ")]
    at = next(n for n, row in enumerate(rows) if row.endswith(" worst at | its id |"))
    told = [row.strip("| ").split(" | ")[-1] for row in rows[at + 1 : at + 1 + len(ids)]]
    assert told == ids

    load = load_factory.calls()
    told = [row for row in load_summary.summary_md(load).splitlines() if row.startswith("| ")]
    at = next(n for n, row in enumerate(told) if row.endswith(" result | its id |"))
    rows = [row.strip("| ").split(" | ") for row in told[at + 1 : at + 1 + len(load.criteria)]]
    assert [row[-1] for row in rows] == [c.id for c in load.criteria]

    for lang in ("vi", "en"):
        blocks = annexes.annex(result, lang=lang).blocks
        table = next(b for b in blocks if isinstance(b, Table))
        assert table.titles()[-1] == "Its id"
        assert [row[-1].text for row in table.rows] == ids

        page = content(PageSubject(PageRun(result, None, None)), lang)
        made = page[page.index('id="criteria-table"') :].partition("</table>")[0]
        heads, *rows = made.split("<tr>")[1:]
        assert re.findall("<th[^>]*>([^<]*)</th>", heads)[-1] == "Its id"
        assert [re.findall("<td[^>]*>([^<]*)</td>", row)[-1] for row in rows] == ids
