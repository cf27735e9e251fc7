"""The answer about a meeting in words: its sheet for the technician, and its course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.translation import N_, Language, translator
from results.model.meetings import BridgeJudged, MeetingAnswer, PartJudged, Way
from results.model.quantities import Direction, Kind
from results.report.document import (
    TONES,
    Block,
    Cell,
    Heading,
    Par,
    Table,
    Tone,
    table,
)
from results.report.minutes import minutes_table

VERDICTS: Mapping[str, str] = {
    "pass": N_("PASS – every bridge sees and hears, in the check and in the meeting"),
    "fail": N_("FAIL – the meeting does not meet the criteria"),
    "invalid": N_("INVALID – the emulation cannot be trusted, so there is no answer"),
}
PART_TITLES: Mapping[str, str] = {
    "check": N_("Check of the system, at least one hour before the opening (Art. 19(3))"),
    "course": N_("Course of the meeting"),
}
COLUMNS: Sequence[tuple[Kind, Direction, str]] = (
    ("audio", "up", N_("sound sent")),
    ("audio", "down", N_("sound received")),
    ("video", "up", N_("picture sent")),
    ("video", "down", N_("picture received")),
)


def brief(answer: MeetingAnswer, language: Language) -> list[Block]:
    """What a terminal shows: the verdict, and a table a part."""
    say = translator(language)
    name = answer.meeting.name_vi if language == "vi" else answer.meeting.name
    blocks: list[Block] = [
        Par(say.gettext(VERDICTS[answer.verdict]), bold=True, tone=TONES[answer.verdict]),
        Par(f"{name} ({answer.meeting.article})"),
    ]
    for part in answer.parts:
        blocks += _part(part, language)
    return blocks


def sheet(answer: MeetingAnswer, language: Language) -> list[Block]:
    """The check of the system on one page, and the minutes of the meeting."""
    blocks = brief(answer, language)
    for part in answer.parts:
        title = translator(language).gettext(PART_TITLES[part.part])
        blocks += [Heading(title, 2), minutes_table(part.minutes, answer.names, language)]
    return blocks


def _part(part: PartJudged, language: Language) -> Iterator[Block]:
    yield Heading(translator(language).gettext(PART_TITLES[part.part]), 1)
    yield bridges_table(part.bridges, language)
    for reason in part.reasons:
        yield Par(reason, tone="bad")


def bridges_table(bridges: Sequence[BridgeJudged], language: Language) -> Table:
    """A row a bridge: connected, each way, interruption, result."""
    say = translator(language)
    head = [
        say.gettext(N_("bridge")),
        say.gettext(N_("connected")),
        *(say.gettext(title) for _, _, title in COLUMNS),
        say.gettext(N_("longest interruption")),
        say.gettext(N_("result")),
    ]
    return table(head, [_row(each, language) for each in bridges], right={6})


def _row(bridge: BridgeJudged, language: Language) -> list[Cell]:
    say = translator(language)
    connected = say.gettext(N_("yes")) if bridge.connected else say.gettext(N_("NO"))
    if bridge.refused is not None:
        connected = f"{connected} (SIP {bridge.refused})"
    ways = {(way.kind, way.direction): way for way in bridge.ways}
    ms = bridge.interruption_ms
    result = say.gettext(N_("met")) if bridge.ok else say.gettext(N_("NOT MET"))
    tone: Tone = "good" if bridge.ok else "bad"
    return [
        Cell(bridge.name),
        Cell(connected, tone="" if bridge.connected else "bad"),
        *(_way(ways.get((kind, direction)), language) for kind, direction, _ in COLUMNS),
        Cell("–" if ms is None else f"{say.number(ms / 1e3, 1)} s"),
        Cell(result, tone=tone),
    ]


def _way(way: Way | None, language: Language) -> Cell:
    say = translator(language)
    if way is None:
        return Cell("–")
    if not way.packets_received:
        return Cell(say.gettext(N_("nothing")), tone="bad")
    text = say.gettext(N_("good")) if way.ok else say.gettext(N_("bad"))
    if way.lost_pct:
        text += f" ({say.percent(way.lost_pct, 2)})"
    return Cell(text, tone="" if way.ok else "bad")
