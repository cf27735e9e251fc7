"""How far the assumptions may be off: what the conclusion says of it, and a section with the rest.

Sentences are those of `giaoban.results.report.summaries.sensitivity_summary`, said in the annex's
language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from giaoban.results.model.result import Result
from giaoban.results.model.studies.sensitivity import FlipPoint, Sensitivity, TriedFigure
from giaoban.results.model.unmodelled import Unmodelled, once
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Head,
    Heading,
    Par,
    Picture,
    Table,
    bullets,
    capital,
    in_language,
    plain,
)
from giaoban.results.report.seed_words import passes_alone
from giaoban.results.report.summaries.sensitivity_summary import (
    CHOICES,
    SETTLING_ORDER,
    USUAL,
    amount,
    as_long_as,
    at_once,
    choices,
    conditions,
    doubtful,
    headline,
    name_of,
    share_of,
    tried,
)
from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.results.report.wording import VERDICTS
from giaoban.sentence import N_, Both, Figure, Sentence, joined, message

MOST_CONDITIONS, MOST_LEFT_OUT = 6, 5
"""In the conclusion; the others are in the section."""
MOST_NAMED = 3
"""Records with the same condition that the conclusion names; of more their number."""
TITLE = N_("How far the assumptions may be off")
CAPTION = N_(
    "The least margin at the ends of each assumed figure’s range, what to settle first on top"
)


OF_ANOTHER = N_(
    "{run_id}: the assumptions of another question than was checked (allowed: giaoban sensitivity "
    "with scenario, province, device, criteria and seed of the check)"
)


class Analysis(NamedTuple):
    """An analysis of assumptions with its picture; whether the evidence of the check holds it."""

    answer: Sensitivity
    picture: Path | None = None
    proved: bool = True


def agrees(answer: Sensitivity, result: Result) -> bool:
    """Whether it is about what the check came to by itself: an estimate may judge otherwise."""
    if result.verdict == "invalid":
        return False
    return answer.as_assumed == ("pass" if passes_alone(result) else "fail")


def concluded(
    analysis: Analysis, result: Result, say: AnnexWording, *, told_at: int
) -> Iterator[Block]:
    """As long as what the conclusion holds, and in what share of worlds; `told_at`: the section."""
    answer = analysis.answer
    if not agrees(answer, result):
        yield Par(
            say.gettext(
                "How far the assumptions may be off is not known: the analysis of section "
                "{section} rests on an estimate, which judges this question otherwise ({verdict}).",
                section=told_at,
                verdict=say.say(VERDICTS[answer.as_assumed]),
            )
        )
        return
    yield Par(say.say(letter(answer, section=told_at)))
    if answer.drawn is not None:
        bold = doubtful(answer, answer.drawn)
        yield Par(say.say(in_drawn_worlds(answer)), bold=bold)


def letter(answer: Sensitivity, *, section: int | None = None) -> Sentence:
    """The first sentence of a letter: as long as what the conclusion holds. What is too much for
    one sentence is in section `section`; None: there is none, and all is said."""
    found = conditions(answer, most=MOST_NAMED)
    if not found and section is None:
        return headline(answer)
    if not found:
        return message(
            N_(
                "The conclusion stays the same whatever {n:the assumed figure that was tried|each "
                "of the {n} assumed figures that were tried} is within its range, all else being "
                "as assumed (section {section})."
            ),
            n=len(answer.figures),
            section=section,
        )
    more = len(found) - MOST_CONDITIONS
    if section is not None and more > 1:
        further = N_("{n} further {n:condition holds|conditions hold} (section {section})")
        found = [*found[:MOST_CONDITIONS], message(further, n=more, section=section)]
    return message(
        N_("{opening} {conditions}."), opening=as_long_as(answer), conditions=joined("; ", found)
    )


def in_drawn_worlds(answer: Sensitivity) -> Sentence:
    """In what share of worlds with all figures changed at once the system passes."""
    drawn = answer.drawn
    assert drawn is not None
    said = N_(
        "If all assumed figures are off at once, each within its range, the system passes in "
        "{share} % of {worlds:d} {worlds:world|worlds} drawn at random (95 % confidence: {low} % "
        "to {high} %)."
    )
    if answer.fails_in_worlds:
        said = N_(
            "If all assumed figures are off at once, each within its range, the system passes in "
            "only {share} % of {worlds:d} {worlds:world|worlds} drawn at random (95 % confidence: "
            "{low} % to {high} %), and {required} % were required: therefore the conclusion."
        )
    elif doubtful(answer, drawn):
        said = N_(
            "This conclusion is fragile: if all assumed figures are off at once, each within its "
            "range, the system passes in only {share} % of {worlds:d} {worlds:world|worlds} drawn "
            "at random (95 % confidence: {low} % to {high} %)."
        )
    return message(
        said,
        share=share_of(drawn, answer.required_pct),
        worlds=drawn.judged,
        low=Figure(round(drawn.low_pct, 1)),
        high=Figure(round(drawn.high_pct, 1)),
        required=Figure(answer.required_pct or 0.0),
    )


def left_out_in_short(found: Sequence[Unmodelled], section: int) -> Sentence:
    """The second sentence of a letter, of which section `section` has the whole."""
    named = [Both(each.what, each.what_vi) for each in found[:MOST_LEFT_OUT]]
    return message(
        N_(
            "Not among the assumptions, and left out of the model: {named}{more} (section "
            "{section}). {kind} of these {all} things may make the answer too kind."
        ),
        named=joined("; ", named),
        more=message(N_(" and {n} more"), n=len(found) - len(named))
        if len(found) > len(named)
        else Sentence(""),
        section=section,
        kind=sum(each.errs == "too-kind" for each in found),
        all=len(found),
    )


def left_out(answers: Sequence[Result], say: AnnexWording) -> Iterator[Block]:
    """All that the model leaves out, of all answers, each once."""
    if found := once(each for answer in answers for each in answer.unmodelled):
        yield Par(say.say(left_out_of(found)))


def section(analyses: Sequence[tuple[Analysis, Result]], say: AnnexWording) -> Iterator[Block]:
    yield Heading(say.text(TITLE))
    for analysis, result in analyses:
        yield from analysed(analysis, AnnexWording(say.language, result), several=len(analyses) > 1)


def analysed(analysis: Analysis, say: AnnexWording, *, several: bool = False) -> Iterator[Block]:
    """What was tried of one check: how, what decides, its picture, drawn worlds, what was not."""
    answer = analysis.answer
    yield Par(
        say.gettext(
            "By estimate, {n} assumed {n:figure was|figures were} set to other values within "
            "what is possible, one at a time while all others stayed as assumed: {deciding} "
            "of them can change the verdict.",
            n=len(answer.figures),
            deciding=len(answer.deciding),
        )
        + (f" {say.gettext(SETTLING_ORDER)}" if answer.deciding else "")
    )
    named = f" ({answer.run_id})" if several else ""
    if answer.deciding:
        yield deciding(answer, say, caption=named)
        of = [f"[{n}] {source}" for n, source in enumerate(_range_sources(answer, say), start=1)]
        yield Par(
            say.gettext("Where ranges are from: {sources}.", sources="; ".join(of)), note=True
        )
        if any(figure.range_from == "kind" for figure in answer.deciding):
            yield Par(capital(say.say(USUAL)), note=True)
    if answer.of_choices:
        yield of_choices(answer, say, caption=named)
    if analysis.picture is not None:
        yield Picture(analysis.picture, say.text(CAPTION) + named)
    if answer.drawn is not None:
        yield from drawn(answer, say)
    if answer.untried:
        yield Par(
            say.gettext("{n} {n:assumption was|assumptions were} not tried:", n=len(answer.untried))
        )
        yield bullets(_untried(answer, say))
    yield Par(
        say.gettext(
            "Analysis {run}: {n} {n:world|worlds} estimated, nothing was emulated. A flip is "
            "told by two values nearest to each other that were both judged.",
            run=answer.run_id,
            n=answer.estimates,
        ),
        note=True,
    )


def drawn(answer: Sensitivity, say: AnnexWording) -> Iterator[Block]:
    """Render the share of drawn worlds that pass, and what fails the others."""
    assert answer.drawn is not None
    yield Par(say.say(in_drawn_worlds(answer)))
    for block in at_once(answer.drawn, answer):
        said = in_language(block, say.say)
        if isinstance(said, Bullets):
            yield Par(say.gettext("What limits the answer in those that fail:"))
            yield bullets(map(plain, said.items))


def deciding(answer: Sensitivity, say: AnnexWording, caption: str = "") -> Table:
    """What can change the verdict: as assumed, its range and where that comes from, the flip, and
    what would settle it."""
    heads = (
        N_("Assumed figure"),
        N_("As assumed"),
        N_("What is possible [source]"),
        N_("The verdict changes at"),
        N_("Would be settled by"),
    )
    return Table(
        caption=say.text(
            N_("Assumed figures that can change the verdict, what to settle first in front")
        )
        + caption,
        head=[[Head(say.text(head)) for head in heads]],
        rows=[_row(alike, flip, answer, say) for alike in answer.alike for flip in alike[0].flips],
        widths=[37, 17, 27, 52, 30],
        aligns=["left"] * len(heads),
        small=True,
        ident="deciding-table",
    )


def of_choices(answer: Sensitivity, say: AnnexWording, caption: str = "") -> Table:
    """What each choice of figures that are no numbers comes to."""
    said = in_language(choices(answer), say.say)
    assert isinstance(said, Table)
    return replace(
        said,
        caption=say.text(CHOICES) + caption,
        head=[[Head(capital(head.text)) for head in row] for row in said.head],
        rows=[
            [
                replace(cell, text=capital(cell.text)) if not n else cell
                for n, cell in enumerate(row)
            ]
            for row in said.rows
        ],
        widths=[44, 46, 20, 37, 16],
        small=True,
        whole=True,
        ident="choices-table",
    )


def _row(
    alike: Sequence[TriedFigure], flip: FlipPoint, answer: Sensitivity, say: AnnexWording
) -> list[Cell]:
    figure = alike[0]
    source = 1 + _range_sources(answer, say).index(_range_source(figure, say))
    told = message(
        N_("still as assumed at {holds}; then {verdict}{by}"),
        holds=amount(figure, flip.holds),
        verdict=VERDICTS[flip.verdict],
        by=_by(flip, answer, say),
    )
    return [
        Cell(capital(say.say(name_of(*alike)))),
        Cell(say.say(amount(figure, figure.value))),
        Cell(f"{say.say(tried(figure))} [{source}]"),
        Cell(say.say(amount(figure, flip.flips)), sub=say.say(told)),
        Cell(say.either(figure.settled_by, figure.settled_by_vi)),
    ]


def _range_sources(answer: Sensitivity, say: AnnexWording) -> list[str]:
    """Each once, in the order in which the table first has it."""
    shown = (alike[0] for alike in answer.alike if alike[0].flips)
    return list(dict.fromkeys(_range_source(figure, say) for figure in shown))


def _range_source(figure: TriedFigure, say: AnnexWording) -> str:
    return say.either(figure.range_source, figure.range_source_vi).rstrip(".;")


def _by(flip: FlipPoint, answer: Sensitivity, say: AnnexWording) -> str:
    """What limits the answer then; nothing more is to be said where it passes."""
    names = {each.id: say.criterion(each) for each in answer.criteria}
    if flip.binding is None or flip.verdict == "pass":
        return ""
    return f" ({names.get(flip.binding.criterion, flip.binding.criterion)})"


def _untried(answer: Sensitivity, say: AnnexWording) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for each in answer.untried:
        why = say.either(each.why, each.why_vi)
        found.setdefault(why, []).append(say.assumption(each.assumption)[0])
    for why, what in found.items():
        yield f"{capital(why)}: {'; '.join(dict.fromkeys(what))};"
