"""The minutes of a meeting in words: one line a moment, as an office would write it down.

What happens to several bridges at one moment is one line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from giaoban.results.model.studies.meetings import Entry
from giaoban.results.report.document import Cell, Table, capital, table
from giaoban.results.report.wording import Wording
from giaoban.translation import N_

SENTENCES: Mapping[str, str] = {
    "check-begins": N_("The check of the system began"),
    "check-ends": N_("The check of the system ended"),
    "course-begins": N_("The chair opened the meeting"),
    "course-ends": N_("The chair closed the meeting"),
    "before-begins": N_("The phase before new bridges are connected began"),
    "during-begins": N_("The phase in which new bridges are connected began"),
    "after-begins": N_("The phase after new bridges were connected began"),
    "after-ends": N_("The meeting ended"),
    "joined": N_("{bridge} joined the meeting"),
    "rejoined": N_("{bridge} joined the meeting again"),
    "hung-up": N_("{bridge} hung up"),
    "left": N_("The MCU ended the call of {bridge}, from which nothing came any more"),
    "call-refused": N_("The MCU refused the call of {bridge}: {why}"),
    "call-unanswered": N_("The MCU did not answer the call of {bridge}"),
    "redialled": N_("{bridge} dialled the MCU again"),
    "request-to-speak": N_("{bridge} asked to speak"),
    "withdraw": N_("{bridge} no longer wished to speak"),
    "call-to-speak": N_("{by} called on {bridge} to speak"),
    "end-speech": N_("{bridge} finished speaking"),
    "muted": N_("{by} closed the microphone of {bridge}"),
    "unmuted": N_("{by} opened the microphone of {bridge}"),
    "present": N_("{bridge} showed slides"),
    "present-ends": N_("The showing of slides ended"),
    "dropped": N_("{by} took {bridge} out of the meeting"),
    "refused": N_("A command of {by} was refused"),
    "fault": N_("Failure: {fault}. No bridge was interrupted"),
    "restored": N_("Mended: {fault}"),
    "interrupted": N_(
        "{bridge} lost the connection. Cause: {cause}. Remedy: {remedy}. Expected to be mended: "
        "{expected}"
    ),
    "interrupted-briefly": N_(
        "{bridge} had an interruption of {seconds} s. Cause: {cause}. Remedy: {remedy}. Expected "
        "to be mended: {expected}"
    ),
    "back": N_("{bridge} came back, after an interruption of {seconds} s"),
    "interruption": N_(
        "Interruption of {bridge}, reported by {by}. Cause: {cause}. Remedy: {remedy}. Expected to "
        "be mended: {expected}"
    ),
    "report-due": N_("{bridge} came back, and its interruption had not been reported"),
    "mcu-free": N_("All calls have ended, and the MCU holds no capacity for them"),
    "mcu-holds": N_(
        "Not all calls have ended: the MCU still has {calls} and holds {units} {n:unit|units} for "
        "them"
    ),
}
ALIKE_S = 1.0
"""Alike entries this close to each other are one line."""
TIMES = ("seconds", "attempt", "text")
"""Arguments in which alike entries may differ; of seconds the most is told."""
TALK = ("request-to-speak", "withdraw", "call-to-speak", "end-speech", "muted", "unmuted")
"""Codes of what is said in a meeting, not of who is in it."""
MOST_NAMED = 12
"""Of more bridges in one line only their number is told."""


@dataclass
class MinutesLine:
    """One line: an entry and the bridges that it is of."""

    first: Entry
    last_s: float
    bridges: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def takes(self, entry: Entry) -> bool:
        """Whether another entry is told with it."""
        return (
            entry.bridge is not None
            and bool(self.bridges)
            and entry.t_s - self.last_s <= ALIKE_S
            and entry.code == self.first.code
            and _fixed(entry) == _fixed(self.first)
        )

    def add(self, entry: Entry) -> None:
        self.last_s = entry.t_s
        if entry.bridge is not None and entry.bridge not in self.bridges:
            self.bridges.append(entry.bridge)
        self.seconds = max(self.seconds, float(entry.arguments.get("seconds", 0.0)))


def _fixed(entry: Entry) -> dict[str, object]:
    return {key: value for key, value in entry.arguments.items() if key not in TIMES}


def lines(entries: Sequence[Entry]) -> list[MinutesLine]:
    """Entries in order of time, what is alike at one moment together."""
    found: list[MinutesLine] = []
    for entry in entries:
        near = (line for line in reversed(found[-8:]) if line.takes(entry))
        line = next(near, None)
        if line is None:
            line = MinutesLine(entry, entry.t_s)
            found.append(line)
        line.add(entry)
    return found


def sentence_of(
    line: MinutesLine, say: Wording, *, chair: str = "", everybody: Collection[str] = ()
) -> str:
    """One line in words; of a code that this version does not know, the code.

    Args:
        chair: who is called the chair where it does something.
        everybody: the bridges of the meeting.
    """
    entry = line.first
    sentence = SENTENCES.get(entry.code)
    if sentence is None:
        return entry.code
    fields: dict[str, object] = {
        key: say.number(value, 1) if isinstance(value, float) else value
        for key, value in entry.arguments.items()
    }
    fields["bridge"] = _whom(line.bridges, say, everybody)
    fields["seconds"] = say.number(line.seconds, 1)
    by = str(entry.arguments.get("by", ""))
    fields["by"] = say.gettext("the chair") if chair and by == chair else _one(by, say)
    fault = str(entry.arguments.get("fault", ""))
    fields["fault"] = say.fault(fault)
    for key in ("cause", "remedy"):
        fields[key] = say.text(str(entry.arguments.get(key, ""))) or say.gettext("not known")
    place = say.fault_where(fault)
    if place and [place] != [*map(say.bridge, line.bridges)]:
        fields["cause"] = f"{fields['cause']} ({place})"
    fields["expected"] = _expected(entry, say)
    fields["why"] = _refused(entry, say)
    fields["n"] = entry.arguments.get("units")
    text = say.gettext(sentence, **fields)
    return capital(text)


def _refused(entry: Entry, say: Wording) -> str:
    """Why a call was refused: by the device's words, which are English, or by its code."""
    code, reason = entry.arguments.get("status"), entry.arguments.get("reason")
    if not isinstance(code, int):
        return ""
    return say.refusal(code, str(reason or ""))


