"""The yearly summary."""

from __future__ import annotations

import hashlib
from pathlib import Path

import history_factory as h
import pytest
from pdf_text import text_of

from giaoban.errors import InputError
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.yearly import KINDS, Ledger, pictures
from giaoban.results.report.wording import Wording
from giaoban.scenarios.schemas.make import answer_names
from giaoban.schemas import COMMANDS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def of_year(root: Path, year: int = 2026) -> list[HistoryEntry]:
    with opened(root) as index:
        return index.entries(year=year)


def test_every_kind_of_answer_is_named() -> None:
    assert set(KINDS) == {COMMANDS.get(name, name) for name in answer_names()}


def test_pictures_only_of_what_has_a_course(root: Path) -> None:
    found = of_year(root)
    drawn = pictures(found, Ledger(found), Wording("vi"))
    assert drawn[0][0].startswith("Dư địa nhỏ nhất")
    assert all(len(points) > 1 for _, points in drawn)
    later = of_year(root, 2027)
    assert pictures(later, Ledger(later), Wording("vi")) == []


def test_the_document(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "nam.pdf"
    write_summary(of_year(root), 2026, out)
    text = text_of(out)
    for words in ("GIAO BAN ĐIỆN TỬ NĂM 2026", "Khoản 4 Điều 13", "Đắk Mil", "416 ms"):
        assert words in text
    january = hashlib.sha256((root / h.JANUARY / "result.json").read_bytes()).hexdigest()
    assert january in text  # whole, to be copied and compared
    first = out.read_bytes()
    write_summary(of_year(root), 2026, out)
    assert out.read_bytes() == first
    with pytest.raises(InputError, match="no run was kept of that year"):
        write_summary([], 2031, out)
    with pytest.raises(InputError, match=r"ends with \.pdf"):
        write_summary(of_year(root), 2026, tmp_path / "nam.doc")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A whole run, in a results folder of its own."""
    return h.proven(tmp_path / "own", h.measured(h.JANUARY), tmp_path / "sources")
