"""An answer that cannot be trusted judges nothing, in no document of it."""

import io
from collections.abc import Iterator

import annex_factory as annexes
import load_factory
import pytest
import results_factory as make
from rich.console import Console

from giaoban.results.report import terminal
from giaoban.results.report.document import Table, in_language
from giaoban.results.report.summaries import check_summary, load_summary
from giaoban.results.report.wording import Wording
from giaoban.translation import translator

INVALID = make.result(invalid=[make.unaccounted(12)])
ANSWERS_OF = {
    "vi": ("Gần ngưỡng nhất", "dư địa nhỏ nhất", "nhận thêm được", "Kết luận này", "nên có"),
    "en": ("Binds", "Closest to its limit", "least margin", "more call", "This conclusion",
           "prefers"),
}  # fmt: skip
"""What only an answer says."""
MET = {"vi": ("Đạt", "đạt", "✓ Đạt"), "en": ("Met", "met", "✓ Met")}


def documents(language: str) -> Iterator[tuple[str, str]]:
    """Each document of the run, with its text."""
    say = Wording(language, INVALID)
    out = io.StringIO()
    brief = [in_language(block, say.say) for block in check_summary.brief(INVALID, language)]
    terminal.show(*brief, console=Console(file=out, width=400))
    yield "terminal", out.getvalue()
    yield "summary", check_summary.summary_md(INVALID, language)
    yield "annex", annexes.said(INVALID)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_document_of_an_invalid_run_gives_an_answer(language: str) -> None:
    for where, text in documents(language):
        assert [said for said in ANSWERS_OF[language] if said in text] == [], where


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_criterion_of_an_invalid_run_is_met_or_has_a_margin(language: str) -> None:
    tables = [check_summary.criteria(INVALID, Wording(language, INVALID))]
    tables += [
        block
        for block in annexes.annex(INVALID).blocks
        if isinstance(block, Table) and {"Dư địa", "Margin"} & {*block.titles()}
    ]
    assert len(tables) == 2
    for table in tables:
        rows = [[translator(language).say(cell.text) for cell in row] for row in table.rows]
        assert len(rows) == len(INVALID.criteria)
        assert {row[3] for row in rows} == {"–"}
        assert not {row[4] for row in rows} & {*MET[language]}
        assert not any(row[0].startswith("▶") for row in rows)


def test_no_criterion_of_an_invalid_load_test_is_met() -> None:
    void = load_factory.calls(verdict="invalid", reasons=["it hung"])
    told = {criterion.ok for criterion in void.criteria}
    assert True in told  # in its file
    for text in (load_summary.summary_md(void, "vi"), load_summary.summary_md(void, "en")):
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        assert not [row for row in rows if "| đạt |" in row or "| met |" in row]
