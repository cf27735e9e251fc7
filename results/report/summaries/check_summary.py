"""The answer of a check in ten seconds: what the terminal shows of it, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.result import Assumption, MoreCalls, Result
from giaoban.results.model.seeds import CONFIDENCE_PCT
from giaoban.results.report.criteria_table import criteria_table
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Cell,
    Code,
    Heading,
    Par,
    Table,
    Text,
    capital,
    pars,
    table,
)
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.excerpt import MOST_ROWS, and_more, left_out
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings_table import (
    TITLE,
    meetings_line,
    meetings_notes,
    meetings_table,
)
from giaoban.results.report.screen_wording import ENGLISH, ScreenWording, screen_wording
from giaoban.results.report.seed_words import (
    seeds_listed,
    spreads,
    tried,
)
from giaoban.results.report.summaries.sensitivity_summary import assumptions_line, of_check
from giaoban.results.report.traffic_words import other_traffic
from giaoban.results.report.unmodelled_words import left_out_of, unrated_sound
from giaoban.results.report.wording import FIGURES_ALONE, Wording, reasons
from giaoban.sentence import Sentence, number
from giaoban.translation import N_, SOURCE, Language, pgettext

ASSUMED = N_("{n} {n:assumption|assumptions} (see summary.md)")
ESTIMATED = N_("ESTIMATED: {verdict}")
NOT_EMULATED = N_("estimated, not emulated: no document for approval")
NEAR_A_LIMIT = N_("near a limit: emulate (without --estimate)")
LOST_PACKETS = N_("decided by lost packets: emulate for exact figures (without --estimate)")


def notes(result: Result, say: Wording | None = None) -> list[str]:
    """What else to know beside the criteria."""
    say = Wording(SOURCE, result) if say is None else say
    short = screen_wording(result, say)
    said = list(reasons(result, say)) if result.verdict == "invalid" else []
    said += criteria_notes(result, say)
    if result.verdict == "fail" and result.failed_without:
        said.append(
            say.gettext(
                "Not met already without the new bridges: {criteria}",
                criteria="; ".join(
                    say.criterion(c) for c in result.criteria if c.id in result.failed_without
                ),
            )
        )
    said += map(short.note, say.interruptions(result))
    if result.meetings:
        said += map(short.note, meetings_notes(result, say)[:-1])
    if result.is_estimate:
        said.append(say.text(NOT_EMULATED))
        if result.near_a_limit:
            said.append(say.text(NEAR_A_LIMIT))
        elif result.rests_on_losses:
            said.append(say.text(LOST_PACKETS))
    if result.verdict != "invalid" and result.seeds is not None:
        said.append(short.seeds())
    said += map(say.say, left_out(result))
    if count := len(result.refused_commands):
        said.append(
            say.gettext(
                "commands of the control room not carried out: {count} (see summary.md)",
                count=count,
            )
        )
    if result.estimate is not None:
        said.append(say.say(short.off_by(result.estimate)))
    if assumed := len(result.assumptions):
        said.append(say.say(Sentence(ASSUMED, n=assumed)))
    return said


def brief(result: Result, language: Language = SOURCE) -> list[Block]:
    say, tone = Wording(language, result), TONES[result.verdict]
    line = assumptions_line(result)
    return [
        Par(headline(result, say), bold=True, tone=tone),
        Par(binds(result, say)),
        *([] if line is None else [Par(line)]),
        criteria(result, say),
        *_every_meeting(result, say),
        *pars(notes(result, say), "quiet"),
    ]


def criteria(result: Result, say: Wording = ENGLISH) -> Table:
    return criteria_table(result.criteria, screen_wording(result, say), "screen")


def criteria_notes(result: Result, say: Wording = ENGLISH) -> list[str]:
    """Return what a criterion says beside whether it is met: a preferred figure that is passed,
    what it is compared with, the smallest rise that shows."""
    if not result.is_judged:
        return []
    short = screen_wording(result, say)
    notes = []
    for c in result.criteria:
        if c.past_preferred and c.preferred is not None:
            notes.append(
                say.gettext(
                    "{criterion}: {value} is within the limit of {limit}, but past the {preferred} "
                    "that its source prefers",
                    criterion=say.criterion(c),
                    value=short.in_unit(c.value, c),
                    limit=short.past(c),
                    preferred=short.in_unit(c.preferred, c),
                )
            )
    notes += [short.note(say.say(told)) for told in unrated_sound(result.unmodelled)]
    notes += map(short.note, say.unjudged_limits(result))
    if delays := short.device_delays():
        notes.append(delays)
    for c in result.criteria:
        if basis := say.artefacts(c):
            notes.append(short.note(f"{say.criterion(c)}: {basis}."))
        if comparison := say.comparison(c):
            notes.append(short.note(f"{say.criterion(c)}: {comparison}."))
    return notes


def summary_md(result: Result, language: Language = SOURCE) -> str:
    say = Wording(language, result)
    return markdown(summary(result, say), say.say)


def summary(result: Result, say: Wording) -> Iterator[Block]:
    yield Heading(headline(result, say), 0)
    if result.is_estimate:
        yield Par(Sentence("This is estimated, not emulated: no document for approval."), bold=True)
    yield Par(say.either(result.question.text_en, result.question.text_vi))
    yield Par(binds(result, say), bold=True)
    if (line := assumptions_line(result)) is not None:
        yield Par(line)
    if result.reasons:
        yield Par(Sentence("Why:"))
        yield from _list(_reasons(result, say))
    yield Par(Sentence("The meeting: {meeting}", meeting=say.meeting(result.meeting)))
    yield from other_traffic(result, say)
    if result.impairments:
        done = N_("Done to the network on purpose (seconds from the start of the first phase):")
        yield Par(Sentence(done))
        yield Bullets([say.impairment(item) for item in result.impairments])
    yield criteria(result, say)
    yield Par(Sentence("The margin is the share of the allowance that is still unused."))
    if said := criteria_notes(result, say):
        yield Bullets(said)
    if result.is_judged:
        yield from _other_seeds(result, say)
    if result.meetings:
        yield Heading(Sentence(TITLE))
        yield from _every_meeting(result, say)
        yield Bullets(meetings_notes(result, say))
    yield from _faults(result, say)
    yield from pars(say.interruptions(result))
    yield from _pictures(result, say)
    yield from _mcu(result, say)
    if refused := result.refused_commands:
        yield Heading(Sentence("Commands not carried out"))
        yield from _list([say.command(command) for command in refused])
    if result.assumptions:
        yield Heading(Sentence("Assumptions"))
        yield assumptions_table(result.assumptions[:MOST_ROWS], say)
        yield from _and_more(len(result.assumptions))
    if result.unmodelled:
        yield Par(left_out_of(result.unmodelled))
    if result.robustness is not None:
        yield from of_check(result.robustness)
    if parts := left_out(result):
        yield Heading(Sentence("Not shown"))
        yield Bullets(parts)
    yield Heading(Sentence("Evidence"))
    yield _evidence(result, say)


def _reasons(result: Result, say: Wording) -> list[str]:
    """Why it does not pass, by the criteria, or why it is no answer."""
    if result.verdict == "invalid":
        return reasons(result, say)
    return [say.found(c, say.place(c.place)) for c in result.criteria if c.ok is False]


def assumptions_table(found: Sequence[Assumption], say: Wording) -> Table:
    return table(
        (
            *(Sentence("what"), Sentence("value"), Sentence("rests on")),
            Sentence("would be replaced by"),
        ),
        [
            (
                say.either(a.what, a.what_vi),
                say.either(a.value, a.value_vi),
                say.either(a.source, a.source_vi),
                say.either(a.settled_by, a.settled_by_vi),
            )
            for a in found
        ],
    )


def _every_meeting(result: Result, say: Wording) -> Iterator[Block]:
    if result.meetings:
        yield meetings_table(result, say)
        if line := meetings_line(result, say):
            yield Par(line)


def _evidence(result: Result, say: Wording) -> Bullets:
    counts = result.accounting
    more: list[Text] = (
        [] if result.estimate is None else [screen_wording(result, say).off_by(result.estimate)]
    )
    more.append(
        Sentence(
            "packets: {sent:,} sent + {duplicated:,} duplicated = {received:,} received + "
            "{dropped:,} dropped at queues + {impaired:,} lost by impairment + {damaged:,} damaged "
            "+ {unaccounted:,} unaccounted for",
            sent=counts.packets_sent,
            duplicated=counts.packets_duplicated,
            received=counts.packets_received,
            dropped=counts.packets_dropped_at_queues,
            impaired=counts.packets_lost_by_impairment,
            damaged=counts.packets_damaged,
            unaccounted=counts.unaccounted,
        )
    )
    if counts.packets_policed:
        more.append(
            Sentence(
                "of the packets sent, {policed:,} {policed:was|were} dropped by bandwidth profiles "
                "of lines, too",
                policed=counts.packets_policed,
            )
        )
    return evidence(result.run_id, result.inputs, engine=result.engine, more=more)


def headline(result: Result, say: Wording = ENGLISH) -> str:
    """The verdict in a line; without new bridges it is about those there are.

    A failure by luck says so, and so does an answer of one seed alone.
    """
    said = screen_wording(result, say).headline()
    return say.gettext(ESTIMATED, verdict=said) if result.is_estimate else said


def _other_seeds(result: Result, say: Wording) -> Iterator[Block]:
    yield Heading(Sentence("Other seeds"))
    short = screen_wording(result, say)
    yield Par(f"{capital(short.seeds().removesuffix('.'))}.")
    seeds = tried(result)
    if seeds is None:
        return
    yield Par(
        Sentence(
            "Seeds {seeds}; bounds by Wilson, each at {pct:g} %.",
            seeds=seeds_listed(seeds.seeds),
            pct=CONFIDENCE_PCT,
        )
    )
    yield table(
        (
            *(Sentence("criterion"), Sentence("least"), Sentence("median")),
            *(Sentence("largest"), Sentence("limit"), Sentence("fails at")),
            Sentence("fails first at"),
        ),
        [
            (
                say.criterion(c),
                *(short.in_unit(v, c) for v in (spread.least, spread.median, spread.largest)),
                short.limit(c),
                str(spread.failed),
                str(spread.first),
            )
            for c, spread in spreads(result)
        ],
        right=range(1, 7),
    )
    first = None if seeds.first is None else seeds.first.binding
    if seeds.first is None or first is None:
        return
    yield Par(
        Sentence(
            "At seed {seed}, the first that does not pass, {criterion} fails first, at {place}: "
            "{value}, limit {limit}.",
            seed=seeds.first.seed,
            criterion=short.bound_by(first),
            place=short.place(first.place),
            value=short.figure(first.value, first.unit, first.threshold),
            limit=short.figure(first.threshold, first.unit, first.threshold),
        )
    )


def _faults(result: Result, say: Wording) -> Iterator[Block]:
    """What failed on purpose, and what that did to bridges; nothing in a run without."""
    if not result.faults:
        return
    yield Heading(Sentence("Failures made on purpose"))
    items = []
    for fault in result.faults:
        end = fault.restored_s
        items.append(
            Sentence(
                "{fault}: {place}, {start:g} s to {end}: {what}",
                fault=Code(fault.id),
                place=say.fault_place(fault, result.names),
                start=fault.at_s,
                end=Sentence("the end") if end is None else Sentence("{end:g} s", end=end),
                what=say.fault_text(fault),
            )
        )
    yield Bullets(items)
    stream = Sentence(pgettext("interrupted", "of"))
    short = screen_wording(result, say)
    yield table(
        (
            *(Sentence(pgettext("table", "failure")), Sentence(pgettext("table", "bridge"))),
            *(Sentence("interrupted, ms"), stream, Sentence("sound alone, ms")),
            *(Sentence("by the mending, ms"), stream, Sentence("packets lost")),
            *(Sentence("cut off"), Sentence("picture again, ms"), Sentence("after mending, ms")),
            *(Sentence("dialled again"), Sentence("call kept")),
        ),
        [
            _fault_row(fault, hit, short)
            for fault in result.faults
            for hit in fault.bridges
            if hit.noticed
        ],
        right=(2, 4, 5, 7, 9, 10, 11),
    )
    calm: list[str] = []
    for fault in result.faults:
        if untouched := sum(not hit.noticed for hit in fault.bridges):
            count = Sentence(": {n} of {count}", n=untouched, count=len(fault.bridges))
            calm += ["; " * bool(calm), Code(fault.id), count]
    if calm:
        yield Par([Sentence("Bridges that noticed nothing: "), *calm, "."])
    yield Par(
        Sentence(
            "Interrupted: until sound and picture are back, by the failing and by the mending. "
            "Behind: without what failed there is no path to the MCU, so no network could keep it."
        )
    )


def _fault_row(fault: FaultResult, hit: FaultImpact, short: ScreenWording) -> Sequence[str | Cell]:
    cut = Sentence("no")
    if hit.cut_off:
        cut = Sentence("yes, behind it") if hit.behind else Sentence("yes")
        cut = Sentence("yes, accepted") if hit.accepted else cut
    name = short.say.of(hit.bridge)
    return (
        Cell(fault.id, code=True),
        Sentence("{bridge} (behind)", bridge=name) if hit.behind else name,
        number(hit.interruption_ms, ".0f"),
        short.stream(hit.interrupted),
        number(hit.sound_interruption_ms, ".0f"),
        number(hit.restored_interruption_ms, ".0f"),
        short.stream(hit.restored_interrupted),
        number(hit.packets_lost, "d"),
        Cell(cut, bold=hit.cut_off and not hit.accepted),
        _whole(hit.picture_again_ms),
        _whole(hit.restored_to_picture_ms),
        f"{hit.redials}",
        Sentence("yes") if hit.call_kept else Sentence("no"),
    )


def _pictures(result: Result, say: Wording) -> Iterator[Block]:
    """The streams of pictures that lost frames or stood still; nothing if none was measured."""
    found = [
        (phase, bridge, s)
        for phase in result.phases
        for bridge in phase.bridges
        for s in bridge.streams
    ]
    if all(s.frames_sent is None for _, _, s in found):
        return
    yield Heading(Sentence("Pictures"))
    short = screen_wording(result, say)
    rows = [
        (
            f"{say.of(bridge.id)} {short.stream(f'{s.kind} {s.direction}')}",
            short.phase(phase.name),
            *map(
                partial(say.number, digits=1),
                (
                    s.frames_sent, s.frames_lost, s.frames_undecodable, s.frames_late,
                    s.frames_not_shown_pct, s.freezes, s.freeze_ms_max, s.freeze_pct,
                ),
            ),
        )
        for phase, bridge, s in found
        if s.frames_lost or s.frames_undecodable or s.frames_late or s.freezes
    ]  # fmt: skip
    if not rows:
        well = N_("Every frame could be decoded in time, and no picture stood still.")
        yield Par(Sentence(well))
        return
    head = (
        *(Sentence("stream"), Sentence("phase"), Sentence("frames sent")),
        *(Sentence(pgettext("frames", "lost")), Sentence("undecodable")),
        *(Sentence(pgettext("frames", "late")), Sentence("not shown, %"), Sentence("freezes")),
        *(Sentence("longest, ms"), Sentence("frozen, %")),
    )
    yield table(head, rows[:MOST_ROWS], range(2, len(head)))
    yield from _and_more(len(rows))


def _mcu(result: Result, say: Wording) -> Iterator[Block]:
    yield Heading("MCU")
    short = screen_wording(result, say)
    rows = []
    for phase in result.phases:
        mcu = phase.mcu
        refused = [f"{say.of(r.bridge)} {short.refusal(r)}" for r in mcu.refused]
        less = [
            f"{say.of(d.bridge)} ({say.resolution(d.asked)} → {say.resolution(d.given)})"
            for d in mcu.downspeeded
        ]
        rows.append(
            (
                short.phase(phase.name),
                f"{say.number(mcu.used_pct, 1)} %",
                say.in_use(mcu),
                _of(mcu.units_used, mcu.units_total),
                _of(mcu.ports_used, mcu.ports_total),
                str(len(mcu.joined)),
                ", ".join(map(say.say, _first(refused))),
                ", ".join(map(say.say, _first(less))),
            )
        )
    yield table(
        (
            *(Sentence("phase"), Sentence("in use"), Sentence("most of"), Sentence("units")),
            *(Sentence("ports"), Sentence("in the meeting"), Sentence(pgettext("call", "refused"))),
            Sentence("given less"),
        ),
        rows,
        right=(1, 3, 4, 5),
    )
    if result.more_calls is not None and result.is_judged:
        yield Par(_more(result.more_calls))
    setups = [phase.mcu.setup_network_ms_p95 for phase in result.phases]
    if slowest := max((ms for ms in setups if ms is not None), default=None):
        yield Par(
            Sentence(
                "Call set-up takes at most {ms} ms (95th percentile of the slowest phase), of the "
                "network alone. Real devices take 0.5 to 4 s themselves.",
                ms=say.number(slowest, 1),
            )
        )


def _of(used: float, total: float) -> Sentence:
    return Sentence("{used:g} of {total:g}", used=used, total=total)


def _more(more: MoreCalls) -> Sentence:
    if not more.to_full:
        return Sentence(
            "The device takes no further call at {resolution}. This is of the device alone, not of "
            "links.",
            resolution=more.resolution,
        )
    return Sentence(
        "Beside all of these the device takes {full} more at {resolution}, {within} of them with "
        "no more than {limit:g} % of it in use. This is of the device alone, not of links.",
        full=more.to_full,
        resolution=more.resolution,
        within=more.to_limit,
        limit=more.limit_pct,
    )


def binds(result: Result, say: Wording = ENGLISH) -> str:
    if not result.is_judged:
        return say.gettext(FIGURES_ALONE)
    if result.binding is None:
        return say.gettext("Nothing was judged.")
    return screen_wording(result, say).binds(result.binding)


def _whole(value: float | None) -> str:
    return "–" if value is None else number(value, ".0f")


def _and_more(count: int) -> Iterator[Block]:
    if more := and_more(count):
        yield Par(more)


def _list(items: Sequence[str]) -> Iterator[Block]:
    """So many that a person reads them, and how many more there are."""
    yield Bullets(items[:MOST_ROWS])
    yield from _and_more(len(items))


def _first(items: Sequence[str]) -> Sequence[str]:
    more = and_more(len(items))
    return items if more is None else [*items[:MOST_ROWS], more]
