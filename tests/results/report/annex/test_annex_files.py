"""Annexes as files: the same bytes each time, texts in the DOCX, marks of a draft."""

import io
import zipfile

import docx

from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes


def test_the_same_bytes_each_time(made):
    assert made.annex("pdf") == made.annex("pdf")


def test_names_and_figures_are_in_the_docx_as_they_are_written(made):
    paper = docx.Document(io.BytesIO(made.annex("docx")))
    cells = {c.text for t in paper.tables for r in t.rows for c in r.cells}
    assert {"Đắk R'Lấp", "Krông Nô", "Tuy Đức"} <= cells
    section = paper.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(section.left_margin.mm), round(section.right_margin.mm)) == (30, 17)
    assert paper.core_properties.author == ""
    assert paper.styles["Normal"].font.name == "Times New Roman"


def test_a_draft_is_marked_on_every_page_of_a_docx(made):
    data, draft = annex_bytes([Chapter(AnswerWithProof(made.result, None), {})], form="docx")
    assert draft
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [n for n in archive.namelist() if n.startswith("word/") and n.endswith(".xml")]
        said = {name: archive.read(name).decode() for name in names}
    marks = [n for n, text in said.items() if "header" in n and "BẢN NHÁP" in text]
    feet = [n for n, text in said.items() if "footer" in n and "KHÔNG DÙNG ĐỂ TRÌNH" in text]
    assert (len(marks), len(feet)) == (2, 2), "of the first page and of all others"
