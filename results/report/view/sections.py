"""The page's sections in one language: the blocks of the annex, and places for what its script
draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import dropwhile
from typing import NamedTuple

from giaoban.results.judge.compare import Change, compare
from giaoban.results.judge.criteria import BESIDE_THE_RUN
from giaoban.results.model.result import CriterionResult, Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex import (
    back_matter,
    capacity,
    failure_sections,
    quality,
    sensitivity,
)
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.quality import AnnexCriteriaWording
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.criteria_table import criteria_table
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Heading,
    Par,
    Tone,
    table,
)
from giaoban.results.report.excerpt import MOST_DIRECTIONS, Excerpt
from giaoban.results.report.html import element, html
from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.meetings_table import every_meeting
from giaoban.results.report.seed_words import sentence
from giaoban.results.report.summaries.check_summary import ESTIMATED, criteria_notes
from giaoban.results.report.summaries.sensitivity_summary import assumptions_line
from giaoban.results.report.traffic_words import other_traffic
from giaoban.results.report.view.page_data import PageRun, PageSubject
from giaoban.results.report.view.run_data import events, spans
from giaoban.results.report.view.words import INPUTS, WORDS
from giaoban.results.report.wording import (
    FIGURES_ALONE,
    NOT_SHOWN,
    margin_of,
    reasons,
    shown_margin,
)
from giaoban.translation import Language

SIGNS = {"pass": "✓", "fail": "✗", "undecided": "?", "invalid": "!"}
_TRENDS: dict[str, Tone] = {"better": "good", "worse": "bad", "same": "", "other": "doubt"}


class Placeholder(NamedTuple):
    """A place that the script fills, by what it fills it with."""

    what: str


class Details(NamedTuple):
    """Blocks that are shown when they are opened."""

    summary: str
    blocks: Sequence[Block]


class Section(NamedTuple):
    """A section of the page, by its name."""

    ident: str
    blocks: Sequence[Block | Placeholder | Details]


def content(of: PageSubject, lang: Language) -> str:
    """Contents, sections and foot of the page, as HTML."""
    words = PageWording(lang, of)
    found = list(_sections(of, words))
    entries = "".join(
        element("li", element("a", escape(words(part.ident)), href=f"#{part.ident}"))
        for part in found
    )
    nav = element("nav", element("ul", entries), id="contents", aria_label=words("contents"))
    main = "\n".join(_section(part, words, of) for part in found)
    return (
        f"{nav}\n{element('main', main, id='main', tabindex='-1')}\n"
        f"{element('footer', escape(words('foot')))}"
    )


class PageWording(AnnexWording):
    """Says what the page says, in one language."""

    def __init__(self, lang: Language, of: PageSubject) -> None:
        answer = of.failures if of.run is None else of.run.result
        assert answer is not None
        super().__init__(lang, answer)

    def __call__(self, key: str, /, **values: object) -> str:
        return self.gettext(WORDS[key], **values)


def _section(part: Section, words: PageWording, of: PageSubject) -> str:
    title = element("h2", escape(words(part.ident)), id=f"{part.ident}-h")
    answer = of.failures if of.run is None else of.run.result
    assert answer is not None
    return element(
        "section",
        title + "\n".join(map(_item, part.blocks)),
        id=part.ident,
        class_=f"card verdict {answer.verdict}" if part.ident == "verdict" else "card",
        aria_labelledby=f"{part.ident}-h",
    )


def _item(item: Block | Placeholder | Details) -> str:
    match item:
        case Placeholder():
            return element("div", "", data_live=item.what)
        case Details():
            return element("details", element("summary", escape(item.summary)) + html(item.blocks))
    return html([item])


def _sections(of: PageSubject, words: PageWording) -> Iterator[Section]:
    if of.run is None:
        assert of.failures is not None
        yield Section("verdict", list(_verdict_of_failures(of.failures, words)))
        yield Section("map", [Placeholder("map")])
        yield Section("failures", list(_failures(None, of.failures, words)))
        return
    run, part = of.run.shown()
    result, say = run.result, AnnexWording(words.language, run.result)
    yield Section("verdict", list(_verdict(result, part, of.failures, run.analysis, words, say)))
    yield Section("criteria", list(_criteria(result, words, say)))
    if of.other is not None:
        yield Section("comparison", list(_comparison(of.run.result, of.other.result, words, say)))
    yield Section("map", [Placeholder("map")])
    yield Section("time", [Placeholder("time"), *_time(run, words)])
    yield Section("bridge", [Placeholder("bridge")])
    if run.minutes:
        yield Section("minutes", [minutes_table(run.minutes, say, caption=words("minutes table"))])
    yield Section("mcu", list(_mcu(result, words, say)))
    links = _body(capacity.links(result, say, most=None))
    yield Section("links", [Placeholder("links"), Details(words("links table"), links)])
    yield Section("failures", list(_failures(result, of.failures, words)))
    yield Section("assumptions", _assumptions(result, words, say))
    if run.analysis is not None:
        analysis = sensitivity.Analysis(run.analysis, run.tornado.get(words.language))
        told: list[Block | Placeholder] = list(sensitivity.analysed(analysis, say))
        live = [Placeholder("assume")] if run.analysis.ranked else []
        yield Section("robust", [*told[:1], *live, *told[1:]])
    identity = back_matter.identity(AnswerWithProof(result, None), say)
    yield Section("evidence", [identity, back_matter.accounting(result, say)])


def _body(blocks: Iterable[Block]) -> list[Block]:
    """A section of the annex without its heading."""
    return list(dropwhile(lambda block: isinstance(block, Heading), blocks))


def _verdict(
    result: Result,
    part: Excerpt | None,
    failures: FaultsAnswer | None,
    analysis: Sensitivity | None,
    words: PageWording,
    say: AnnexWording,
) -> Iterator[Block]:
    """What was found, and what it hangs on: assumptions, and what fails all by itself."""
    yield Par(f"{SIGNS[result.verdict]} {say.verdict(result)}", bold=True)
    if result.is_estimate:
        yield Par(words("estimate note"), tone="doubt")
    if result.verdict != "invalid":
        if binding := say.binding(result.binding, result):
            yield Par(binding)
        yield Par(sentence(result, say))
        if result.assumptions:
            yield Par(words("assumption count", count=len(result.assumptions)))
        if (fragile := assumptions_line(result)) is not None:
            yield Par(say.say(fragile))
        if failures is not None:
            yield from failure_sections.points(failures, AnnexWording(words.language, failures))
        else:
            yield Par(words("failures untried"))
    yield Par(say.question())
    yield Par(say("meeting", told=say.meeting(result.meeting)), note=True)
    yield from other_traffic(result, say)
    if analysis is not None and sensitivity.agrees(analysis, result):
        yield Par(say.say(sensitivity.letter(analysis)))
        if analysis.drawn is not None:
            yield Par(say.say(sensitivity.in_drawn_worlds(analysis)))
    if part is not None:
        shown = len(part.result.question.existing) + len(part.result.question.new)
        yield Par(
            words("part", shown=shown, bridges=part.bridges, links=MOST_DIRECTIONS), tone="doubt"
        )
    if result.verdict == "invalid":
        yield Par(words("invalid note"))
        yield Bullets(reasons(result, say))
        yield Par(say.gettext(FIGURES_ALONE), note=True)


def _verdict_of_failures(answer: FaultsAnswer, words: PageWording) -> Iterator[Block]:
    """The answer that the exit code tells, compared with a baseline if there is one."""
    verdict, since = answer.verdict, answer.comparison
    text = words(f"failures {verdict}")
    if since is not None and verdict != "invalid":
        alone = words(since.by_criteria).lower()
        text = words(
            f"failures compared {verdict}",
            name=since.baseline,
            worse=len(since.worse),
            criteria=alone,
        )
    if answer.is_estimate:
        text = words.gettext(ESTIMATED, verdict=text)
    yield Par(f"{SIGNS[verdict]} {text}", bold=True)
    if answer.is_estimate:
        yield Par(words("estimate note"), tone="doubt")
    yield Par(words.question())


class _PageCriteriaWording(AnnexCriteriaWording):
    """The columns of criteria with signs for the eye; notes stand below the table."""

    def __init__(self, result: Result, say: AnnexWording) -> None:
        super().__init__(result, say)
        binding = result.binding if result.is_judged else None
        self._binding = None if binding is None else binding.criterion

    def criterion(self, c: CriterionResult) -> str:
        return f"{'▶ ' * (c.id == self._binding)}{self._say.criterion(c)}"

    def met(self, c: CriterionResult) -> str:
        return _met(c, self._say) if self._result.is_judged else super().met(c)

    def where(self, c: CriterionResult) -> str:
        # a count of nought is found nowhere in particular
        counted = c.id in BESIDE_THE_RUN
        return "" if c.ok and (counted or not c.value) else self._say.place(c.place)


def _met(c: CriterionResult, say: AnnexWording) -> str:
    """Return whether a criterion is met, with a sign for the eye."""
    if not c.shown:
        return say.gettext(NOT_SHOWN)
    return f"{SIGNS['pass' if c.ok else 'fail']} {quality.met(c.ok, say)}"


def _criteria(result: Result, words: PageWording, say: AnnexWording) -> Iterator[Block]:
    caption = words("criteria caption")
    yield criteria_table(
        result.criteria, _PageCriteriaWording(result, say), "browser", caption, "criteria-table"
    )
    if notes := [*criteria_notes(result, say), *say.interruptions(result)]:
        yield Bullets(notes)
    yield Par(words("criteria note"), note=True)
    if result.is_judged:
        yield from quality.other_seeds(result, say)
    yield from every_meeting(result, say)


def _comparison(a: Result, b: Result, words: PageWording, say: AnnexWording) -> Iterator[Block]:
    found = compare(a, b)
    verdict_a, verdict_b = (
        say.gettext(ESTIMATED, verdict=words(verdict)) if estimated else words(verdict)
        for verdict, estimated in zip(found.verdicts, found.estimated, strict=True)
    )
    yield Par(
        words(
            "compare intro",
            run_a=found.a,
            verdict_a=verdict_a,
            run_b=found.b,
            verdict_b=verdict_b,
        )
    )
    inputs = [say.text(INPUTS[name]) if name in INPUTS else name for name in found.inputs]
    yield Par(words("inputs differ", inputs=", ".join(inputs)) if inputs else words("inputs same"))
    for key, names in (("only a", found.removed), ("only b", found.added)):
        if names:
            yield Par(words(key, bridges=", ".join(names)))
    heads = [say("criterion"), "A", "B", say("limit")]
    heads += [f"{say('margin')} {run}" for run in "AB"] + [words("b is")]
    yield table(
        heads,
        [_change(change, words, say) for change in found.criteria],
        right=range(1, 6),
        caption=words("compare caption"),
        ident="comparison-table",
    )
    same = "measures differ" if found.measures else "measures same"
    yield Par(words(same, count=found.measures))
    yield Par(words("overlay"), note=True)


def _change(change: Change, words: PageWording, say: AnnexWording) -> list[Cell]:
    either = change.b or change.a
    assert either is not None
    return [
        Cell(say.criterion(either)),
        *(
            Cell(words("not judged"))
            if c is None
            else Cell(
                f"{say.in_unit(c.value, c)} {_met(c, say)}",
                tone="" if not c.shown else "good" if c.ok else "bad",
            )
            for c in (change.a, change.b)
        ),
        Cell(say.limit(either)),
        *(Cell(say.percent(shown_margin(margin_of(c)))) for c in (change.a, change.b)),
        Cell(words(change.trend), tone=_TRENDS[change.trend]),
    ]


def _time(run: PageRun, words: PageWording) -> Iterator[Block]:
    result = run.result
    phases = zip(result.phases, spans(result, run.series), strict=True)
    yield Par(
        "; ".join(
            f"{words.phase(phase.name)} "
            f"{words('span', start=words.number(start, 0), end=words.number(end, 0))}"
            for phase, (start, end) in phases
        )
    )
    found = events(result, run.series)
    if not found:
        yield Par(words("no events"), note=True)
        return
    yield Heading(words("events"), 2)
    yield Bullets(
        [
            f"{words('span', start=words.number(e['from'], 1), end=words.number(e['to'], 1))}: "
            f"{e['text'][words.language]}"
            for e in found
        ],
        numbered=True,
    )


def _mcu(result: Result, words: PageWording, say: AnnexWording) -> Iterator[Block | Placeholder]:
    device, *rest = _body(capacity.mcu(result, say))
    yield device
    yield Placeholder("mcu")
    yield from rest
    dropped = [(p.name, bridge) for p in result.phases for bridge in p.mcu.dropped]
    if dropped:
        said = (f"{say.bridge(bridge)} ({say.phase(name).lower()})" for name, bridge in dropped)
        yield Par(words("dropped", bridges="; ".join(said)))
    setups = [(p, p.mcu.setup_network_ms_p95) for p in result.phases]
    known = [f"{say.phase(p.name)} {say.number(ms, 1)}" for p, ms in setups if ms is not None]
    if known:
        yield Par(words("setup", phases="; ".join(known)), note=True)


def _failures(
    result: Result | None, answer: FaultsAnswer | None, words: PageWording
) -> Iterator[Block]:
    """What failed on purpose in the run, and what every failure of the network does."""
    if result is not None and result.faults:
        yield Heading(words("faults made"), 2)
        yield from failure_sections.own(result, AnnexWording(words.language, result))
    if answer is not None:
        yield Heading(words("failures tried"), 2)
        yield from failure_sections.tried(answer, AnnexWording(words.language, answer), named=True)
    elif result is None or not result.faults:
        yield Par(words("no failures"))


def _assumptions(
    result: Result, words: PageWording, say: AnnexWording
) -> list[Block | Placeholder | Details]:
    blocks = _body(back_matter.assumptions([result], [], say))
    if not result.assumptions:
        return [*blocks]
    return [Details(words("assumption count", count=len(result.assumptions)), blocks)]
