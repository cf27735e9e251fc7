"""Documents cite the regulation of the province that they are about, and no other."""

from __future__ import annotations

import ast
import re
import tomllib
import typing
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import history_factory
import meeting_factory
import pytest
import results_factory
from babel.messages.pofile import read_po

from giaoban.regulation import Regulation, Subject
from giaoban.results.archive.history.document import document as yearly_document
from giaoban.results.archive.history.index import opened
from giaoban.results.model.result import Result
from giaoban.results.model.studies.calendar import Rule
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.report.annex import back_matter, question
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import Bullets, Heading, Par, plain
from giaoban.results.report.meetings.meeting_sheet import minutes_document
from giaoban.results.report.meetings.meeting_summary import brief
from giaoban.topology.load import load_province

NOW = datetime(2026, 11, 24, 15)
ROOT = Path(__file__).parents[3]
ROOMS = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios")
CITES = re.compile(r"1681|Đắk Nông|Art\. ?\d|Điều \d|\(\)|  ")
OTHER = Regulation(
    number="12/QĐ-UBND",
    date="2026-01-05",
    issuer="the People’s Committee of Lâm Đồng province",
    issuer_vi="Ủy ban nhân dân tỉnh Lâm Đồng",
    articles={
        "expansion": "Art. 7",
        "system-check": "Art. 9(1)",
        "assessment": "Art. 11 and 12(2)",
    },
)


def in_words(blocks: Any) -> str:
    """Of paragraphs, headings and lists: sentences, in which documents cite."""
    told = []
    for block in blocks:
        if isinstance(block, Par | Heading):
            told.append(plain(block.text))
        elif isinstance(block, Bullets):
            told += [plain(item) for item in block.items]
    return "\n".join(told)


def annex_words(regulation: Regulation | None) -> str:
    asked = results_factory.result().question.model_copy(update={"regulation": regulation})
    result: Result = results_factory.result().model_copy(update={"question": asked})
    say = AnnexWording(result)
    blocks = [*question.asked(result, say, "1")]
    blocks += back_matter.conditions([result], [], [], say, assumptions_at=8, failures_at=6)
    return in_words(blocks)


def meeting_words(regulation: Regulation | None) -> str:
    held = meeting_factory.answer()
    meeting = held.meeting
    if regulation is None or regulation.number != "1681/QĐ-UBND":
        meeting = meeting.model_copy(update={"article": ""})
    answer: MeetingAnswer = held.model_copy(update={"regulation": regulation, "meeting": meeting})
    made = minutes_document(answer, "vi", NOW)
    return "\n".join([made.attached, in_words(made.blocks), in_words(brief(answer, "vi"))])


def year_words(regulation: Regulation | None, tmp_path: Path) -> str:
    root = history_factory.year(tmp_path / "runs")
    with opened(root) as index:
        entries = index.entries(year=2026)
    entries = [
        each.model_copy(
            update={"province": each.province.model_copy(update={"regulation": regulation})}
        )
        if each.province is not None
        else each
        for each in entries
    ]
    return in_words(yearly_document(entries, 2026, tmp_path).blocks[:2])


def test_without_a_regulation_documents_cite_none(tmp_path: Path) -> None:
    for said in (annex_words(None), meeting_words(None), year_words(None, tmp_path)):
        assert len(said) > 100
        assert not CITES.search(said.replace("Đắk Nông province", "")), said


def test_another_regulation_is_cited_by_its_own_articles(tmp_path: Path) -> None:
    annex, meeting = annex_words(OTHER), meeting_words(OTHER)
    year = year_words(OTHER, tmp_path)
    basis = (
        "Điều 7 Quy định ban hành kèm theo Quyết định số 12/QĐ-UBND ngày 05 tháng 01 năm "
        "2026 của Ủy ban nhân dân tỉnh Lâm Đồng"
    )
    assert basis in annex
    assert "(khoản 1 Điều 9)." in annex
    assert "(khoản 1 Điều 9)" in meeting
    assessment = "Điều 11 và khoản 2 Điều 12 Quy định ban hành kèm theo Quyết định số 12/QĐ-UBND"
    assert assessment in year
    assert "1681" not in annex + meeting + year
    assert "Art. 20(3)" not in annex, "what it has no article for is said without one"


