"""Vietnamese stands in the catalogue: nothing else of the product says it.

`ELSEWHERE` names every file that has Vietnamese letters nevertheless, with the reason. What is
said to people is no reason; comments and docstrings may name a place or quote an example.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios", "bench")
LETTERS = re.compile("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
"""Those of no other language that the product has to do with."""

ELSEWHERE = {
    "bench/inputs.py": "names of places, and a scenario file's own question in Vietnamese",
    "giaoban/names.py": "the letter that no decomposition takes apart",
    "giaoban/translation.py": "kinds of administrative units, which a sentence has in lower case",
    "results/report/letter.py": "letters that the number of a letter may have",
    "scenarios/calendar/csv_file.py": "headings that people's own tables have",
    "scenarios/calendar/icalendar_file.py": "words that people's own calendars have",
    "topology/importers/tables.py": "headings that people's own tables have",
    "topology/units/known.py": "names of places, and of a decree",
    "topology/units/lists.py": "headings that people's own tables have",
}

VIETNAMESE_ALONE = ("results/report/annex/", "results/archive/history/")
"""The annex and the yearly summary are written in Vietnamese alone."""


def said_in_python(text: str) -> set[str]:
    """Texts with such letters that are no docstrings and no comments."""
    if "\\" not in text and not LETTERS.search(text):
        return set()  # nor is one written as an escape
    tree = ast.parse(text)
    quoted = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in quoted
        and LETTERS.search(node.value)
    }


def files(ending: str) -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob(f"*{ending}"))
        if "runs" not in path.relative_to(ROOT).parts
    ]


def test_what_is_said_is_found() -> None:
    assert said_in_python('"""Đắk Nông."""\nx = "không đạt"  # lỗi') == {"không đạt"}
    assert said_in_python('x = f"mất {pct} % gói"') != set()


def test_no_python_of_the_product_says_vietnamese() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in files(".py")
        if not str(path.relative_to(ROOT)).startswith(VIETNAMESE_ALONE)
        and said_in_python(path.read_text(encoding="utf-8"))
    }
    assert found - ELSEWHERE.keys() == set(), "say it in English, and in the catalogue"
    assert ELSEWHERE.keys() - found == set(), "no longer has any"


@pytest.mark.parametrize("ending", [".js", ".css", ".typ"])
def test_nothing_that_documents_are_made_with_says_vietnamese(ending: str) -> None:
    found = files(ending)
    assert found
    for path in found:
        lines = path.read_text(encoding="utf-8").splitlines()
        said = [line for line in lines if LETTERS.search(line.partition("//")[0])]
        assert not [line for line in said if "regex(" not in line], path
