"""From answers to the whole document: sections in the order in which an office reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from giaoban.errors import InputError
from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import Entry
from giaoban.results.report.annex import (
    back_matter,
    capacity,
    failure_sections,
    load_tests,
    quality,
    question,
    sensitivity,
)
from giaoban.results.report.annex.draft import AnswerWithProof, notices
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import Block, Document, Heading, Par, Picture, Words, numbered
from giaoban.results.report.letter import Letter
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.plots.words import PICTURES
from giaoban.translation import translator

_ONLY_IF: Mapping[str, Callable[[StreamResult], object]] = {
    "frozen": lambda stream: stream.freezes,
    "loss": lambda stream: stream.lost_pct,
}
"""Pictures that show nothing unless a stream had some of it."""

_MAPS = ("map", "failures")
"""Pictures that can be read on a page of their own only."""
MOST_MINUTES = 60
"""Lines of minutes in a document."""
OF_A_CHECK = 6
"""Sections that each check has: what was asked, verdict, criteria, bridges, MCU, links. Those about
failures come next."""


class Chapter(NamedTuple):
    """An answer with its proof, its pictures by name, of an emulated check the minutes, and of a
    check how far its assumptions may be off, if that was analysed."""

    part: AnswerWithProof
    pictures: Mapping[str, Path]
    minutes: Sequence[Entry] = ()
    analysis: sensitivity.Analysis | None = None


def document(chapters: Sequence[Chapter], letter: Letter) -> Document:
    """The annex of one or more checks, with the failures tried for them, and load tests.

    Raises `InputError`: no check among them, or failures of something else.
    """
    checks = [c for c in chapters if isinstance(c.part.answer, Result)]
    results = [c.part.answer for c in checks if isinstance(c.part.answer, Result)]
    tried = [c.part.answer for c in chapters if isinstance(c.part.answer, FaultsAnswer)]
    loads = [c.part.answer for c in chapters if isinstance(c.part.answer, LoadResult)]
    if not results:
        raise InputError("an annex is of a check (allowed: a run of giaoban check, and more)")
    _of_the_same(results, tried)
    say = AnnexWording(results[0])
    blocks = numbered(_blocks(chapters, results, tried, loads, say))
    analyses = [c.analysis for c in chapters if c.analysis is not None]
    unproved = [each.answer.run_id for each in analyses if not each.proved]
    why = notices([c.part for c in chapters], unproved)
    title = say("title" if any(r.question.new for r in results) else "title as is")
    return Document(
        lang="vi",
        label=f"{say('annex')} {letter.annex}".strip(),
        title=title.split("\n"),
        attached=letter.attached(),
        blocks=blocks,
        words=Words(say("table"), say("picture")),
        mark=say("mark") if why else "",
        footer=say("footer") if why else "",
        notices=why,
        subject=results[0].question.text_vi or results[0].question.text_en,
    )


def _blocks(
    chapters: Sequence[Chapter],
    results: Sequence[Result],
    tried: Sequence[FaultsAnswer],
    loads: Sequence[LoadResult],
    say: AnnexWording,
) -> list[Block]:
    pictures = list(_pictures(chapters, results))
    told_at = OF_A_CHECK * len(results) + 1
    # load tests if there are any, limits, conditions, plots if there are any, then assumptions
    assumptions_at = told_at + bool(loads) + 2 + bool(pictures) + 1
    analysed = [
        (chapter.analysis, chapter.part.answer)
        for chapter in chapters
        if chapter.analysis is not None and isinstance(chapter.part.answer, Result)
    ]
    several = len(results) > 1
    blocks: list[Block] = []
    for number, result in enumerate(results, 1):
        own = AnnexWording(result)
        title = own("asked") + (
            f" ({own('check number', number=number).lower()})" if several else ""
        )
        blocks += question.asked(result, own, title)
        same = [answer for answer in tried if _question(answer) == _question(result)]
        blocks += question.concluded(result, own, same, failures_at=told_at)
        for analysis in (each for each, of in analysed if of is result):
            blocks += sensitivity.concluded(analysis, result, own, told_at=assumptions_at + 1)
        if result.unmodelled:
            blocks.append(
                Par(own.say(sensitivity.left_out_in_short(result.unmodelled, assumptions_at)))
            )
        blocks += quality.criteria(result, own)
        blocks += quality.bridges(result, own)
        blocks += capacity.mcu(result, own)
        blocks += capacity.links(result, own)
    blocks += _failures(results, tried, say)
    if loads:
        blocks += load_tests.loads(loads, say, assumed_at=assumptions_at)
    blocks.append(Heading(say("limits")))
    for result in results:
        blocks += capacity.limits(result, AnnexWording(result))
    blocks += back_matter.conditions(
        results, tried, loads, say, assumptions_at=assumptions_at, failures_at=told_at
    )
    if pictures:
        blocks += [Heading(say("plots")), *pictures]
    blocks += back_matter.assumptions(results, loads, say)
    blocks += sensitivity.left_out(results, say)
    if analysed:
        blocks += sensitivity.section(analysed, say)
    blocks += _minutes(chapters, say)
    failed = bool(tried) or any(r.faults for r in results)
    blocks += back_matter.method(
        say,
        faults=failed,
        tried=bool(tried),
        loads=bool(loads),
        seeds=[r.seeds.method for r in results if r.seeds is not None and r.seeds.tried],
        estimated=any(r.is_estimate for r in results),
        courses={back_matter.course(r) for r in results},
    )
    blocks += back_matter.terms(say)
    blocks += back_matter.proof([c.part for c in chapters], say)
    return blocks


def _failures(
    results: Sequence[Result],
    tried: Sequence[FaultsAnswer],
    say: AnnexWording,
) -> Iterator[Block]:
    yield Heading(say("faults"))
    for result in results:
        if result.faults:
            yield from failure_sections.own(result, AnnexWording(result))
    for answer in tried:
        yield from failure_sections.tried(answer, AnnexWording(answer))
    if not tried and not any(result.faults for result in results):
        yield Par(say("no faults"))


def _minutes(chapters: Sequence[Chapter], say: AnnexWording) -> Iterator[Block]:
    """Who joined, spoke, was interrupted, came back: in each check of which it is known."""
    known = [chapter for chapter in chapters if chapter.minutes]
    if not known:
        return
    yield Heading(say("minutes"))
    for chapter in known:
        own = AnnexWording(chapter.part.answer)
        caption = say("minutes table")
        if len(known) > 1:
            caption = f"{caption} ({chapter.part.answer.run_id})"
        yield minutes_table(chapter.minutes, own, caption=caption, most=MOST_MINUTES)
    yield Par(say("minutes note"), note=True)


def _pictures(chapters: Sequence[Chapter], results: Sequence[Result]) -> Iterator[Picture]:
    say = translator("vi")
    for chapter in chapters:
        answer, pictures = chapter.part.answer, chapter.pictures
        if unknown := sorted(pictures.keys() - PICTURES.keys() - {"jitter"}):
            raise InputError(
                "picture {picture}: not one of {pictures}",
                picture=repr(unknown[0]),
                pictures=", ".join(PICTURES),
            )
        for name in (name for name in PICTURES if name in pictures):
            streams = answer.streams if isinstance(answer, Result) else ()
            if name in _ONLY_IF and not any(map(_ONLY_IF[name], streams)):
                continue
            caption = say.text(PICTURES[name])
            if len(results) > 1 or isinstance(answer, FaultsAnswer):
                caption = f"{caption} ({answer.run_id})"
            yield Picture(pictures[name], caption, alone=name in _MAPS)


def _of_the_same(results: Sequence[Result], tried: Sequence[FaultsAnswer]) -> None:
    """Failures belong to a check if they were tried of the same scenario in the same province."""
    asked_of = {_question(result) for result in results}
    for answer in tried:
        if _question(answer) not in asked_of:
            raise InputError(
                "{run_id}: failures of another scenario or province than was checked "
                "(allowed: giaoban faults with the scenario and province of the check)",
                run_id=answer.run_id,
            )


def _question(answer: Result | FaultsAnswer) -> tuple[str, str]:
    """The scenario and the province that an answer is of."""
    return answer.inputs.scenario.sha256, answer.inputs.province.sha256
