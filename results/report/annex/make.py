"""From answers and pictures to the annex as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from giaoban.results.report.annex.content import Chapter, document
from giaoban.results.report.letter import Letter
from giaoban.results.report.pdf.write import FONTS, made_at, pdf

Format = Literal["pdf", "docx"]


def annex_bytes(
    chapters: Sequence[Chapter],
    *,
    form: Format = "pdf",
    letter: Letter | None = None,
    fonts: Path = FONTS,
) -> tuple[bytes, bool]:
    """Return the annex, and whether it is only a draft.

    Raises `InputError` (pictures, answers), `MachineLacks` (fonts).
    """
    made = document(chapters, letter or Letter())
    when = made_at(chapters[0].part.answer.run_id)
    if form == "docx":
        # its library comes with an extra
        from giaoban.results.report.docx.write import docx_bytes

        return docx_bytes(made, when), made.draft
    return pdf(made, when, fonts=fonts), made.draft
