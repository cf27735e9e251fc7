"""The search of `giaoban.scenarios.study.whatif.search` for a variant: what states mean, what they
cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from giaoban.mcu_sim.device import load_devices
from giaoban.processes.progress import Progress
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS
from giaoban.results.model.result import Result
from giaoban.results.model.studies.whatif import CostOf, CostPart
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.wording import VERDICTS
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.failures.answer import names_of
from giaoban.scenarios.study.seeds import Judge
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.join_pacing import with_slower_joins
from giaoban.scenarios.study.whatif.ladder import holds, lower_profiles
from giaoban.scenarios.study.whatif.search import (
    MOST_JUDGED,
    JudgedState,
    Key,
    SearchResult,
    SearchState,
    SearchTools,
    search,
)
from giaoban.scenarios.study.whatif.variant import Price, Variant
from giaoban.sentence import Both, Sentence, joined, message, shown
from giaoban.topology.model import LinkChange
from giaoban.translation import N_, unit_words

WHOLE = N_("the whole variant")
SOURCE = {
    "source": N_("what the search changes; nobody has offered it yet"),
    "settled_by": N_("an offer of the telecom company"),
}

SHAPED = {"source": N_("what the search changes: a setting of the routers at the line's ends")}


def remedies(
    base: Base,
    variant: Variant,
    question: Question,
    result: Result,
    *,
    prices: Sequence[Price],
    rates: Mapping[str, float],
    judge: Judge,
    progress: Progress,
) -> SearchResult:
    """Return the smallest changes that let a variant pass whose answer is no.

    Args:
        rates: Mb/s of the scenario's links.
    """
    limits = {c.id: c.threshold for c in criteria_of(question).criterion}
    done = 0

    def told(state: SearchState, asked: Question) -> JudgedState:
        nonlocal done
        done += 1
        progress(Sentence("searching: {done} judged", done=done), min(0.95, done / MOST_JUDGED))
        found = with_slower_joins(base, changed(variant, state), asked, judge)
        return JudgedState(state, found.question, found.result, found.variant.pace_s)

    tools = SearchTools(
        ask=lambda state: ask(base, changed(variant, state)).question,
        judge=told,
        loads=lambda asked: static_loads(asked.plan),
        key=lambda state, asked: key_of(variant, question, state, asked, prices, rates),
        devices=load_devices(question.devices_path).device,
        units_limit_pct=limits.get(MCU_UNITS, 100.0),
        link_limit_pct=limits.get(LINK_PEAK, math.inf),
    )
    return search(tools, JudgedState(SearchState(), question, result))


def changed(variant: Variant, state: SearchState, ident: str | None = None) -> Variant:
    """A variant with a state's changes, under another id if one is given."""
    links = {change.link: change for change in variant.links}
    for link, mbps in state.rates:
        earlier = _figures(links.get(link))
        figures = {**earlier, "link": link, "rate_mbps": mbps, "assumed": True}
        links[link] = LinkChange.model_validate({**figures, **SOURCE})
    for link, mbps in state.shaped:
        earlier = _figures(links.get(link))
        figures = {**earlier, "link": link, "rate_mbps": mbps}
        links[link] = LinkChange.model_validate({**figures, **SHAPED})
    update: dict[str, object] = {"links": list(links.values()), "cost": None}
    if ident is not None:
        update |= {"id": ident, "name": None}
    if state.device is not None:
        update |= {"device": state.device, "cards": None}
    if state.profile is not None:
        update["profile"] = state.profile
    return variant.model_copy(update=update)


def _figures(change: LinkChange | None) -> dict[str, object]:
    """All that a change says of a link, by the keys of the file."""
    if change is None:
        return {}
    return {**change.figures(), **change.tables()}


def key_of(
    variant: Variant,
    asked: Question,
    state: SearchState,
    question: Question,
    prices: Sequence[Price],
    rates: Mapping[str, float],
) -> Key:
    """Return the order of a state, the best one first.

    Where prices are given: the number of things without a price, then the sum. Then calls as asked
    before lower calls, since these are worse for every bridge; then the number of purchases, the
    number of changes, the smallest step.
    """
    price = (0.0, 0.0)
    if prices:
        price = price_of(changed(variant, state), question, prices, rates).order
    lower = [profile.id for profile in lower_profiles(asked.profiles, asked.plan.profile)]
    step = 0 if state.profile is None else lower.index(state.profile) + 1
    size = 0
    if state.device is not None:
        device, resolution = question.plan.device, asked.plan.profile.resolution
        # a device that does lower calls only is smaller than any other
        size = 0 if device.units_for(resolution) is None else holds(device, resolution)
    speed = sum(math.log2(mbps / rates.get(link, mbps)) for link, mbps in state.rates)
    return *price, state.profile is not None, state.purchases, state.changed, step, size, speed


