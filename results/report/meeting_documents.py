"""The files of a held meeting for people: the sheet of the check, the minutes, the summary."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from giaoban.results.model.meetings import MeetingAnswer
from giaoban.results.report.annex.pdf.write import pdf
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meeting_summary import minutes_document, sheet, summary_md
from giaoban.translation import Language, translator

SHEET, MINUTES, SUMMARY = "kiem-tra.pdf", "bien-ban.pdf", "summary.md"


def write_documents(
    answer: MeetingAnswer, folder: Path, language: Language, when: datetime
) -> list[Path]:
    """Write them into a run's folder, the sheet if there was a check.

    Raises `MachineLacks`: fonts.
    """
    documents = {MINUTES: minutes_document(answer, language, when)}
    if answer.part("check") is not None:
        documents[SHEET] = sheet(answer, language, when)
    for name, document in documents.items():
        (folder / name).write_bytes(pdf(document, made=when))
    text = markdown(summary_md(answer, language), translator(language).say)
    (folder / SUMMARY).write_text(text, encoding="utf-8")
    return [*(folder / name for name in documents), folder / SUMMARY]
