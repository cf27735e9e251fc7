"""What a change of inputs did: to criteria, and bridge by bridge. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Literal

from giaoban.names import ACCESS_PREFIX
from giaoban.results.judge.by_bridge import BridgeFigure, figures_by_bridge
from giaoban.results.judge.criteria import NO_BRIDGE_DROPPED, Criteria, Criterion
from giaoban.results.judge.verdict import margin_pct
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import CriterionResult, Result
from giaoban.results.model.studies.compared import (
    CONNECTED,
    BridgeChange,
    InputChange,
    MarginChange,
    State,
)
from giaoban.results.report.screen_wording import place_words
from giaoban.scenarios.measure.assemble import Answer
from giaoban.sentence import Both
from giaoban.topology.network import Network
from giaoban.topology.routing import shortest_paths

NOTICED_POINTS = 1.0
"""Less of what is allowed is told of nobody."""
NOTHING_CAME = 100.0
"""Points of a figure that there is no more, as nothing comes of what it is of; as of who is not in
the meeting."""
Change = Literal["same", "better", "worse", "less"]


@dataclass(frozen=True)
class ComparedSide:
    """One side's result, and what its criteria find at each bridge alone."""

    result: Result
    criteria: Criteria
    figures: Mapping[str, Mapping[str, BridgeFigure]]


def side_of(answer: Answer) -> ComparedSide:
    existing = [bridge.id for bridge in answer.result.question.existing]
    figures = figures_by_bridge(
        answer.judged, answer.criteria, existing, answer.result.faults, answer.reference
    )
    return ComparedSide(answer.result, answer.criteria, figures)


def margins(old: Result, new: Result, tolerance_points: float) -> list[MarginChange]:
    then, now = ({c.id: c for c in result.criteria} for result in (old, new))
    found = []
    for ident in dict.fromkeys([*then, *now]):
        a, b = then.get(ident), now.get(ident)
        shown = b or a
        assert shown is not None
        where, old_where = _worst_place(b, new), _worst_place(a, old)
        found.append(
            MarginChange(
                criterion=ident,
                name_en=shown.name_en,
                name_vi=shown.name_vi,
                unit=shown.unit,
                limit=shown.threshold,
                old=None if a is None else a.value,
                new=None if b is None else b.value,
                old_margin_pct=None if a is None else a.margin_pct,
                new_margin_pct=None if b is None else b.margin_pct,
                old_ok=None if a is None else a.ok,
                new_ok=None if b is None else b.ok,
                where=str(where),
                where_vi=where.vi,
                old_where=str(old_where),
                old_where_vi=old_where.vi,
                sense=_sense(a, b, tolerance_points),
            )
        )
    return found


def _worst_place(criterion: CriterionResult | None, result: Result) -> Both:
    """Return where a criterion is worst, no place if all its figures are 0 and met."""
    if criterion is None or (criterion.ok and criterion.value == 0):
        return place_words(None, result)
    return place_words(criterion.place, result)


def _sense(a: CriterionResult | None, b: CriterionResult | None, allowed: float) -> Change:
    """Return what became of a criterion; `allowed`: points that the margin of one met may lose."""
    if a is None or b is None:
        return "worse" if b is not None and not b.ok else "same"
    if a.ok != b.ok:
        return "better" if b.ok else "worse"
    if a.value is None or b.value is None:  # not measured is not met, and worse than any figure
        return "same" if a.value == b.value else "worse" if b.value is None else "better"
    if not (a.shown and b.shown):
        return "same"
    lost = (a.margin_pct or 0.0) - (b.margin_pct or 0.0)
    worsened = b.value > a.value if b.sense == "at-most" else b.value < a.value
    if not worsened:  # a stricter limit alone, still met or not met still, is no worse figure
        return "better" if lost < -NOTICED_POINTS else "same"
    if not b.ok:
        return "worse" if lost > NOTICED_POINTS else "better" if lost < -NOTICED_POINTS else "same"
    if lost > max(allowed, NOTICED_POINTS):
        return "less"
    return "better" if lost < -NOTICED_POINTS else "same"


