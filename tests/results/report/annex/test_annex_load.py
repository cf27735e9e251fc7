"""Load tests in the annex: what an office reads of them, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import annex_factory as annexes
import load_factory as loads
import pytest
import results_factory as make
from docx import Document
from pdf_text import pages_of, text_of

from giaoban.results.model.reasons import because
from giaoban.results.model.studies.load import LoadInputs, LoadResult
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.annex.words import WORDS
from giaoban.results.report.wording import Wording
from giaoban.translation import translator

VI = Wording("vi")
VI_SCREEN = translator("vi")
WITHOUT = loads.storm("none")
WITH = loads.storm("random", run_id="load-storm-20261125-091500", last_back_s=14.04)


def said(*answers: LoadResult) -> str:
    return annexes.said(make.result(), *answers)


def rows(*answers: LoadResult, caption: str) -> list[list[str]]:
    return annexes.rows(make.result(), *answers, caption=caption)


def test_a_storm_that_is_not_over_fails_and_makes_a_condition() -> None:
    late = loads.storm(last_back_s=None)
    [row] = rows(late, caption="Các điểm cầu gọi lại")
    assert row[3] == "9"
    assert row[6:] == ["–", "–", "Không đạt"]
    text = said(late)
    assert "không đạt 1 trong 1 tiêu chí thử tải: tên của bridges-missing: 1 điểm cầu" in text
    [number] = re.findall(r"tiêu chí thử tải không đạt nêu tại mục (\d+)", text)
    document = annexes.annex(make.result(), late)
    headings = {b.number: b.text for b in document.blocks if hasattr(b, "level")}
    assert headings[f"{number}."] == WORDS["load"]
    assert "tiêu chí thử tải không đạt nêu" not in said(WITHOUT)


def test_a_limit_that_was_set_is_told_and_one_that_was_not_is_an_assumption() -> None:
    chosen = loads.storm(limit_s=5.0, set_here=True)
    text = said(chosen)
    assert "do người yêu cầu thử đặt – Lần thử 1: tên của last-back: 8,53 giây" in text
    assert "(ngưỡng ≤ 5 giây)" in text
    assert "là giả định nêu tại mục" not in text
    text = said(WITHOUT)
    [number] = re.findall(r"thời gian trở lại là giả định nêu tại mục (\d+)", text)
    document = annexes.annex(make.result(), WITHOUT)
    headings = {b.number: b.text for b in document.blocks if hasattr(b, "level")}
    assert headings[f"{number}."] == WORDS["assumptions"]
    assert "do người yêu cầu thử đặt" not in text


def test_calls_are_told_with_why_they_failed() -> None:
    full = loads.calls(shape="hold", failed={"capacity": 5, "timeout": 2})
    assert rows(full, caption="Kết quả thiết lập") == [
        ["Lần thử 1", "150", "143", "7\nMCU hết năng lực: 5; MCU không trả lời kịp thời: 2", "5,1",
         "17", "Không đạt"]
    ]  # fmt: skip
    assert "20 điểm cầu gọi đến, 5 cuộc gọi mỗi giây, rồi giữ cuộc gọi trong 30 giây" in said(full)


# ---------------------------------------------------------------------- which belong, drafts


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"committed": False}, "phần mềm đã sửa đổi so với phiên bản lưu trữ"),
        ({"commit": None}, "không rõ phiên bản"),
    ],
)
def test_one_of_uncommitted_code_makes_a_draft(changes: dict[str, Any], why: str) -> None:
    inputs: LoadInputs = WITHOUT.inputs.model_copy(update=changes)
    document = annexes.annex(make.result(), WITHOUT.model_copy(update={"inputs": inputs}))
    assert document.draft
    assert any(f"lần thử tải {WITHOUT.run_id}" in n and why in n for n in document.notices)
    assert not annexes.annex(make.result(), WITHOUT).draft


def test_one_without_evidence_makes_a_draft() -> None:
    chapters = [annexes.chapter(make.result()), Chapter(AnswerWithProof(WITHOUT, None), {})]
    assert annex_bytes(chapters, form="docx")[1]


def test_an_invalid_one_makes_a_draft_without_its_figures() -> None:
    code = because("nothing-done")
    why = str(code)
    answer = loads.storm(verdict="invalid", reasons=[why], reason_codes=[code])
    document = annexes.annex(make.result(), answer)
    assert document.draft
    assert document.notices
    [row] = rows(answer, caption="Các điểm cầu gọi lại")
    assert row == ["Lần thử 1", "không", *["–"] * 6, "Không hợp lệ"]
    [row] = rows(loads.calls(verdict="invalid", reasons=[why]), caption="Kết quả thiết lập")
    assert row == ["Lần thử 1", *["–"] * 5, "Không hợp lệ"]
    assert "không hợp lệ, số liệu không đủ tin cậy nên không được sử dụng" in said(answer)


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
