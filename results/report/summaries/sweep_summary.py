"""A sweep in words: counts, and a table of how many bridges pass where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from giaoban.results.model.studies.sweep import SINGLE_POINT, SweepAnswer, SweepPoint
from giaoban.results.report.document import Block, Bullets, Code, Heading, Par, pars, table
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import VERDICTS, margin
from giaoban.sentence import Both, Sentence, joined
from giaoban.translation import SOURCE, Language, pgettext, translator

LISTED = 200
"""Points in the summary; the table for spreadsheets has all."""


def headline(answer: SweepAnswer) -> Sentence:
    counts = Counter(point.verdict for point in answer.points)
    if counts["undecided"]:
        return Sentence(
            "{n} {n:point|points}: {passed} {passed:passes|pass}, {failed} {failed:fails|fail}, "
            "{undecided} {undecided:is|are} undecided, {refused} cannot be",
            n=len(answer.points),
            passed=counts["pass"],
            failed=counts["fail"],
            undecided=counts["undecided"],
            refused=counts["refused"],
        )
    return Sentence(
        "{n} {n:point|points}: {passed} {passed:passes|pass}, {failed} {failed:fails|fail}, "
        "{refused} cannot be",
        n=len(answer.points),
        passed=counts["pass"],
        failed=counts["fail"],
        refused=counts["refused"],
    )


def computed_line(answer: SweepAnswer) -> Sentence:
    known = len(answer.points) - answer.computed
    return Sentence(
        "{computed} computed, {known} known from before, {seconds:.1f} s",
        computed=answer.computed,
        known=known,
        seconds=answer.seconds,
    )


def seeds_lines(answer: SweepAnswer) -> list[Sentence]:
    """Return the sentence about the seeds of estimated points that pass; none without such."""
    passing = [p for p in answer.points if p.verdict == "pass" and p.method == "estimate"]
    if not passing:
        return []
    least = min(point.seeds_tried for point in passing)
    return [
        Sentence("each point that passes was judged at {n} {n:other seed|other seeds} too", n=least)
    ]


def bindings(answer: SweepAnswer) -> list[tuple[Sentence, int]]:
    """What fails, and how often, the most frequent first."""
    counts = Counter(point.binding or "–" for point in answer.points if point.verdict == "fail")
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(criterion(ident, answer), count) for ident, count in found]


def criterion(ident: str, answer: SweepAnswer) -> Sentence:
    if ident == SINGLE_POINT:
        return Sentence(pgettext("criterion", "single point of failure"))
    return Both(answer.criteria.get(ident, ident), answer.criteria_vi.get(ident, ident))


def _failure(ident: str, answer: SweepAnswer) -> Sentence:
    if ident == "none":
        return Sentence("none")
    return Both(answer.failures.get(ident, ident), answer.failures_vi.get(ident, ident))


def called(point: SweepPoint, answer: SweepAnswer) -> Sentence:
    """What a point is called where it stands alone: where it is on each axis."""
    return Sentence(
        "{bridges} {bridges:bridge|bridges}, {calls}, {device}; failure: {failure}",
        bridges=point.bridges,
        calls=answer.names.get(point.profile, point.profile),
        device=answer.names.get(point.device, point.device),
        failure=_failure(point.failure, answer),
    )


def brief(answer: SweepAnswer) -> list[Block]:
    """What a terminal shows: counts, and what fails most."""
    found = [
        Sentence("fails: {criterion}: {n} {n:point|points}", criterion=name, n=count)
        for name, count in bindings(answer)
    ]
    told = unrated_sound(answer.not_judged)
    head = [headline(answer), computed_line(answer), *seeds_lines(answer)]
    return [*pars(head), *pars(found), *pars(told, "quiet")]


def summary_md(answer: SweepAnswer, language: Language = SOURCE) -> str:
    return markdown(summary(answer), translator(language).say)


def summary(answer: SweepAnswer) -> Iterator[Block]:
    yield Heading(headline(answer), 0)
    yield Par(Both(answer.question_en, answer.question_vi))
    said = [computed_line(answer), *seeds_lines(answer)]
    yield Par(Sentence("{computed}.", computed=joined("; ", said)))
    if found := bindings(answer):
        yield Par(Sentence("What fails:"))
        yield Bullets(
            [
                Sentence("{criterion}: {n} {n:point|points}", criterion=name, n=count)
                for name, count in found
            ]
        )
    yield from pars(unrated_sound(answer.not_judged))
    head = (
        *(Sentence("bridges"), Sentence("calls"), Sentence("device")),
        *(Sentence(pgettext("table", "failure")), Sentence("seed")),
        *(Sentence(pgettext("table", "verdict")), Sentence("binds"), Sentence("margin")),
        *(Sentence("other seeds"), Sentence("cut off")),
    )
    yield table(head, [_row(p, answer) for p in answer.points[:LISTED]], right=(4, 7, 8, 9))
    if (more := len(answer.points) - LISTED) > 0:
        yield Par(Sentence("… and {more} more in {file}", more=more, file=Code("points.csv")))
    yield Par(
        Sentence(
            "A point with a failure passes only if it passes without it, nobody is cut off who "
            "could have been kept, and what is left passes after the network has found its new "
            "ways. No estimate is a document for approval."
        )
    )
    yield evidence(answer.run_id, answer.inputs)


def bound(point: SweepPoint, answer: SweepAnswer) -> str:
    """What binds and where; of a point that cannot be, why."""
    if point.verdict == "refused":
        return Both(point.why, point.why_vi or point.why)
    if point.seeds_needed is not None:
        return Sentence("{n} other {n:seed|seeds} would decide", n=point.seeds_needed)
    if point.binding is None:
        return ""
    where = Both(point.where, point.where_vi or point.where)
    what = criterion(point.binding, answer)
    if point.binding == SINGLE_POINT:  # where it is stands in the point's axis
        return Sentence("{what}: {why}", what=what, why=where)
    return Sentence("{criterion} at {place}", criterion=what, place=where)


def _row(point: SweepPoint, answer: SweepAnswer) -> tuple[str, ...]:
    seeds = Sentence("{n} of {count}", n=point.seeds_passed, count=point.seeds_tried)
    return (
        point.bridges,
        answer.names.get(point.profile, point.profile),
        answer.names.get(point.device, point.device),
        _failure(point.failure, answer),
        str(point.seed),
        VERDICTS[point.verdict],
        bound(point, answer),
        margin(point.margin_pct),
        seeds if point.seeds_tried else "–",
        str(point.cut_off or ""),
    )
