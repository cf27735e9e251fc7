"""A sweep in words: counts, and a table of how many bridges pass where."""

from __future__ import annotations

from collections import Counter

from giaoban.counting import counted
from results.model.sweep import SweepAnswer, SweepPoint
from results.report.markdown import escaped, table

LISTED = 200
"""Points in the summary; the table for spreadsheets has all."""


def headline(answer: SweepAnswer) -> str:
    """How many points there are, and what became of them."""
    counts = Counter(point.verdict for point in answer.points)
    return (
        f"{counted(len(answer.points), 'point')}: {counts['pass']} pass, {counts['fail']} fail, "
        f"{counts['refused']} cannot be"
    )


def computed_line(answer: SweepAnswer) -> str:
    """How many points were new."""
    known = len(answer.points) - answer.computed
    return f"{answer.computed} computed, {known} known from before, {answer.seconds:.1f} s"


def bindings(answer: SweepAnswer) -> list[tuple[str, int]]:
    """What fails, and how often, the most frequent first."""
    counts = Counter(point.binding or "–" for point in answer.points if point.verdict == "fail")
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def rows(points: list[SweepPoint]) -> list[tuple[str, ...]]:
    """Points as text."""
    return [
        (
            point.bridges,
            point.profile,
            point.device,
            point.failure,
            str(point.seed),
            point.verdict,
            point.why
            if point.verdict == "refused"
            else f"{point.binding or ''} {point.where}".strip(),
            "–" if point.margin_pct is None else f"{point.margin_pct:+.0f} %",
            f"{point.seeds_passed} of {point.seeds_tried}" if point.seeds_tried else "–",
            str(point.cut_off or ""),
        )
        for point in points
    ]


def summary_md(answer: SweepAnswer) -> str:
    """The text of `summary.md` (English, Markdown)."""
    answer = escaped(answer)
    lines = [f"# {headline(answer)}", "", answer.question_en, "", computed_line(answer) + ".", ""]
    if found := bindings(answer):
        lines += [
            "What fails:",
            "",
            *(f"- {name}: {counted(count, 'point')}" for name, count in found),
            "",
        ]
    head = (
        "bridges",
        "calls",
        "device",
        "failure",
        "seed",
        "verdict",
        "binds",
        "margin",
        "other seeds",
        "cut off",
    )
    lines += table(head, rows(answer.points[:LISTED]), right=(4, 7, 8, 9))
    if len(answer.points) > LISTED:
        lines += [f"… and {len(answer.points) - LISTED} more in `points.csv`", ""]
    lines += [
        "A point with a failure passes only if it passes without it, nobody is cut off who could "
        "have been kept, and what is left passes after the network has found its new ways. No "
        "estimate is a document for approval.",
        "",
        f"- run `{answer.run_id}`, code {answer.inputs.code}",
    ]
    for name in ("scenario", "province", "mcu", "criteria"):
        ref = getattr(answer.inputs, name)
        lines.append(f"- {name}: `{ref.path}` sha256 `{ref.sha256}`")
    return "\n".join(lines) + "\n"
