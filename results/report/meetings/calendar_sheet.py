"""A calendar to print: a sheet a month, and one a day where something is to be said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby

from giaoban.results.model.studies.calendar import Booked, CalendarAnswer, Finding, Period
from giaoban.results.report.citation import Citation, in_brackets
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Document,
    Heading,
    Par,
    Table,
    Words,
    capital,
    numbered,
    pars,
    table,
)
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.calendar_summary import (
    brief,
    left_out,
    month_of,
    peaks,
    precedence_note,
    what,
)
from giaoban.results.report.pdf.write import pdf
from giaoban.results.report.wording import Wording
from giaoban.translation import N_, Language, Translator, translator

WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday")),
    *(N_("Saturday"), N_("Sunday")),
)
CHECKS = N_("check of the system")
PAIRS = frozenset({"bridge-in-two-meetings", "room-in-use", "no-hour-for-check"})
"""Rules that two meetings break together (a check planned too late breaks one of them alone)."""


def sheets_pdf(
    answer: CalendarAnswer, language: Language, days: Collection[date], made: datetime
) -> bytes:
    """Every month, and the days that have a conflict or are asked for. Raises `MachineLacks`."""
    return pdf(sheets(answer, language, days), made=made)


def sheets(answer: CalendarAnswer, language: Language, days: Collection[date] = ()) -> Document:
    """The same before it is laid out."""
    say = Wording(language, answer)
    basis = Citation(answer.regulation, say)
    title = say.gettext(
        "CALENDAR OF VIDEO-CONFERENCE MEETINGS\n{first} to {last}",
        first=say.day(date.fromisoformat(answer.from_day)),
        last=say.day(date.fromisoformat(answer.until_day)),
    )
    of_days = sorted({*days, *_days_of(answer.findings)})
    blocks = [*pars(left_out(answer, say)), *months(answer, language)]
    if any(peak.verdict != "pass" for peak in answer.peaks):
        judged = say.gettext("Peaks that were judged")
        shown = peaks(answer, say)
        blocks += [replace(b, caption=judged) if isinstance(b, Table) else b for b in shown]
    blocks += pars(precedence_note(answer, say))
    for each in of_days:
        if _held(answer, each):
            blocks += day_sheet(answer, each, language)
    return Document(
        lang=language,
        label=say.gettext("Provincial People’s Committee Office"),
        title=title.split("\n"),
        attached=_attached(basis),
        blocks=numbered(blocks),
        words=Words(say.gettext("Table"), say.gettext("Figure")),
    )


def _attached(basis: Citation) -> str:
    """The line below the title: the article by which meetings are put down; "" without one."""
    articles = basis.article("calendar")
    if not articles:
        return ""
    return basis.say.gettext(
        "({articles}, Decision {number})", articles=capital(articles), **basis.decision
    )


def summary_md(answer: CalendarAnswer, language: Language) -> str:
    title = translator(language).gettext("Meeting calendar {calendar}", calendar=answer.calendar)
    return markdown([Heading(title, 0), *brief(answer, language), *months(answer, language)])


def months(answer: CalendarAnswer, language: Language) -> Iterator[Block]:
    """A table a month: what is held when, with whom, and what is wrong with it; a month in which
    nothing is held has what is missing in it alone."""
    say = translator(language)
    booked = {
        month: list(found) for month, found in groupby(answer.booked, lambda each: each.start[:7])
    }
    missing = [finding for finding in answer.findings if not _dated(finding)]
    for month in sorted({*booked, *(finding.start[:7] for finding in missing)}):
        yield Heading(month_of(month, say))
        if month in booked:
            yield _month(answer, booked[month], say)
        for finding in [each for each in missing if each.start[:7] == month]:
            kind = answer.title(finding.meetings[0], language == "vi")
            yield Par(f"{kind}: {_said(finding, answer, say)}", tone="bad")


def _month(answer: CalendarAnswer, booked: Sequence[Booked], say: Translator) -> Table:
    head = (N_("day"), N_("time"), N_("meetings"), N_("who takes part"), N_("remarks"))
    rows = []
    last = ""
    for each in booked:
        start = datetime.fromisoformat(each.start)
        of_day = "" if each.start[:10] == last else f"{start:%d/%m}"
        last = each.start[:10]
        wrong = _wrong(each, answer, say)
        rows.append(
            [
                Cell(of_day, sub=say.gettext(WEEKDAYS[start.weekday()]) if of_day else ""),
                Cell(_span(each), sub=_checked(each, say)),
                Cell(each.title, bold=True, sub=_place(each, answer, say)),
                Cell(_people(each, answer, say)),
                Cell(wrong, bold=True, tone="bad") if wrong else _remark(each, say),
            ]
        )
    made = table([say.gettext(title) for title in head], rows)
    said = say.gettext("{number} {number:meeting|meetings} of the month", number=len(booked))
    return replace(made, caption=said, widths=[1.0, 1.3, 2.6, 2.6, 2.5], small=True)


def _checked(each: Booked, say: Translator) -> str:
    if each.check is None:
        return ""
    return say.gettext("check {time}", time=_clock(each.check, each.start[:10]))


def day_sheet(answer: CalendarAnswer, of: date, language: Language) -> Iterator[Block]:
    """A day's course: checks and meetings, what they take of device and lines, what is wrong."""
    say = Wording(language, answer)
    weekday = say.gettext(WEEKDAYS[of.weekday()])
    yield Heading(f"{weekday}, {say.day(of)}")
    yield _course(answer, of, say)
    yield _use(answer, of, say)
    wrong = [f for f in answer.findings if f.start[:10] == of.isoformat() and _dated(f)]
    if any(finding.rule == "bridge-in-two-meetings" for finding in wrong):
        yield Par(say.gettext("A bridge that is in two meetings counts in the first."), note=True)
    if wrong:
        yield Par(say.gettext("Conflicts"), bold=True)
        yield Bullets([_advice(finding, answer, say) for finding in wrong])