def price_of(
    variant: Variant, question: Question, prices: Sequence[Price], rates: Mapping[str, float]
) -> CostOf:
    new_device = variant.device is not None or variant.cards is not None
    return cost_of(
        variant,
        prices,
        device=question.plan.device.id if new_device else None,
        profile=variant.profile,
        bridges=sum(call.new for call in question.plan.calls),
        rates=rates,
        names={
            **names_of(question.plan.network, question.province),
            question.plan.device.id: question.plan.device.name,
            question.plan.profile.id: question.plan.profile.name,
        },
    )


def said(item: JudgedState, rates: Mapping[str, float]) -> Sentence:
    """A state that was judged, and how, in a line."""
    result, plan = item.result, item.question.plan
    named = DisplayNames(
        names=names_of(plan.network, item.question.province), link_ends=plan.network.link_ends
    )
    parts: list[str] = [plan.device.name] * (item.state.device is not None)
    parts += [plan.profile.name] * (item.state.profile is not None)
    parts += [
        message(N_("{link}: {rate} Mb/s"), link=named.link(link), rate=mbps)
        for link, mbps in item.state.rates
        if rates.get(link) != mbps
    ]
    parts += [
        message(N_("{link} shaped to {rate} Mb/s"), link=named.link(link), rate=mbps)
        for link, mbps in item.state.shaped
    ]
    what, verdict = joined(" + ", parts), VERDICTS[result.verdict]
    binding = result.binding
    if binding is None:
        return Sentence("{way}: {verdict}", way=what, verdict=verdict)
    found = result.criterion(binding.criterion)
    criterion = Both(found.name_en, found.name_vi) if found else Sentence(binding.criterion)
    if binding.value is None:
        return Sentence(
            "{way}: {verdict}, {criterion}", way=what, verdict=verdict, criterion=criterion
        )
    return Sentence(
        "{way}: {verdict}, {criterion} {value} {unit}",
        way=what,
        verdict=verdict,
        criterion=criterion,
        value=shown(binding.value, binding.threshold),
        unit=unit_words(binding.unit, binding.value),
    )


def cost_of(
    variant: Variant,
    prices: Sequence[Price],
    *,
    device: str | None,
    profile: str | None,
    bridges: int,
    rates: Mapping[str, float],
    names: Mapping[str, str] | None = None,
) -> CostOf:
    """The sum of what has to be bought; a variant's own cost stands for all of it.

    Args:
        device: the device to buy; None: the one that is there does.
        profile: the profile that all calls are changed to; None: they stay.
        bridges: how many are added.
        rates: Mb/s of the scenario's links before.
        names: what people call devices, profiles and nodes.
    """
    if variant.cost is not None:
        offer = variant.cost
        whole = Sentence(WHOLE)
        part = CostPart(
            what=whole.en,
            what_vi=whole.vi,
            million_vnd=offer.million_vnd,
            source=offer.source,
            assumed=offer.assumed,
        )
        return CostOf(parts=[part])
    parts, unpriced = [], []
    things = _things(variant, device, profile, bridges, rates, DisplayNames(names=names))
    for what, key, ident, count in things:
        price = _price(prices, key, ident)
        if price is None:
            unpriced.append(what)
            continue
        parts.append(
            CostPart(
                what=what.en,
                what_vi=what.vi,
                million_vnd=price.million_vnd * count,
                source=price.source,
                assumed=price.assumed,
            )
        )
    return CostOf(
        parts=parts, unpriced=[w.en for w in unpriced], unpriced_vi=[w.vi for w in unpriced]
    )


def _things(
    variant: Variant,
    device: str | None,
    profile: str | None,
    bridges: int,
    rates: Mapping[str, float],
    named: DisplayNames,
) -> Iterator[tuple[Sentence, str, str | None, float]]:
    """What is to be paid for: in words, the kind of price, its id, how many."""
    if bridges:
        yield Sentence("{n} {n:bridge|bridges}", n=bridges), "bridge", None, bridges
    if device is not None:
        yield message(N_("device: {name}"), name=named.thing(device)), "device", device, 1
    if profile is not None:
        yield message(N_("calls: {name}"), name=named.thing(profile)), "profile", profile, 1
    for change in variant.links:
        more = (change.rate_mbps or 0.0) - rates.get(change.link, 0.0)
        if change.rate_mbps is not None and more > 0:
            what = message(N_("{link}: {rate} Mb/s more"), link=named.link(change.link), rate=more)
            yield what, "link-mbps", change.link, more
    for link in variant.new_links:
        what = message(N_("{link}: {km} km"), link=named.link(link.id), km=link.km)
        yield what, "link-km", None, link.km


def _price(prices: Sequence[Price], what: str, ident: str | None) -> Price | None:
    """The price of this very thing, or else of any of its kind."""
    fitting = [price for price in prices if price.what == what and price.id in (ident, None)]
    return min(fitting, key=lambda price: price.id is None, default=None)
