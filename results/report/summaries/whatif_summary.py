"""Variants side by side in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from giaoban.results.model.places import Binding
from giaoban.results.model.studies.whatif import CostOf, Judged, VariantResult, WhatIf
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.document import (
    TONES,
    Block,
    Bullets,
    Code,
    Heading,
    Par,
    Table,
    Text,
    pars,
    table,
    toned,
)
from giaoban.results.report.evidence_list import NO_DOCUMENT, evidence
from giaoban.results.report.markdown import markdown
from giaoban.results.report.summaries.compared_summary import value
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import (
    EMULATED,
    METHOD_WORDS,
    UNKNOWN,
    VERDICTS,
    Wording,
    margin,
)
from giaoban.sentence import Both, Sentence, joined, shown
from giaoban.translation import N_, SOURCE, Language, pgettext, unit_words

OF_ONE = {
    "pass": N_("PASS – with this the criteria are met"),
    "fail": N_("FAIL – with this the criteria are not met"),
    "undecided": N_("UNDECIDED – with this some seeds fail, and too few were judged"),
    "invalid": N_("INVALID – the emulation cannot be trusted, so there is no answer"),
}
OF_SEVERAL = {
    "pass": N_("PASS – with at least one of the variants the criteria are met"),
    "fail": N_("FAIL – with none of the variants are the criteria met"),
    "undecided": N_("UNDECIDED – no variant passes, and for one too few seeds were judged"),
    "invalid": OF_ONE["invalid"],
}


def known_by(judged: Judged) -> Sentence:
    """Return how a verdict is known: `estimated, 20 of 20 other seeds`.

    If it is no pass, the seeds that fail are counted, the own one among them.
    """
    how, seeds = METHOD_WORDS[judged.method], judged.seeds
    if seeds is None or not seeds.tried:
        return how
    if judged.verdict != "pass":
        fails = Sentence(
            "{how}, fails at {failing} of {n} {n:seed|seeds}",
            how=how,
            failing=seeds.failing,
            n=seeds.judged,
        )
        if seeds.needed is None:
            return fails
        return Sentence(
            "{failing}; {n} other {n:seed|seeds} would decide", failing=fails, n=seeds.needed
        )
    known = N_("{how}, {passed} of {n} {n:other seed|other seeds}")
    if judged.method != seeds.method:
        known = N_("{how}; by estimate {passed} of {n} {n:other seed|other seeds}")
    return Sentence(known, how=how, passed=seeds.passed, n=seeds.tried)


def said_by(judged: Judged) -> Sentence:
    """A verdict with by what it is known: `pass (estimated, 20 of 20 other seeds)`."""
    return _said(judged.verdict, known_by(judged))


def _said(verdict: str, known: Sentence) -> Sentence:
    return Sentence("{verdict} ({known})", verdict=VERDICTS[verdict], known=known)


WITH_FAILURE = {
    "pass": N_("{said} also with {failure}"),
    "fail": N_("{said} as long as nothing fails; with {failure} they are not"),
    "undecided": N_("{said} as long as nothing fails; with {failure} that is not known"),
    "invalid": N_("{said} as long as nothing fails; with {failure} that is not known"),
}


def headline(answer: WhatIf) -> Sentence:
    """The verdict in a line, with what becomes of it if something fails, where that was tried."""
    asked = [variant for variant in answer.variants if variant.asked]
    said = Sentence((OF_ONE if len(asked) == 1 else OF_SEVERAL)[answer.verdict])
    failure = answer.failure
    if failure is None or answer.verdict != "pass":
        return said
    name = Both(failure.name_en, failure.name_vi)
    return Sentence(WITH_FAILURE[failure.judged.verdict], said=said, failure=name)


def found_lines(answer: WhatIf) -> list[Sentence]:
    """Return what fails first, then the ways that pass, each with purchases and lowered calls."""
    if answer.answer is None:
        if answer.tried:
            none = Sentence(
                "nothing that passes was found ({n} {n:way was|ways were} looked at)",
                n=answer.tried,
            )
        else:
            none = Sentence("none passes")
        return [*_fails_first(answer), none]
    chosen = answer.variant(answer.answer)
    others = [v for v in answer.variants if not v.asked and v.id != chosen.id]
    ways = [chosen, *(v for v in others if v.final.verdict == "pass")]
    return [*_fails_first(answer), *(_way(each, answer) for each in ways)]


def _fails_first(answer: WhatIf) -> list[Sentence]:
    """Return what fails first in the variant that was asked for, where there is only one."""
    asked = [variant.final for variant in answer.variants if variant.asked]
    if len(asked) > 1 or asked[0].verdict != "fail" or (bound := asked[0].binding) is None:
        return []
    return [
        Sentence(
            "fails first: {what}: {value} (limit {limit:g} {unit})",
            what=what_binds(asked[0], bound),
            value=value(bound.value, bound.unit),
            limit=bound.threshold,
            unit=unit_words(bound.unit, bound.threshold),
        )
    ]


def _way(way: VariantResult, answer: WhatIf) -> Sentence:
    """Return a variant that passes: how it is known, what to buy, whose calls are lower."""
    known = N_("passes ({how}): {what}")
    if answer.ordered_by == "cost" and way.id == answer.answer:
        known = N_("the cheapest that passes ({how}): {what}")
    elif not way.asked:
        known = N_("with the calls as asked ({how}): {what}")
        if way.lowered:
            known = N_("with lower calls instead ({how}): {what}")
    what: list[str] = [_changes(way) or Sentence("the scenario as it is")]
    what += [to_buy(way), lower_for(way)]
    if way.cost is not None:
        what.append(money(way.cost))
    return Sentence(known, how=known_by(way.final), what=joined("; ", what))


def to_buy(variant: VariantResult) -> Sentence:
    """Return the number of purchases: devices, faster lines, new links."""
    if not variant.purchases:
        return Sentence("no purchase")
    return Sentence("{n} {n:purchase|purchases}", n=len(variant.purchases))


def lower_for(variant: VariantResult) -> Sentence:
    """Return the bridges whose calls are lower than the scenario's."""
    if not variant.lowered:
        return Sentence("no call is lowered")
    return Sentence(
        "lower calls for {n} {n:bridge|bridges}, {existing} of them existing",
        n=variant.lowered,
        existing=variant.lowered_existing,
    )


