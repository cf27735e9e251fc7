"""LibreOffice opens the annex's DOCX: its pages hold what those of our own PDF hold."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from giaoban.results.report.annex.content import document
from giaoban.results.report.annex.sensitivity import Analysis
from giaoban.results.report.document import Document
from giaoban.results.report.docx.write import docx_bytes
from giaoban.results.report.letter import Letter
from giaoban.results.report.pdf.write import pdf
from giaoban.results.report.plots.tornado import write_tornado
from giaoban.topology.map.draw import BROAD_IN, draw
from tests.results import annex_factory, results_factory, sensitivity_factory
from tests.results.pdf_text import pages_of
from tests.results.view_factory import network

pytestmark = pytest.mark.nightly

AT = datetime(2026, 2, 5, 8, 30)
LONGEST_WORD = 20
FURNITURE = 12
"""Words that every page has: its number, and that it is a draft."""


def drawn(folder: Path, name: str) -> Path:
    path = folder / f"{name}.vi.svg"
    draw(network(), path, path.with_suffix(".png"), title="Đắk Nông", lang="vi", high=BROAD_IN)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A draft in Vietnamese with two maps on broad pages, a tornado chart, tables, QR codes."""
    folder = tmp_path_factory.mktemp("pictures")
    answer = sensitivity_factory.answer()
    tornado = write_tornado(answer, folder, lang="vi")
    maps = {name: drawn(folder, name) for name in ("map", "failures")}
    chapter = annex_factory.chapter(results_factory.result(), maps)
    chapter = chapter._replace(analysis=Analysis(answer, tornado, proved=False))
    return document([chapter], "vi", Letter())


@pytest.fixture(scope="module")
def pages(made: Document, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """What LibreOffice makes of it, page by page, and its PDF."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "phu-luc.docx").write_bytes(docx_bytes(made, AT))
    subprocess.run(
        [
            *("soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/own"),
            *("--convert-to", "pdf:writer_pdf_Export", "--outdir", str(folder)),
            str(folder / "phu-luc.docx"),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return pages_of(folder / "phu-luc.pdf"), folder / "phu-luc.pdf"


def sizes(path: Path) -> list[bool]:
    """Of each page whether it is broad."""
    told = subprocess.run(
        ["pdfinfo", "-l", "-1", str(path)], check=True, capture_output=True, text=True
    ).stdout
    found = re.findall(r"^Page\s+\d+ size:\s+([\d.]+) x ([\d.]+)", told, re.MULTILINE)
    return [float(width) > float(height) for width, height in found]


def words(text: str) -> list[str]:
    """Words and figures; sums of files are broken over lines anywhere, and are none."""
    return [word for word in re.findall(r"\w+|%", text) if len(word) < LONGEST_WORD]


def test_every_word_is_there_as_often(made: Document, pages: tuple[list[str], Path]) -> None:
    told = Counter(word for _, text in made.texts() for word in words(text))
    assert len(told) > 300
    assert told - Counter(words(" ".join(pages[0]))) == Counter()


def test_maps_have_broad_pages_to_themselves_and_no_page_is_empty(
    pages: tuple[list[str], Path],
) -> None:
    texts, path = pages
    broad = sizes(path)
    assert sum(broad) == 2
    first = broad.index(True)
    assert broad[first : first + 2] == [True, True]
    for number, text in enumerate(texts, 1):
        assert len(words(text)) > FURNITURE, f"page {number} has nothing but its number"


def test_it_has_about_as_many_pages(
    made: Document, pages: tuple[list[str], Path], tmp_path: Path
) -> None:
    own = tmp_path / "own.pdf"
    own.write_bytes(pdf(made, datetime(2026, 2, 5)))
    assert abs(len(pages[0]) - len(pages_of(own))) <= 2