def _course(answer: CalendarAnswer, of: date, say: Translator) -> Table:
    """Checks and openings in the order of the day; what is of another day has its date."""
    booked, today = _held(answer, of), of.isoformat()
    turns = [(each.check, 0, each) for each in booked if each.check is not None]
    turns += [(each.start, 1, each) for each in booked]
    rows = []
    for at, opens, each in sorted(turns, key=lambda turn: (turn[0], turn[1], turn[2].id)):
        kind = Cell(_span(each, today), bold=True) if opens else Cell(_clock(at, today))
        text = each.title if opens else f"{say.gettext(CHECKS)}: {each.title}"
        rows.append(
            [kind, Cell(text, bold=bool(opens)), Cell(_people(each, answer, say)), Cell("")]
        )
    head = (N_("time"), N_("meetings"), N_("who takes part"), N_("done"))
    made = table([say.gettext(title) for title in head], rows)
    said = say.gettext("Checks and meetings of the day")
    return replace(made, caption=said, widths=[1.3, 3.0, 4.0, 0.8], small=True)


def _use(answer: CalendarAnswer, of: date, say: Wording) -> Table:
    today = of.isoformat()
    titles = {each.id: each.title for each in answer.booked}
    rows = [
        [
            Cell(_span(period, today)),
            Cell("; ".join(titles[m] for m in period.meetings)),
            Cell(str(period.calls + len(period.refused))),
            Cell(
                say.percent(period.used_pct),
                sub=say.gettext(
                    "refused: {bridges}",
                    bridges=", ".join(answer.names.get(b, b) for b in period.refused),
                )
                if period.refused
                else "",
                tone="bad" if period.refused else "",
            ),
            Cell(say.percent(period.link_pct), sub=say.filled(period.link)),
        ]
        for period in answer.periods
        if _is_on(period, of)
    ]
    head = (N_("time"), N_("meetings"), N_("calls"), N_("of the device"), N_("busiest line"))
    made = table([say.gettext(title) for title in head], rows, right={2})
    said = say.gettext("What the meetings take of the MCU and of the lines")
    return replace(made, caption=said, widths=[1.3, 3.0, 0.7, 1.5, 2.4], small=True)


