"""Whole documents of small answers, as they were read and accepted: `tests/results/snapshots/`.

`GIAOBAN_SNAPSHOTS=write pytest tests/results/test_snapshots.py` writes them anew; read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import annex_factory
import failures_factory
import history_factory
import load_factory
import meeting_factory
import pytest
import results_factory
import sensitivity_factory

from giaoban.results.archive.history.document import document as yearly_document
from giaoban.results.archive.history.index import opened
from giaoban.results.model.result import Refused, Result
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings import meeting_summary
from giaoban.results.report.summaries import (
    check_summary,
    failures_summary,
    load_summary,
    sensitivity_summary,
)
from giaoban.translation import translator

SNAPSHOTS = Path(__file__).with_name("snapshots")


def refused() -> Result:
    """Return a check in which the MCU refuses a call."""
    before, during, after = results_factory.phases()
    bridges = list(results_factory.EXISTING)
    full = [Refused(bridge="quang-son", code=503, reason="full")]
    device = results_factory.mcu(bridges, full)
    phases = [before, results_factory.phase("during", during.bridges, device=device), after]
    return results_factory.result(phases)


def invalid() -> Result:
    return results_factory.result(invalid=[results_factory.unaccounted(12)])


def meeting(lang: str) -> str:
    found = meeting_summary.summary_md(meeting_factory.answer(), lang)
    return markdown(found, translator(lang).say)


SUMMARIES: dict[str, Callable[[str], str]] = {
    "check": lambda lang: check_summary.summary_md(results_factory.result(), lang),
    "check-refused": lambda lang: check_summary.summary_md(refused(), lang),
    "check-invalid": lambda lang: check_summary.summary_md(invalid(), lang),
    "faults": lambda lang: failures_summary.summary_md(failures_factory.answer(), lang),
    "load": lambda lang: load_summary.summary_md(load_factory.storm("random"), lang),
    "sensitivity": lambda lang: sensitivity_summary.summary_md(sensitivity_factory.answer(), lang),
    "meeting": meeting,
}


def compare(name: str, text: str) -> None:
    path = SNAPSHOTS / name
    if os.environ.get("GIAOBAN_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary(name: str, lang: str) -> None:
    compare(f"{name}.{lang}.md", SUMMARIES[name](lang))


def test_an_annex() -> None:
    answers = (refused(), failures_factory.answer(), load_factory.storm("random"))
    compare("annex.txt", annex_factory.said(*answers) + "\n")


def test_a_year(tmp_path: Path) -> None:
    root = history_factory.year(tmp_path / "runs")
    with opened(root) as index:
        entries = index.entries(year=2026)
    made = yearly_document(entries, 2026, tmp_path)
    compare("year.txt", "\n".join(text for _, text in made.texts()) + "\n")
