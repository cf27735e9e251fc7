"""A column that is added to the table of criteria is in every rendering of it."""

from __future__ import annotations

import pytest
import results_factory as make

from giaoban.results.judge.criteria import FAILING_SEEDS
from giaoban.results.report import criteria_table, document
from giaoban.results.report.annex import quality
from giaoban.results.report.annex.quality import AnnexCriteriaWording
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.criteria_table import COLUMNS
from giaoban.results.report.screen_wording import screen_wording
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
    say = AnnexCriteriaWording(make.result(), AnnexWording(make.result()))
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
    annex = AnnexCriteriaWording(result, AnnexWording(result))
    for say in (screen_wording(result, Wording("en", result)), annex):
        assert say.margin(others) == "–"
        assert say.margin(last) != "–"
