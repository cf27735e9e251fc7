"""A run's folder → its page."""

from __future__ import annotations

from pathlib import Path

from giaoban.files import write_whole
from giaoban.results.archive.store import read_result
from giaoban.results.model.answer_files import RESULT
from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.meetings import Minutes
from giaoban.results.report.plots.words import PICTURES
from giaoban.results.report.view.page import FILE, page
from giaoban.translation import Language


def page_of(folder: Path, *, lang: Language, answer: Result | FaultsAnswer | None = None) -> str:
    """Return the page of a check's folder, or of a folder of failures.

    Args:
        answer: the answer of the folder, if it was read already.

    Raises:
        InputError: the folder holds no such run, or its files are damaged.
    """
    if answer is None:
        tried = not (folder / RESULT).is_file() and (folder / FaultsAnswer.FILE).is_file()
        answer = FaultsAnswer.read(folder) if tried else read_result(folder)
    minutes = Minutes.read(folder).entries if (folder / Minutes.FILE).is_file() else []
    drawn = {name: folder / "plots" / f"{name}.vi.svg" for name in PICTURES}
    drawn["failures"] = folder / "map.vi.svg"
    pictures = {name: path for name, path in drawn.items() if path.is_file()}
    return page(answer, lang, pictures=pictures, minutes=minutes)


def write_page(folder: Path, answer: Result | FaultsAnswer | None = None) -> Path:
    """Write the page into the run's folder, in one step; it begins in Vietnamese.

    Raises `InputError`.
    """
    write_whole(folder / FILE, page_of(folder, lang="vi", answer=answer).encode())
    return folder / FILE
