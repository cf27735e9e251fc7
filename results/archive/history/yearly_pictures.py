"""What the yearly summary draws: least margins, and the criteria nearest to their limit. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from results.archive.history.entry import CriterionValue, Entry
from results.archive.history.trend import Point, trend
from results.archive.history.yearly_lists import Ledger
from results.report.wording import Wording

SAY = Wording("vi")
TRENDS = 3
"""Criteria that get a picture: those nearest to their limit."""
FLOOR = -100.0
"""A margin far below nought would press all others of a picture flat."""


def pictures(runs: Sequence[Entry], ledger: Ledger) -> list[tuple[str, list[Point]]]:
    """(caption, points) of one network: the least margin of each check, then the criteria nearest
    to their limit.

    Only criteria with at least two runs: one point is no course.
    """
    checks = [e for e in runs if e.counts and e.kind == "check"]
    numbers = {e.scenario: ledger.number(e) for e in checks}

    def numbered(points: Sequence[Point]) -> list[Point]:
        return [p._replace(scenario=f"Kịch bản {numbers[p.scenario]}") for p in points]

    caption = "Dư địa nhỏ nhất của từng lần kiểm tra trong năm"
    least = _least_margins(checks)
    if any(p.criterion.margin_pct is not None and p.criterion.margin_pct < FLOOR for p in least):
        caption += f" (dưới {SAY.percent(FLOOR)} được vẽ tại {SAY.percent(FLOOR)})"
    found = [(caption, numbered(least))]
    for ident in _nearest(checks)[:TRENDS]:
        points = trend(checks, ident)
        name = points[-1].criterion.name_vi
        found.append((f"Diễn biến trong năm: {name[:1].lower() + name[1:]}", numbered(points)))
    return [(caption, points) for caption, points in found if len(points) > 1]


def _least_margins(checks: Sequence[Entry]) -> list[Point]:
    points = []
    for e in checks:
        if e.binding is None or e.binding.margin_pct is None:
            continue
        value = CriterionValue(
            id="margin",
            name_en="Least margin of the run",
            name_vi="Dư địa nhỏ nhất của lần kiểm tra",
            value=max(e.binding.margin_pct, FLOOR),
            threshold=0.0,
            unit="%",
            sense="at-least",
            ok=e.binding.margin_pct >= 0,
            margin_pct=e.binding.margin_pct,
        )
        points.append(Point(e.at, e.run_id, e.scenario, e.verdict, e.engine, True, value))
    return points


def _nearest(checks: Sequence[Entry]) -> list[str]:
    """Criteria that a picture can show (not plain counts), with the least margin first."""
    least: dict[str, float] = {}
    for e in checks:
        for c in e.criteria:
            if c.margin_pct is not None and c.value is not None and c.threshold:
                least[c.id] = min(least.get(c.id, 100.0), c.margin_pct)
    return sorted(least, key=lambda ident: (least[ident], ident))
