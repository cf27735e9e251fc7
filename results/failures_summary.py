"""The answer about all failures in words: rows for a terminal, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from results.failures import BridgeImpact, FailureResult, FaultsAnswer, SinglePoint

VERDICT_WORDS = {
    "pass": "PASS – no failure does more than the criteria allow",
    "fail": "FAIL – a failure does more to the meeting than the criteria allow",
    "invalid": "INVALID – an emulation cannot be trusted, so there is no answer",
}


MANY = 3
"""More bridges than this are told as a number."""


class Row(NamedTuple):
    """One failure as text."""

    failure: str
    verdict: str
    interruption: str
    lost: str
    load: str
    cut_off: str
    worst_link: str


class BridgeRow(NamedTuple):
    """One bridge in one failure as text."""

    failure: str
    bridge: str
    interruption: str
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
    """The verdict in a line, with how much was tried."""
    count = len(answer.failures)
    tried = f"{count} failures tried" if count != 1 else "1 failure tried"
    return f"{VERDICT_WORDS[answer.verdict]} ({tried})"


def rows(answer: FaultsAnswer, link: str | None = None, bridge: str | None = None) -> list[Row]:
    """One row a failure; only those that concern a link or a bridge if one is named."""
    return [
        Row(
            failure=f.id,
            verdict=f.verdict,
            interruption=_interruption(f, answer),
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
        or impact.packets_lost
        or impact.redials
        or impact.path_before != impact.path_after
    )


def point_line(point: SinglePoint, answer: FaultsAnswer) -> str:
    """`link gia-nghia--dak-glong (Gia Nghĩa – Đắk Glong): without it dak-glong is cut off`."""
    who = _who(point.cut_off, len(answer.bridges)) + " bridges" * (len(point.cut_off) > MANY)
    verb = "is" if len(point.cut_off) == 1 else "are"
    # what others hang on at a site is not the bridge, but the router that has its power from there
    kind = "site" if point.element.kind == "bridge" else point.element.kind
    return f"{kind} {point.element.id} ({point.name}): without it {who} {verb} cut off"


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
    known = [f for f in answer.failures if f.interruption_ms is not None]
    worst = min(known, key=lambda f: (-(f.interruption_ms or 0.0), f.id), default=None)
    if worst is None or not worst.interruption_ms:
        return None
    return (
        f"{worst.interruption_ms:.1f} ms at {worst.interruption_at} by {worst.id} "
        f"(limit {answer.interruption_limit_ms:g} ms)"
    )


def summary_md(answer: FaultsAnswer) -> str:
    """The text of `summary.md` (English, Markdown)."""
    timing = answer.timing
    lines = [f"# {headline(answer)}", "", answer.question.text_en, ""]
    if answer.reasons:
        lines += ["Why:", "", *(f"- {_cell(reason)}" for reason in answer.reasons), ""]
    lines += ["## Single points of failure", ""]
    lines += [f"- {point_line(p, answer)}" for p in answer.single_points]
    lines += [] if answer.single_points else ["None of what was tried."]
    lines += ["", "## Failures", ""]
    lines += [
        f"Everybody is in the meeting. Each failure, alone, begins {timing.at_s:g} s after the "
        f"start; a link is mended at {timing.to_s:g} s, anything else stays down. The interruption "
        "is the longest at a bridge that still had a path to the MCU. Who was cut off was behind "
        "the failure, unless it says that it had a path.",
        "",
    ]
    head = (
        "failure",
        "verdict",
        "interruption",
        "packets lost",
        "load",
        "cut off",
        "most loaded backbone link",
    )
    lines += _table(head, rows(answer), right=(2, 3, 4))
    lines += [
        "## Bridges",
        "",
        "Every bridge that a failure touched, with its path to the MCU.",
        "",
    ]
    lines += _table(
        ("failure", "bridge", "interruption", "packets lost", "", "path"),
        bridge_rows(answer),
        right=(2, 3),
    )
    lines += [
        "## Links",
        "",
        "The worst second of each direction, and the failure that causes it.",
        "",
    ]
    lines += _table(("link", "direction", "load", "by"), link_rows(answer), right=(2,))
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


def _interruption(failure: FailureResult, answer: FaultsAnswer) -> str:
    if failure.interruption_ms is None:
        return "–"
    if not failure.interruption_ms:
        return "none"
    return f"{failure.interruption_ms:.1f} ms at {failure.interruption_at}"


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
    return "kept" if impact.interruption_ms or impact.packets_lost else "untouched"


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


def _table(head: Sequence[str], body: Iterable[Sequence[str]], right: Sequence[int]) -> list[str]:
    marks = ["---:" if number in right else "---" for number in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(marks) + "|"]
    lines += ["| " + " | ".join(_cell(cell) for cell in cells) + " |" for cells in body]
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
