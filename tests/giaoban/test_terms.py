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


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """What each file says, in small letters and one line, by its path."""
    files = {
        str(page.relative_to(ROOT)): page.read_text("utf-8").replace('"\n"', "")
        for page in PAGES + DATA
    }
    return {name: " ".join(text.split()).lower() for name, text in files.items()}


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["en"])
def test_a_notion_has_one_term(texts: dict[str, str], term: dict[str, Any]) -> None:
    # not in the assertion, which would show all texts
    said = any(term["vi"] in text for text in texts.values())
    assert said, f"nobody says {term['vi']}"
    others = [
        (name, other)
        for name, text in texts.items()
        for other in term["instead_of"]
        if other in text
    ]
    assert others == [], f"(allowed: {term['vi']})"


def test_a_clause_stands_before_its_article() -> None:
    """As offices write it (Decree 30/2020/NĐ-CP, Annex I): khoản 3 Điều 4, not Điều 4 khoản 3."""
    turned = re.compile(r"Điều \d+ khoản \d+")
    found = {path.name: turned.findall(path.read_text("utf-8")) for path in PAGES + DATA}
    assert {name: texts for name, texts in found.items() if texts} == {}
