"""Variants side by side in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from giaoban.counting import Count, counted
from results.model.whatif import CostOf, Judged, VariantResult, WhatIf
from results.report.document import (
    TONES,
    Block,
    Bullets,
    Code,
    Heading,
    Par,
    Table,
    Text,
    table,
    toned,
)
from results.report.evidence_list import NO_DOCUMENT, evidence
from results.report.markdown import markdown
from results.report.seed_words import stopped
from results.report.wording import Wording

METHOD_WORDS = {"estimate": "estimated", "sandbox": "emulated", "native": "emulated"}
OF_ONE = {
    "pass": "PASS – with this the criteria are met",
    "fail": "FAIL – with this the criteria are not met",
    "invalid": "INVALID – the emulation cannot be trusted, so there is no answer",
}
OF_SEVERAL = {
    "pass": "PASS – with at least one of the variants the criteria are met",
    "fail": "FAIL – with none of the variants are the criteria met",
    "invalid": OF_ONE["invalid"],
}


def said_by(judged: Judged) -> str:
    """A verdict with by what it is known: `pass (estimated, 20 of 20 seeds)`."""
    how, seeds = METHOD_WORDS[judged.method], judged.seeds
    if seeds is None or not seeds.tried:
        return f"{judged.verdict} ({how})"
    if seeds.stopped and seeds.first is not None:
        return f"{judged.verdict} ({how}; fails at seed {seeds.first.seed})"
    return f"{judged.verdict} ({how}, {seeds.passed} of {counted(seeds.tried, 'other seed')})"


WITH_FAILURE = {
    "pass": "also with {}",
    "fail": "as long as nothing fails; with {} they are not",
    "invalid": "as long as nothing fails; with {} that is not known",
}


def headline(answer: WhatIf) -> str:
    """The verdict in a line, with what becomes of it if something fails, where that was tried."""
    asked = [variant for variant in answer.variants if variant.asked]
    said = (OF_ONE if len(asked) == 1 else OF_SEVERAL)[answer.verdict]
    failure = answer.failure
    if failure is None or answer.verdict != "pass":
        return said
    return f"{said} {WITH_FAILURE[failure.judged.verdict].format(failure.name_en)}"


def found_line(answer: WhatIf) -> str:
    """Which variant passes and is the cheapest, and by what that is known."""
    if answer.answer is None:
        if answer.tried:
            return (
                f"nothing that passes was found ({answer.tried} "
                f"{Count(answer.tried):way was|ways were} looked at)"
            )
        return "none passes"
    chosen = answer.variant(answer.answer)
    how = METHOD_WORDS[chosen.final.method]
    what = "; ".join(chosen.changes) or "the scenario as it is"
    cheapest = "the cheapest that passes" if answer.ordered_by == "cost" else "passes"
    if not chosen.asked:
        cheapest = "the cheapest that passes"
    cost = f", {money(chosen.cost)}" if chosen.cost is not None else ""
    return f"{cheapest} ({how}): {what}{cost}"


def order_line(answer: WhatIf) -> str:
    """By what variants are ordered."""
    if answer.ordered_by == "cost":
        return "ordered by cost"
    return (
        "costs are not known: what needs the fewest purchases comes first, then what changes the "
        "fewest things, then the smallest step"
    )


def failure_line(answer: WhatIf) -> str | None:
    """What the worst failure of the backbone does to the answer, if it was tried."""
    failure = answer.failure
    if failure is None:
        return None
    return (
        f"with {failure.name_en}, the failure that loads the rest most: "
        f"{failure.judged.verdict} (emulated){_reasons(failure.judged)}"
    )


def money(cost: CostOf | None) -> str:
    """A sum in millions of đồng."""
    if cost is None:
        return "–"
    known = sum(part.million_vnd for part in cost.parts)
    if cost.unpriced:
        return f"≥ {known:,.10g} million ₫, no price for {', '.join(cost.unpriced)}"
    return f"{known:,.10g} million ₫"


def brief(answer: WhatIf) -> Iterator[Block]:
    """What a terminal shows: the verdict, the cheapest that passes, and all side by side."""
    yield Par(headline(answer), bold=True, tone=TONES[answer.verdict])
    yield Par(found_line(answer))
    if failure := failure_line(answer):
        yield Par(failure)
    yield _variants(answer, costs=answer.ordered_by == "cost")
    yield Par(order_line(answer), tone="quiet")


def _variants(answer: WhatIf, *, costs: bool) -> Table:
    """One row a variant, those that pass first, the cheapest first; ▶ at the answer."""
    rows = []
    for variant in answer.variants:
        final = variant.final
        bound = final.binding
        row = [
            "▶" if variant.id == answer.answer else "",
            variant.name,
            said_by(final),
            "–" if bound is None else f"{bound.criterion} at {final.where}",
            "–" if bound is None else margin(bound.margin_pct),
            *([money(variant.cost)] if costs else []),
            "; ".join(variant.changes) or "as it is",
        ]
        rows.append(toned(row, "" if final.verdict == "pass" else TONES[final.verdict]))
    head = ["answer", "variant", "verdict", "binds", "margin", *["cost"] * costs]
    right = (4, 5) if costs else (4,)
    return table([*head, "what is different"], rows, right=right, keep=(4,))


def summary_md(answer: WhatIf) -> str:
    """The text of `summary.md` (English, Markdown)."""
    return markdown(summary(answer))


def summary(answer: WhatIf) -> Iterator[Block]:
    """All that a person wants to know of a comparison, in English."""
    yield Heading(headline(answer), 0)
    yield Par(answer.question_en)
    yield Par(found_line(answer), bold=True)
    if failure := failure_line(answer):
        yield Par(failure)
    yield Heading("Variants")
    yield Par(order_line(answer) + ".")
    yield _variants(answer, costs=True)
    yield Heading("Margins")
    yield Par("The share of each allowance that is still unused.")
    shown = [variant for variant in answer.variants if variant.final.margins]
    columns = ["criterion", *(variant.name for variant in shown)]
    yield table(columns, _margins(shown), right=range(1, len(columns)))
    for variant in answer.variants:
        yield from _about(variant)
    if answer.search:
        yield Heading("What the search looked at")
        ways = counted(answer.tried, "way")
        yield Par(f"{ways} in all; those not ruled out by arithmetic, in order:")
        yield Bullets(answer.search)
    yield Heading("Evidence")
    yield evidence(answer.run_id, answer.inputs, more=[NO_DOCUMENT])


def _about(variant: VariantResult) -> Iterator[Block]:
    """A variant's own section."""
    yield Heading(variant.name)
    yield Par(
        f"{counted(variant.bridges, 'bridge')}, {variant.new_bridges} of them new, calls at "
        f"{variant.profile} on {variant.device_name}: "
        f"{_in_use(variant.final)}."
    )
    items: list[Text] = [*variant.changes]
    items += [f"not met: {reason}" for reason in variant.final.reasons]
    if (seeds := variant.judged.seeds) is not None and seeds.stopped:
        items.append(stopped(seeds))
    if variant.confirmed is not None:
        both = f"estimated: {variant.judged.verdict}, emulated: {variant.confirmed.verdict}"
        items.append((f"{both} (", Code(variant.confirmed.run or ""), ")"))
    if variant.cost is not None:
        for part in variant.cost.parts:
            mark = ", assumed" if part.assumed else ""
            items.append(f"{part.what}: {part.million_vnd:,.10g} million ₫ ({part.source}{mark})")
        items += [f"{what}: no price is given" for what in variant.cost.unpriced]
    yield Bullets(items)


def _in_use(judged: Judged) -> str:
    """How much of the device is in use, and of what."""
    if judged.in_use is None:
        return "no result"
    return f"{judged.in_use.used_pct:.4g} % of it in use ({Wording('en').in_use(judged.in_use)})"


def _margins(shown: Sequence[VariantResult]) -> Iterable[Sequence[str]]:
    """A row a criterion, a column a variant."""
    names: dict[str, str] = {}
    for variant in shown:
        names |= {m.criterion: m.name_en for m in variant.final.margins}
    for criterion, name in names.items():
        cells = [name]
        for variant in shown:
            found = {m.criterion: m.margin_pct for m in variant.final.margins}
            cells.append(margin(found[criterion]) if criterion in found else "–")
        yield cells


def margin(pct: float | None) -> str:
    """A margin as text, with its sign."""
    return "–" if pct is None else f"{pct:+.0f} %"


def _reasons(judged: Judged) -> str:
    return f": {judged.reasons[0]}" if judged.reasons else ""
