"""Text of the answer about a calendar: broken rules, the meetings that give way, the peaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from giaoban.regulation import cited
from giaoban.results.model.studies.calendar import CalendarAnswer, Finding, Peak
from giaoban.results.report.citation import Citation
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Cell,
    Heading,
    Par,
    Table,
    pars,
    table,
)
from giaoban.results.report.wording import METHOD_NOUNS, Wording
from giaoban.results.report.wording import VERDICTS as VERDICT_WORDS
from giaoban.sentence import decimals_apart
from giaoban.translation import N_, Language, Translator

VERDICTS: Mapping[str, str] = {
    "pass": N_("PASS – every rule is kept, and the peaks that were judged pass"),
    "fail": N_("FAIL – the calendar cannot be kept as it is"),
    "invalid": N_("INVALID – the emulation cannot be trusted, so there is no answer"),
}
RULES_ALONE = N_("PASS – every rule is kept; no peak was judged")
RULES: Mapping[str, str] = {
    "late-registration": N_("registered {amount} h before it begins, not {limit} h"),
    "no-hour-for-check": N_("{amount} min for the check of the system, not {limit} min"),
    "bridge-in-two-meetings": N_("in two meetings: {bridges}"),
    "room-in-use": N_("room in use: {room}"),
    "device-full": N_("the device takes {limit} of {amount} {n:call|calls}; refused: {bridges}"),
    "device-nearly-full": N_("{amount} % of the device in use, allowed {limit} %"),
    "link-full": N_("{link} at {amount} %, allowed {limit} %"),
    "briefing-missing": N_("no such meeting in this month"),
}
NO_HOUR_BETWEEN = N_(
    "{amount} min between the two meetings for the check of the system for the later one, "
    "not {limit} min"
)
"""Of a check that another meeting leaves no time for: true in the row of either meeting."""


RULE_NAMES: Mapping[str, str] = {
    "late-registration": N_("registered in time"),
    "no-hour-for-check": N_("time for the check of the system"),
    "bridge-in-two-meetings": N_("no bridge in two meetings"),
    "room-in-use": N_("no room in use twice"),
    "device-full": N_("room for all calls on the device"),
    "device-nearly-full": N_("reserve of the device"),
    "link-full": N_("reserve of the links"),
    "briefing-missing": N_("the meetings of each month"),
}
"""What is asked for, by rule."""


def brief(answer: CalendarAnswer, language: Language) -> list[Block]:
    say = Wording(language, answer)
    blocks: list[Block] = [
        Par(say.gettext(verdict(answer)), bold=True, tone=TONES[answer.verdict]),
        Par(
            say.gettext(
                "{meetings} {meetings:meeting|meetings}, {first} to {last}; "
                "{findings} {findings:conflict|conflicts}",
                meetings=len(answer.booked),
                first=say.day(date.fromisoformat(answer.from_day)),
                last=say.day(date.fromisoformat(answer.until_day)),
                findings=len(answer.findings),
            )
        ),
    ]
    most = max(len(period.meetings) for period in answer.periods)
    if most > 1:
        blocks.append(
            Par(
                say.gettext(
                    "Up to {most} meetings at once, which the technician on duty at the MCU "
                    "controls{cited}",
                    most=most,
                    cited=Citation(answer.regulation, say).in_brackets("meetings-at-once"),
                )
            )
        )
    blocks += pars(left_out(answer, say), "doubt")
    if unknown := sum(each.registered is None for each in answer.booked):
        blocks.append(
            Par(
                say.gettext(
                    "Of {number} {number:meeting|meetings} the calendar does not say when "
                    "{number:it was|they were} registered",
                    number=unknown,
                ),
                tone="doubt",
            )
        )
    if answer.findings:
        blocks += [Heading(say.gettext("Conflicts"), 1), findings_table(answer, say)]
        blocks += pars(precedence_note(answer, say), "quiet")
    if answer.peaks:
        blocks += peaks(answer, say)
    return blocks


def verdict(answer: CalendarAnswer) -> str:
    if answer.verdict == "pass" and not answer.peaks:
        return RULES_ALONE
    return VERDICTS[answer.verdict]


def left_out(answer: CalendarAnswer, say: Translator) -> list[str]:
    """That the file has more than the answer speaks of."""
    if not answer.over:
        return []
    said = N_("{number} earlier {number:meeting|meetings} of the file {number:is|are} left out.")
    return [say.gettext(said, number=answer.over)]


def precedence_note(answer: CalendarAnswer, say: Wording) -> list[str]:
    """Return the sentence on the order of ranks; none where no meeting gives way."""
    if all(finding.gives_way is None for finding in answer.findings):
        return []
    return [
        say.gettext(
            "Assumed order: meetings with the Government; those that the Party Committee, People’s "
            "Council or People’s Committee of the province chairs; departments; districts. Of "
            "equals the one registered last gives way, an emergency never. The Office proposes, "
            "the leadership of the People’s Committee decides{cited}.",
            cited=Citation(answer.regulation, say).in_brackets("calendar"),
        )
    ]


def month_of(month: str, say: Translator) -> str:
    """`Month 3/2027` of `2027-03`."""
    first = date.fromisoformat(f"{month[:7]}-01")
    return say.gettext("Month {month}/{year}", month=first.month, year=first.year)


def peaks(answer: CalendarAnswer, say: Wording) -> Iterator[Block]:
    """The moments that were judged, and at what those fail that do not pass."""
    yield Heading(say.gettext("Peaks"), 1)
    yield peaks_table(answer, say)
    if why := failing(answer, say):
        yield Bullets(why)


def findings_table(answer: CalendarAnswer, say: Wording) -> Table:
    head = [
        say.gettext("when"),
        say.gettext("meetings"),
        say.gettext("what is wrong"),
        say.gettext("rule"),
        say.gettext("gives way"),
    ]
    rows = [_finding(finding, answer, say) for finding in answer.findings]
    return table(head, rows)


def _finding(finding: Finding, answer: CalendarAnswer, say: Wording) -> list[Cell]:
    dated = finding.rule != "briefing-missing"
    vi = say.language == "vi"
    titles = [answer.title(m, vi) for m in finding.meetings]
    return [
        Cell(moment(finding.start, say) if dated else month_of(finding.start, say)),
        Cell(" / ".join(titles)),
        Cell(what(finding, answer.names, say), tone="bad"),
        Cell(cited(finding.article, say) or "–"),
        Cell("–" if finding.gives_way is None else answer.title(finding.gives_way, vi)),
    ]


def what(finding: Finding, names: Mapping[str, str], say: Translator) -> str:
    between = finding.rule == "no-hour-for-check" and len(finding.meetings) > 1
    decimals = 1
    if finding.amount is not None and finding.limit is not None:
        decimals = decimals_apart(finding.amount, finding.limit, 1)
    return say.gettext(
        NO_HOUR_BETWEEN if between else RULES[finding.rule],
        amount=say.number(finding.amount, decimals),
        n=finding.amount,
        limit=say.number(finding.limit, 1),
        bridges=", ".join(names.get(b, b).partition(" (")[0] for b in finding.bridges),
        room=names.get(finding.room or "", finding.room),
        link=Wording(say.language, names=names).filled(finding.link) if finding.link else "",
    )


def peaks_table(answer: CalendarAnswer, say: Wording) -> Table:
    head = [
        say.gettext("when"),
        say.gettext("meetings at once"),
        say.gettext("judged by"),
        say.gettext("result"),
        say.gettext("refused calls"),
    ]
    return table(head, [_peak(peak, answer, say) for peak in answer.peaks])


def failing(answer: CalendarAnswer, say: Wording) -> list[str]:
    """What a peak that does not pass fails at, and where."""
    return [
        f"{moment(peak.start, say)}: {say.found(failed, say.place(failed.place) or '–')}"
        for peak in answer.peaks
        for failed in peak.failed
    ]


def _peak(peak: Peak, answer: CalendarAnswer, say: Wording) -> list[Cell]:
    titles = {each.id: each.title for each in answer.booked}
    return [
        Cell(moment(peak.start, say)),
        Cell(" / ".join(titles[m] for m in peak.meetings)),
        Cell(say.say(METHOD_NOUNS[peak.engine])),
        Cell(say.say(VERDICT_WORDS[peak.verdict]).upper(), tone=TONES[peak.verdict]),
        Cell(", ".join(answer.names.get(b, b) for b in peak.refused) or "–"),
    ]


def moment(text: str, say: Translator) -> str:
    """A day and a time of ISO 8601, as the language writes them."""
    return say.moment(datetime.fromisoformat(text))