def _expected(entry: Entry, say: Wording) -> str:
    """When it is to be mended: at a moment, or within minutes of a report (0: it is)."""
    at_s, minutes = (entry.arguments.get(key) for key in ("expected_s", "expected_min"))
    if isinstance(at_s, int | float):
        return say.gettext("at {time}", time=moment(at_s))
    if isinstance(minutes, int | float):
        if not minutes:
            return say.gettext("mended already")
        return say.gettext(
            "within {minutes} {n:minute|minutes}", minutes=say.number(minutes), n=minutes
        )
    return say.gettext("not known yet")


def _whom(bridges: Sequence[str], say: Wording, everybody: Collection[str]) -> str:
    """The bridges of a line within a sentence."""
    if not bridges:
        return say.gettext("all bridges but the chair’s")
    if len(bridges) == 1:
        return _one(bridges[0], say)
    if len(bridges) == len(everybody):
        return say.gettext("all {n} {n:bridge|bridges}", n=len(bridges))
    if len(bridges) > MOST_NAMED:
        return say.gettext("{n} {n:bridge|bridges}", n=len(bridges))
    names = ", ".join(map(say.bridge, bridges))
    return say.gettext("{n} {n:bridge|bridges} ({names})", n=len(bridges), names=names)


def _one(ident: str, say: Wording) -> str:
    if ident in ("", "operator", "mcu"):
        return say.gettext("the technician at the MCU")
    return say.gettext("the bridge {name}", name=say.bridge(ident))


def moment(t_s: float) -> str:
    """`–0:02`, `1:07`: minutes and seconds from the beginning."""
    seconds = round(abs(t_s))
    sign = "–" if t_s < 0 and seconds else ""
    return f"{sign}{seconds // 60}:{seconds % 60:02d}"


def minutes_table(
    entries: Sequence[Entry],
    say: Wording,
    *,
    chair: str = "",
    caption: str = "",
    most: int | None = None,
) -> Table:
    """All lines in order of time; or no more than `most`, of which talk gives way first."""
    everybody = {entry.bridge for entry in entries if entry.bridge}
    told = lines(entries)
    if most is not None and len(told) > most:
        told = [line for line in told if line.first.code not in TALK]
    rows = [
        [
            Cell(moment(line.first.t_s)),
            Cell(sentence_of(line, say, chair=chair, everybody=everybody)),
        ]
        for line in told[:most]
    ]
    head = [say.gettext("Time"), say.gettext("What happened")]
    made = table(head, rows, right={0}, caption=caption, keep={0})
    return replace(made, widths=[1.0, 9.0])
