"""The answer of a check in ten seconds: what the terminal shows of it, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.places import in_english
from giaoban.results.model.result import CriterionResult, MoreCalls, Place, Result
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
    pars,
    table,
)
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.excerpt import MOST_ROWS, and_more, left_out
from giaoban.results.report.invalid import reasons
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings_table import (
    TITLE,
    meetings_line,
    meetings_notes,
    meetings_table,
)
from giaoban.results.report.seed_words import (
    NOT_TRIED,
    at_seed,
    by_luck,
    figure,
    luck,
    note,
    seeds_listed,
    sentence,
    spreads,
    tried,
)
from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.results.report.wording import Wording, failed_meeting
from giaoban.sentence import Sentence
from giaoban.translation import N_, SOURCE, Language

ENGLISH = Wording("en")
VERDICT_WORDS = {
    "pass": "PASS – the bridges may be connected",
    "fail": "FAIL – the system does not meet the criteria with these bridges",
    "invalid": "INVALID – the emulation cannot be trusted, so there is no answer",
}
ESTIMATED = N_("ESTIMATED: {verdict}")
NOT_EMULATED = N_("estimated, not emulated: no document for approval")
MET = {True: Sentence("met"), False: Sentence("NOT MET"), None: Sentence("not judged")}
NOTHING_TO_MEASURE = N_("nothing to measure")
WITHOUT_NEW_BRIDGES = {
    "pass": "PASS – the system as it is meets the criteria",
    "fail": "FAIL – the system as it is does not meet the criteria",
    "invalid": VERDICT_WORDS["invalid"],
}


def notes(result: Result, say: Wording | None = None) -> list[str]:
    """What else to know beside the criteria."""
    say = Wording(SOURCE, result) if say is None else say
    said = list(reasons(result, say)) if result.verdict == "invalid" else []
    said += criteria_notes(result, say)
    said += [text.removesuffix(".") for text in say.interruptions(result)]
    if result.meetings:
        said += [text.removesuffix(".") for text in meetings_notes(result, say)[:-1]]
    if result.is_estimate:
        said.append(say.text(NOT_EMULATED))
    if result.verdict != "invalid" and result.seeds is not None:
        said.append(note(result) if say.english else sentence(result, say))
    said += map(say.say, left_out(result))
    if count := len(result.refused_commands):
        said.append(
            say.gettext(
                "commands of the control room not carried out: {count} (see summary.md)",
                count=count,
            )
        )
    if result.estimate is not None:
        said.append(say.say(result.estimate.text))
    if assumed := len(result.assumptions):
        said.append(
            say.say(
                Sentence(
                    "{n} {n:figure is an assumption|figures are assumptions} (see summary.md)",
                    n=assumed,
                )
            )
        )
    return said


def brief(result: Result, language: Language = SOURCE) -> list[Block]:
    """What a terminal shows."""
    say, tone = Wording(language, result), TONES[result.verdict]
    return [
        Par(headline(result, say), bold=True, tone=tone),
        Par(binds(result, say)),
        criteria(result, say),
        *_every_meeting(result, say),
        *pars(notes(result, say), "quiet"),
    ]


class _Short:
    """The short form of what the columns of criteria hold."""

    def __init__(self, result: Result, say: Wording) -> None:
        self._result, self._say = result, say
        self._binds = None if result.binding is None else result.binding.criterion

    def heading(self, key: str) -> str:
        return self._say.text(key)

    def criterion(self, c: CriterionResult) -> str:
        name = self._say.criterion(c)
        return f"▶ {name}" if c.id == self._binds else name

    def in_unit(self, value: float | None, c: CriterionResult) -> str:
        return _amount(value, c.unit) if self._say.english else self._say.in_unit(value, c)

    def limit(self, c: CriterionResult) -> str:
        return limit(c) if self._say.english else self._say.limit(c)

    def margin(self, c: CriterionResult) -> str:
        return _margin(c.margin_pct)

    def met(self, c: CriterionResult) -> str:
        return self._say.say(MET[c.ok])

    def where(self, c: CriterionResult) -> str:
        if c.place is None:
            return c.worst_at if self._say.english else self._say.text(NOTHING_TO_MEASURE)
        return "" if c.margin_pct == 100 else _place(c.place, self._result, self._say)

    def source(self, c: CriterionResult) -> str:
        return self._say.either(c.source, c.source_vi)


def criteria(result: Result, say: Wording = ENGLISH) -> Table:
    """The table of criteria."""
    return criteria_table(result.criteria, _Short(result, say), "screen")


def _place(place: Place, result: Result, say: Wording) -> str:
    return place_name(place, result) if say.english else say.place(place)


def limit(c: CriterionResult) -> str:
    """A threshold with its sense."""
    return ("≤ " if c.sense == "at-most" else "≥ ") + _amount(c.threshold, c.unit)


def criteria_notes(result: Result, say: Wording = ENGLISH) -> list[str]:
    """What a criterion says beside whether it is met: a preferred figure that is passed, the
    smallest change that could have been shown."""

    def amount(value: float | None, of: CriterionResult) -> str:
        return _amount(value, of.unit) if say.english else say.in_unit(value, of)

    notes = []
    for c in result.criteria:
        if c.past_preferred and c.preferred is not None:
            notes.append(
                say.gettext(
                    "{criterion}: {value} is within the limit of {limit}, but past the {preferred} "
                    "that its source prefers",
                    criterion=say.criterion(c),
                    value=amount(c.value, c),
                    limit=amount(c.threshold, c) if say.english else say.limit(c),
                    preferred=amount(c.preferred, c),
                )
            )
    if delays := say.device_delays(result, _amount if say.english else None):
        notes.append(delays.removesuffix(".") if say.english else delays)
    for c in result.criteria:
        if c.detectable is not None:
            notes.append(
                say.gettext(
                    "{criterion}: a run of this length cannot rule out a rise of less than {rise}",
                    criterion=say.criterion(c),
                    rise=amount(c.detectable, c),
                )
            )
    return notes


def summary_md(result: Result) -> str:
    """The text of `summary.md` (English, Markdown)."""
    return markdown(summary(result))


def summary(result: Result) -> Iterator[Block]:
    """All that a person wants to know of a check, in English."""
    yield Heading(headline(result), 0)
    if result.is_estimate:
        yield Par(f"This is {NOT_EMULATED}.", bold=True)
    yield Par(result.question.text_en)
    yield Par(binds(result), bold=True)
    if result.reasons:
        yield Par("Why:")
        yield from _list(result.reasons)
    yield Par(f"The meeting: {ENGLISH.meeting(result.meeting)}")
    yield from _impairments(result)
    yield criteria(result)
    yield Par("The margin is the share of the allowance that is still unused.")
    if said := criteria_notes(result):
        yield Bullets(said)
    yield from _other_seeds(result)
    if result.meetings:
        yield Heading(TITLE)
        yield from _every_meeting(result, ENGLISH)
        yield Bullets(meetings_notes(result, ENGLISH))
    yield from _faults(result)
    yield from pars(Wording("en", result).interruptions(result))
    yield from _pictures(result)
    yield from _mcu(result)
    yield from _commands(result)
    if result.assumptions:
        yield Heading("Assumptions")
        rows = [(a.what, a.value, a.source, a.settled_by) for a in result.assumptions]
        yield from _table(("what", "value", "rests on", "would be replaced by"), rows)
    if result.unmodelled:
        yield Par(left_out_of(result.unmodelled))
    if parts := left_out(result):
        yield Heading("Not shown")
        yield Bullets(parts)
    yield Heading("Evidence")
    yield _evidence(result)


def _every_meeting(result: Result, say: Wording) -> Iterator[Block]:
    """The meetings of the catalogue, where any were tried."""
    if result.meetings:
        yield meetings_table(result, say)
        if line := meetings_line(result, say):
            yield Par(line)


def _evidence(result: Result) -> Bullets:
    counts, engine = result.accounting, result.engine
    more: list[Text] = [] if result.estimate is None else [result.estimate.text]
    more.append(
        f"packets: {counts.packets_sent} sent + {counts.packets_duplicated} duplicated "
        f"= {counts.packets_received} received "
        f"+ {counts.packets_dropped_at_queues} dropped at queues "
        f"+ {counts.packets_lost_by_impairment} lost by impairment "
        f"+ {counts.packets_damaged} damaged "
        f"+ {counts.unaccounted} unaccounted for"
    )
    by = f"engine {engine.name} ({engine.time} time, {engine.kernel}), "
    return evidence(result.run_id, result.inputs, by=by, more=more)


def place_name(place: Place, result: Result) -> str:
    """A place with the names people use, e.g. `Cư Jút audio down, during`."""
    names = {ident: in_english(name) for ident, name in result.names.items()}
    if place.kind == "link" and place.detail:
        source, _, target = place.detail.partition("->")
        if place.id == f"access-{source}":
            ends = f"{names.get(source, source)}, up"
        elif place.id == f"access-{target}":
            ends = f"{names.get(target, target)}, down"
        else:
            ends = f"{names.get(source, source)} → {names.get(target, target)}"
        text = f"link {place.id} ({ends})"
    else:
        text = names.get(place.id, "MCU" if place.kind == "mcu" else place.id)
        mcu = next((phase.mcu for phase in result.phases if phase.name == place.phase), None)
        if place.kind == "mcu" and place.detail and mcu is not None:
            text += f" ({ENGLISH.in_use(mcu)})"
        elif place.detail:
            text += f" {place.detail}"
        text += f" with {names.get(place.other, place.other)}" if place.other else ""
    return ", ".join(word for word in (text, place.phase, place.event) if word)


def headline(result: Result, say: Wording = ENGLISH) -> str:
    """The verdict in a line; without new bridges it is about those there are.

    A failure by luck says so, and so does an answer of one seed alone.
    """
    said = _headline(result) if say.english else say.verdict(result)
    return say.gettext(ESTIMATED, verdict=said) if result.is_estimate else said


def _headline(result: Result) -> str:
    words = VERDICT_WORDS if result.question.new else WITHOUT_NEW_BRIDGES
    said = f"FAIL – {luck(result, ENGLISH)}" if by_luck(result) else words[result.verdict]
    if tried(result) is None and result.verdict != "invalid":
        said += f" ({NOT_TRIED})"
    return said


def _impairments(result: Result) -> Iterator[Block]:
    """What was done to the network on purpose, where and when."""
    if not result.impairments:
        return
    items = []
    for item in result.impairments:
        detail = " ".join(word for word in (item.media, item.direction) if word) or None
        where = place_name(Place(kind=item.target, id=item.id, detail=detail), result)
        both = "" if item.direction else ", both ways"
        start = f"{item.from_s:g} s" if item.from_s > 0 else "the start"
        end = "the end" if item.to_s is None else f"{item.to_s:g} s"
        items.append(f"{where}{both}, {start} to {end}: {item.text_en}")
    yield Par("Done to the network on purpose (seconds from the start of the first phase):")
    yield Bullets(items)


def _other_seeds(result: Result) -> Iterator[Block]:
    """What other seeds came to."""
    yield Heading("Other seeds")
    told = note(result)
    yield Par(f"{told[:1].upper()}{told[1:]}.")
    seeds = tried(result)
    if seeds is None:
        return
    yield Par(f"Seeds {seeds_listed(seeds.seeds)}; {CONFIDENCE_PCT:g} % by Wilson's interval.")
    yield table(
        ("criterion", "least", "median", "largest", "limit", "fails at", "fails first at"),
        [
            (
                c.name_en,
                *(figure(v, spread.unit) for v in (spread.least, spread.median, spread.largest)),
                limit(c),
                str(spread.failed),
                str(spread.first),
            )
            for c, spread in spreads(result)
        ],
        right=range(1, 7),
    )
    if seeds.first is not None and seeds.first.binding is not None:
        binding = seeds.first.binding
        yield Par(
            f"At seed {seeds.first.seed}, the first that does not pass, {binding.criterion} fails "
            f"first, at {binding.where}: {figure(binding.value, binding.unit)}, limit "
            f"{figure(binding.threshold, binding.unit)}."
        )


def _faults(result: Result) -> Iterator[Block]:
    """What failed on purpose, and what that did to bridges; nothing in a run without."""
    if not result.faults:
        return
    yield Heading("Failures made on purpose")
    items: list[Text] = []
    say = Wording("en", result)
    for fault in result.faults:
        end = "the end" if fault.restored_s is None else f"{fault.restored_s:g} s"
        where = say.fault_place(fault, result.names)
        items.append((Code(fault.id), f": {where}, {fault.at_s:g} s to {end}: {fault.text_en}"))
    yield Bullets(items)
    yield table(
        (
            "failure", "bridge", "interrupted, ms", "of", "sound alone, ms", "by the mending, ms",
            "of", "packets lost", "cut off", "picture again, ms", "after mending, ms",
            "dialled again", "call kept",
        ),
        [
            _fault_row(fault, hit, result)
            for fault in result.faults
            for hit in fault.bridges
            if hit.noticed
        ],
        right=(2, 4, 5, 7, 9, 10, 11),
    )  # fmt: skip
    calm: list[str] = []
    for fault in result.faults:
        if untouched := sum(not hit.noticed for hit in fault.bridges):
            calm += ["; " * bool(calm), Code(fault.id), f": {untouched} of {len(fault.bridges)}"]
    if calm:
        yield Par(["Bridges that noticed nothing: ", *calm, "."])
    yield Par(
        "Interrupted: until sound and picture are back, by the failing and by the mending. Behind: "
        "without what failed there is no path to the MCU, so no network could keep it."
    )


def _fault_row(fault: FaultResult, hit: FaultImpact, result: Result) -> Sequence[str | Cell]:
    cut = ("yes, behind it" if hit.behind else "yes") if hit.cut_off else "no"
    return (
        Cell(fault.id, code=True),
        _name(hit.bridge, result) + (" (behind)" if hit.behind else ""),
        f"{hit.interruption_ms:.0f}",
        hit.interrupted or "–",
        f"{hit.sound_interruption_ms:.0f}",
        f"{hit.restored_interruption_ms:.0f}",
        hit.restored_interrupted or "–",
        f"{hit.packets_lost}",
        Cell(cut, bold=cut == "yes"),
        _whole(hit.picture_again_ms),
        _whole(hit.restored_to_picture_ms),
        f"{hit.redials}",
        "yes" if hit.call_kept else "no",
    )


def _pictures(result: Result) -> Iterator[Block]:
    """The streams of pictures that lost frames or stood still; nothing if none was measured."""
    found = [
        (phase, bridge, s)
        for phase in result.phases
        for bridge in phase.bridges
        for s in bridge.streams
    ]
    if all(s.frames_sent is None for _, _, s in found):
        return
    yield Heading("Pictures")
    rows = [
        (
            f"{in_english(bridge.name)} {s.kind} {s.direction}",
            phase.name,
            *map(
                _figure,
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
        yield Par("Every frame could be decoded in time, and no picture stood still.")
        return
    head = (
        "stream", "phase", "frames sent", "lost", "undecodable", "late", "not shown, %", "freezes",
        "longest, ms", "frozen, %",
    )  # fmt: skip
    yield from _table(head, rows, right=range(2, 10))


def _mcu(result: Result) -> Iterator[Block]:
    yield Heading("MCU")
    rows = []
    for phase in result.phases:
        mcu = phase.mcu
        refused = [f"{_name(r.bridge, result)} ({r.code} {r.reason})" for r in mcu.refused]
        less = [f"{_name(d.bridge, result)} ({d.asked} → {d.given})" for d in mcu.downspeeded]
        rows.append(
            (
                phase.name,
                f"{_figure(mcu.used_pct)} %",
                ENGLISH.in_use(mcu),
                f"{mcu.units_used:g} of {mcu.units_total:g}",
                f"{mcu.ports_used} of {mcu.ports_total}",
                str(len(mcu.joined)),
                ", ".join(_first(refused)),
                ", ".join(_first(less)),
            )
        )
    yield table(
        (
            "phase", "in use", "most of", "units", "ports", "in the meeting", "refused",
            "given less",
        ),
        rows,
        right=(1, 3, 4, 5),
    )  # fmt: skip
    if (more := result.more_calls) is not None:
        yield Par(f"{_more(more)} This is of the device alone, not of links.")
    setups = [phase.mcu.setup_network_ms_p95 for phase in result.phases]
    if slowest := max((ms for ms in setups if ms is not None), default=None):
        yield Par(
            f"Of call set-up the network's share is at most {_figure(slowest)} ms (95th percentile "
            "of the slowest phase); what devices take themselves, 0.5 to 4 s, is not modelled."
        )


def _more(more: MoreCalls) -> str:
    """How many more calls the device takes."""
    if not more.to_full:
        return f"The device takes no further call at {more.resolution}."
    return (
        f"Beside all of these the device takes {more.to_full} more at {more.resolution}, "
        f"{more.to_limit} of them with no more than {more.limit_pct:g} % of it in use."
    )


def _commands(result: Result) -> Iterator[Block]:
    if refused := result.refused_commands:
        yield Heading("Commands not carried out")
        rows = [
            (_name(c.by, result), c.command, _name(c.on or "", result), f"{c.code} {c.reason}")
            for c in refused
        ]
        yield from _table(("by", "command", "about", "answer"), rows)


def binds(result: Result, say: Wording = ENGLISH) -> str:
    """What the answer hangs on, in a line."""
    binding = result.binding
    if binding is None:
        return say.gettext("Nothing was judged.")
    if not say.english:
        return say.binding(binding, result)
    criterion = next((c for c in result.criteria if c.id == binding.criterion), None)
    name = criterion.name_en if criterion else binding.criterion
    if (at := at_seed(result)) is not None:
        where = place_name(at.binding.place, result)
        value, most = (
            _amount(v, at.binding.unit) for v in (at.binding.value, at.binding.threshold)
        )
        return (
            f"Fails first, at seed {at.seed}: {at.criterion.name_en} at {where} – {value}, "
            f"limit {most}"
        )
    if (meeting := failed_meeting(result)) is not None:
        what = ENGLISH.within_meeting(meeting, result)
        return f"Fails first, in the meeting “{meeting.name}”: {what}"
    if criterion is not None and criterion.place is None:
        return f"Fails first: {name} – nothing to measure ({criterion.worst_at})"
    place = place_name(binding.place, result)
    most = _amount(binding.threshold, binding.unit)
    value = _amount(binding.value, binding.unit)
    margin = _margin(binding.margin_pct)
    verb = "Binds" if criterion is None or criterion.ok else "Fails first"
    return f"{verb}: {name} at {place} – {value}, limit {most}, margin {margin}"


def _amount(value: float | None, unit: str) -> str:
    return "not measured" if value is None else figure(value, unit)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def _margin(margin: float | None) -> str:
    return "–" if margin is None else f"{margin:+.0f} %"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _name(ident: str, result: Result) -> str:
    return in_english(result.names.get(ident, ident))


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> Iterator[Block]:
    """So many rows that a person reads them, and how many more there are."""
    yield table(head, rows[:MOST_ROWS], right)
    if more := and_more(len(rows)):
        yield Par(more)


def _list(items: Sequence[str]) -> Iterator[Block]:
    yield Bullets(items[:MOST_ROWS])
    if more := and_more(len(items)):
        yield Par(more)


def _first(items: Sequence[str]) -> Sequence[str]:
    more = and_more(len(items))
    return items if more is None else [*items[:MOST_ROWS], more]
