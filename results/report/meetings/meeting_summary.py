"""The answer about a meeting in words: for a terminal, `summary.md`, and two documents of an
office: the sheet of the check of the system, and the minutes.

Bridges are judged alike everywhere; the sheet has room for a signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from giaoban.results.model.meetings import BridgeJudged, MeetingAnswer, Outcome, PartJudged, Way
from giaoban.results.model.places import in_english
from giaoban.results.model.quantities import Direction, Kind
from giaoban.results.model.result import CriterionResult
from giaoban.results.report.annex.pdf.write import pdf
from giaoban.results.report.document import (
    TONES,
    Align,
    Block,
    Bullets,
    Cell,
    Document,
    Head,
    Heading,
    Par,
    Table,
    Tone,
    Words,
    capital,
    table,
)
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.summary import assumptions_table
from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.results.report.wording import Wording, cited, in_words
from giaoban.translation import N_, NBSP, Language, translator

VERDICTS: Mapping[str, str] = {
    "pass": N_("PASS – every bridge sees and hears, in the check and in the meeting"),
    "fail": N_("FAIL – the meeting does not meet the criteria"),
    "invalid": N_("INVALID – the emulation cannot be trusted, so there is no answer"),
}
OF_A_PART: Mapping[str, str] = {
    "pass": N_("MET"),
    "fail": N_("NOT MET"),
    "invalid": N_("INVALID – the check cannot be trusted and has to be made again"),
}
PART_TITLES: Mapping[str, str] = {
    "check": N_("Check of the system, at least one hour before the opening (Art. 19(3))"),
    "course": N_("Course of the meeting"),
}
OUTCOMES: Mapping[Outcome, tuple[str, Tone]] = {
    "met": (N_("met"), "good"),
    "not-met": (N_("NOT MET"), "bad"),
    "cut-off": (N_("cut off by a failure"), "doubt"),
}
COLUMNS: Sequence[tuple[Kind, Direction, str]] = (
    ("audio", "up", N_("Sound sent")),
    ("audio", "down", N_("Sound received")),
    ("video", "up", N_("Picture sent")),
    ("video", "down", N_("Picture received")),
)


COLUMNS_ALIGNED: Sequence[Align] = ("center",) * 5
"""Of the sheet: connected, and each way."""


SIGNED, REMARKS = f"{NBSP}\n" * 3, f"{NBSP}\n{NBSP}"
"""Room for a signature, and for remarks."""


def brief(answer: MeetingAnswer, language: Language) -> list[Block]:
    """What a terminal shows: the verdict, and of each part how it began, its bridges, how it ended,
    and what fails where."""
    say = Wording(language, answer)
    meeting = answer.meeting
    blocks: list[Block] = [
        Par(say.gettext(VERDICTS[answer.verdict]), bold=True, tone=TONES[answer.verdict]),
        Par(f"{say.either(meeting.name, meeting.name_vi)} ({cited(meeting.article, say)})"),
    ]
    for part in answer.parts:
        blocks.append(Heading(say.gettext(PART_TITLES[part.part]), 1))
        blocks += _part(part, say)
    return blocks


def summary_md(answer: MeetingAnswer, language: Language) -> list[Block]:
    """What `summary.md` holds: the same, and the minutes."""
    say = Wording(language, answer)
    blocks = brief(answer, language)
    for part in answer.parts:
        title = say.gettext(N_("Minutes: {part}"), part=say.gettext(PART_TITLES[part.part]))
        blocks += [Heading(title, 1), minutes_table(part.minutes, say, chair=answer.meeting.chair)]
    if answer.assumptions:
        blocks += [
            Heading(say.gettext("Assumptions"), 1),
            assumptions_table(answer.assumptions, say),
        ]
    if answer.unmodelled:
        blocks.append(Par(left_out_of(answer.unmodelled)))
    return [Heading(say.either(answer.meeting.name, answer.meeting.name_vi), 0), *blocks]


def _part(part: PartJudged, say: Wording) -> Iterator[Block]:
    yield Par(opened(part, say), tone="" if part.opening.ok else "bad")
    yield bridges_table(part.bridges, say)
    if found := by_failures(part, say):
        yield Bullets(found)
    yield Par(closed(part, say), tone="" if part.closing.ok else "bad")
    if found := failing(part, say):
        yield Bullets(found)
    yield from _closest(part, say)


def _closest(part: PartJudged, say: Wording) -> Iterator[Block]:
    """What a part that passes meets most narrowly."""
    if part.closest is not None and part.verdict == "pass":
        yield Par(say.closest(part.closest))


def opened(part: PartJudged, say: Wording) -> str:
    """How its calls were set up."""
    opening = part.opening
    if opening.seconds is None:
        return say.gettext(N_("Set up: none of {calls} bridges connected."), calls=opening.calls)
    return say.gettext(
        N_("Set up: {connected} of {calls} bridges connected, the last one after {seconds} s."),
        connected=opening.connected,
        calls=opening.calls,
        seconds=say.number(opening.seconds, 1),
    )


def closed(part: PartJudged, say: Wording) -> str:
    """What was left when it had ended."""
    closing = part.closing
    if closing.ok:
        return say.counted(
            N_("Hung up: all {standing} calls; the MCU holds no capacity."),
            standing=closing.standing,
        )
    return say.counted(
        N_(
            "Hung up: {hung_up} of {standing} calls; the MCU still has {calls} "
            "{calls:call|calls} and holds {units} units."
        ),
        hung_up=closing.hung_up,
        standing=closing.standing,
        calls=closing.calls_left,
        units=say.number(closing.units_left),
    )


def failing(part: PartJudged, say: Wording) -> list[str]:
    """Why it is no pass: what fails where, as a whole and at each bridge."""
    if part.verdict == "invalid":
        if say.english:
            return list(part.reasons)
        return in_words(part.reason_codes, len(part.reasons), say)
    told: list[tuple[BridgeJudged | None, CriterionResult]] = [(None, c) for c in part.failed]
    told += [
        (bridge, c)
        for bridge in part.bridges
        for c in bridge.failed
        if not any(c.id == of.id and c.place == of.place for of in part.failed)
    ]
    found = [
        say.found(c, say.place(c.place) or (say.of(bridge.bridge) if bridge else "–"))
        for bridge, c in told
    ]
    for bridge in part.bridges:
        name = _name(bridge, say)
        if bridge.refused is not None:
            why = say.refusal(bridge.refused)
            found.append(say.gettext(N_("{bridge}: not connected – {why}"), bridge=name, why=why))
        elif bridge.outcome == "not-met" and bridge.connected and not bridge.there_at_end:
            found.append(say.gettext(N_("{bridge}: no longer there at the end"), bridge=name))
    return found


def bridges_table(bridges: Sequence[BridgeJudged], say: Wording) -> Table:
    """A row a bridge: connected, each way, interruption, result."""
    head = [
        say.gettext(N_("Bridge")),
        say.gettext(N_("Connected")),
        *(say.gettext(title) for _, _, title in COLUMNS),
        say.gettext(N_("Longest interruption")),
        say.gettext(N_("Result")),
    ]
    return table(head, [_row(each, say) for each in bridges], right={6}, keep={0})


def _row(bridge: BridgeJudged, say: Wording) -> list[Cell]:
    result, tone = OUTCOMES[bridge.outcome]
    return [
        Cell(_name(bridge, say).split(" (")[0]),
        _connected(bridge, say),
        *(_way(way, say) for way in _ways(bridge)),
        Cell(_interruption(bridge, say)),
        Cell(say.gettext(result), tone=tone),
    ]


def _name(bridge: BridgeJudged, say: Wording) -> str:
    """As readers of the language know it."""
    return in_english(bridge.name) if say.english else bridge.name


def _ways(bridge: BridgeJudged) -> list[Way | None]:
    ways = {(way.kind, way.direction): way for way in bridge.ways}
    return [ways.get((kind, direction)) for kind, direction, _ in COLUMNS]


def _connected(bridge: BridgeJudged, say: Wording) -> Cell:
    if bridge.connected:
        return Cell(say.gettext(N_("yes")))
    text = say.gettext(N_("NO"))
    if bridge.refused is not None:
        text = f"{text} (SIP {bridge.refused})"
    return Cell(text, tone="bad", bold=True)


def _way(way: Way | None, say: Wording) -> Cell:
    if way is None:
        return Cell("–")
    if way.packets_received == 0:
        return Cell(say.gettext(N_("nothing")), tone="bad", bold=True)
    text = say.gettext(N_("good")) if way.ok else say.gettext(N_("bad"))
    if way.lost_pct:
        text += f" ({say.percent(way.lost_pct, 2)})"
    return Cell(text, tone="" if way.ok else "bad", bold=not way.ok)


def _interruption(bridge: BridgeJudged, say: Wording) -> str:
    """The longest one, of a stream or by a failure."""
    if any(one.back_s is None for one in bridge.interruptions):
        return say.gettext(N_("to the end"))
    by_faults = max((one.lasted_s or 0.0 for one in bridge.interruptions), default=0.0)
    longest_s = max(by_faults, (bridge.interruption_ms or 0.0) / 1e3)
    return _seconds(longest_s, say) if longest_s else "–"


def _seconds(seconds: float, say: Wording) -> str:
    return f"{say.number(seconds, 1)}{NBSP}{say.unit(seconds, 's')}"


def by_failures(part: PartJudged, say: Wording) -> list[str]:
    """Which failure interrupted which bridge, and for how long."""
    return [
        say.gettext(
            N_("{bridge}: interrupted, {time} – {fault}"),
            bridge=_name(bridge, say).split(" (")[0],
            time=say.gettext(N_("to the end"))
            if one.lasted_s is None
            else _seconds(one.lasted_s, say),
            fault=say.fault(one.fault),
        )
        for bridge in part.bridges
        for one in bridge.interruptions
    ]


# ------------------------------------------------------------------------------ for an office


def sheet(answer: MeetingAnswer, language: Language, when: datetime) -> Document:
    """The check of the system for a technician: a row a bridge, with room for a signature.

    Raises `LookupError`: there was no check.
    """
    say = Wording(language, answer)
    part = next(each for each in answer.parts if each.part == "check")
    blocks: list[Block] = [
        *_head(answer, say, when),
        *_result(part, say),
        _sheet_table(part, say),
        Par(
            say.gettext(
                N_(
                    "Sound, picture: what the bridge sends and receives. Lost: the most of its "
                    "streams. Delay: the longest of its streams, to or from the MCU (95 % of "
                    "packets are faster). The last column is for the bridge’s technician."
                )
            ),
            note=True,
        ),
        *_notes(part, say),
        _signatures(say),
    ]
    title = say.gettext(N_("SHEET OF THE CHECK OF THE SYSTEM BEFORE THE MEETING"))
    return _document(answer, title, blocks, say)


def minutes_document(answer: MeetingAnswer, language: Language, when: datetime) -> Document:
    """The time line of the meeting: who joined, spoke, was interrupted, came back."""
    say = Wording(language, answer)
    blocks: list[Block] = [*_head(answer, say, when)]
    for number, part in enumerate(answer.parts):
        blocks += [Heading(say.gettext(PART_TITLES[part.part]), 1), *_result(part, say)]
        caption = say.gettext(N_("Time line, in minutes and seconds from the beginning"))
        made = minutes_table(part.minutes, say, chair=answer.meeting.chair, caption=caption)
        blocks.append(replace(made, number=number + 1))
        blocks += _notes(part, say)
    blocks.append(_signatures(say))
    return _document(answer, say.gettext(N_("MINUTES OF THE MEETING")), blocks, say)


def _document(answer: MeetingAnswer, title: str, blocks: Sequence[Block], say: Wording) -> Document:
    meeting = answer.meeting
    invalid = answer.verdict == "invalid"
    return Document(
        lang=say.language,
        label=title,
        title=[say.either(meeting.name, meeting.name_vi)],
        attached=say.gettext(
            N_("({articles} of the regulation issued with Decision 1681/QĐ-UBND of 25/10/2013)"),
            articles=cited(meeting.article, say),
        ),
        blocks=blocks,
        words=Words(say.gettext("Table"), say.gettext("Figure")),
        mark=say.gettext("DRAFT") if invalid else "",
        footer="",
        subject=say.either(meeting.name, meeting.name_vi),
    )


def _head(answer: MeetingAnswer, say: Wording, when: datetime) -> Iterator[Block]:
    made = when.strftime("%d/%m/%Y %H:%M" if not say.english else "%Y-%m-%d %H:%M")
    yield Par(say.gettext(N_("Date and time of the run: {when}."), when=made))
    chair = say.of(answer.meeting.chair).split(" (")[0]
    yield Par(
        say.gettext(
            N_("Chair: {chair}. Bridges: {count}. Planned length: {minutes} minutes."),
            chair=say.gettext(N_("the bridge {name}"), name=chair),
            count=len(answer.parts[0].bridges),
            minutes=say.number(answer.meeting.length_min),
        )
    )
    if answer.device is None:
        emulated = N_(
            "The result of an emulation by software, which takes the place neither of the check at "
            "the devices themselves nor of a meeting’s own minutes."
        )
        yield Par(say.gettext(emulated))
    else:
        yield Par(say.gettext(N_("Checked at the device {device}."), device=answer.device))


def _result(part: PartJudged, say: Wording) -> Iterator[Block]:
    good = sum(bridge.ok for bridge in part.bridges)
    yield Par(
        say.gettext(
            N_("Result: {verdict} ({good} of {count} bridges)."),
            verdict=say.gettext(OF_A_PART[part.verdict]),
            good=good,
            count=len(part.bridges),
        ),
        bold=True,
        tone=TONES[part.verdict],
    )


def _notes(part: PartJudged, say: Wording) -> Iterator[Block]:
    yield Par(opened(part, say))
    yield Par(closed(part, say))
    if found := failing(part, say):
        yield Par(say.gettext(N_("What is not met:")), bold=True)
        yield Bullets(found)
    yield from _closest(part, say)


def _sheet_table(part: PartJudged, say: Wording) -> Table:
    top = [
        Head(say.gettext(N_("No.")), rows=2),
        Head(say.gettext(N_("Bridge")), rows=2),
        Head(say.gettext(N_("Connected")), rows=2),
        Head(say.gettext(N_("Sound")), columns=2),
        Head(say.gettext(N_("Picture")), columns=2),
        Head(say.gettext(N_("Lost (%)")), rows=2),
        Head(say.gettext(N_("Delay (ms)")), rows=2),
        Head(say.gettext(N_("Result")), rows=2),
        Head(say.gettext(N_("Signature, remarks")), rows=2),
    ]
    sent, received = say.gettext(N_("sent")), say.gettext(N_("received"))
    return Table(
        caption=say.gettext(N_("Result of the check at each bridge")),
        head=[top, [Head(sent), Head(received), Head(sent), Head(received)]],
        rows=[_sheet_row(number, each, say) for number, each in enumerate(part.bridges, 1)],
        widths=[7, 26, 18, 13, 15, 13, 15, 13, 13, 15, 26],
        aligns=["center", "left", *COLUMNS_ALIGNED, "right", "right", "center", "left"],
        number=1,
        small=True,
    )


def _sheet_row(number: int, bridge: BridgeJudged, say: Wording) -> list[Cell]:
    lost = [way.lost_pct for way in bridge.ways if way.lost_pct is not None]
    delay = [way.delay_ms for way in bridge.ways if way.delay_ms is not None]
    outcome, tone = OUTCOMES[bridge.outcome]
    result = say.gettext(outcome)
    return [
        Cell(str(number)),
        Cell(_name(bridge, say).split(" (")[0]),
        _connected(bridge, say),
        *(_plain(_way(way, say)) for way in _ways(bridge)),
        Cell(_fixed(max(lost, default=None), 2, say)),
        Cell(_fixed(max(delay, default=None), 1, say)),
        Cell(capital(result), bold=not bridge.ok, tone=tone),
        Cell(REMARKS),
    ]


def _fixed(value: float | None, digits: int, say: Wording) -> str:
    """A number with all its decimals, as a column of them is read."""
    return "–" if value is None else f"{value:.{digits}f}".translate(say.signs)


def _plain(cell: Cell) -> Cell:
    """A way without its loss, which has a column of its own."""
    return replace(cell, text=cell.text.partition(" (")[0])


def _signatures(say: Wording) -> Table:
    people = [
        say.gettext(N_("Technician at the telecom company")),
        say.gettext(N_("Technician at the chair’s bridge")),
    ]
    space = say.gettext(N_("(signature, full name)"))
    return Table(
        caption="",
        head=[[Head(each) for each in people]],
        rows=[[Cell(SIGNED, sub=space) for _ in people]],
        widths=[1.0, 1.0],
        aligns=["center", "center"],
        whole=True,
    )


SHEET, MINUTES, SUMMARY = "kiem-tra.pdf", "bien-ban.pdf", "summary.md"


def write_documents(
    answer: MeetingAnswer, folder: Path, language: Language, when: datetime
) -> list[Path]:
    """Write them into a run's folder, the sheet if there was a check.

    Raises `MachineLacks`: fonts.
    """
    documents = {MINUTES: minutes_document(answer, language, when)}
    if answer.part("check") is not None:
        documents[SHEET] = sheet(answer, language, when)
    for name, document in documents.items():
        (folder / name).write_bytes(pdf(document, made=when))
    text = markdown(summary_md(answer, language), translator(language).say)
    (folder / SUMMARY).write_text(text, encoding="utf-8")
    return [*(folder / name for name in documents), folder / SUMMARY]
