"""`giaoban calendar FILE`: registrations against rules, device and lines; the peaks judged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from giaoban.files import sum_before_reading
from giaoban.processes.workers import cores
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.report.ci.answers import of_calendar
from giaoban.results.report.document import Par
from giaoban.results.report.meetings.calendar_summary import brief
from giaoban.scenarios.calendar.occupancy import CalendarContext
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.plan.question import held_with
from giaoban.scenarios.spec.meeting_catalogue import files, load_meeting
from giaoban.scenarios.study.calendar import plan
from giaoban.sentence import Sentence

MOST_PEAKS = 3


def command(
    file: Annotated[Path, typer.Argument(help="registrations: iCalendar (.ics) or .csv")],
    scenario: options.HeldWith = None,
    province: options.OtherProvince = None,
    first_day: Annotated[
        str | None, typer.Option("--first-day", metavar="DATE", help="the first day (today)")
    ] = None,
    last_day: Annotated[
        str | None,
        typer.Option("--last-day", metavar="DATE", help="the last day (that of the file)"),
    ] = None,
    peaks: Annotated[
        int, typer.Option("--peaks", min=0, max=100, help="how many peaks are judged")
    ] = MOST_PEAKS,
    by_estimate: Annotated[
        bool, typer.Option("--estimate", help="judge the peaks without emulation")
    ] = False,
    jobs: options.Jobs = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Check a calendar of meetings: rules broken, what gives way, device and lines, the peaks.

    Late registration, no time for the check of the system, a bridge or a room in two meetings, more
    than the device or a line has. Writes the calendar back as iCalendar, and as sheets to print.
    """
    judging.known_baseline("estimate" if by_estimate else "sandbox")
    now = now_in_vietnam()
    kinds, as_read = files(), dict[Path, str]()
    sum_before_reading([file, *kinds], as_read)
    with_what = held_with(scenario, province, as_read)
    known = [load_meeting(path) for path in kinds]
    world = CalendarContext(**vars(with_what), catalogue={each.id: each for each in known})
    last = options.day("--last-day", last_day)
    with progress() as told:
        planned = plan(
            file,
            world,
            from_day=options.day("--first-day", first_day) or now.date(),
            until=last and last + timedelta(days=1),
            most_peaks=peaks,
            by_estimate=by_estimate,
            jobs=jobs or cores(),
            root=results,
            now=now,
            language=language.asked() or "vi",
            progress=told,
        )
    return judging.end_of(
        planned,
        of_calendar(planned.answer),
        *brief(planned.answer, language.chosen()),
        Par(Sentence("run: {folder}", folder=planned.folder)),
        as_json=as_json,
        files=[file],
    )
