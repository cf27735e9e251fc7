"""The answer about all failures in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.counting import Count, counted
from results.judge.failure_points import MANY
from results.model.failures import (
    BridgeImpact,
    Change,
    Comparison,
    FailureResult,
    FaultsAnswer,
    SinglePoint,
)
from results.report.document import (
    TONES,
    Block,
    Bullets,
    Code,
    Heading,
    Par,
    Table,
    Tone,
    pars,
    table,
    toned,
)
from results.report.evidence_list import evidence
from results.report.markdown import markdown

_TONES: dict[str, Tone] = {"fail": "bad", "invalid": "doubt", "accepted": "known"}
_SENSES: dict[str, Tone] = {"worse": "bad", "better": "good", "other": "quiet"}
VERDICT_WORDS = {
    "pass": "PASS – no failure that was tried does more than the criteria allow",
    "fail": "FAIL – a failure does more to the meeting than the criteria allow",
    "invalid": "INVALID – an emulation cannot be trusted, so there is no answer",
}


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


def failures_table(
    answer: FaultsAnswer,
    link: str | None = None,
    bridge: str | None = None,
    *,
    with_worst_link: bool = True,
) -> Table:
    """One row a failure; only those that concern a link or a bridge if one is named."""
    rows = []
    for f in answer.failures:
        if not _concerns(f, link, bridge):
            continue
        state, worst = state_of(f), f.worst_link
        row = (
            f.id,
            state,
            _interruption(f.interruption_ms, f.interruption_at),
            _interruption(f.restored_interruption_ms, f.restored_interruption_at),
            str(f.packets_lost) if f.bridges else "–",
            "–" if worst is None else f"{worst.peak_pct:.1f} %",
            _cut_off(f, len(answer.bridges)),
            *(["–" if worst is None else f"{worst.id} {worst.direction}"] * with_worst_link),
        )
        rows.append(toned(row, _TONES.get(state, "")))
    head = ["failure", "verdict", "interruption", "by mending", "lost", "load", "cut off"]
    head += ["most loaded backbone link"] * with_worst_link
    return table(head, rows, right=(2, 3, 4, 5), keep=(0, 1, 4, 5))


def bridges_table(answer: FaultsAnswer, bridge: str | None = None) -> Table:
    """What failures did to bridges: those that were touched, or all failures of one bridge."""
    head = (
        "failure", "bridge", "interruption", "of the sound", "by the mending", "packets lost",
        "state", "path",
    )  # fmt: skip
    rows = [
        (
            f.id,
            impact.bridge,
            f"{impact.interruption_ms:.1f} ms",
            f"{impact.sound_interruption_ms:.1f} ms",
            f"{impact.restored_interruption_ms:.1f} ms",
            str(impact.packets_lost),
            _state(impact),
            _path(impact),
        )
        for f in answer.failures
        for impact in f.bridges
        if (bridge is None and touched(impact)) or impact.bridge == bridge
    ]
    return table(head, rows, right=(2, 3, 4, 5), keep=(0, 1, 4, 5))


def links_table(answer: FaultsAnswer, link: str | None = None) -> Table:
    """The worst load of each direction of each link, or of one link's."""
    rows = [
        (w.id, w.direction, f"{w.peak_pct:.1f} %", w.failure)
        for w in answer.links
        if link in (None, w.id)
    ]
    return table(("link", "direction", "worst load", "by"), rows, right=(2,), keep=(0, 1, 2))


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


def brief(
    answer: FaultsAnswer, link: str | None = None, bridge: str | None = None
) -> Iterator[Block]:
    """What a terminal shows: the answer, what got worse, single points of failure, and a table to
    look things up in."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    if (compared := answer.comparison) is not None:
        yield _compared(compared)
        for change in compared.changes:
            yield Par(f"  {_changed(change)}", tone=_SENSES[change.sense])
    if compared is None or answer.verdict == "invalid":  # else they are the changes
        yield from pars(answer.reasons)
    for point in answer.single_points:
        yield Par(f"single point of failure: {point_line(point, answer)}")
    yield from pars(unneeded_lines(answer))
    if longest := slowest(answer):
        yield Par(f"longest interruption: {longest}")
    if load := busiest(answer):
        yield Par(f"most loaded link: {load}")
    yield failures_table(answer, link, bridge, with_worst_link=False)
    if bridge is not None:
        yield bridges_table(answer, bridge)
    if link is not None:
        yield links_table(answer, link)


def _compared(comparison: Comparison) -> Par:
    if not comparison.changes:
        return Par("nothing is worse than what was accepted, nothing is better", tone="good")
    if not comparison.worse:
        return Par("nothing is worse than what was accepted", tone="good")
    told = f"worse than what was accepted: {len(comparison.worse)}"
    return Par(told, bold=True, tone="bad")


def _changed(change: Change) -> str:
    return {"worse": "worse: ", "better": "better: "}.get(change.sense, "") + change.line


def summary_md(answer: FaultsAnswer) -> str:
    """The text of `summary.md` (English, Markdown)."""
    return markdown(summary(answer))


def summary(answer: FaultsAnswer) -> Iterator[Block]:
    """All that a person wants to know of failures, in English."""
    timing, engine = answer.timing, answer.engine
    yield Heading(headline(answer), 0)
    yield Par(answer.question.text_en)
    if answer.reasons:
        yield Par("Why:")
        yield Bullets(answer.reasons)
    if answer.comparison is not None:
        others = [_changed(c) for c in answer.comparison.changes if c.sense != "worse"]
        if others:  # what is worse are the reasons
            yield Par("Other changes since then:")
            yield Bullets(others)
    yield Heading("Single points of failure")
    points = [point_line(point, answer) for point in answer.single_points]
    if not points:
        yield Par("None of what was tried.")
    yield Bullets([*points, *unneeded_lines(answer)])
    if untried := len(answer.untried):
        yield Par(f"Not tried: {untried} of the single failures that the network can have.")
    yield Heading("Failures")
    yield Par(
        f"Everybody is in the meeting. Each failure, alone, begins {timing.at_s:g} s after the "
        f"start; a link is mended at {timing.to_s:g} s, anything else stays down. An interruption "
        "lasts until sound and picture are back; it is the longest at a bridge that still had a "
        "path to the MCU, by the failing and by the mending. Who was cut off was behind the "
        "failure, unless it says that it had a path."
    )
    yield failures_table(answer)
    yield Heading("Bridges")
    yield Par("Every bridge that a failure touched, with its path to the MCU.")
    yield bridges_table(answer)
    yield Heading("Links")
    yield Par("The worst second of each direction, and the failure that causes it.")
    yield links_table(answer)
    yield Heading("Evidence")
    by = "" if engine is None else f"engine {engine.name} ({engine.time} time, {engine.kernel}), "
    own = ("each failure's own ", Code("result.json"), " is in ", Code("failures/"))
    yield evidence(answer.run_id, answer.inputs, by=by, more=[own])


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
