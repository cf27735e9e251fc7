"""A sweep in words: counts, and a table of how many bridges pass where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from giaoban.counting import counted
from giaoban.results.model.sweep import SweepAnswer, SweepPoint
from giaoban.results.report.document import Block, Bullets, Code, Heading, Par, pars, table
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.whatif_summary import margin
from giaoban.sentence import Sentence

LISTED = 200
"""Points in the summary; the table for spreadsheets has all."""


def headline(answer: SweepAnswer) -> Sentence:
    """How many points there are, and what became of them."""
    counts = Counter(point.verdict for point in answer.points)
    return Sentence(
        "{n} {n:point|points}: {passed} pass, {failed} fail, {refused} cannot be",
        n=len(answer.points),
        passed=counts["pass"],
        failed=counts["fail"],
        refused=counts["refused"],
    )


def computed_line(answer: SweepAnswer) -> Sentence:
    """How many points were new."""
    known = len(answer.points) - answer.computed
    return Sentence(
        "{computed} computed, {known} known from before, {seconds:.1f} s",
        computed=answer.computed,
        known=known,
        seconds=answer.seconds,
    )


def bindings(answer: SweepAnswer) -> list[tuple[str, int]]:
    """What fails, and how often, the most frequent first."""
    counts = Counter(point.binding or "–" for point in answer.points if point.verdict == "fail")
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def brief(answer: SweepAnswer) -> list[Block]:
    """What a terminal shows: counts, and what fails most."""
    found = [
        Sentence("fails: {criterion}: {n} {n:point|points}", criterion=name, n=count)
        for name, count in bindings(answer)
    ]
    return [Par(headline(answer)), Par(computed_line(answer)), *pars(found)]


def summary_md(answer: SweepAnswer) -> str:
    """The text of `summary.md` (English, Markdown)."""
    return markdown(summary(answer))


def summary(answer: SweepAnswer) -> Iterator[Block]:
    """All that a person wants to know of a sweep, in English."""
    yield Heading(headline(answer), 0)
    yield Par(answer.question_en)
    yield Par(f"{computed_line(answer)}.")
    if found := bindings(answer):
        yield Par("What fails:")
        yield Bullets([f"{name}: {counted(count, 'point')}" for name, count in found])
    head = (
        "bridges", "calls", "device", "failure", "seed", "verdict", "binds", "margin",
        "other seeds", "cut off",
    )  # fmt: skip
    yield table(head, map(_row, answer.points[:LISTED]), right=(4, 7, 8, 9))
    if (more := len(answer.points) - LISTED) > 0:
        yield Par((f"… and {more} more in ", Code("points.csv")))
    yield Par(
        "A point with a failure passes only if it passes without it, nobody is cut off who could "
        "have been kept, and what is left passes after the network has found its new ways. No "
        "estimate is a document for approval."
    )
    yield evidence(answer.run_id, answer.inputs)


def _row(point: SweepPoint) -> tuple[str, ...]:
    return (
        point.bridges,
        point.profile,
        point.device,
        point.failure,
        str(point.seed),
        point.verdict,
        point.why if point.verdict == "refused" else f"{point.binding or ''} {point.where}".strip(),
        margin(point.margin_pct),
        f"{point.seeds_passed} of {point.seeds_tried}" if point.seeds_tried else "–",
        str(point.cut_off or ""),
    )
