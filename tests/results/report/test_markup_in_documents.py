"""A name that is markup to typst, to XML or to HTML stands in the annex as it is written."""

from __future__ import annotations

import html
import io
import re

import docx
import evidence_factory as make
import pytest
from pdf_text import text_of

from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.view.page import page

NAMES = ["#panic(1)", "*x*", "$a$", "@ref", "<b>x</b>", "`x`", "[x]", "a // b", "=1+1", "&lt;"]
NAMES += ["\\u{41}"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    made = make.run(tmp_path_factory.mktemp("runs")).result
    question = made.question.model_copy(update={"text_vi": " ; ".join(NAMES)})
    return made.model_copy(update={"question": question})


def test_in_the_pdf(result, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(annex_bytes([Chapter(AnswerWithProof(result, None), {})], form="pdf")[0])
    said = re.sub(r"\s", "", text_of(path))
    for name in NAMES:
        assert re.sub(r"\s", "", name) in said, name


def test_in_the_docx(result):
    told = annex_bytes([Chapter(AnswerWithProof(result, None), {})], form="docx")[0]
    document = docx.Document(io.BytesIO(told))
    said = "\n".join(par.text for par in document.paragraphs)
    said += "\n".join(c.text for t in document.tables for row in t.rows for c in row.cells)
    for name in NAMES:
        assert name in said, name


def test_on_the_page(result):
    told = page(result, "vi")
    assert "<b>x</b>" not in told
    assert f"<p>{html.escape(' ; '.join(NAMES))}</p>" in told
