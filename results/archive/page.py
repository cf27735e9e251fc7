"""A run's folder → its page."""

from __future__ import annotations

from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import write_whole
from giaoban.processes.ownership import temporary_folder
from giaoban.results.archive.store import read_result
from giaoban.results.model.answer_files import RESULT
from giaoban.results.model.answers import asked
from giaoban.results.model.map import Map
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.meetings import Entry, Minutes
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.sensitivity import OF_ANOTHER
from giaoban.results.report.view.page import FILE, page
from giaoban.results.report.view.page_data import PageRun, PageSubject
from giaoban.translation import Language, languages

SERIES = "series.npz"


def page_of(
    folder: Path,
    *,
    lang: Language,
    other: Path | None = None,
    failures: Path | None = None,
    analysis: Path | None = None,
) -> str:
    """The page of a run's folder; of a run of failures if that is what it is.

    `other` is a check to compare with, `failures` a run of failures to be shown beside, `analysis`
    one of `giaoban sensitivity`, in place of what the check's folder has of it.
    Raises `InputError`: a folder holds no such run, or its files are damaged.
    """
    if not (folder / RESULT).is_file() and (folder / FaultsAnswer.FILE).is_file():
        if other is not None or failures is not None or analysis is not None:
            raise InputError(
                "{folder}: a run of failures is compared with nothing", folder=folder.name
            )
        return page(
            PageSubject(None, failures=FaultsAnswer.read(folder), failures_map=_map(folder)), lang
        )
    run = read_run(folder)
    if analysis is not None:
        answer = _analysis(analysis)
        if answer is not None and asked(answer.inputs) != asked(run.result.inputs):
            raise InputError(OF_ANOTHER, run_id=answer.run_id)
        run = run._replace(analysis=answer)
    return _page(
        run,
        lang,
        None if other is None else read_run(other),
        None if failures is None else FaultsAnswer.read(failures),
    )


def _page(
    run: PageRun, lang: Language, other: PageRun | None = None, failures: FaultsAnswer | None = None
) -> str:
    if run.analysis is None:
        return page(PageSubject(run, other, failures), lang)
    # matplotlib takes long to load, and few pages need it
    from giaoban.results.report.plots.tornado import write_tornado

    with temporary_folder("view") as place:
        drawn = {
            each: write_tornado(run.analysis, place, lang=each, pixels=False)
            for each in languages()
        }
        run = run._replace(tornado={each: path for each, path in drawn.items() if path is not None})
        return page(PageSubject(run, other, failures), lang)


def read_run(folder: Path) -> PageRun:
    """Return what a check's folder holds. Raises `InputError`."""
    return _read(folder, read_result(folder), _series(folder))


def write_page(folder: Path, *, result: Result | None = None, series: Series | None = None) -> Path:
    """Write the page into the run's folder, in one step; it begins in Vietnamese.

    Raises `InputError`, `MachineLacks`.

    `result`, `series`: what `result.json` and `series.npz` of the folder hold, if that is known
    already.
    """
    if result is None:
        text = page_of(folder, lang="vi")
    else:
        text = _page(_read(folder, result, series or _series(folder)), "vi")
    write_whole(folder / FILE, text.encode())
    return folder / FILE


def _read(folder: Path, result: Result, series: Series | None) -> PageRun:
    return PageRun(result, series, _map(folder), _minutes(folder), _analysis(folder))


def _analysis(folder: Path) -> Sensitivity | None:
    """None: nobody asked for it."""
    return Sensitivity.read(folder) if (folder / Sensitivity.FILE).is_file() else None


def _series(folder: Path) -> Series | None:
    """None: the run has none, as an estimate may."""
    return Series.load(folder / SERIES) if (folder / SERIES).is_file() else None


def _map(folder: Path) -> Map | None:
    return Map.read(folder) if (folder / Map.FILE).is_file() else None


def _minutes(folder: Path) -> list[Entry]:
    """None of an estimate, which has no log, and of a run of an earlier version."""
    return Minutes.read(folder).entries if (folder / Minutes.FILE).is_file() else []
