"""For which world a verdict holds, in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from giaoban.figure_words import choice_in_words, label_of, span
from giaoban.results.model.places import Binding
from giaoban.results.model.result import Result
from giaoban.results.model.robustness import PassedWorlds, Robustness, WorldsPassed
from giaoban.results.model.studies.sensitivity import (
    OF_LIMITS,
    DrawnWorlds,
    FailedBy,
    FlipPoint,
    PastFlips,
    Sensitivity,
    TriedFigure,
)
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Heading,
    Par,
    Table,
    pars,
    table,
)
from giaoban.results.report.evidence_list import evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.unmodelled_words import left_out_of, unmodelled_table, unrated_sound
from giaoban.results.report.wording import VERDICTS
from giaoban.sentence import N_, Both, Figure, Sentence, decimals_apart, joined, message, number
from giaoban.translation import SOURCE, Language, translator

USUAL = Sentence(
    "* the program's usual range of such figures: no file says how far this very one may be"
)
NAMED_AFTER = (OF_LIMITS, "delay_ms")
"""Figures after which their record is called: they need no name of their own."""
OPENINGS = {"pass": N_("PASS"), "fail": N_("FAIL"), "invalid": N_("INVALID")}


class NamedFigure(Protocol):
    """What tells a figure, of an analysis or of a comparison with one."""

    @property
    def what(self) -> str: ...
    @property
    def what_vi(self) -> str | None: ...
    @property
    def field(self) -> str: ...
    @property
    def unit(self) -> str: ...


def name_of(figure: NamedFigure, *alike: NamedFigure, most: int = 0) -> Sentence:
    """Which figure of what; the same one of several records by the names of all, or by their number
    where there are more than `most` (0: however many)."""
    records = [Both(each.what, each.what_vi or each.what) for each in (figure, *alike)]
    record: Sentence = joined(", ", records) if alike else records[0]
    if most and len(records) > most:
        record = message(N_("{first}, and {n} more"), first=records[0], n=len(records) - 1)
    if figure.field in NAMED_AFTER:
        return record
    return message("{record}: {figure}", record=record, figure=label_of(figure.field))


def amount(figure: NamedFigure, value: float | str) -> Sentence:
    if isinstance(value, str):
        names = figure.choice_names if isinstance(figure, TriedFigure) else {}
        return Sentence("{value}", value=names.get(value) or choice_in_words(value))
    text = "{value} {unit}" if figure.unit else "{value}"
    return message(text, value=Figure(value), unit=Sentence(figure.unit))


def headline(answer: Sensitivity) -> Sentence:
    """The verdict, and how many figures decide it."""
    if answer.verdict != answer.as_assumed and answer.drawn is not None:
        return Sentence(
            "FAIL – passes as assumed, but only in {share} % of the worlds that were drawn "
            "({required} % required)",
            share=share_of(answer.drawn, answer.required_pct),
            required=Figure(answer.required_pct or 0.0),
        )
    verdict = Sentence(OPENINGS[answer.as_assumed])
    deciding, tried = len(answer.deciding), len(answer.figures)
    if not deciding:
        return Sentence(
            "{verdict} – whatever {tried:the assumed figure|each of {tried} assumed figures} is "
            "within its range",
            verdict=verdict,
            tried=tried,
        )
    return Sentence(
        "{verdict} as assumed – {n} of {tried} assumed {tried:figure|figures} {n:decides|decide}",
        verdict=verdict,
        n=deciding,
        tried=tried,
    )


def share_of(drawn: PassedWorlds, required_pct: float | None = None) -> Sentence:
    """Of the worlds that pass, in %; not as the share that has to pass, where it is another."""
    decimals = 1
    if required_pct is not None:
        decimals = decimals_apart(drawn.passed_pct, required_pct, 1)
    return number(round(drawn.passed_pct, decimals), ".9g")


def conditions(answer: Sensitivity, most: int = 0) -> list[Sentence]:
    """As long as what the verdict holds, for a letter: what to settle first in front, limits aside.
    `most`: as of `name_of`."""
    said: list[Sentence] = []
    for figure, *alike in answer.alike:
        if figure.field == OF_LIMITS:
            continue
        name = name_of(figure, *alike, most=most)
        if figure.below is not None:
            holds = amount(figure, figure.below.holds)
            said.append(Sentence("{figure} is {value} or more", figure=name, value=holds))
        if figure.above is not None:
            holds = amount(figure, figure.above.holds)
            said.append(Sentence("{figure} is {value} or less", figure=name, value=holds))
        for chosen in figure.chosen:
            other = amount(figure, chosen.flips)
            said.append(Sentence("{figure} is not {value}", figure=name, value=other))
    return said


def nearest(answer: Sensitivity) -> Sentence | None:
    """Return the figure that turns the verdict in most of its likely range, of equals the one whose
    flip is nearer, with its value and that flip; None if none does. Limits of criteria are none."""
    turning = [each for each in answer.deciding if each.field != OF_LIMITS]
    if not turning:
        return None
    figure = max(turning, key=lambda each: (each.turned, each.nearness))
    return Sentence(
        "{figure}, {value} as assumed, turned at {flips}",
        figure=name_of(figure),
        value=amount(figure, figure.value),
        flips=joined(", ", [amount(figure, flip.flips) for flip in figure.flips]),
    )


def robustness(answer: Sensitivity, file: str) -> Robustness:
    """Return what a check keeps of it; the whole is in `file`."""
    said, drawn = conditions(answer), answer.drawn
    turning = nearest(answer)
    return Robustness(
        file=file,
        as_assumed=answer.as_assumed,
        tried=len(answer.figures),
        deciding=[figure.key for figure in answer.deciding],
        holds_while=[each.en for each in said],
        holds_while_vi=[each.vi for each in said],
        nearest=None if turning is None else (turning.en, turning.vi),
        worlds=None if drawn is None else passed_worlds(drawn, answer.required_pct),
    )


def passed_worlds(drawn: DrawnWorlds, required_pct: float | None = None) -> WorldsPassed:
    """Return the share of drawn worlds that pass, without what limits the others."""
    return WorldsPassed(
        judged=drawn.judged,
        passed=drawn.passed,
        low_pct=drawn.low_pct,
        high_pct=drawn.high_pct,
        required_pct=required_pct,
    )


def assumptions_line(result: Result) -> Sentence | None:
    """Return what a PASS rests on: its assumptions, how many figures they hold, the one that turns
    it in most of its range, the share of drawn worlds that pass; None for another verdict.

    An assumption is a record of a file, with one figure or several. Without an analysis of them
    the sentence says so.
    """
    if result.verdict != "pass" or not (records := len(result.assumptions)):
        return None
    found, count = result.robustness, result.assumed_figures
    figures = Sentence("")
    if count is not None:
        figures = Sentence(" ({figures} {figures:figure|figures})", figures=count)
    if found is None:
        return Sentence(
            "{n} {n:assumption|assumptions}{figures} {n:was|were} not varied: giaoban annex varies "
            "all at once, giaoban sensitivity each.",
            n=records,
            figures=figures,
        )
    if found.file is None and found.worlds is not None:
        return Sentence(
            "{n} {n:assumption|assumptions}{figures}, varied at once by estimate: {worlds}. Which "
            "figure turns the verdict: giaoban sensitivity.",
            n=records,
            figures=figures,
            worlds=robust(found.worlds),
        )
    return Sentence(
        "{n} {n:assumption|assumptions} with {figures} {figures:figure|figures} that {figures:was|"
        "were} varied: {nearest}; {worlds}.",
        n=records,
        figures=found.tried,
        nearest=Sentence("none turns the verdict")
        if found.nearest is None
        else Sentence("nearest to turning it {nearest}", nearest=Both(*found.nearest)),
        worlds=Sentence("no worlds were drawn (--worlds)")
        if found.worlds is None
        else robust(found.worlds),
    )


def of_check(found: Robustness) -> Iterator[Block]:
    """As long as what the answer of a check holds."""
    yield Heading(Sentence("How far the assumptions may be off"), 1)
    if found.holds_while:
        yield Par(as_long_as(found))
        pairs = zip(found.holds_while, found.holds_while_vi, strict=True)
        yield Bullets([Both(en, vi) for en, vi in pairs])
    else:
        yield Par(
            Sentence(
                "{verdict} – whatever {tried:the assumed figure|each of {tried} assumed figures} "
                "is within its range",
                verdict=Sentence(OPENINGS[found.as_assumed]),
                tried=found.tried,
            )
        )
    if found.worlds is not None:
        yield Par(robust(found.worlds))
        if (said := doubt(found, found.worlds)) is not None:
            yield Par(said, bold=True)


FRAGILE_PCT = 95.0
"""What passes as assumed and in a smaller share of drawn worlds is called fragile."""


def doubtful(answer: Sensitivity | Robustness, drawn: PassedWorlds) -> bool:
    """Whether it passes as assumed, and in so few of the drawn worlds that it has to be said."""
    if answer.as_assumed != "pass" or not drawn.judged:
        return False
    return answer.fails_in_worlds or drawn.passed_pct < FRAGILE_PCT


def doubt(answer: Sensitivity | Robustness, drawn: PassedWorlds) -> Sentence | None:
    """What a share of drawn worlds means for who decides; None: nothing that is not said."""
    if not doubtful(answer, drawn):
        return None
    if answer.fails_in_worlds:
        return Sentence(
            "With the figures as assumed all criteria are met, but too seldom in worlds that are "
            "just as possible: in {passed} of {judged}. Settle first what decides, then check "
            "again.",
            passed=drawn.passed,
            judged=drawn.judged,
        )
    return Sentence(
        "The conclusion is fragile: it holds with the figures as assumed, and in {passed} of "
        "{judged} equally possible {judged:world|worlds}. Settle first what decides, then check "
        "again.",
        passed=drawn.passed,
        judged=drawn.judged,
    )


def brief(answer: Sensitivity) -> Iterator[Block]:
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    yield Par(_how(answer))
    if answer.deciding:
        yield _nearest(answer)
    if answer.drawn is not None:
        yield from at_once(answer.drawn, answer)
    yield Par(
        Sentence("{n} {n:assumption|assumptions} not tried (see summary.md)", n=len(answer.untried))
    )
    yield from pars(unrated_sound(answer.unmodelled), "quiet")


def _how(answer: Sensitivity) -> Sentence:
    if not answer.seeds:
        return Sentence(
            "by estimate, one figure at a time, at the scenario's own seed ({n} {n:world|worlds})",
            n=answer.estimates,
        )
    return Sentence(
        "by estimate, one figure at a time, at {seeds} other {seeds:seed|seeds} as well ({n} "
        "{n:world|worlds})",
        seeds=answer.seeds,
        n=answer.estimates,
    )


def as_long_as(answer: Sensitivity | Robustness) -> Sentence:
    """How the sentence of a letter begins, of which `conditions` are the rest."""
    if answer.fails_in_worlds:
        return Sentence(
            "With the figures as assumed all criteria are met, and that stays so as long as, all "
            "else being as assumed:"
        )
    if answer.as_assumed == "pass":
        return Sentence("The conclusion holds as long as, all else being as assumed:")
    return Sentence("The answer stays the same as long as, all else being as assumed:")


def _nearest(answer: Sensitivity) -> Table:
    """What decides, in as few columns as a terminal has room for."""
    return table(
        (
            *(Sentence("assumed figure"), Sentence("as assumed"), Sentence("holds to")),
            Sentence("then"),
        ),
        [
            (
                name_of(figure),
                amount(figure, figure.value),
                amount(figure, flip.holds),
                Sentence("{verdict}: {by}", verdict=VERDICTS[flip.verdict], by=_by(flip, answer)),
            )
            for figure in answer.deciding
            for flip in figure.flips
        ],
        right=(1, 2),
    )


def robust(drawn: PassedWorlds) -> Sentence:
    """In how many of all worlds the question passes."""
    return message(
        N_(
            "passes in {share} % of {worlds:d} {worlds:world|worlds} in which all assumed figures "
            "are others at once (95 %: {low} to {high} %)"
        ),
        share=share_of(drawn),
        worlds=drawn.judged,
        low=Figure(round(drawn.low_pct, 1)),
        high=Figure(round(drawn.high_pct, 1)),
    )


def at_once(drawn: DrawnWorlds, answer: Sensitivity, most: int = 5) -> Iterator[Block]:
    """Render the share of drawn worlds that pass, and which criteria and figures fail the others;
    at most so many criteria."""
    yield Par(robust(drawn))
    if (said := doubt(answer, drawn)) is not None:
        yield Par(said, bold=True)
    if drawn.failed_by:
        yield Bullets([_failing(each, answer) for each in drawn.failed_by[:most]])


MOST_PAST = 4
"""Kinds of figures past their flip points that are named for each criterion."""


def _failing(failed: FailedBy, answer: Sensitivity) -> Sentence:
    names = {each.id: Both(each.name_en, each.name_vi) for each in answer.criteria}
    causes = [_past_flips(each, answer) for each in failed.past_flips[:MOST_PAST]]
    if together := failed.worlds - failed.alone:
        causes.append(Sentence("only several figures together in {n} {n:world|worlds}", n=together))
    return Sentence(
        "{criterion}: {n} {n:world fails|worlds fail}, {causes}",
        criterion=names.get(failed.criterion, Sentence(failed.criterion)),
        n=failed.worlds,
        causes=joined("; ", causes),
    )


def _past_flips(past: PastFlips, answer: Sensitivity) -> Sentence:
    figures = {figure.key: figure for figure in answer.figures}
    first, *others = (figures[key] for key in past.keys)
    return Sentence(
        "{figure} past {flip} in {n} {n:world|worlds}",
        figure=name_of(first, *others, most=1),
        flip=joined(" / ", [amount(first, flip.flips) for flip in first.flips]),
        n=past.worlds,
    )


def _deciding(answer: Sensitivity) -> Table:
    return table(
        (
            *(Sentence("assumed figure"), Sentence("as assumed"), Sentence("tried")),
            *(Sentence("holds to"), Sentence("flips at"), Sentence("then"), Sentence("by")),
        ),
        [
            (
                name_of(figure),
                amount(figure, figure.value),
                tried(figure),
                amount(figure, flip.holds),
                amount(figure, flip.flips),
                VERDICTS[flip.verdict],
                _by(flip, answer),
            )
            for figure in answer.deciding
            for flip in figure.flips
        ],
        right=(1, 3, 4),
    )


def tried(figure: TriedFigure) -> Sentence:
    """Its range, or its choices."""
    if figure.low is None or figure.high is None:
        values = joined(", ", [amount(figure, choice) for choice in figure.choices])
    else:
        values = span(figure.low, figure.high, figure.unit)
    return message("{tried} *", tried=values) if figure.range_from == "kind" else values


CHOICES = N_("What each choice comes to")


def choices(answer: Sensitivity) -> Table:
    """Of figures that are no numbers each choice: its verdict, what limits it, and the margin of
    one that passes. One that fails was looked at only until that was sure."""
    names = {each.id: Both(each.name_en, each.name_vi) for each in answer.criteria}
    return table(
        (
            *(Sentence("assumed figure"), Sentence("choice"), Sentence("verdict")),
            *(Sentence("limits the answer"), Sentence("margin")),
        ),
        [
            (
                name_of(figure),
                amount(figure, value),
                VERDICTS[known.verdict] if known else Sentence("no file may say it here"),
                names.get(known.criterion, Sentence(known.criterion))
                if known and known.criterion
                else Sentence("–"),
                message("{share} %", share=Figure(round(known.held_pct, 1)))
                if known and known.verdict == "pass" and known.margin_pct is not None
                else Sentence("–"),
            )
            for figure in answer.of_choices
            for value in figure.choices
            for known in (next((each for each in figure.curve if each.value == value), None),)
        ],
        right=(4,),
    )


def _by(flip: FlipPoint, answer: Sensitivity) -> Sentence:
    return Sentence("–") if flip.binding is None else binding_words(flip.binding, answer)


def binding_words(binding: Binding, answer: Sensitivity) -> Sentence:
    names = {each.id: Both(each.name_en, each.name_vi) for each in answer.criteria}
    return Sentence(
        "{criterion}, {place}",
        criterion=names.get(binding.criterion, Sentence(binding.criterion)),
        place=DisplayNames(names=answer.names).place(binding.place),
    )


def summary_md(answer: Sensitivity, language: Language = SOURCE) -> str:
    return markdown(summary(answer), translator(language).say)


def summary(answer: Sensitivity) -> Iterator[Block]:
    yield Heading(headline(answer), 0)
    yield Par(Both(answer.question_en, answer.question_vi))
    yield Par(_how(answer))
    if answer.binding is not None:
        yield Par(
            Sentence(
                "As assumed, this limits the answer: {what}",
                what=binding_words(answer.binding, answer),
            )
        )
    if answer.deciding:
        yield Heading(Sentence("What decides"))
        yield _deciding(answer)
    yield Heading(Sentence("For the letter"))
    if answer.deciding:
        yield Par(as_long_as(answer))
        yield Bullets(conditions(answer))
    else:
        yield Par(headline(answer))
    if answer.unmodelled:
        yield Par(left_out_of(answer.unmodelled))
    yield from pars(unrated_sound(answer.unmodelled))
    if answer.deciding:
        yield Heading(Sentence("What to settle first"))
        yield Par(Sentence(SETTLING_ORDER))
        yield Bullets(_to_settle(answer), numbered=True)
    if answer.drawn is not None:
        yield Heading(Sentence("All at once"))
        yield from at_once(answer.drawn, answer, most=20)
        if narrower := _drawn_narrower(answer):
            yield Par(Sentence("Drawn only from what is likely, not from all that was tried:"))
            yield Bullets(narrower)
        yield Par(
            Sentence(
                "Drawn as a Latin hypercube. Each world that fails counts for the criterion that "
                "limits its answer; past means beyond the value at which this figure alone fails "
                "that criterion."
            )
        )
    if answer.of_choices:
        yield Heading(message(CHOICES))
        yield choices(answer)
    yield Heading(Sentence("What decides nothing within its range"))
    yield table(
        (Sentence("assumed figure"), Sentence("as assumed"), Sentence("tried")),
        [
            (name_of(figure), amount(figure, figure.value), tried(figure))
            for figure in answer.figures
            if not figure.flips
        ],
        right=(1,),
    )
    yield Par(
        Sentence(
            "At both ends of the range and half way to each; ranges and their sources are in "
            "sensitivity.json. Only one figure is another at a time."
        )
    )
    if any(figure.range_from == "kind" for figure in answer.figures):
        yield Par(USUAL)
    yield Heading(Sentence("Not tried"))
    yield table(
        (Sentence("assumption"), Sentence("as assumed"), Sentence("why not")),
        [
            (
                Both(each.assumption.what, each.assumption.what_vi or each.assumption.what),
                Both(each.assumption.value, each.assumption.value_vi or each.assumption.value),
                Both(each.why, each.why_vi),
            )
            for each in answer.untried
        ],
    )
    if answer.unmodelled:
        yield Heading(Sentence("Left out of the model"))
        yield unmodelled_table(answer.unmodelled)
    yield Heading(Sentence("Evidence"))
    yield evidence(answer.run_id, answer.inputs)


SETTLING_ORDER = N_(
    "First what turns the verdict in the largest part of all that is likely of it: so much "
    "settling it adds to certainty."
)


def _to_settle(answer: Sensitivity) -> list[Sentence]:
    return [
        Sentence(
            "{figures} ({share} %) – {how}",
            figures=_of_one_record(settling.figures),
            share=round(100 * settling.share),
            how=Both(first.settled_by, first.settled_by_vi or first.settled_by),
        )
        for settling in answer.to_settle
        for first in settling.figures[:1]
    ]


def _of_one_record(figures: Sequence[TriedFigure]) -> Sentence:
    first, *others = figures
    if not others:
        return name_of(first)
    labels = [label_of(each.field) for each in figures]
    record = Both(first.what, first.what_vi or first.what)
    return message("{record}: {figure}", record=record, figure=joined(", ", labels))


def _drawn_narrower(answer: Sensitivity) -> list[Sentence]:
    """Each kind of figure, value and range once: lines of two rates have two ranges."""
    said = {
        (each.field, each.value, each.likely_low, each.likely_high): Sentence(
            "{figure}, as assumed {value}: {values}",
            figure=label_of(each.field),
            value=amount(each, each.value),
            values=span(each.likely_low, each.likely_high, each.unit),
        )
        for each in answer.figures
        if each.likely_low is not None and each.likely_high is not None
    }
    return list(said.values())
