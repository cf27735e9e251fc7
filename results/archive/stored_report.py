"""The cases of a run that is kept in a folder, whatever command made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from giaoban.errors import InputError
from giaoban.results.archive.store import kind_of_run, list_runs
from giaoban.results.judge.accepted_cases import AcceptedCases, as_it_was, is_of_cases
from giaoban.results.judge.cases import Report
from giaoban.results.model.quantities import FoundBy
from giaoban.results.model.result import Result
from giaoban.results.model.run_ids import begun
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.compared import Compared
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.model.studies.sweep import SweepAnswer
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.results.report.ci import answers
from giaoban.tomlfile import load

_REPORTS: Mapping[str, Callable[[Path], Report]] = {
    "check": lambda run: answers.of_check(Result.read(run)),
    "faults": lambda run: answers.of_faults(FaultsAnswer.read(run)),
    "load": lambda run: answers.of_load(LoadResult.read(run)),
    "meeting": lambda run: answers.of_meeting(MeetingAnswer.read(run)),
    "calendar": lambda run: answers.of_calendar(CalendarAnswer.read(run)),
    "whatif": lambda run: answers.of_whatif(WhatIf.read(run)),
    "headroom": lambda run: answers.of_headroom(Headroom.read(run)),
    "compare": lambda run: answers.of_compared(Compared.read(run)),
    "sensitivity": lambda run: answers.of_sensitivity(Sensitivity.read(run)),
    "sweep": lambda run: answers.of_sweep(SweepAnswer.read(run)),
}


def report_of_run(folder: Path) -> Report:
    """Raises `InputError`: the folder holds no answer that judges, or one that cannot be read."""
    kind = kind_of_run(folder)
    if kind is None:
        raise InputError("{folder}: holds no answer that judges", folder=folder)
    return _REPORTS[kind](folder)


def accepted_in(
    folder: Path, command: str, subjects: Sequence[str], method: FoundBy, on: date
) -> Mapping[str, AcceptedCases]:
    """What a folder holds of a command's earlier answers by the same method, by their subject: what
    was accepted, else the newest run, as accepted `on` a day; one that cannot be trusted is none.

    Raises `InputError`: no folder, none of the command in it, one that cannot be read, or one of
    the `subjects` is there by another method alone.
    """
    if not folder.is_dir():
        raise InputError(
            '--baseline = "{folder}": is no folder (allowed: one of accepted answers, or of runs)',
            folder=folder,
        )
    there: list[AcceptedCases] = []  # what counts more comes later
    for run in sorted(list_runs(folder), key=lambda path: (begun(path.name) or (), path.name)):
        report = report_of_run(run)
        if report.command == command and report.verdict != "invalid":
            there.append(as_it_was(report, run.name, on))
    files = (path for path in sorted(folder.glob("*.toml")) if is_of_cases(path))
    there += (each for path in files if (each := load(path, AcceptedCases)).command == command)
    if not there:
        raise InputError(
            '--baseline = "{folder}": holds no answer of giaoban {command} (allowed: a folder of '
            "accepted answers, or of runs)",
            folder=folder,
            command=command,
        )
    found = {each.subject: each for each in there if each.method in (method, None)}
    for each in there:
        if each.subject in subjects and each.subject not in found:
            raise InputError(
                '--baseline = "{folder}": holds of {subject} only what {other} found (allowed: '
                "what {method} found)",
                folder=folder,
                subject=each.subject,
                other=each.method,
                method=method,
            )
    return found
