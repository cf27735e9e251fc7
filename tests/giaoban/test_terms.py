"""One Vietnamese term for a notion, in the catalogue and in the documents."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "giaoban" / "locale"
PAGES = [LOCALE / "vi.po", ROOT / "README.vi.md", *sorted((ROOT / "docs").rglob("*.md"))]
DATA = [
    path
    for room in ("mcu_sim", "results", "scenarios", "topology", "traffic")
    for path in sorted((ROOT / room).rglob("*.toml"))
    if "runs" not in path.relative_to(ROOT).parts
]
"""Whose words in Vietnamese (`source_vi`, `question_vi` …) stand in documents."""
TERMS: list[dict[str, Any]] = tomllib.loads((LOCALE / "terms.toml").read_text("utf-8"))["term"]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["en"])
def test_a_notion_has_one_term(term: dict[str, Any]) -> None:
    files = {page: page.read_text("utf-8").replace('"\n"', "") for page in PAGES + DATA}
    texts = {page: " ".join(text.split()) for page, text in files.items()}
    assert any(term["vi"] in text.lower() for text in texts.values()), "nobody says it"
    for page, text in texts.items():
        for other in term["instead_of"]:
            assert other not in text.lower(), f"{page.name}: {other} (allowed: {term['vi']})"


def test_a_clause_stands_before_its_article() -> None:
    """As offices write it (Decree 30/2020/NĐ-CP, Annex I): khoản 3 Điều 4, not Điều 4 khoản 3."""
    turned = re.compile(r"Điều \d+ khoản \d+")
    found = {path.name: turned.findall(path.read_text("utf-8")) for path in PAGES + DATA}
    assert {name: texts for name, texts in found.items() if texts} == {}