def _held(answer: CalendarAnswer, of: date) -> list[Booked]:
    return [each for each in answer.booked if _is_on(each, of)]


def _is_on(each: Booked | Period, of: date) -> bool:
    """Whether any of it is on a day: what ends at midnight is not on the next."""
    return each.start[:10] <= of.isoformat() and each.end[:16] > f"{of.isoformat()}T00:00"


def _days_of(findings: Sequence[Finding]) -> set[date]:
    """On which something clashes: what was registered late is said in its month."""
    clashes = [f for f in findings if _dated(f) and f.rule != "late-registration"]
    return {datetime.fromisoformat(f.start).date() for f in clashes}


def _dated(finding: Finding) -> bool:
    """Whether it is of a time of a day."""
    return finding.rule != "briefing-missing"


def _about(answer: CalendarAnswer, each: Booked) -> list[Finding]:
    return [finding for finding in answer.findings if each.id in finding.meetings]


def _wrong(each: Booked, answer: CalendarAnswer, say: Translator) -> str:
    """Return the rules that a meeting breaks, and once whether it gives way."""
    findings = _about(answer, each)
    found = [f"{_said(f, answer, say)}{_beside(f, each, answer, say)}" for f in findings]
    if any(finding.gives_way == each.id for finding in findings):
        found.append(say.gettext("gives way"))
    return "; ".join(found)


def _beside(finding: Finding, each: Booked, answer: CalendarAnswer, say: Translator) -> str:
    """With which meeting one clashes: its own row does not say."""
    if finding.rule not in PAIRS:
        return ""
    titles = {other.id: other.title for other in answer.booked}
    others = "; ".join(titles[other] for other in finding.meetings if other != each.id)
    return say.gettext(", with {meetings}", meetings=others) if others else ""


def _advice(finding: Finding, answer: CalendarAnswer, say: Translator) -> str:
    vi = say.language == "vi"
    titles = " / ".join(answer.title(each, vi) for each in finding.meetings)
    text = f"{titles}: {_said(finding, answer, say)}"
    if finding.gives_way is None:
        return text
    return f"{text} → " + say.gettext(
        "gives way: {title}", title=answer.title(finding.gives_way, vi)
    )


def _said(finding: Finding, answer: CalendarAnswer, say: Translator) -> str:
    return f"{what(finding, answer.names, say)}{in_brackets(finding.article, say)}"


def _span(each: Booked | Period, today: str = "") -> str:
    """From when to when, as seen on a day, or on that of its beginning."""
    today = today or each.start[:10]
    return f"{_clock(each.start, today)} – {_clock(each.end, today)}"


def _clock(moment: str, today: str) -> str:
    """A time of the day, with its date where that is another."""
    at = datetime.fromisoformat(moment)
    return f"{at:%H:%M}" if moment[:10] == today else f"{at:%H:%M} ({at:%d/%m})"


def _place(each: Booked, answer: CalendarAnswer, say: Translator) -> str:
    rooms = ", ".join(answer.names.get(room, room) for room in each.rooms)
    return say.gettext("room: {rooms}", rooms=rooms) if rooms else ""


def _people(each: Booked, answer: CalendarAnswer, say: Translator) -> str:
    chair, *others = [answer.names.get(who, who) for who in each.participants]
    return say.gettext("{chair} (chair); {others}", chair=chair, others=", ".join(others))


def _remark(each: Booked, say: Translator) -> Cell:
    return Cell(say.gettext("emergency") if each.emergency else "")