MAY_CITE = re.compile(r"1681|Art\.|Điều|Article|Quyết định|\\[uxN]")
FIXED = re.compile(r"1681/|Art\. ?\d|(?:Điều|Article) \d|Quyết định số \d")
NATIONAL = re.compile(
    r"(?:Nghị định|Decree) 13/2008/NĐ-CP(?:, Art\. 8)?|Điều 8 (?=Nghị định 13/2008)"
)
"""A decree of the Government's holds in every province."""
DATA_OF_ONE = {"article", "regulation"}
"""Keys of a meeting in the catalogue, cited only where the province has the same regulation."""


def fixed(text: str) -> bool:
    return FIXED.search(NATIONAL.sub("", text)) is not None


def test_no_text_of_the_catalogue_has_a_decision_or_an_article_of_its_own() -> None:
    """What documents, errors and help say, in both languages."""
    with (ROOT / "giaoban/locale/vi.po").open("rb") as file:
        catalogue = read_po(file)
    found = [str(entry.id) for entry in catalogue if fixed(f"{entry.id} {entry.string}")]
    assert found == []
    assert len(catalogue) > 1000


def test_nothing_the_program_says_has_an_article_of_its_own() -> None:
    """Strings of the product's Python, also those that are said in English alone; no comments and
    no docstrings. How an article is written at all stands in `giaoban.regulation`."""
    found = [
        (str(path.relative_to(ROOT)), said.value)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if MAY_CITE.search(text := path.read_text(encoding="utf-8"))  # to parse all takes seconds
        for said in said_in(ast.parse(text))
        if (fixed(said.value) or "Art. " in NATIONAL.sub("", said.value))
        and path != ROOT / "giaoban/regulation.py"
    ]
    assert found == []
    [own] = said_in(ast.parse('"""Art. 1."""\nx = "not called (Art. 15(2)a)"  # Art. 2'))
    assert fixed(own.value)


def said_in(tree: ast.AST) -> list[Any]:
    quoted = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted
    ]


def test_no_data_that_every_province_uses_has_an_article_of_its_own() -> None:
    """Criteria, devices, profiles, ranges, what is left out, meetings; not Đắk Nông's own files."""
    of_dak_nong = {
        ROOT / "topology/province.toml",
        ROOT / "results/baselines/dak-nong.toml",
        *(ROOT / "scenarios").glob("*.toml"),
    }
    files = [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.toml"))
        if path not in of_dak_nong and "runs" not in path.relative_to(ROOT).parts
    ]
    found = {
        (path.name, text)
        for path in files
        for key, text in texts_in(tomllib.loads(path.read_text(encoding="utf-8")))
        if key not in DATA_OF_ONE and fixed(text)
    }
    assert found == set()
    assert {"criteria.toml", "devices.toml", "ranges.toml", "training.toml"} <= {
        path.name for path in files
    }


def texts_in(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in tables and lists, with the key that it stands under."""
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for inner, value in data.items():
            yield from texts_in(value, inner)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value, key)


def test_every_rule_of_a_calendar_has_a_subject() -> None:
    """Without `briefing-missing`, which the catalogue's meeting says itself."""
    subjects = set(typing.get_args(Subject))
    assert set(typing.get_args(Rule)) - {"briefing-missing"} <= subjects
    regulation = load_province().regulation
    no_limit = {"device-nearly-full", "link-full"}  # the decision sets none
    assert set(regulation.articles) == subjects - no_limit


@pytest.mark.parametrize("date", ["25/10/2013", "2013-13-01", "20131025", ""])
def test_a_date_that_is_none(date: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        Regulation(number="1", date=date, issuer="x")
