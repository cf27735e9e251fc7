"""The minutes of a meeting in words: one line a moment, as an office would write it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from giaoban.translation import N_, Language, translator
from results.model.meetings import Entry
from results.report.document import Cell, Table, table

SENTENCES: Mapping[str, str] = {
    "check-begins": N_("The check of the system begins"),
    "check-ends": N_("The check of the system ends"),
    "course-begins": N_("The chair opens the meeting"),
    "course-ends": N_("The chair closes the meeting"),
    "before-begins": N_("The meeting goes on, before new bridges are connected"),
    "during-begins": N_("New bridges are being connected"),
    "after-begins": N_("All bridges are connected"),
    "after-ends": N_("The meeting ends"),
    "joined": N_("{bridge} joins the meeting"),
    "rejoined": N_("{bridge} is back in the meeting"),
    "hung-up": N_("{bridge} hangs up"),
    "left": N_("{bridge} has lost its connection"),
    "call-refused": N_("The MCU refuses the call of {bridge} (SIP {status} {reason})"),
    "call-unanswered": N_("The call of {bridge} is not answered"),
    "redialled": N_("{bridge} dials again (attempt {attempt})"),
    "request-to-speak": N_("{bridge} asks to speak"),
    "withdraw": N_("{bridge} no longer wishes to speak"),
    "call-to-speak": N_("{by} calls {bridge} to speak"),
    "end-speech": N_("The speech of {bridge} ends"),
    "muted": N_("The microphone of {bridge} is closed by {by}"),
    "unmuted": N_("The microphone of {bridge} is opened by {by}"),
    "present": N_("{bridge} shows slides"),
    "dropped": N_("{by} puts {bridge} out of the meeting"),
    "refused": N_("A command of {by} is refused: {text}"),
    "ended": N_("{by} ends the meeting"),
    "fault": N_("Failure: {fault}"),
    "restored": N_("Repaired: {fault}"),
    "interrupted": N_("{bridge} is interrupted ({fault})"),
    "back": N_("{bridge} is heard and seen again after {seconds} s ({fault})"),
}


def said(entry: Entry, names: Mapping[str, str], language: Language) -> str:
    """One line in words; of a code that this version does not know, the code."""
    sentence = SENTENCES.get(entry.code)
    if sentence is None:
        return entry.code
    say = translator(language)
    fields: dict[str, object] = {
        key: say.number(value, 1) if isinstance(value, float) else value
        for key, value in entry.arguments.items()
    }
    fields["bridge"] = _who(entry.bridge, names, language)
    if "by" in fields:
        fields["by"] = _who(str(fields["by"]), names, language)
    text = say.gettext(sentence, **fields)
    return text[:1].upper() + text[1:]


def _who(ident: str | None, names: Mapping[str, str], language: Language) -> str:
    say = translator(language)
    if not ident:
        return say.gettext(N_("all but the chair"))
    if ident in ("operator", "mcu"):
        return say.gettext(N_("the technician at the MCU"))
    return names.get(ident, ident)


def moment(t_s: float) -> str:
    """`–0:02.5`, `1:07.0`: minutes and seconds from the beginning."""
    tenths = round(abs(t_s) * 10)
    sign = "–" if t_s < 0 and tenths else ""
    return f"{sign}{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def minutes_table(
    entries: Sequence[Entry], names: Mapping[str, str], language: Language, caption: str = ""
) -> Table:
    """All lines, in order of time."""
    say = translator(language)
    rows = [[Cell(moment(e.t_s)), Cell(said(e, names, language))] for e in entries]
    head = [say.gettext(N_("Time")), say.gettext(N_("What happened"))]
    return table(head, rows, right={0})
