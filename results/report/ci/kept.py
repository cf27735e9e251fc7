"""The cases of a run that is kept in a folder, whatever command made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file
from giaoban.results.archive.history.entry import STAMP
from giaoban.results.judge.accepted_cases import AcceptedCases, as_it_was, is_of_cases
from giaoban.results.judge.cases import Report
from giaoban.results.model.calendar import CalendarAnswer
from giaoban.results.model.compared import Compared
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.model.headroom import Headroom
from giaoban.results.model.load import LoadResult
from giaoban.results.model.meetings import MeetingAnswer
from giaoban.results.model.result import Result
from giaoban.results.model.sensitivity import Sensitivity
from giaoban.results.model.sweep import SweepAnswer
from giaoban.results.model.whatif import WhatIf
from giaoban.results.report.ci import answers
from giaoban.tomlfile import load

ANSWERS: Mapping[str, Callable[[bytes], Report]] = {
    "result.json": lambda text: answers.of_check(Result.from_json(text)),
    "faults.json": lambda text: answers.of_faults(FaultsAnswer.from_json(text)),
    "load.json": lambda text: answers.of_load(LoadResult.from_json(text)),
    "meeting.json": lambda text: answers.of_meeting(MeetingAnswer.from_json(text)),
    "calendar.json": lambda text: answers.of_calendar(CalendarAnswer.from_json(text)),
    "whatif.json": lambda text: answers.of_whatif(WhatIf.model_validate_json(text)),
    "headroom.json": lambda text: answers.of_headroom(Headroom.model_validate_json(text)),
    "compare.json": lambda text: answers.of_compared(Compared.model_validate_json(text)),
    "sensitivity.json": lambda text: answers.of_sensitivity(Sensitivity.model_validate_json(text)),
    "sweep.json": lambda text: answers.of_sweep(SweepAnswer.model_validate_json(text)),
}
"""The answers that judge, by the file that makes a folder such a run."""


def report_of_run(folder: Path) -> Report:
    """Raises `InputError`: the folder holds no answer that judges, or one that cannot be read."""
    for name, report in ANSWERS.items():
        path = folder / name
        if path.is_file():
            try:
                return report(read_file(path, most=MOST_ANSWER))
            except ValidationError as error:
                what = error.errors(include_url=False)[0]["msg"]
                raise InputError("{path}: cannot be read: {what}", path=path, what=what) from None
    raise InputError("{folder}: holds no answer that judges", folder=folder)


def accepted_in(folder: Path, command: str, on: date) -> Mapping[str, AcceptedCases]:
    """What a folder holds of a command's earlier answers, by their subject: what was accepted, else
    the newest run, as accepted `on` a day; one that cannot be trusted is none.

    Raises `InputError`: no folder, none of the command in it, or one that cannot be read.
    """
    if not folder.is_dir():
        raise InputError(
            '--baseline = "{folder}": is no folder (allowed: one of accepted answers, or of runs)',
            folder=folder,
        )
    inside = sorted(folder.iterdir(), key=lambda path: (STAMP.findall(path.name), path.name))
    found: dict[str, AcceptedCases] = {}
    for run in (path for path in inside if any((path / name).is_file() for name in ANSWERS)):
        report = report_of_run(run)
        if report.command == command and report.verdict != "invalid":
            found[report.subject] = as_it_was(report, run.name, on)
    for path in (path for path in inside if path.suffix == ".toml" and is_of_cases(path)):
        accepted = load(path, AcceptedCases)
        if accepted.command == command:
            found[accepted.subject] = accepted
    if not found:
        raise InputError(
            '--baseline = "{folder}": holds no answer of giaoban {command} (allowed: a folder of '
            "accepted answers, or of runs)",
            folder=folder,
            command=command,
        )
    return found
