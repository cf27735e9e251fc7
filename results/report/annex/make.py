"""From answers and pictures to the annex as a file, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from giaoban.files import write_whole
from giaoban.results.report.annex.about import about
from giaoban.results.report.annex.content import Chapter, document
from giaoban.results.report.docx import seal as seal_docx
from giaoban.results.report.letter import Letter
from giaoban.results.report.pdf import seal as seal_pdf
from giaoban.results.report.pdf.write import FONTS, made_at, pdf
from giaoban.translation import Language

Format = Literal["pdf", "docx"]


def annex_bytes(
    chapters: Sequence[Chapter],
    *,
    lang: Language = "vi",
    form: Format = "pdf",
    letter: Letter | None = None,
    fonts: Path = FONTS,
) -> tuple[bytes, bool]:
    """The annex, sealed, and whether it is only a draft.

    Raises `InputError` (pictures, answers), `MachineLacks` (fonts).
    """
    made = document(chapters, lang, letter or Letter())
    told = about(made, [chapter.part for chapter in chapters])
    if form == "docx":
        # its library comes with an extra
        from giaoban.results.report.docx.write import docx_bytes

        when = made_at(told.runs[0].run_id)
        return seal_docx.sealed(docx_bytes(made, when), told), made.draft
    return seal_pdf.sealed(pdf(made, told, fonts=fonts)), made.draft


def write_annex(out: Path, chapters: Sequence[Chapter], **options: Any) -> None:
    """Write the annex (`annex_bytes`) to a file, replacing it in one step."""
    write_whole(out, annex_bytes(chapters, **options)[0])
