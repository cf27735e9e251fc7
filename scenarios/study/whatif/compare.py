"""Judge and compare variants, search for remedies, confirm them, write all down."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from giaoban.processes.progress import Progress
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import Result
from giaoban.results.model.studies.whatif import FailureCheck, Judged, VariantResult, WhatIf
from giaoban.results.report.summaries.whatif_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.measure.assemble import criteria_of, inputs_of
from giaoban.scenarios.measure.unmodelled import not_judged
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.failures.answer import names_of
from giaoban.scenarios.study.seeds import Judge
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.confirm import (
    ConfirmationPoint,
    confirm,
    worst_failure,
)
from giaoban.scenarios.study.whatif.cut_away import NONE_UNREACHABLE, UnreachableBridges
from giaoban.scenarios.study.whatif.join_pacing import SlowerJoin, with_slower_joins
from giaoban.scenarios.study.whatif.judge import as_confirmed, judged, of_the_whole
from giaoban.scenarios.study.whatif.ladder import is_lower
from giaoban.scenarios.study.whatif.remedy import changed, price_of, remedies, said
from giaoban.scenarios.study.whatif.search import JudgedState, SearchResult
from giaoban.scenarios.study.whatif.variant import Price, UnnamedVariant, Variant
from giaoban.scenarios.study.whatif.words import changes, purchases
from giaoban.sentence import Sentence
from giaoban.translation import N_, SOURCE, Language

AS_ASKED, LOWERED = "calls-as-asked", "calls-lowered"
"""Ids of the variants that the search adds."""
FAILURE_POINT = "worst-failure"
"""The folder of the emulation of the answer's worst failure."""


@dataclass(frozen=True)
class WhatIfRequest:
    """What is asked: variants of a base, with prices if there are any.

    `look_for`: search for the smallest changes if none passes. `confirm`: emulate what matters.
    """

    base: Base
    variants: Sequence[Variant]
    question_en: str
    question_vi: str
    prices: Sequence[Price] = ()
    look_for: bool = True
    confirm: bool = False
    engine: EngineName = EngineName.SANDBOX
    jobs: int = 1
    language: Language = SOURCE

    @property
    def priced(self) -> bool:
        return bool(self.prices) or any(variant.cost is not None for variant in self.variants)


@dataclass(frozen=True)
class _Line:
    """One variant on its way into the comparison; `cut_off`: whom nothing reaches in it."""

    variant: Variant
    question: Question
    result: Result
    row: VariantResult
    cut_off: UnreachableBridges = NONE_UNREACHABLE

    @property
    def passes(self) -> bool:
        return self.row.final.verdict == "pass"

    def confirmed(self, found: Judged) -> _Line:
        """Return the line with the emulation's result."""
        update = {"confirmed": of_the_whole(found, self.cut_off)}
        return replace(self, row=self.row.model_copy(update=update))


