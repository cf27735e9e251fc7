"""One value of one result is the same figure in every document."""

from __future__ import annotations

import re
from collections.abc import Callable

import annex_factory as annexes
import pytest
import results_factory as make

from giaoban.results.judge import verdict
from giaoban.results.model.result import Result
from giaoban.results.report.ci.answers import of_check
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.junit import junit_xml
from giaoban.results.report.summaries import compared_summary
from giaoban.results.report.summaries.check_summary import criteria, summary_md
from giaoban.results.report.view.page import page
from tests.results.tables import rows_of

VALUES = {"link-peak": 100.45, "mouth-to-ear": 468.36}
FIGURES = {"100.5", "468"}
MEDIA: dict[str, Callable[[Result], object]] = {
    "reasons": lambda result: [verdict._reason(c) for c in result.criteria],
    "terminal": lambda result: rows_of(criteria(result)),
    "summary.md": summary_md,
    "annex": lambda result: annexes.said(result).replace("100,", "100."),
    "page": lambda result: page(result, "en"),
    "junit": lambda result: junit_xml(of_check(result), Commands(["check"])),
    "compare": lambda result: [
        compared_summary.value(c.value, c.unit, c.threshold) for c in result.criteria
    ],
}


@pytest.mark.parametrize("medium", MEDIA)
def test_a_value_is_one_figure(medium: str) -> None:
    result = make.result()
    changed = []
    for c in result.criteria:
        value = VALUES.get(c.id, c.value)
        share = 100 * (1 - value / c.threshold) if c.id in VALUES else c.margin_pct
        update = {"value": value, "margin_pct": share, "ok": c.id not in VALUES}
        changed.append(c.model_copy(update=update))
    failed = {"criteria": changed, "verdict": "fail"}
    shown = str(MEDIA[medium](result.model_copy(update=failed))).replace("\u00a0", " ")
    assert set(re.findall(r"\b(?:100\.\d+|468(?:\.\d+)?)\b", shown)) == FIGURES