def _changes(variant: VariantResult) -> Sentence | None:
    both = zip(variant.changes, variant.changes_vi, strict=True)
    return joined("; ", [Both(en, vi) for en, vi in both]) if variant.changes else None


def _purchases(variant: VariantResult) -> Sentence:
    both = zip(variant.purchases, variant.purchases_vi, strict=True)
    return joined("; ", [Both(en, vi) for en, vi in both])


def order_line(answer: WhatIf) -> str:
    if answer.ordered_by == "cost":
        return Sentence("ordered by cost")
    return Sentence(
        "costs are not known: calls as they are come before lower calls, then what needs the "
        "fewest purchases, then what changes the fewest things, then the smallest step"
    )


def failure_line(answer: WhatIf) -> str | None:
    """What the worst failure of the backbone does to the answer, if it was tried."""
    failure = answer.failure
    if failure is None:
        return None
    return Sentence(
        "with {failure}, the failure that loads the rest most: {said}{why}",
        failure=Both(failure.name_en, failure.name_vi),
        said=_said(failure.judged.verdict, EMULATED),
        why=_reasons(failure.judged),
    )


def money(cost: CostOf | None) -> str:
    """A sum in millions of đồng."""
    if cost is None:
        return "–"
    known = sum(part.million_vnd for part in cost.parts)
    if cost.unpriced:
        return Sentence(
            "≥ {sum:,.10g} million ₫, no price for {unpriced}",
            sum=known,
            unpriced=joined(", ", _unpriced(cost)),
        )
    return Sentence("{sum:,.10g} million ₫", sum=known)


