"""The answer about all failures in words: rows for a terminal, and `summary.md`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from giaoban.counting import Count, counted
from results.judge.failure_points import MANY
from results.model.failures import BridgeImpact, FailureResult, FaultsAnswer, SinglePoint
from results.report.markdown import cell_text, escaped, table

VERDICT_WORDS = {
    "pass": "PASS – no failure that was tried does more than the criteria allow",
    "fail": "FAIL – a failure does more to the meeting than the criteria allow",
    "invalid": "INVALID – an emulation cannot be trusted, so there is no answer",
}


class Row(NamedTuple):
    """One failure as text."""

    failure: str
    verdict: str
    interruption: str
    mending: str
    lost: str
    load: str
    cut_off: str
    worst_link: str


BRIDGE_HEAD = (
    "failure",
    "bridge",
    "interruption",
    "of the sound",
    "by the mending",
    "packets lost",
    "state",
    "path",
)
BRIDGE_RIGHT = (2, 3, 4, 5)


class BridgeRow(NamedTuple):
    """One bridge in one failure as text."""

    failure: str
    bridge: str
    interruption: str
    sound: str
    mending: str
    lost: str
    state: str
    path: str


class LinkRow(NamedTuple):
    """One direction of a link as text."""

    link: str
    direction: str
    peak: str
    failure: str


def headline(answer: FaultsAnswer) -> str:
    """The answer in a line, with how much was tried: the one that the exit code tells.

    That is the criteria's, or with a baseline the comparison's; a run that cannot be trusted is
    neither.
    """
    tried = f"{counted(len(answer.failures), 'failure')} tried"
    compared = answer.comparison
    if compared is not None and answer.verdict != "invalid":
        worse = Count(len(compared.worse))
        by_criteria = f"by the criteria alone: {compared.by_criteria}"
        if not worse:
            said = f"PASS – nothing is worse than what was accepted as {compared.baseline}"
        else:
            said = (
                f"FAIL – {worse} {worse:thing is|things are} worse than what was accepted as "
                f"{compared.baseline}"
            )
        return f"{said} ({tried}; {by_criteria})"
    number = Count(sum(f.accepted is not None for f in answer.failures))
    if answer.verdict == "pass" and number:
        tried += (
            f", {number} of them {number:a single point|single points} of failure that "
            f"{number:was|were} accepted"
        )
    return f"{VERDICT_WORDS[answer.verdict]} ({tried})"


def state_of(failure: FailureResult) -> str:
    """The verdict on a failure; one that passes because it was accepted says so."""
    if failure.verdict == "pass" and failure.accepted is not None:
        return "accepted"
    return failure.verdict


def rows(answer: FaultsAnswer, link: str | None = None, bridge: str | None = None) -> list[Row]:
    """One row a failure; only those that concern a link or a bridge if one is named."""
    return [
        Row(
            failure=f.id,
            verdict=state_of(f),
            interruption=_interruption(f.interruption_ms, f.interruption_at),
            mending=_interruption(f.restored_interruption_ms, f.restored_interruption_at),
            lost=str(f.packets_lost) if f.bridges else "–",
            load="–" if f.worst_link is None else f"{f.worst_link.peak_pct:.1f} %",
            cut_off=_cut_off(f, len(answer.bridges)),
            worst_link="–"
            if f.worst_link is None
            else f"{f.worst_link.id} {f.worst_link.direction}",
        )
        for f in answer.failures
        if _concerns(f, link, bridge)
    ]


def bridge_rows(answer: FaultsAnswer, bridge: str | None = None) -> list[BridgeRow]:
    """What failures did to bridges: those that were touched, or all failures of one bridge."""
    return [
        BridgeRow(
            failure=f.id,
            bridge=impact.bridge,
            interruption=f"{impact.interruption_ms:.1f} ms",
            sound=f"{impact.sound_interruption_ms:.1f} ms",
            mending=f"{impact.restored_interruption_ms:.1f} ms",
            lost=str(impact.packets_lost),
            state=_state(impact),
            path=_path(impact),
        )
        for f in answer.failures
        for impact in f.bridges
        if (bridge is None and touched(impact)) or impact.bridge == bridge
    ]


def link_rows(answer: FaultsAnswer, link: str | None = None) -> list[LinkRow]:
    """The worst load of each direction of each link, or of one link's."""
    return [
        LinkRow(w.id, w.direction, f"{w.peak_pct:.1f} %", w.failure)
        for w in answer.links
        if link in (None, w.id)
    ]


