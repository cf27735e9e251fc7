"""What a change of inputs did: to criteria, and bridge by bridge. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from giaoban.names import ACCESS_PREFIX
from giaoban.results.judge.criteria import (
    AUDIO_LOSS,
    CAMERA_TO_SCREEN,
    FRAMES_NOT_SHOWN,
    LONGEST_FREEZE,
    MOUTH_TO_EAR,
    PICTURE_DAMAGED,
    PICTURE_FROZEN,
    SLIDES_FROZEN,
    SLIDES_NOT_SHOWN,
    VIDEO_LOSS,
)
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
from giaoban.topology.network import Network
from giaoban.topology.routing import shortest_paths

FIGURES: Mapping[tuple[str, str], str] = {
    ("audio", "mouth_to_ear_ms"): MOUTH_TO_EAR,
    ("video", "camera_to_screen_ms"): CAMERA_TO_SCREEN,
    ("audio", "listener_lost_pct_20s"): AUDIO_LOSS,
    ("video", "listener_lost_pct_60s"): VIDEO_LOSS,
    ("video", "freeze_ms_max"): LONGEST_FREEZE,
    ("video", "freeze_pct_20s"): PICTURE_FROZEN,
    ("video", "frames_not_shown_pct_20s"): FRAMES_NOT_SHOWN,
    ("video", "damaged_pct_20s"): PICTURE_DAMAGED,
    ("content", "freeze_ms_max"): SLIDES_FROZEN,
    ("content", "frames_not_shown_pct"): SLIDES_NOT_SHOWN,
}
"""What a bridge is compared by, and the criterion whose limit says how much is much."""
NOTICED_POINTS = 1.0
"""Less of what is allowed is told of nobody."""
Change = Literal["same", "better", "worse", "less"]
WORST: Mapping[Verdict, int] = {"pass": 0, "fail": 1, "invalid": 2}


def margins(old: Result, new: Result, tolerance_points: float) -> list[MarginChange]:
    """Each criterion, then and now."""
    then, now = ({c.id: c for c in result.criteria} for result in (old, new))
    found = []
    for ident in dict.fromkeys([*then, *now]):
        a, b = then.get(ident), now.get(ident)
        shown = b or a
        assert shown is not None
        where = place_words(None if b is None else b.place, new)
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
                sense=_sense(a, b, tolerance_points),
            )
        )
    return found


def _sense(a: CriterionResult | None, b: CriterionResult | None, allowed: float) -> Change:
    if a is None or b is None:
        return "worse" if b is not None and not b.ok else "same"
    if a.ok != b.ok:
        return "better" if b.ok else "worse"
    lost = (a.margin_pct or 0.0) - (b.margin_pct or 0.0)
    if not b.ok:
        return "worse" if lost > NOTICED_POINTS else "better" if lost < -NOTICED_POINTS else "same"
    if lost > max(allowed, NOTICED_POINTS):
        return "less"
    return "better" if lost < -NOTICED_POINTS else "same"


def bridges(
    old: Result,
    new: Result,
    networks: tuple[Network, Network],
    changed: Sequence[InputChange],
) -> list[BridgeChange]:
    """What changed noticeably at each bridge, what is worse first."""
    touched = {each.at for each in changed if not each.words}
    ways = [_ways(network) for network in networks]
    names = {b.id: b.name for r in (old, new) for b in (*r.question.existing, *r.question.new)}
    limits = {c.id: c for c in new.criteria}
    then, now = _figures(old), _figures(new)
    found = []
    for bridge in names:
        if bridge not in then or bridge not in now:
            continue  # one that came or went is told as that
        on_its_way = {bridge, *ways[0].get(bridge, ()), *ways[1].get(bridge, ())}
        declared = None in touched or bool(touched & on_its_way)
        for what in dict.fromkeys([*then[bridge], *now[bridge]]):
            was, is_now = then[bridge].get(what), now[bridge].get(what)
            points = _points(was, is_now, what, limits)
            if abs(points) > NOTICED_POINTS:
                found.append(
                    BridgeChange(
                        bridge=bridge,
                        name=names[bridge],
                        what=what,
                        unit="" if what == CONNECTED else limits[what].unit,
                        old=was,
                        new=is_now,
                        points=round(points, 3),
                        declared=declared,
                    )
                )
    return sorted(found, key=lambda each: (-each.points, each.bridge, each.what))


def _points(
    was: float | None, now: float | None, what: str, limits: Mapping[str, CriterionResult]
) -> float:
    if what == CONNECTED:
        return 100.0 * ((was or 0.0) - (now or 0.0))
    if was is None or now is None or what not in limits:
        return 0.0
    return 100.0 * (now - was) / (limits[what].threshold or 1.0)


def _figures(result: Result) -> dict[str, dict[str, float]]:
    """By bridge and criterion: the worst of its streams and phases."""
    found: dict[str, dict[str, float]] = {}
    new = {bridge.id for bridge in result.question.new}
    for phase in result.phases:
        away = {r.bridge for r in phase.mcu.refused} | {*phase.mcu.dropped}
        for bridge in (*result.question.existing, *result.question.new):
            own = found.setdefault(bridge.id, {CONNECTED: 1.0})
            if bridge.id in away or (
                bridge.id not in phase.mcu.joined
                and (bridge.id not in new or phase is result.phases[-1])
            ):
                own[CONNECTED] = 0.0
        for measured in phase.bridges:
            own = found.setdefault(measured.id, {CONNECTED: 1.0})
            for stream in measured.streams:
                if stream.direction != "down":
                    continue
                for (kind, metric), criterion in FIGURES.items():
                    value = getattr(stream, metric) if stream.kind == kind else None
                    if value is not None:
                        own[criterion] = max(own.get(criterion, 0.0), value)
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
    """What to say of a scenario as a whole."""
    senses = {each.sense for each in changed}
    hurt = any(each.points > tolerance_points for each in affected)
    if WORST[new] > WORST[old] or {"worse", "less"} & senses or hurt:
        return "worse"
    if WORST[new] < WORST[old] or "better" in senses:
        return "better"
    return "changed"