def _unpriced(cost: CostOf) -> list[Sentence]:
    both = zip(cost.unpriced, cost.unpriced_vi or cost.unpriced, strict=True)
    return [Both(en, vi) for en, vi in both]


def brief(answer: WhatIf) -> Iterator[Block]:
    """Return the terminal's text: verdict, what fails first, ways that pass, all variants."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    yield from pars(found_lines(answer))
    if failure := failure_line(answer):
        yield Par(failure)
    yield _variants(answer, costs=answer.ordered_by == "cost")
    yield Par(order_line(answer), tone="quiet")
    yield from pars(unrated_sound(answer.not_judged), "quiet")


def _variants(answer: WhatIf, *, costs: bool) -> Table:
    """Return a table with one row a variant, in the order of the answer; ▶ at the answer."""
    rows = []
    for variant in answer.variants:
        final = variant.final
        bound = final.binding
        row = [
            "▶" if variant.id == answer.answer else "",
            Sentence(variant.name),
            said_by(final),
            "–" if bound is None else what_binds(final, bound),
            "–" if bound is None else margin(bound.margin_pct),
            *([money(variant.cost)] if costs else []),
            str(len(variant.purchases)) if variant.purchases else "–",
            str(variant.lowered) if variant.lowered else "–",
            _changes(variant) or Sentence("as it is"),
        ]
        rows.append(toned(row, "" if final.verdict == "pass" else TONES[final.verdict]))
    head = [
        *(Sentence(pgettext("table", "answer")), Sentence("variant")),
        *(Sentence(pgettext("table", "verdict")), Sentence("binds"), Sentence("margin")),
        *[Sentence("cost")] * costs,
        *(Sentence("purchases"), Sentence("calls lowered"), Sentence("what is different")),
    ]
    return table(head, rows, right=range(4, 8 if costs else 7), keep=(4,))


def what_binds(judged: Judged, bound: Binding) -> Sentence:
    vi = judged.where_vi or partial(Wording("vi").place, bound.place)
    return _at(judged, bound, Both(judged.where, vi))


def _at(judged: Judged, bound: Binding, place: Sentence) -> Sentence:
    return Sentence("{criterion} at {place}", criterion=criterion(judged, bound), place=place)


def criterion(judged: Judged, bound: Binding) -> Sentence:
    names = {m.criterion: Both(m.name_en, m.name_vi) for m in judged.margins}
    return names.get(bound.criterion, Sentence(bound.criterion))


def summary_md(answer: WhatIf, language: Language = SOURCE) -> str:
    say = Wording(language)
    return markdown(summary(answer, say), say.say)


def summary(answer: WhatIf, say: Wording) -> Iterator[Block]:
    yield Heading(headline(answer), 0)
    yield Par(say.either(answer.question_en, answer.question_vi))
    yield from (Par(line, bold=True) for line in found_lines(answer))
    if failure := failure_line(answer):
        yield Par(failure)
    yield Heading(Sentence("Variants"))
    yield Par(Sentence("{order}.", order=order_line(answer)))
    yield _variants(answer, costs=True)
    yield Heading(Sentence("Margins"))
    yield Par(Sentence("The share of each allowance that is still unused."))
    yield from pars(unrated_sound(answer.not_judged))
    shown = [variant for variant in answer.variants if variant.final.margins]
    columns = [Sentence("criterion"), *(Sentence(variant.name) for variant in shown)]
    yield table(columns, _margins(shown), right=range(1, len(columns)))
    for variant in answer.variants:
        yield from _about(variant, answer, say)
    if answer.search:
        yield Heading(Sentence("What the search looked at"))
        yield Par(
            Sentence(
                "{n} {n:way|ways} in all; those not ruled out by arithmetic, in order:",
                n=answer.tried,
            )
        )
        both = zip(answer.search, answer.search_vi or answer.search, strict=True)
        yield Bullets([Both(en, vi) for en, vi in both])
    yield Heading(Sentence("Evidence"))
    yield evidence(answer.run_id, answer.inputs, more=[NO_DOCUMENT])


def _about(variant: VariantResult, answer: WhatIf, say: Wording) -> Iterator[Block]:
    yield Heading(Sentence(variant.name))
    yield Par(
        Sentence(
            "{n} {n:bridge|bridges}, {new} of them new, calls at {profile} on {device}: {use}.",
            n=variant.bridges,
            new=variant.new_bridges,
            profile=answer.names.get(variant.profile, variant.profile),
            device=variant.device_name,
            use=_in_use(variant.final, say),
        )
    )
    items: list[Text] = []
    if changes := _changes(variant):
        items += changes.lines()
    if variant.purchases:
        items.append(Sentence("to buy: {what}", what=_purchases(variant)))
    if variant.lowered:
        items.append(lower_for(variant))
    items += [Sentence("not met: {reason}", reason=why) for why in not_met(variant.final, say)]
    if (first := _first_seed(variant.final, answer)) is not None:
        items.append(first)
    if variant.confirmed is not None:
        items.append(
            Sentence(
                "estimated: {estimated}, emulated: {emulated} ({run})",
                estimated=VERDICTS[variant.judged.verdict],
                emulated=VERDICTS[variant.confirmed.verdict],
                run=Code(variant.confirmed.run or ""),
            )
        )
    if variant.cost is not None:
        for part in variant.cost.parts:
            known = N_("{what}: {sum:,.10g} million ₫ ({source})")
            if part.assumed:
                known = N_("{what}: {sum:,.10g} million ₫ ({source}, assumed)")
            what = Both(part.what, part.what_vi or part.what)
            items.append(Sentence(known, what=what, sum=part.million_vnd, source=part.source))
        unpriced = _unpriced(variant.cost)
        items += [Sentence("{what}: no price is given", what=what) for what in unpriced]
    yield Bullets(items)


def _first_seed(judged: Judged, answer: WhatIf) -> Sentence | None:
    """Return the first other seed that fails and its cause, where that decides."""
    seeds = judged.seeds
    if not judged.by_luck or seeds is None or seeds.first is None or seeds.first.binding is None:
        return None
    bound = seeds.first.binding
    place = DisplayNames(names=answer.names).place(bound.place)
    return Sentence(
        "fails at seed {seed}: {what}", seed=seeds.first.seed, what=_at(judged, bound, place)
    )


def not_met(judged: Judged, say: Wording) -> list[str]:
    """Why it does not pass: by the criteria; else as its file has it, which is in English alone."""
    failed = [margin for margin in judged.margins if margin.ok is False]
    told = tuple(margin.name_en for margin in failed)
    others = [why for why in judged.reasons if not why.startswith(told)]
    reasons = [
        f"{say.either(m.name_en, m.name_vi)}: {say.amount(m.value, m.unit, m.threshold)}"
        for m in failed
    ]
    unknown = [say.gettext(UNKNOWN)] if judged.reasons and not failed else []
    return [*say.as_filed(others, lambda: unknown), *reasons]


def _in_use(judged: Judged, say: Wording) -> Sentence:
    if judged.in_use is None:
        return Sentence("no result")
    return Sentence(
        "{pct} % of it in use ({what})",
        pct=shown(judged.in_use.used_pct),
        what=say.in_use(judged.in_use),
    )


def _margins(shown: Sequence[VariantResult]) -> Iterable[Sequence[str]]:
    """A row a criterion, a column a variant."""
    names: dict[str, Sentence] = {}
    for variant in shown:
        names |= {m.criterion: Both(m.name_en, m.name_vi) for m in variant.final.margins}
    for ident, name in names.items():
        cells: list[str] = [name]
        for variant in shown:
            found = {m.criterion: m.margin_pct for m in variant.final.margins}
            cells.append(margin(found[ident]) if ident in found else "–")
        yield cells


def _reasons(judged: Judged) -> Sentence | str:
    """The first reason, of which the file has but the English: else what binds."""
    if not judged.reasons:
        return ""
    bound = judged.binding
    vi = "" if bound is None else f": {what_binds(judged, bound).vi}"
    return Both(f": {judged.reasons[0]}", vi)
