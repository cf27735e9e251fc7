"""The meetings of the catalogue that an expansion was tried in: the table and its notes, of every
document in each language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.regulation import cited
from giaoban.results.model.result import FAR_PCT, MeetingChecked, Result
from giaoban.results.report.document import (
    NOTHING,
    Align,
    Block,
    Bullets,
    Cell,
    Head,
    Table,
    Tone,
    capital,
)
from giaoban.results.report.wording import METHOD_NOUNS, Wording, shown_margin
from giaoban.translation import N_, pgettext

TITLE = N_("Meetings of the catalogue")
COLUMNS: Sequence[tuple[str, float, Align]] = (
    (pgettext("of the catalogue", "meeting"), 42, "left"),
    (N_("article"), 22, "left"),
    (N_("tried by"), 20, "left"),
    (N_("result"), 16, "center"),
    (N_("nearest to its limit, or past it"), 46, "left"),
    (N_("least margin"), 17, "right"),
)
_RESULTS: dict[str | None, tuple[str, Tone]] = {
    "pass": (N_("met"), ""),
    "fail": (N_("NOT MET"), "bad"),
    "undecided": (N_("UNDECIDED"), "doubt"),
    "invalid": (N_("INVALID"), "doubt"),
    None: ("–", "quiet"),
}


def every_meeting(result: Result, say: Wording) -> Iterator[Block]:
    """The table and what is to be known of it; nothing where no meeting was tried."""
    if result.meetings:
        yield meetings_table(result, say)
        yield Bullets(meetings_notes(result, say))


def meetings_table(result: Result, say: Wording) -> Table:
    """A row a meeting, in the order in which they were named."""
    return Table(
        caption=say.gettext(TITLE),
        head=[[Head(capital(say.text(title))) for title, _, _ in COLUMNS]],
        rows=[_row(meeting, result, say) for meeting in result.meetings],
        widths=[width for _, width, _ in COLUMNS],
        aligns=[align for _, _, align in COLUMNS],
        small=True,
        gives=(4, 1, 0, 2),
        ident="meetings-table",
    )


def meetings_notes(result: Result, say: Wording) -> list[str]:
    """Which meetings were estimated alone and why that is enough, and which were not tried."""
    notes = []
    tried = [meeting for meeting in result.meetings if meeting.verdict is not None]
    estimated = [meeting for meeting in tried if meeting.engine == "estimate"]
    if estimated and not result.is_estimate:
        notes.append(
            say.gettext(
                "Estimated and not emulated, as every margin is {margin} or more: {meetings}. An "
                "estimate’s delays are off by less than 0.3 ms, so an emulation would come to the "
                "same.",
                margin=say.percent(FAR_PCT),
                meetings=_listed(estimated, say),
            )
        )
    if untried := [meeting for meeting in result.meetings if meeting.untried == "failures"]:
        notes.append(
            say.gettext(
                "Not tried: {meetings}. What fails in their course cannot be estimated; the check "
                "without --estimate emulates them.",
                meetings=_listed(untried, say),
            )
        )
    for meeting in tried:
        if meeting.verdict == "pass" and meeting.accepted:
            notes.append(
                say.gettext(
                    "{meeting}: met, {accepted}.",
                    meeting=_listed([meeting], say),
                    accepted=say.accepted(meeting.accepted),
                )
            )
    for meeting in result.meetings:
        if meeting.untried == "emulated":
            notes.append(
                say.gettext(
                    "Not tried: {meetings}: {why}; the check without --estimate emulates it.",
                    meetings=_listed([meeting], say),
                    why="; ".join(say.why_not(meeting)),
                )
            )
    notes.append(
        say.gettext(
            "Each is held with the bridges, terminals, lines and device of this check: all call, "
            "the chair speaks and calls the others one by one. Failures and commands of the "
            "scenario are left out; those of the meeting are made."
        )
    )
    return notes


def meetings_line(result: Result, say: Wording) -> str:
    """How many meetings were tried, and how many fail, in one sentence; '' without any."""
    tried = [meeting for meeting in result.meetings if meeting.verdict is not None]
    if not tried:
        return ""
    failed = [meeting for meeting in tried if meeting.verdict != "pass"]
    if not failed:
        told = say.gettext(
            "Of the catalogue’s meetings {n} {n:was|were} tried: {n:it meets|all meet} the "
            "criteria.",
            n=len(tried),
        )
        return " ".join(filter(None, [told, _least(tried, result, say)]))
    return say.gettext(
        "Of the catalogue’s meetings {n} {n:was|were} tried: {n:it|{failed}} {failed:does|do} not "
        "meet the criteria ({meetings}).",
        n=len(tried),
        failed=len(failed),
        meetings=_listed(failed, say),
    )


def _least(tried: Sequence[MeetingChecked], result: Result, say: Wording) -> str:
    """What is nearest to its limit in them; '' where no margin is known."""
    known = [meeting for meeting in tried if meeting.margin_pct is not None]
    least = min(known, key=lambda meeting: meeting.margin_pct or 0.0, default=None)
    if least is None or not (what := say.within(least, result)):
        return ""
    return say.gettext(
        "The least margin in them is {margin}, in the meeting “{meeting}”: {what}.",
        margin=say.percent(shown_margin(least.margin_pct)),
        meeting=say.either(least.name, least.name_vi),
        what=what,
    )


def _row(meeting: MeetingChecked, result: Result, say: Wording) -> list[Cell]:
    words, tone = _RESULTS[meeting.verdict]
    bad, invalid = meeting.verdict in ("fail", "undecided", "invalid"), meeting.verdict == "invalid"
    engine = meeting.engine
    return [
        Cell(say.either(meeting.name, meeting.name_vi), tone=tone),
        Cell(cited(meeting.article, say) or "–"),
        Cell(say.say(METHOD_NOUNS[engine]) if engine else say.gettext("not tried")),
        Cell(say.gettext(words), bold=bad, tone=tone),
        Cell(NOTHING if invalid else say.within(meeting, result)),
        Cell(NOTHING if invalid else say.percent(shown_margin(meeting.margin_pct))),
    ]


def _listed(meetings: Sequence[MeetingChecked], say: Wording) -> str:
    return "; ".join(say.either(m.name, m.name_vi) for m in meetings)