def compare(
    order: WhatIfRequest, *, judge: Judge, root: Path, now: datetime, progress: Progress
) -> Outcome[WhatIf]:
    """Judge every variant, search if none passes, confirm if wanted, write `whatif.json`.

    Raises:
        InputError: a variant that cannot be, told before anything is judged.
        MachineLacks: as the emulation.
    """
    began_s = time.monotonic()
    network = ask(order.base, UnnamedVariant(id="base")).question.plan.network
    rates = {link.id: link.rate_mbps for link in network.links}
    asked = [ask(order.base, variant) for variant in order.variants]
    questions = [each.question for each in asked]
    criteria_of(questions[0])
    with new_run(root, f"whatif-{questions[0].plan.scenario_id}", now) as folder:
        lines: list[_Line] = []
        for number, (variant, each) in enumerate(zip(order.variants, asked, strict=True)):
            progress(
                Sentence("estimating {variant}", variant=Sentence(variant.name or variant.id)),
                number / len(asked),
            )
            answer_of = with_slower_joins(order.base, variant, each.question, judge)
            lines.append(_line(order, answer_of, rates, cut_off=each.cut_off))
        found = SearchResult()
        # nothing that is searched for, devices, calls and rates, reaches who is cut off
        searched = order.look_for and not asked[0].cut_off.needlessly
        if searched and not any(line.passes for line in lines):
            first = lines[0]
            found = remedies(
                order.base,
                order.variants[0],
                first.question,
                first.result,
                prices=order.prices,
                rates=rates,
                judge=judge,
                progress=progress,
            )
            lines += _found_lines(order, found, rates)
        lines = _ordered(lines)
        failure = None
        if order.confirm:
            lines, failure = _confirmed(order, lines, folder.path, progress)
        answer = _answer(lines)
        neighbour = _neighbour(lines, answer)
        progress(Sentence("drawing"), 0.95)
        ways = [said(item, rates) for item in found.judged[1:]]
        whole = WhatIf(
            run_id=folder.run_id,
            verdict=_verdict([line.row for line in lines if line.row.asked]),
            method=order.engine.value if order.confirm else "estimate",
            question_en=order.question_en,
            question_vi=order.question_vi,
            existing=sum(not call.new for call in questions[0].plan.calls),
            inputs=inputs_of(questions[0]),
            ordered_by="cost" if order.priced else "changes",
            variants=[line.row for line in lines],
            answer=None if answer is None else answer.variant.id,
            neighbour=None if neighbour is None else neighbour.variant.id,
            failure=failure,
            search=[way.en for way in ways],
            search_vi=[way.vi for way in ways],
            tried=found.looked_at,
            names=_names(lines),
            not_judged=not_judged(
                questions[0].profiles, [each.plan.profile.id for each in questions]
            ),
            seconds=round(time.monotonic() - began_s, 3),
        )
        folder.keep(whole, summary_md(whole, order.language))
        draw_map(answer or lines[0], folder.path, order.language)
        return folder.finished_with(whole)


def _line(
    order: WhatIfRequest,
    answer: SlowerJoin,
    rates: Mapping[str, float],
    name: str | None = None,
    *,
    cut_off: UnreachableBridges = NONE_UNREACHABLE,
) -> _Line:
    """A row of the comparison; `name`: it was not asked for, but found."""
    variant, question, result = answer
    plan = question.plan
    base = order.base.province  # has what fails, too
    whole = base.model_copy(update={"links": [*base.links, *variant.new_links]})
    names = {router.id: router.name for router in whole.routers} | whole.link_names
    names |= names_of(plan.network, question.province)
    words = changes(variant, question, dict(rates), names, whole.link_ends)
    bought = purchases(variant, question, dict(rates), names, whole.link_ends)
    lowered = [call.new for call in plan.calls] if _lowers_calls(order.base, question) else []
    cost = price_of(variant, question, order.prices, rates) if order.priced else None
    kinds = [variant.device or variant.cards, variant.profile, *variant.links, *variant.new_links]
    row = VariantResult(
        id=variant.id,
        name=name or variant.name or variant.id,
        asked=name is None,
        changes=[line.en for line in words],
        changes_vi=[line.vi for line in words],
        change_count=sum(kind is not None for kind in kinds),
        purchases=[line.en for line in bought],
        purchases_vi=[line.vi for line in bought],
        lowered_existing=lowered.count(False),
        lowered_new=lowered.count(True),
        bridges=len(plan.calls),
        new_bridges=sum(call.new for call in plan.calls),
        device=plan.device.id,
        device_name=plan.device.name,
        profile=plan.profile.id,
        judged=of_the_whole(judged(result, "estimate"), cut_off),
        cost=cost,
    )
    return _Line(variant, question, result, row, cut_off)


def _lowers_calls(base: Base, question: Question) -> bool:
    """Return whether the calls are lower than those of the scenario."""
    usual = next(p for p in question.profiles.profile if p.id == base.scenario.profile)
    return is_lower(question.plan.profile, usual)


def _found_lines(
    order: WhatIfRequest, found: SearchResult, rates: Mapping[str, float]
) -> list[_Line]:
    """Return the rows of the search: with calls as asked, and with lower calls instead."""

    def line(item: JudgedState, ident: str, name: str) -> _Line:
        variant = changed(order.variants[0], item.state, ident)
        if item.pace_s is not None:
            variant = variant.model_copy(update={"pace_s": item.pace_s})
        return _line(order, SlowerJoin(variant, item.question, item.result), rates, name)

    lines = []
    if found.as_asked is not None:
        lines.append(line(found.as_asked, AS_ASKED, N_("with the calls as asked")))
    if found.lowered is not None:
        lines.append(line(found.lowered, LOWERED, N_("with lower calls instead")))
    return lines