def touched(impact: BridgeImpact) -> bool:
    """Whether a failure did anything to a bridge."""
    return bool(
        impact.cut_off
        or impact.interruption_ms
        or impact.restored_interruption_ms
        or impact.packets_lost
        or impact.redials
        or impact.path_before != impact.path_after
    )


def point_line(point: SinglePoint, answer: FaultsAnswer) -> str:
    """`link gia-nghia--dak-glong (Gia Nghĩa – Đắk Glong): without it dak-glong is cut off; not
    accepted`, or why it was accepted: in the scenario, or in a baseline that knows no better."""
    who = _who(point.cut_off, len(answer.bridges)) + " bridges" * (len(point.cut_off) > MANY)
    # what others hang on at a site is not the bridge, but the router that has its power from there
    kind = "site" if point.element.kind == "bridge" else point.element.kind
    name = point.name_en
    for word in ("link ", "router ", "power at ", "cable "):
        name = name.removeprefix(word)
    open_ = [ident for ident in point.failures if ident not in point.accepted]
    state = "; ".join(f"accepted: {each.reason}" for each in point.reasons)
    compared = answer.comparison
    if open_ and compared is not None and set(open_) <= set(compared.known):
        known = f"accepted as {compared.baseline}: {compared.reason}"
        state = "; ".join(filter(None, [state, known]))
        open_ = []
    if open_ and point.accepted:
        state += f"; not accepted: {', '.join(open_)}"
    return (
        f"{kind} {point.element.id} ({name}): without it {who} "
        f"{Count(len(point.cut_off)):is|are} cut off; "
        f"{state or 'not accepted'}"
    )


def unneeded_lines(answer: FaultsAnswer) -> list[str]:
    """Acceptances that accepted nothing, each in a line."""
    why = {"no-single-point": "but no single point of failure", "not-tried": "but not tried"}
    return [f"accepted, {why[each.why]}: {each.failure}" for each in answer.unneeded]


def busiest(answer: FaultsAnswer) -> str | None:
    """The link that any failure loads most, and which failure that is."""
    worst = min(answer.links, key=lambda w: (-w.peak_pct, w.id, w.direction), default=None)
    if worst is None:
        return None
    return (
        f"link {worst.id} {worst.direction}: {worst.peak_pct:.1f} % by {worst.failure} "
        f"(limit {answer.link_limit_pct:g} %)"
    )


def slowest(answer: FaultsAnswer) -> str | None:
    """The longest interruption at a bridge that the network could have kept."""
    known = [(f.longest, f.id) for f in answer.failures if f.longest is not None]
    if not known:
        return None
    worst, ident = min(known, key=lambda one: (-one[0].ms, one[1]))
    by = f"the mending of {ident}" if worst.mended else ident
    limit = answer.interruption_limit_ms
    return f"{worst.ms:.1f} ms at {worst.at} by {by} (limit {limit:g} ms)"