def bridges(
    old: ComparedSide,
    new: ComparedSide,
    networks: tuple[Network, Network],
    changed: Sequence[InputChange],
) -> list[BridgeChange]:
    """What changed noticeably at each bridge, what is worse first."""
    # by other criteria a bridge is judged otherwise; nothing of it is another
    touched = {each.at for each in changed if not each.words and each.file != "criteria"}
    ways = [_ways(network) for network in networks]
    asked = [each.result.question for each in (old, new)]
    names = {b.id: b.name for question in asked for b in (*question.existing, *question.new)}
    criteria = {c.id: c for c in new.criteria.criterion if _same_figure(c, old.criteria)}
    then, now = _connected(old.result), _connected(new.result)
    found = []
    for bridge in names:
        if bridge not in then or bridge not in now:
            continue  # one that came or went is told as that
        on_its_way = {bridge, *ways[0].get(bridge, ()), *ways[1].get(bridge, ())}
        made = partial(
            BridgeChange,
            bridge=bridge,
            name=names[bridge],
            declared=None in touched or bool(touched & on_its_way),
        )
        if then[bridge] != now[bridge]:
            points = 100.0 * (then[bridge] - now[bridge])
            found.append(
                made(what=CONNECTED, unit="", old=then[bridge], new=now[bridge], points=points)
            )
        was, is_now = old.figures.get(bridge, {}), new.figures.get(bridge, {})
        for ident, criterion in criteria.items():
            if ident not in was or ident not in is_now:
                continue
            if ident == NO_BRIDGE_DROPPED and then[bridge] != now[bridge]:
                continue  # the same once more
            a, b = was[ident].value, is_now[ident].value
            points = _points(a, b, criterion)
            if abs(points) > NOTICED_POINTS:
                found.append(
                    made(what=ident, unit=criterion.unit, old=a, new=b, points=round(points, 3))
                )
    return sorted(found, key=lambda each: (-each.points, each.bridge, each.what))


def _same_figure(criterion: Criterion, before: Criteria) -> bool:
    """Whether it was about the same before: a scenario may have another of this name."""
    told = attrgetter("id", "measure", "statistic", "warm_up_s", "unit", "sense")
    return told(criterion) in map(told, before.criterion)


def _points(was: float | None, now: float | None, criterion: Criterion) -> float:
    """By how much of what is allowed now it got worse, in percent."""
    before, after = margin_pct(criterion, was), margin_pct(criterion, now)
    if before is None or after is None:
        return NOTHING_CAME * ((was is not None) - (now is not None))
    return before - after


def _connected(result: Result) -> dict[str, float]:
    """By bridge: 1 in the meeting as it should be, 0 not."""
    found: dict[str, float] = {}
    new = {bridge.id for bridge in result.question.new}
    for phase in result.phases:
        away = {r.bridge for r in phase.mcu.refused} | {*phase.mcu.dropped}
        for bridge in (*result.question.existing, *result.question.new):
            found.setdefault(bridge.id, 1.0)
            if bridge.id in away or (
                bridge.id not in phase.mcu.joined
                and (bridge.id not in new or phase is result.phases[-1])
            ):
                found[bridge.id] = 0.0
    return found


def _ways(network: Network) -> dict[str, set[str]]:
    """By bridge: links and nodes between it and the MCU, the MCU's own line among them."""
    routes = shortest_paths(network)
    found = {}
    for bridge in network.bridges:
        hops = [
            *routes.path(bridge.id, network.mcu.id),
            *routes.path(network.mcu.id, bridge.id),
        ]
        way = {part for hop in hops for part in hop}
        own = {p.removeprefix(ACCESS_PREFIX) for p in way if p.startswith(ACCESS_PREFIX)}
        found[bridge.id] = way | own
    return found


def state_of(
    old: Verdict,
    new: Verdict,
    changed: Iterable[MarginChange],
    affected: Iterable[BridgeChange],
    tolerance_points: float,
) -> State:
    """Return what came of a change: of the verdict first, then of criteria and bridges.

    A verdict that improved is never worse, whatever margins within the limits did.
    """
    if new != old:
        return "better" if new == "pass" else "worse"
    senses = {each.sense for each in changed}
    hurt = any(each.points > tolerance_points for each in affected)
    if {"worse", "less"} & senses or hurt:
        return "worse"
    return "better" if "better" in senses else "changed"
