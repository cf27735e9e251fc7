"""Two documents of an office about a meeting: the sheet of the check of the system, with room for
signatures, and the minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from giaoban.regulation import cited
from giaoban.results.model.run_ids import VIETNAM
from giaoban.results.model.studies.meetings import BridgeJudged, MeetingAnswer, PartJudged
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
    Words,
    capital,
    pars,
)
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.meeting_summary import (
    OUTCOMES,
    closed,
    closest,
    connected_cell,
    failing,
    judged_streams,
    opened,
    part_title,
    power_note,
    stream_cell,
    summary_md,
)
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.pdf.write import pdf
from giaoban.results.report.summaries.check_summary import ASSUMED
from giaoban.results.report.wording import Wording
from giaoban.sentence import Sentence
from giaoban.translation import N_, NBSP, Language, translator

OF_A_PART: Mapping[str, str] = {
    "pass": N_("MET"),
    "fail": N_("NOT MET"),
    "undecided": N_("UNDECIDED"),
    "invalid": N_("INVALID – the check cannot be trusted and has to be made again"),
}
COLUMNS_ALIGNED: Sequence[Align] = ("center",) * 5
"""Of the sheet: connected, and each way."""
SIGNED, REMARKS = f"{NBSP}\n" * 3, f"{NBSP}\n{NBSP}"
"""Room for a signature, and for remarks."""


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
                "Sound, picture: what the bridge sends and receives. Lost: the most of its "
                "streams. Delay: the longest of its streams, to or from the MCU (95 % of "
                "packets are faster). The last column is for the bridge’s technician."
            ),
            note=True,
        ),
        *_notes(part, say),
        *pars(power_note(part.part, answer, say)),
        _signatures(say),
    ]
    title = say.gettext("SHEET OF THE CHECK OF THE SYSTEM BEFORE THE MEETING")
    return _document(answer, title, blocks, say)


def minutes_document(answer: MeetingAnswer, language: Language, when: datetime) -> Document:
    """The time line of the meeting: who joined, spoke, was interrupted, came back."""
    say = Wording(language, answer)
    blocks: list[Block] = [*_head(answer, say, when)]
    for number, part in enumerate(answer.parts):
        blocks += [Heading(part_title(part.part, answer, say), 1), *_result(part, say)]
        caption = say.gettext("Time line, in minutes and seconds from the beginning")
        made = minutes_table(part.minutes, say, chair=answer.meeting.chair, caption=caption)
        blocks.append(replace(made, number=number + 1))
        blocks += _notes(part, say)
    blocks.append(_signatures(say))
    return _document(answer, say.gettext("LOG OF THE SIMULATED MEETING"), blocks, say)


def _attached(answer: MeetingAnswer, say: Wording) -> str:
    """The line below the title: where the regulation names the meeting; "" where it does not."""
    regulation, article = answer.regulation, answer.meeting.article
    if regulation is None or not article:
        return ""
    return say.gettext(
        "({articles} of the regulation issued with Decision {number} of {date})",
        articles=cited(article, say),
        number=regulation.number,
        date=say.day(date.fromisoformat(regulation.date)),
    )


def _document(answer: MeetingAnswer, title: str, blocks: Sequence[Block], say: Wording) -> Document:
    meeting = answer.meeting
    invalid = answer.verdict == "invalid"
    return Document(
        lang=say.language,
        label=title,
        title=[say.either(meeting.name, meeting.name_vi)],
        attached=_attached(answer, say),
        blocks=blocks,
        words=Words(say.gettext("Table"), say.gettext("Figure")),
        mark=say.gettext("DRAFT") if invalid else "",
        footer="",
        subject=say.either(meeting.name, meeting.name_vi),
    )


def _head(answer: MeetingAnswer, say: Wording, when: datetime) -> Iterator[Block]:
    made = say.moment(when.astimezone(VIETNAM))
    yield Par(say.gettext("Date and time of the run: {when}.", when=made))
    chair = say.bridge(answer.meeting.chair)
    yield Par(
        say.gettext(
            "Chair: {chair}. Bridges: {count}. Planned length: {minutes} {n:minute|minutes}.",
            chair=say.gettext("the bridge {name}", name=chair),
            count=len(answer.parts[0].bridges),
            minutes=say.number(answer.meeting.length_min),
            n=answer.meeting.length_min,
        )
    )
    if answer.device is None:
        emulated = N_(
            "The result of an emulation by software, which takes the place neither of the check at "
            "the devices themselves nor of a meeting’s own minutes."
        )
        yield Par(say.gettext(emulated))
        if course := answer.part("course"):
            took = say.amount(round(course.seconds), "s")
            yield Par(say.gettext("Its course is condensed into {time}.", time=took))
        if count := len(answer.assumptions):
            yield Par(say.say(Sentence(ASSUMED, n=count)))
    else:
        yield Par(say.gettext("Checked at the device {device}.", device=answer.device))


def _result(part: PartJudged, say: Wording) -> Iterator[Block]:
    good = sum(bridge.ok for bridge in part.bridges)
    yield Par(
        say.gettext(
            "Result: {verdict} ({good} of {count} {count:bridge|bridges}).",
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
        yield Par(say.gettext("What is not met:"), bold=True)
        yield Bullets(found)
    yield from closest(part, say)


def _sheet_table(part: PartJudged, say: Wording) -> Table:
    top = [
        Head(say.gettext("No."), rows=2),
        Head(say.gettext("Bridge"), rows=2),
        Head(say.gettext("Connected"), rows=2),
        Head(say.gettext("Sound"), columns=2),
        Head(say.gettext("Picture"), columns=2),
        Head(say.gettext("Lost (%)"), rows=2),
        Head(say.gettext("Delay (ms)"), rows=2),
        Head(say.gettext("Result"), rows=2),
        Head(say.gettext("Signature, remarks"), rows=2),
    ]
    sent, received = say.gettext("sent"), say.gettext("received")
    return Table(
        caption=say.gettext("Result of the check at each bridge"),
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
        Cell(bridge.name),
        connected_cell(bridge, say),
        *(_plain(stream_cell(stream, say)) for stream in judged_streams(bridge)),
        Cell(_fixed(max(lost, default=None), 2, say)),
        Cell(_fixed(max(delay, default=None), 1, say)),
        Cell(capital(result), bold=not bridge.ok, tone=tone),
        Cell(REMARKS),
    ]


def _fixed(value: float | None, digits: int, say: Wording) -> str:
    """A number with all its decimals, as a column of them is read."""
    return "–" if value is None else say.with_signs(f"{value:.{digits}f}")


def _plain(cell: Cell) -> Cell:
    """A way without its loss, which has a column of its own."""
    return replace(cell, text=cell.text.partition(" (")[0])


def _signatures(say: Wording) -> Table:
    people = [
        say.gettext("Technician at the telecom company"),
        say.gettext("Technician at the chair’s bridge"),
    ]
    space = say.gettext("(signature, full name)")
    return Table(
        caption="",
        head=[[Head(each) for each in people]],
        rows=[[Cell(SIGNED, sub=space) for _ in people]],
        widths=[1.0, 1.0],
        aligns=["center", "center"],
        whole=True,
    )


SHEET, MINUTES, SUMMARY = "kiem-tra.pdf", "nhat-ky.pdf", "summary.md"


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
