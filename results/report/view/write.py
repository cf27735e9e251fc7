"""A run's folder → its page."""

from __future__ import annotations

from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file
from giaoban.ownership import temporary_folder
from giaoban.results.archive.evidence.pack import ENDING, open_evidence
from giaoban.results.archive.store import RESULT, read_result, write_whole
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.model.meetings import MINUTES_FILE, Entry, Minutes
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.report.view import map as maps
from giaoban.results.report.view.page import FILE, page
from giaoban.results.report.view.page_data import Lang, Run, Shown

FAULTS = "faults.json"
SERIES = "series.npz"


def page_of(
    folder: Path, *, lang: Lang, other: Path | None = None, failures: Path | None = None
) -> str:
    """The page of a run's folder; of a run of failures if that is what it is.

    `other` is a check to compare with, `failures` a run of failures to be shown beside.
    Raises `InputError`: a folder holds no such run, or its files are damaged.
    """
    if not (folder / RESULT).is_file() and (folder / FAULTS).is_file():
        if other is not None or failures is not None:
            raise InputError(
                "{folder}: a run of failures is compared with nothing", folder=folder.name
            )
        return page(Shown(None, failures=_failures(folder), failures_map=_map(folder)), lang)
    return page(
        Shown(
            read_run(folder),
            None if other is None else read_run(other),
            None if failures is None else _failures(failures),
        ),
        lang,
    )


def read_run(folder: Path) -> Run:
    """What a check's folder holds; of a pruned one the series come from its evidence.

    Raises `InputError`.
    """
    return Run(read_result(folder), _series(folder), _map(folder), _minutes(folder))


def write_page(
    folder: Path,
    *,
    lang: Lang = "vi",
    result: Result | None = None,
    series: Series | None = None,
) -> Path:
    """Write the page into the run's folder, in one step. Raises `InputError`, `MachineLacks`.

    `result`, `series`: what `result.json` and `series.npz` of the folder hold, if that is known
    already.
    """
    if result is None:
        text = page_of(folder, lang=lang)
    else:
        run = Run(result, series or _series(folder), _map(folder), _minutes(folder))
        text = page(Shown(run), lang)
    write_whole(folder / FILE, text.encode())
    return folder / FILE


def _series(folder: Path) -> Series | None:
    """None: the run has none, as an estimate may."""
    if (folder / SERIES).is_file():
        return Series.load(folder / SERIES)
    for evidence in sorted(folder.glob(f"*{ENDING}")):
        opened = open_evidence(read_file(evidence, most=MOST_ANSWER))
        if opened.altered:
            raise InputError(
                "{evidence}: was altered: {altered}", evidence=evidence, altered=opened.altered[0]
            )
        if SERIES in opened.files:
            with temporary_folder("view") as temporary:
                path = temporary / SERIES
                path.write_bytes(opened.files[SERIES])
                return Series.load(path)
    return None


def _map(folder: Path) -> maps.Map | None:
    path = folder / maps.FILE
    return maps.Map.read(path) if path.is_file() else None


def _minutes(folder: Path) -> list[Entry]:
    """None of an estimate, which has no log, and of a run of an earlier version."""
    path = folder / MINUTES_FILE
    if not path.is_file():
        return []
    return Minutes.from_json(read_file(path, most=MOST_ANSWER), str(path)).entries


def _failures(folder: Path) -> FaultsAnswer:
    path = folder / FAULTS
    return FaultsAnswer.from_json(read_file(path, most=MOST_ANSWER), str(path))
