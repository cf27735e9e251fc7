"""The answer in ten seconds: `summary.md`, and rows for a table on the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from giaoban.counting import Count
from results.model.places import in_english
from results.model.result import Binding, CriterionResult, MoreCalls, Place, Result
from results.report.excerpt import MOST_ROWS, and_more, left_out
from results.report.fault_words import fault_lines
from results.report.markdown import cell_text, escaped, row, table
from results.report.seed_words import (
    NOT_TRIED,
    at_seed,
    by_luck,
    figure,
    luck,
    note,
    seed_lines,
    tried,
)
from results.report.wording import Wording

ENGLISH = Wording("en")
VERDICT_WORDS = {
    "pass": "PASS – the bridges may be connected",
    "fail": "FAIL – the system does not meet the criteria with these bridges",
    "invalid": "INVALID – the emulation cannot be trusted, so there is no answer",
}
ESTIMATED = "ESTIMATED: "
NOT_EMULATED = "estimated, not emulated: no document for approval"
WITHOUT_NEW_BRIDGES = {
    "pass": "PASS – the system as it is meets the criteria",
    "fail": "FAIL – the system as it is does not meet the criteria",
    "invalid": VERDICT_WORDS["invalid"],
}


@dataclass(frozen=True)
class Row:
    """One criterion as text; `ok` is for the colour, `binding` marks the one that limits."""

    criterion: str
    value: str
    limit: str
    margin: str
    ok: bool
    binding: bool
    where: str


@dataclass(frozen=True)
class TerminalTable:
    """What the terminal shows: a headline, what binds, and the criteria."""

    verdict: str
    headline: str
    binds: str
    rows: list[Row]
    notes: list[str]


def terminal_table(result: Result) -> TerminalTable:
    """Rows in the order of the criteria; `notes` are what else to know."""
    binding = result.binding
    rows = [
        Row(
            criterion=c.name_en,
            value=_amount(c.value, c.unit),
            limit=("≤ " if c.sense == "at-most" else "≥ ") + _amount(c.threshold, c.unit),
            margin=_margin(c.margin_pct),
            ok=c.ok,
            binding=binding is not None and binding.criterion == c.id,
            where=_where(c, result),
        )
        for c in result.criteria
    ]
    notes = list(result.reasons) if result.verdict == "invalid" else []
    notes += criteria_notes(result)
    notes += [text.removesuffix(".") for text in Wording("en", result).interruptions(result)]
    if result.is_estimate:
        notes.append(NOT_EMULATED)
    if result.verdict != "invalid" and result.seeds is not None:
        notes.append(note(result))
    notes += left_out(result)
    if count := len(result.refused_commands):
        notes.append(f"commands of the control room not carried out: {count} (see summary.md)")
    if result.estimate is not None:
        notes.append(result.estimate.text)
    if assumed := Count(len(result.assumptions)):
        notes.append(
            f"{assumed} {assumed:figure is an assumption|figures are assumptions} (see summary.md)"
        )
    return TerminalTable(
        verdict=result.verdict,
        headline=headline(result),
        binds=_binds(binding, result),
        rows=rows,
        notes=notes,
    )


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
    result = escaped(result)
    shown = terminal_table(result)
    lines = [
        f"# {shown.headline}",
        "",
        *([f"**This is {NOT_EMULATED}.**", ""] if result.is_estimate else []),
        result.question.text_en,
        "",
        f"**{shown.binds}**",
        "",
    ]
    if result.reasons:
        lines += ["Why:", "", *_first([f"- {reason}" for reason in result.reasons]), ""]
    lines += [
        f"The meeting: {ENGLISH.meeting(result.meeting)}",
        "",
        *_impairment_lines(result),
        *table(
            ("criterion", "value", "limit", "margin", "result", "where it is worst"),
            [
                (r.criterion, r.value, r.limit, r.margin, "met" if r.ok else "**not met**", r.where)
                for r in shown.rows
            ],
            right=(1, 2, 3),
        ),
    ]
    lines += ["The margin is the share of the allowance that is still unused.", ""]
    if notes := criteria_notes(result):
        lines += [*(f"- {note}" for note in notes), ""]
    lines += seed_lines(result)
    lines += fault_lines(result)
    lines += [line for text in Wording("en", result).interruptions(result) for line in (text, "")]
    lines += _video_lines(result)
    lines += _mcu_lines(result)
    lines += _control_lines(result)
    if result.assumptions:
        lines += ["## Assumptions", "", "| what | value | rests on | would be replaced by |"]
        lines.append("|---|---|---|---|")
        lines += _first(
            [row((a.what, a.value, a.source, a.settled_by)) for a in result.assumptions]
        )
        lines.append("")
    if parts := left_out(result):
        lines += ["## Not shown", "", *(f"- {part}" for part in parts), ""]
    counts = result.accounting
    lines += [
        "## Evidence",
        "",
        f"- run `{result.run_id}`, engine {result.engine.name} ({result.engine.time} time, "
        f"{result.engine.kernel}), seed {result.inputs.seed}, code {result.inputs.code}",
        *([f"- {result.estimate.text}"] if result.estimate is not None else []),
        f"- packets: {counts.packets_sent} sent + {counts.packets_duplicated} duplicated "
        f"= {counts.packets_received} received "
        f"+ {counts.packets_dropped_at_queues} dropped at queues "
        f"+ {counts.packets_lost_by_impairment} lost by impairment "
        f"+ {counts.packets_damaged} damaged "
        f"+ {counts.unaccounted} unaccounted for",
    ]
    for name in ("scenario", "province", "mcu", "criteria"):
        ref = getattr(result.inputs, name)
        lines.append(f"- {name}: `{ref.path}` sha256 `{ref.sha256}`")
    return "\n".join(lines) + "\n"


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


def _where(criterion: CriterionResult, result: Result) -> str:
    if criterion.place is None:
        return criterion.worst_at
    return "" if criterion.margin_pct == 100 else place_name(criterion.place, result)


def headline(result: Result) -> str:
    """The verdict in a line; without new bridges it is about those there are.

    A failure by luck says so, and so does an answer of one seed alone.
    """
    words = VERDICT_WORDS if result.question.new else WITHOUT_NEW_BRIDGES
    said = f"FAIL – {luck(result, ENGLISH)}" if by_luck(result) else words[result.verdict]
    if tried(result) is None and result.verdict != "invalid":
        said += f" ({NOT_TRIED})"
    return (ESTIMATED if result.is_estimate else "") + said


def _impairment_lines(result: Result) -> list[str]:
    """What was done to the network on purpose, where and when."""
    if not result.impairments:
        return []
    lines = ["Done to the network on purpose (seconds from the start of the first phase):", ""]
    for item in result.impairments:
        detail = " ".join(word for word in (item.media, item.direction) if word) or None
        where = place_name(Place(kind=item.target, id=item.id, detail=detail), result)
        both = "" if item.direction else ", both ways"
        start = f"{item.from_s:g} s" if item.from_s > 0 else "the start"
        end = "the end" if item.to_s is None else f"{item.to_s:g} s"
        lines.append(f"- {where}{both}, {start} to {end}: {item.text_en}")
    return [*lines, ""]


def _video_lines(result: Result) -> list[str]:
    """The streams of pictures that lost frames or stood still; nothing if none was measured."""
    rows = []
    measured = False
    for phase in result.phases:
        for bridge in phase.bridges:
            for s in bridge.streams:
                measured = measured or s.frames_sent is not None
                if s.frames_lost or s.frames_undecodable or s.frames_late or s.freezes:
                    rows.append(
                        f"| {cell_text(in_english(bridge.name))} {s.kind} {s.direction} "
                        f"| {phase.name} "
                        f"| {_figure(s.frames_sent)} | {_figure(s.frames_lost)} "
                        f"| {_figure(s.frames_undecodable)} | {_figure(s.frames_late)} "
                        f"| {_figure(s.frames_not_shown_pct)} | {_figure(s.freezes)} "
                        f"| {_figure(s.freeze_ms_max)} | {_figure(s.freeze_pct)} |"
                    )
    if not measured:
        return []
    lines = ["## Pictures", ""]
    if not rows:
        return [*lines, "Every frame could be decoded in time, and no picture stood still.", ""]
    lines.append(
        "| stream | phase | frames sent | lost | undecodable | late | not shown, % | freezes "
        "| longest, ms | frozen, % |"
    )
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    return [*lines, *_first(rows), ""]


def _mcu_lines(result: Result) -> list[str]:
    lines = [
        "## MCU",
        "",
        "| phase | in use | most of | units | ports | in the meeting | refused | given less |",
        "|---|---:|---|---:|---:|---:|---|---|",
    ]
    for phase in result.phases:
        mcu = phase.mcu
        refused = ", ".join(
            _first(
                [
                    f"{in_english(result.names.get(r.bridge, r.bridge))} ({r.code} {r.reason})"
                    for r in mcu.refused
                ]
            )
        )
        less = ", ".join(
            _first(
                [
                    f"{in_english(result.names.get(d.bridge, d.bridge))} ({d.asked} → {d.given})"
                    for d in mcu.downspeeded
                ]
            )
        )
        lines.append(
            f"| {phase.name} | {_figure(mcu.used_pct)} % | {ENGLISH.in_use(mcu)} "
            f"| {mcu.units_used:g} of {mcu.units_total:g} "
            f"| {mcu.ports_used} of {mcu.ports_total} | {len(mcu.joined)} "
            f"| {cell_text(refused)} | {cell_text(less)} |"
        )
    lines.append("")
    if (more := result.more_calls) is not None:
        lines += [f"{_more(more)} This is of the device alone, not of links.", ""]
    setups = [phase.mcu.setup_network_ms_p95 for phase in result.phases]
    if slowest := max((ms for ms in setups if ms is not None), default=None):
        lines += [
            f"Of call set-up the network's share is at most {_figure(slowest)} ms (95th percentile "
            "of the slowest phase); what devices take themselves, 0.5 to 4 s, is not modelled.",
            "",
        ]
    return lines


def _more(more: MoreCalls) -> str:
    """How many more calls the device takes."""
    if not more.to_full:
        return f"The device takes no further call at {more.resolution}."
    return (
        f"Beside all of these the device takes {more.to_full} more at {more.resolution}, "
        f"{more.to_limit} of them with no more than {more.limit_pct:g} % of it in use."
    )


def _control_lines(result: Result) -> list[str]:
    refused = result.refused_commands
    if not refused:
        return []
    lines = ["## Commands not carried out", "", "| by | command | about | answer |"]
    lines.append("|---|---|---|---|")
    rows = []
    for c in refused:
        by, on = (in_english(result.names.get(who, who)) for who in (c.by, c.on or ""))
        rows.append(row((by, c.command, on, f"{c.code} {c.reason}")))
    return [*lines, *_first(rows), ""]


def _binds(binding: Binding | None, result: Result) -> str:
    if binding is None:
        return "Nothing was judged."
    criterion = next((c for c in result.criteria if c.id == binding.criterion), None)
    name = criterion.name_en if criterion else binding.criterion
    if (at := at_seed(result)) is not None:
        where = place_name(at.binding.place, result)
        value, limit = (
            _amount(v, at.binding.unit) for v in (at.binding.value, at.binding.threshold)
        )
        return (
            f"Fails first, at seed {at.seed}: {at.criterion.name_en} at {where} – {value}, "
            f"limit {limit}"
        )
    if criterion is not None and criterion.place is None:
        return f"Fails first: {name} – nothing to measure ({criterion.worst_at})"
    place = place_name(binding.place, result)
    limit = _amount(binding.threshold, binding.unit)
    value = _amount(binding.value, binding.unit)
    margin = _margin(binding.margin_pct)
    verb = "Binds" if criterion is None or criterion.ok else "Fails first"
    return f"{verb}: {name} at {place} – {value}, limit {limit}, margin {margin}"


def _amount(value: float | None, unit: str) -> str:
    return "not measured" if value is None else figure(value, unit)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def _margin(margin: float | None) -> str:
    return "–" if margin is None else f"{margin:+.0f} %"


def _first(rows: list[str]) -> list[str]:
    """So many that a person reads them, and how many more there are."""
    more = and_more(len(rows))
    if more is None:
        return rows
    in_table = rows[0].startswith("|")
    return [*rows[:MOST_ROWS], f"\n{more}" if in_table else more]
