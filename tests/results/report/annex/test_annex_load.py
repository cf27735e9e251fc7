"""Load tests in the annex: what an office reads of them, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import annex_factory as annexes
import load_factory as loads
import results_factory as make
from docx import Document
from pdf_text import pages_of, text_of

from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes

WITHOUT = loads.storm("none")
WITH = loads.storm("random", run_id="load-storm-20261125-091500", last_back_s=14.04)


def said(*answers: LoadResult) -> str:
    return annexes.said(make.result(), *answers)


def rows(*answers: LoadResult, caption: str) -> list[list[str]]:
    return annexes.rows(make.result(), *answers, caption=caption)


# ---------------------------------------------------------------------- which belong, drafts


def test_one_without_evidence_makes_a_draft() -> None:
    chapters = [annexes.chapter(make.result()), Chapter(AnswerWithProof(WITHOUT, None), {})]
    assert annex_bytes(chapters, form="docx")[1]


# ------------------------------------------------------------------------- languages, files


def test_pdf_and_docx_carry_it_with_its_sum(tmp_path: Path) -> None:
    chapters = [annexes.chapter(answer) for answer in (make.result(), WITHOUT, WITH)]
    total = annexes.proof(WITHOUT).sum
    for name in ("x.pdf", "x.docx"):
        path = tmp_path / name
        annexes.write_annex(path, chapters, form=path.suffix[1:])
    text = re.sub(r"\s+", " ", text_of(tmp_path / "x.pdf"))
    assert "8. Thử tải hệ thống điều khiển đa điểm (MCU)" in text
    assert total[:32] in text
    assert f"Mã kiểm chứng của lần thử tải {WITHOUT.run_id}" in text.replace("- ", "-")
    assert all("NHÁP" not in page for page in pages_of(tmp_path / "x.pdf"))
    tables = Document(str(tmp_path / "x.docx")).tables
    [storms] = [t for t in tables if t.rows[0].cells[1].text == "Giãn cách gọi lại"]
    assert [cell.text for cell in storms.rows[2].cells][6] == "14"
