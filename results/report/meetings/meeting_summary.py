"""The answer about a meeting in words: for a terminal and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.results.model.quantities import Direction, Kind
from giaoban.results.model.result import CriterionResult
from giaoban.results.model.studies.meetings import (
    BridgeJudged,
    MeetingAnswer,
    Outcome,
    Part,
    PartJudged,
    StreamJudged,
)
from giaoban.results.report.citation import Citation, in_brackets
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Cell,
    Heading,
    Par,
    Table,
    Tone,
    pars,
    table,
)
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.summaries.check_summary import assumptions_table
from giaoban.results.report.unmodelled_words import left_out_of, unrated_sound
from giaoban.results.report.wording import Wording, in_words
from giaoban.translation import N_, Language

VERDICTS: Mapping[str, str] = {
    "pass": N_("PASS – every bridge sees and hears, in the check and in the meeting"),
    "fail": N_("FAIL – the meeting does not meet the criteria"),
    "undecided": N_("UNDECIDED – some seeds fail, and too few were judged"),
    "invalid": N_("INVALID – the emulation cannot be trusted, so there is no answer"),
}
_PART_TITLES: Mapping[str, str] = {
    "check": N_("Check of the system before the opening{cited}"),
    "course": N_("Course of the meeting"),
}
_PASSES: Mapping[Part, str] = {
    "check": N_("PASS – every bridge sees and hears in the check of the system"),
    "course": N_("PASS – every bridge sees and hears in the meeting"),
}
"""Where one part alone was held."""
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


def brief(answer: MeetingAnswer, language: Language) -> list[Block]:
    """What a terminal shows: the verdict, and of each part how it began, its bridges, how it ended,
    and what fails where."""
    say = Wording(language, answer)
    meeting = answer.meeting
    blocks: list[Block] = [
        Par(verdict_line(answer, say), bold=True, tone=TONES[answer.verdict]),
        Par(say.either(meeting.name, meeting.name_vi) + in_brackets(meeting.article, say)),
    ]
    for part in answer.parts:
        blocks.append(Heading(part_title(part.part, answer, say), 1))
        blocks += _part(part, say)
        blocks += pars(power_note(part.part, answer, say), "quiet")
    return [*blocks, *pars(unrated_sound(answer.unmodelled), "quiet")]


def verdict_line(answer: MeetingAnswer, say: Wording) -> str:
    """Return the answer in one line: of the parts that were held, with their interruptions."""
    parts = [part.part for part in answer.parts]
    if answer.verdict != "pass":
        return say.gettext(VERDICTS[answer.verdict])
    text = say.gettext(_PASSES[parts[0]] if len(parts) == 1 else VERDICTS["pass"])
    for part in answer.parts:
        if accepted := say.accepted(part.accepted, part.faults):
            return f"{text}, {accepted}"
    interrupted = any(bridge.interruptions for part in answer.parts for bridge in part.bridges)
    if not interrupted:
        return text
    return say.gettext("{passes}, but while failures interrupt it", passes=text)


def part_title(part: Part, answer: MeetingAnswer, say: Wording) -> str:
    basis = Citation(answer.regulation, say)
    lead, cited = basis.check_lead, basis.in_brackets("system-check")
    if part == "check" and lead:
        title = N_("Check of the system, {lead} before the opening{cited}")
        return say.gettext(title, lead=lead, cited=cited)
    return say.gettext(_PART_TITLES[part], cited=cited)


def power_note(part: Part, answer: MeetingAnswer, say: Wording) -> list[str]:
    """Return the sentence that the check judges no power supply; none for the course."""
    if part != "check":
        return []
    return [
        say.gettext(
            "Not judged: power and backup power at each bridge{cited}; technicians check them on "
            "site.",
            cited=Citation(answer.regulation, say).in_brackets("backup-power"),
        )
    ]


def summary_md(answer: MeetingAnswer, language: Language) -> list[Block]:
    """What `summary.md` holds: the same, and the minutes."""
    say = Wording(language, answer)
    blocks = brief(answer, language)
    for part in answer.parts:
        title = say.gettext(
            "Log of the simulation: {part}", part=part_title(part.part, answer, say)
        )
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
    yield from closest(part, say)


def at_other_seeds(part: PartJudged, say: Wording) -> list[str]:
    """Return the sentence about other seeds; none for a part at a real device."""
    seeds = part.seeds
    if seeds is None:
        return []
    if not seeds.tried:
        why = say.either(seeds.refused or "", seeds.refused_vi or "")
        return [say.gettext("Other seeds were not tried: {why}.", why=why)]
    found = say.gettext(
        "Passes at {passed} of {n} {n:other seed|other seeds}, by estimate.",
        passed=seeds.passed,
        n=seeds.tried,
    )
    if seeds.needed is None:
        return [found]
    needed = say.gettext("{n} other {n:seed|seeds} would decide.", n=seeds.needed)
    return [f"{found} {needed}"]


def closest(part: PartJudged, say: Wording) -> Iterator[Block]:
    """Yield the criterion that a passing part meets most narrowly, and the other seeds."""
    if part.closest is not None and part.verdict == "pass":
        yield Par(say.closest(part.closest))
    yield from pars(at_other_seeds(part, say))


def opened(part: PartJudged, say: Wording) -> str:
    opening = part.opening
    if opening.seconds is None:
        return say.gettext(
            "Set up: none of {calls} {calls:bridge|bridges} connected.", calls=opening.calls
        )
    return say.gettext(
        "Set up: {connected} of {calls} {calls:bridge|bridges} connected, the last one after "
        "{seconds} s.",
        connected=opening.connected,
        calls=opening.calls,
        seconds=say.number(opening.seconds, 1),
    )


def closed(part: PartJudged, say: Wording) -> str:
    closing = part.closing
    if closing.ok:
        return say.gettext(
            "Hung up: {standing:the one call|all {standing} calls}; the MCU holds no capacity.",
            standing=closing.standing,
        )
    return say.gettext(
        "Hung up: {hung_up} of {standing} {standing:call|calls}; the MCU still has {calls} "
        "{calls:call|calls} and holds {units} {n:unit|units}.",
        hung_up=closing.hung_up,
        standing=closing.standing,
        calls=closing.calls_left,
        units=say.number(closing.units_left),
        n=closing.units_left,
    )


def failing(part: PartJudged, say: Wording) -> list[str]:
    """Why it is no pass: what fails where, as a whole and at each bridge."""
    if part.verdict == "invalid":
        return in_words(part.reasons, part.reason_codes, say)
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
        name = bridge.name
        if bridge.refused is not None:
            why = say.refusal(bridge.refused)
            found.append(say.gettext("{bridge}: not connected – {why}", bridge=name, why=why))
        elif bridge.outcome == "not-met" and bridge.connected and not bridge.there_at_end:
            found.append(say.gettext("{bridge}: no longer there at the end", bridge=name))
    return found


def bridges_table(bridges: Sequence[BridgeJudged], say: Wording) -> Table:
    """A row a bridge: connected, each way, interruption, result."""
    head = [
        say.gettext("Bridge"),
        say.gettext("Connected"),
        *(say.gettext(title) for _, _, title in COLUMNS),
        say.gettext("Longest interruption"),
        say.gettext("Result"),
    ]
    return table(head, [_row(each, say) for each in bridges], right={6}, keep={0})


def _row(bridge: BridgeJudged, say: Wording) -> list[Cell]:
    result, tone = OUTCOMES[bridge.outcome]
    return [
        Cell(bridge.name),
        connected_cell(bridge, say),
        *(stream_cell(stream, say) for stream in judged_streams(bridge)),
        Cell(_interruption(bridge, say)),
        Cell(say.gettext(result), tone=tone),
    ]


def judged_streams(bridge: BridgeJudged) -> list[StreamJudged | None]:
    judged = {(stream.kind, stream.direction): stream for stream in bridge.ways}
    return [judged.get((kind, direction)) for kind, direction, _ in COLUMNS]


def connected_cell(bridge: BridgeJudged, say: Wording) -> Cell:
    if bridge.connected:
        return Cell(say.gettext("yes"))
    text = say.gettext("NO")
    if bridge.refused is not None:
        text = f"{text} (SIP {bridge.refused})"
    return Cell(text, tone="bad", bold=True)


def stream_cell(stream: StreamJudged | None, say: Wording) -> Cell:
    if stream is None:
        return Cell("–")
    if stream.packets_received == 0:
        return Cell(say.gettext("nothing"), tone="bad", bold=True)
    text = say.gettext("good") if stream.ok else say.gettext("bad")
    if stream.lost_pct:
        text += f" ({say.percent(stream.lost_pct, 2)})"
    return Cell(text, tone="" if stream.ok else "bad", bold=not stream.ok)


def _interruption(bridge: BridgeJudged, say: Wording) -> str:
    """The longest one, of a stream or by a failure."""
    if any(one.back_s is None for one in bridge.interruptions):
        return say.gettext("to the end")
    by_faults = max((one.lasted_s or 0.0 for one in bridge.interruptions), default=0.0)
    longest_s = max(by_faults, (bridge.interruption_ms or 0.0) / 1e3)
    return say.amount(round(longest_s, 1), "s") if longest_s else "–"


def by_failures(part: PartJudged, say: Wording) -> list[str]:
    """Which failure interrupted which bridge, and for how long."""
    return [
        say.gettext(
            "{bridge}: interrupted, {time} – {fault}",
            bridge=bridge.name,
            time=say.gettext("to the end")
            if one.lasted_s is None
            else say.amount(round(one.lasted_s, 1), "s"),
            fault=say.fault(one.fault),
        )
        for bridge in part.bridges
        for one in bridge.interruptions
    ]