def _ordered(lines: Sequence[_Line]) -> list[_Line]:
    """Return the lines in order: those that pass first.

    Then by cost where prices are given, calls as they are before lower calls, the fewest purchases,
    the fewest changes.
    """

    def key(item: tuple[int, _Line]) -> tuple[bool, tuple[float, float], bool, int, int, int]:
        number, line = item
        price = (math.inf, math.inf) if line.row.cost is None else line.row.cost.order
        # what was found is in the order of the search, which knows more of small steps
        count = line.row.change_count if line.row.asked else number
        row = line.row
        return not line.passes, price, row.lowered > 0, len(row.purchases), count, number

    return [line for _, line in sorted(enumerate(lines), key=key)]


def _answer(lines: Sequence[_Line]) -> _Line | None:
    return next((line for line in lines if line.passes), None)


def _neighbour(lines: Sequence[_Line], answer: _Line | None) -> _Line | None:
    """The variant that fails and comes nearest to passing; none if there is no answer either."""
    failing = [line for line in lines if not line.passes]
    if answer is None or not failing:
        return None

    def nearness(line: _Line) -> tuple[bool, float]:
        found = line.row.judged.worst_pct
        return line.row.judged.by_luck, -math.inf if found is None else found

    return max(failing, key=nearness)


def _names(lines: Sequence[_Line]) -> dict[str, str]:
    """What people call nodes, links and calls, of all variants."""
    found: dict[str, str] = {}
    for question in (line.question for line in lines):
        found |= names_of(question.plan.network, question.province)
        found[question.plan.profile.id] = question.plan.profile.name
    return found


def _verdict(asked: Sequence[VariantResult]) -> Verdict:
    """Return the best verdict of the variants that were asked for; invalid before fail."""
    verdicts = [row.final.verdict for row in asked]
    order: Sequence[Verdict] = ("pass", "invalid", "undecided", "fail")
    return next(each for each in order if each in verdicts)


def _confirmed(
    order: WhatIfRequest, lines: list[_Line], folder: Path, progress: Progress
) -> tuple[list[_Line], FailureCheck | None]:
    """Return the lines with the emulation's word on the answer, its neighbour, the rows of the
    search, and on the answer when its worst failure happens."""
    answer = _answer(lines)
    chosen = {line.variant.id: line for line in lines if not line.row.asked}
    for line in (answer, _neighbour(lines, answer), *(lines if answer is None else [])):
        if line is not None:
            chosen[line.variant.id] = line
    points = [ConfirmationPoint(ident, line.variant) for ident, line in chosen.items()]
    worst = None if answer is None else worst_failure(answer.question)
    if answer is not None and worst is not None:
        points.append(ConfirmationPoint(FAILURE_POINT, answer.variant, worst[0].id))
    found = confirm(
        order.base,
        points,
        folder=folder,
        engine=order.engine,
        jobs=order.jobs,
        progress=progress,
        language=order.language,
    )
    said_of = {name: as_confirmed(name, result, order.engine) for name, result in found.items()}
    lines = [
        line.confirmed(said_of[line.variant.id]) if line.variant.id in chosen else line
        for line in lines
    ]
    failure = None
    if answer is not None and worst is not None:
        failure = FailureCheck(
            variant=answer.variant.id,
            failure=worst[0].id,
            name_en=worst[0].name.en,
            name_vi=worst[0].name.vi,
            judged=said_of[FAILURE_POINT],
        )
    return _ordered(lines), failure


def draw_map(line: _Line, folder: Path, lang: Language) -> None:
    """The map of the answer: the worst load of each direction of each link."""
    from giaoban.topology.map.draw import draw

    draw(
        line.question.plan.network,
        folder / f"map.{lang}.svg",
        folder / f"map.{lang}.png",
        title=line.question.province.name,
        values=line.result.link_peaks,
        lang=lang,
        new=[call.bridge for call in line.question.plan.calls if call.new],
    )
