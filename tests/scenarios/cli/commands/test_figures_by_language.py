"""Tables of a terminal have the signs of the language: a decimal comma in Vietnamese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.sentence import number

THOUSANDS = r"(?![1-9]\d{0,2}(?:\.\d{3})+(?![\d.]))"
POINT = re.compile(rf"(?<![\w.]){THOUSANDS}\d+\.\d+(?: (?:%|ms|km|[kM]b/s)|\b(?=\s{{2}}))")
"""A figure with a decimal point, with its unit or at the end of a cell; not a section's number, and
not one with the sign between thousands."""


def test_a_figure_that_stands_alone() -> None:
    assert (number(0.05).en, number(0.05).vi) == ("0.05", "0,05")
    assert (number(1.5, ".3f", " *").en, number(1.5, ".3f", " *").vi) == ("1.500 *", "1,500 *")
    assert number(2000.0, after=" ms").vi == "2.000 ms"


@pytest.mark.parametrize(
    "words",
    [
        ("criterion", "list"),
        ("profile", "list"),
        ("device", "list"),
        ("device", "show", "rmx-1500-mpmx"),
        ("units", "list"),
        ("topology", "show"),
    ],
)
def test_in_vietnamese(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a map goes
    ran = giaoban(*words, "--lang", "vi")
    assert ran.code == 0, ran.err
    assert POINT.findall(ran.out) == []


def test_sources_of_a_device() -> None:
    """In the language that is asked for, as the annex has them."""
    vi, en = (giaoban("device", "show", "rmx-1500-mpmx", "--lang", x).out for x in ("vi", "en"))
    assert "to be settled by" in en
    assert "to be settled by" not in vi
    assert "đo trên chính MCU" in vi


def test_limits_of_criteria() -> None:
    vi, en = (giaoban("criterion", "list", "--lang", lang).out for lang in ("vi", "en"))
    assert "≤ 0,1 điểm" in vi
    assert "≤ 0.1 points" in en