def summary_md(answer: FaultsAnswer) -> str:
    """The text of `summary.md` (English, Markdown)."""
    answer = escaped(answer)
    timing = answer.timing
    lines = [f"# {headline(answer)}", "", answer.question.text_en, ""]
    if answer.reasons:
        lines += ["Why:", "", *(f"- {cell_text(reason)}" for reason in answer.reasons), ""]
    lines += _since(answer)
    lines += ["## Single points of failure", ""]
    lines += [f"- {point_line(p, answer)}" for p in answer.single_points]
    lines += [] if answer.single_points else ["None of what was tried."]
    lines += [f"- {line}" for line in unneeded_lines(answer)]
    if untried := len(answer.untried):
        lines += ["", f"Not tried: {untried} of the single failures that the network can have."]
    lines += ["", "## Failures", ""]
    lines += [
        f"Everybody is in the meeting. Each failure, alone, begins {timing.at_s:g} s after the "
        f"start; a link is mended at {timing.to_s:g} s, anything else stays down. An interruption "
        "lasts until sound and picture are back; it is the longest at a bridge that still had a "
        "path to the MCU, by the failing and by the mending. Who was cut off was behind the "
        "failure, unless it says that it had a path.",
        "",
    ]
    head = (
        "failure",
        "verdict",
        "interruption",
        "by the mending",
        "packets lost",
        "load",
        "cut off",
        "most loaded backbone link",
    )
    lines += table(head, rows(answer), right=(2, 3, 4, 5))
    lines += [
        "## Bridges",
        "",
        "Every bridge that a failure touched, with its path to the MCU.",
        "",
    ]
    lines += table(
        BRIDGE_HEAD,
        bridge_rows(answer),
        right=BRIDGE_RIGHT,
    )
    lines += [
        "## Links",
        "",
        "The worst second of each direction, and the failure that causes it.",
        "",
    ]
    lines += table(("link", "direction", "load", "by"), link_rows(answer), right=(2,))
    engine = answer.engine
    lines += ["## Evidence", ""]
    if engine is not None:
        lines.append(f"- engine {engine.name} ({engine.time} time, {engine.kernel})")
    lines.append(f"- run `{answer.run_id}`, seed {answer.inputs.seed}, code {answer.inputs.code}")
    lines.append("- each failure's own `result.json` is in `failures/`")
    for name in ("scenario", "province", "mcu", "criteria"):
        ref = getattr(answer.inputs, name)
        lines.append(f"- {name}: `{ref.path}` sha256 `{ref.sha256}`")
    return "\n".join(lines) + "\n"


def _since(answer: FaultsAnswer) -> list[str]:
    """What is otherwise than was accepted, and no reason of the verdict; nothing without one."""
    if answer.comparison is None:
        return []
    others = [c for c in answer.comparison.changes if c.sense != "worse"]
    marks = {"better": "better: ", "other": ""}
    lines = [f"- {marks[c.sense]}{cell_text(c.line)}" for c in others]
    return ["Other changes since then:", "", *lines, ""] if lines else []


def _concerns(failure: FailureResult, link: str | None, bridge: str | None) -> bool:
    """Whether it is of a link's, or touches or moves a path onto it; or touches a bridge."""
    by_link = link is None or any(e.id == link for e in failure.elements)
    if not by_link:
        by_link = any(
            link in (i.path_before or []) + (i.path_after or []) and touched(i)
            for i in failure.bridges
        )
    by_bridge = bridge is None or any(i.bridge == bridge and touched(i) for i in failure.bridges)
    return by_link and by_bridge


def _interruption(ms: float | None, at: str | None) -> str:
    if ms is None:
        return "–"
    return f"{ms:.1f} ms at {at}" if ms else "none"


def _cut_off(failure: FailureResult, count: int) -> str:
    """Who was cut off; many as a number, the table of bridges has them all."""
    behind = [b for b in failure.cut_off if b not in failure.lost_needlessly]
    parts = []
    if failure.lost_needlessly:
        parts.append(f"had a path: {_who(failure.lost_needlessly, count)}")
    if behind:
        parts.append(_who(behind, count))
    return "; ".join(parts) or "–"


def _who(bridges: Sequence[str], count: int) -> str:
    if len(bridges) <= MANY:
        return ", ".join(bridges)
    return f"all {count}" if len(bridges) == count else f"{len(bridges)} of {count}"


def _state(impact: BridgeImpact) -> str:
    if impact.cut_off:
        return "cut off, behind it" if impact.behind else "cut off"
    if impact.redials:
        return f"dialled again ({impact.redials})"
    noticed = impact.interruption_ms or impact.restored_interruption_ms or impact.packets_lost
    return "kept" if noticed else "untouched"


def _path(impact: BridgeImpact) -> str:
    before, after = impact.path_before, impact.path_after
    if before is None and after is None:
        return "–"
    if before == after:
        return f"as before: {_links(before)}"
    return f"{_links(before)} → {_links(after)}"


def _links(path: Sequence[str] | None) -> str:
    """The backbone links of a path: access links are always in it."""
    if path is None:
        return "none"
    return ", ".join(link for link in path if not link.startswith("access-")) or "direct"
