"""A calendar planned: rules, what device and lines carry over the year, its peaks judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from operator import attrgetter
from pathlib import Path

from giaoban.errors import InputError, InvalidRun
from giaoban.files import refuse_changed
from giaoban.processes.progress import Progress
from giaoban.regulation import CalendarRules, Regulation, article_of, calendar_rules
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.judge.criteria import MCU_UNITS
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import Result
from giaoban.results.model.studies.calendar import (
    Booked,
    CalendarAnswer,
    Finding,
    MeetingKind,
    Peak,
    Period,
)
from giaoban.results.report.meetings.calendar_sheet import sheets_pdf, summary_md
from giaoban.results.report.pdf.write import check_fonts
from giaoban.scenarios.calendar import rules
from giaoban.scenarios.calendar.csv_file import read_csv
from giaoban.scenarios.calendar.icalendar_file import read_ics, write_ics
from giaoban.scenarios.calendar.occupancy import (
    CalendarContext,
    Loads,
    Moment,
    periods,
    scenario_of,
)
from giaoban.scenarios.calendar.registration import TIME_ZONE, Directory, Registration, resolve_all
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.limits import LEAVE_OUT, check
from giaoban.scenarios.estimate.static import StaticLoads, second_limit_pct
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.study.emulation_process import result_of
from giaoban.scenarios.study.engine import emulate_points, estimate_points
from giaoban.sentence import N_, Sentence
from giaoban.translation import Language

ICS = "calendar.ics"


def read_calendar(
    path: Path, world: CalendarContext, from_day: date, until: date | None
) -> tuple[list[Registration], int]:
    """The meetings that are held on a day or later, and how many were before it.

    Raises:
        InputError: every mistake of the file, but names of meetings that are over; a calendar of
            which all is over, or that has nothing before `until`.
    """
    match path.suffix.lower():
        case ".ics":
            raws = read_ics(path, date(1970, 1, 2), until or date.max)
        case ".csv":
            raws = read_csv(path)
        case _:
            raise InputError("{path}: is no calendar (allowed: .ics, .csv)", path=path)
    first = datetime.combine(from_day, time(), TIME_ZONE)
    last = None if until is None else datetime.combine(until, time(), TIME_ZONE)
    # what goes on at midnight is held that day, too, and may clash with what begins then
    left = [raw for raw in raws if raw.start >= first or raw.end > first]
    ahead = [raw for raw in left if last is None or raw.start < last]
    over = len(raws) - len(left)
    if raws and over == len(raws):
        raise InputError(
            "{path}: {number:its meeting ends|all {number} meetings end} before {from_day} "
            "(allowed: one on that day or later; --first-day names another day)",
            path=path,
            number=len(raws),
            from_day=from_day.isoformat(),
        )
    if not ahead:
        raise InputError(
            "{path}: has no meeting from {from_day} to {until} (allowed: one or more; "
            "--first-day and --last-day name other days)",
            path=path,
            from_day=from_day.isoformat(),
            until="…" if until is None else until.isoformat(),
        )
    directory = Directory(world.province, world.base.new_bridges, world.catalogue)
    return resolve_all(directory, ahead), over


def plan(
    path: Path,
    world: CalendarContext,
    *,
    from_day: date,
    until: date | None,
    most_peaks: int,
    by_estimate: bool,
    jobs: int,
    root: Path,
    now: datetime,
    language: Language,
    progress: Progress,
) -> Outcome[CalendarAnswer]:
    """Read, check, add up, judge the peaks, and write everything down under `root`.

    Raises:
        InputError: a mistake in the calendar or what it is held with; a folder that cannot be
            written; an input that is saved anew before it is answered.
        InvalidRun, MachineLacks: as the emulation of a peak.
    """
    registrations, over = read_calendar(path, world, from_day, until)
    names = _names(registrations)

    def named(each: Registration) -> str:
        return names[id(each)]

    loads = Loads(world)
    progress(Sentence("adding up"), 0.1)
    found = periods(registrations, loads, named)
    limits = _limits(world, found[0][0])
    asked = calendar_rules(world.province.regulation)
    broken = _findings(world, registrations, found, named, limits, asked, until)
    meetings = {named(each): each for each in registrations}
    findings = rules.with_precedence(broken, meetings, rules.ranks(world))
    chosen = _peaks(found, most_peaks)
    with new_run(root, _clean(f"calendar-{path.stem[:48]}"), now) as folder:
        answer = CalendarAnswer(
            run_id=folder.run_id,
            verdict=_verdict(findings, []),
            method="estimate" if by_estimate else EngineName.SANDBOX.value,
            calendar=path.name,
            from_day=registrations[0].start.date().isoformat(),
            until_day=registrations[-1].start.date().isoformat(),
            over=over,
            booked=[_booked(each, named(each)) for each in registrations],
            findings=findings,
            periods=[period for _, _, period in found],
            peaks=[],
            names=_names_of(world),
            regulation=world.province.regulation,
            kinds={
                ident: MeetingKind(name=kind.name, name_vi=kind.name_vi)
                for ident, kind in world.catalogue.items()
                if any(ident in finding.meetings for finding in findings)
            },
        )
        check_fonts()  # before an emulation
        at_once = None if by_estimate else jobs
        peaks = _judged(world, chosen, named, folder.path, at_once, progress)
        refuse_changed(world.as_read)
        answer = answer.model_copy(update={"peaks": peaks, "verdict": _verdict(findings, peaks)})
        folder.keep(answer, summary_md(answer, language))
        written = sheets_pdf(answer, language, (), now)
        (folder.path / f"calendar.{language}.pdf").write_bytes(written)
        write_ics(registrations, folder.path / ICS, language)
        return folder.finished_with(answer)


def _findings(
    world: CalendarContext,
    registrations: Sequence[Registration],
    found: Sequence[tuple[Moment, StaticLoads, Period]],
    name: rules.Name,
    limits: rules.OccupancyLimits,
    asked: CalendarRules,
    until: date | None,
) -> list[Finding]:
    first, last = registrations[0].start.date(), registrations[-1].start.date()
    months = _whole_months(first, last if until is None else until)
    all_found = [
        *rules.late_registrations(registrations, name, asked),
        *rules.unchecked(registrations, name, asked),
        *rules.double_bookings(registrations, name),
        *rules.overloads(found, limits),
        *rules.missing_briefings(
            registrations, list(world.catalogue.values()), months, world.province.regulation
        ),
    ]
    all_found = [_with_article(finding, world.province.regulation) for finding in all_found]
    return sorted(all_found, key=lambda finding: (finding.start, finding.rule, finding.meetings))


def _with_article(finding: Finding, regulation: Regulation | None) -> Finding:
    """With that of its rule, unless a meeting of the catalogue has said its own."""
    article = finding.article or article_of(regulation, finding.rule)
    return finding.model_copy(update={"article": article})


def _limits(world: CalendarContext, moment: Moment) -> rules.OccupancyLimits:
    """Those of the criteria by which a moment is judged."""
    question = world.question(scenario_of(world, moment))
    criteria = criteria_of(question)
    most = {criterion.id: criterion.threshold for criterion in criteria.criterion}
    return rules.OccupancyLimits(device_pct=most[MCU_UNITS], link_pct=second_limit_pct(criteria))


def _whole_months(first: date, last: date) -> list[tuple[int, int]]:
    """Months that a calendar covers whose first meeting is in their first week, and whose last one
    (or end) in their last."""
    months = []
    year, month = (first.year, first.month) if first.day <= 7 else _next(first.year, first.month)
    end = _next(last.year, last.month) if last.day >= 22 else (last.year, last.month)
    while (year, month) < end:
        months.append((year, month))
        year, month = _next(year, month)
    return months


def _next(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _peaks(
    found: Sequence[tuple[Moment, StaticLoads, Period]], most: int
) -> list[tuple[Moment, StaticLoads]]:
    """The moments that take most of the device and of a line, each constellation once."""
    seen: set[tuple[object, ...]] = set()
    chosen: list[tuple[Moment, StaticLoads]] = []
    ranked = sorted(
        found, key=lambda f: (-len(f[1].refused), -f[2].used_pct, -f[2].link_pct, f[0].start)
    )
    for moment, load, _ in ranked:
        key = tuple((each.meeting, each.chair, each.participants) for each in moment.held)
        if key not in seen and len(chosen) < most:
            seen.add(key)
            chosen.append((moment, load))
    return chosen


def _judged(
    world: CalendarContext,
    chosen: Sequence[tuple[Moment, StaticLoads]],
    name: rules.Name,
    folder: Path,
    jobs: int | None,
    progress: Progress,
) -> list[Peak]:
    """Return the peaks; `jobs` None: by estimate, else emulated."""
    moments = {scenario_of(world, moment).id: moment for moment, _ in chosen}
    points = {
        ident: world.question(scenario_of(world, moment)) for ident, moment in moments.items()
    }
    if jobs is None:
        for question in points.values():
            check(question, LEAVE_OUT)
        told = N_("estimating {variant}")
        results = estimate_points(points, attrgetter("result"), progress, told=told)
        return [_peak(moments[i], name, "estimate", result) for i, result in results.items()]
    emulated = emulate_points(
        points,
        folder / "peaks",
        EngineName.SANDBOX,
        progress,
        told=N_("{done} of {count} {count:peak|peaks}"),
        look=result_of,
        jobs=jobs,
    )
    found = []
    for ident, each in emulated.items():
        if isinstance(each, InvalidRun):
            raise each
        found.append(_peak(moments[ident], name, "sandbox", each))
    return sorted(found, key=lambda peak: peak.start)


def _peak(moment: Moment, name: rules.Name, engine: str, result: Result) -> Peak:
    refused = [r.bridge for phase in result.phases for r in phase.mcu.refused]
    return Peak.model_validate(
        {
            "start": moment.start.isoformat(timespec="minutes"),
            "meetings": [name(each) for each in moment.held],
            "engine": engine,
            "verdict": result.verdict,
            "reasons": result.reasons,
            "binding": result.binding,
            "failed": [criterion for criterion in result.criteria if not criterion.ok],
            "refused": sorted(set(refused)),
        }
    )


def _verdict(findings: Sequence[Finding], peaks: Sequence[Peak]) -> Verdict:
    verdicts = {peak.verdict for peak in peaks}
    if "invalid" in verdicts:
        return "invalid"
    return "fail" if findings or "fail" in verdicts else "pass"


def _names(registrations: Sequence[Registration]) -> dict[int, str]:
    """What each is called in the answer: its day, and a number where a day has several."""
    days = Counter(each.start.date() for each in registrations)
    numbers: Counter[date] = Counter()
    found = {}
    for each in registrations:
        day = each.start.date()
        numbers[day] += 1
        found[id(each)] = f"{day:%Y-%m-%d}" + (f"/{numbers[day]}" if days[day] > 1 else "")
    return found


def _booked(each: Registration, name: str) -> Booked:
    return Booked(
        id=name,
        title=each.title,
        start=each.start.isoformat(timespec="minutes"),
        end=each.end.isoformat(timespec="minutes"),
        chair=each.chair,
        participants=list(each.participants),
        meeting=each.meeting,
        emergency=each.emergency,
        registered=None if each.registered is None else each.registered.isoformat(),
        rooms=list(each.rooms),
        check=None if (at := each.check_start) is None else at.isoformat(timespec="minutes"),
    )


def _names_of(world: CalendarContext) -> dict[str, str]:
    named = {router.id: router.name for router in world.province.routers}
    named |= world.province.link_names
    named |= {bridge.id: bridge.name for bridge in world.province.bridges}
    for meeting in world.catalogue.values():
        named |= {bridge.id: bridge.name for bridge in meeting.bridges}
    return named | {bridge.id: bridge.name for bridge in world.base.new_bridges}


def _clean(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text)
