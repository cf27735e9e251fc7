"""The picture of one criterion through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from giaoban.drawing import check_kinds, own_look, save
from giaoban.files import whole
from giaoban.results.archive.history.trend import TrendPoint, drawable
from giaoban.results.report.plots.style import COLOURS, LIMIT, LIMIT_STYLE, STYLE, STYLES
from giaoban.results.report.plots.words import cut, number
from giaoban.translation import Language, pgettext, translator, unit_words

MARKERS = ("o", "s", "^", "D", "v")
LINES = len(COLOURS)
"""Scenarios with a line of their own; of more, those with most runs."""
_LEGEND_WIDTH, _SHORT = 52, 18
_WORDS: Mapping[str, str] = {
    "limit": pgettext("trend", "limit"),
    "not met": pgettext("trend", "limit not met"),
    "others": pgettext("trend", "other scenarios"),
    "day": pgettext("trend", "%d %b %Y"),
    "hour": pgettext("trend", "%H:%M %d %b"),
}


def draw_trend(points: Sequence[TrendPoint], path: Path, *, lang: Language) -> None:
    """Draw the points that count, one line a scenario, with the limit as it was at the time.

    Raises `InputError` for another kind of file than .svg, .png or .pdf; `OSError` if it cannot be
    written; `ValueError` without a point to draw.
    """
    check_kinds(path)
    with own_look(STYLE), whole(path) as aside:
        save(figure(points, lang), aside)


def figure(points: Sequence[TrendPoint], lang: Language) -> Figure:
    """As `draw_trend`, as a matplotlib figure."""
    shown = drawable(points)
    if not shown:
        raise ValueError("no point to draw")
    words = {key: translator(lang).text(text) for key, text in _WORDS.items()}
    by_scenario: dict[str, list[TrendPoint]] = {}
    for point in shown:
        by_scenario.setdefault(point.scenario, []).append(point)
    ranked = sorted(by_scenario, key=lambda s: (-len(by_scenario[s]), s))
    last = shown[-1].criterion
    with own_look(STYLE):
        drawn = Figure(figsize=(8.6, 3.4 + 0.22 * ((min(len(ranked), LINES + 1) + 2) // 2)))
        axes = drawn.add_subplot()
        for place, scenario in enumerate(ranked):
            _line(axes, by_scenario[scenario], place, scenario, words["others"])
        _limit(axes, shown, words["limit"])
        failed = [p for p in shown if not p.criterion.ok]
        if failed:
            axes.plot(
                [_x(p) for p in failed],
                [_y(p) for p in failed],
                marker="o",
                ms=11,
                ls="",
                mfc="none",
                mec=LIMIT,
                mew=1.6,
                clip_on=False,
                zorder=5,
                label=words["not met"],
            )
        name = last.name_vi if lang == "vi" else last.name_en
        unit = translator(lang).say(unit_words(last.unit, 2, last.unit_vi))
        axes.set_title(f"{name} ({unit})", loc="left", fontsize=12, fontweight="bold")
        _scales(axes, shown, words, lang)
        _, labels = axes.get_legend_handles_labels()
        columns = 4 if max(map(len, labels)) <= _SHORT else 2
        drawn.legend(
            loc="outside lower left", ncols=columns, frameon=False, fontsize=9, handlelength=3.2
        )
        drawn.set_layout_engine("constrained")
        return drawn


def _line(axes: Axes, points: Sequence[TrendPoint], place: int, scenario: str, others: str) -> None:
    own = place < LINES
    axes.plot(
        [_x(p) for p in points],
        [_y(p) for p in points],
        color=COLOURS[place] if own else "#9A9A9A",
        ls=STYLES[place] if own else "-",
        marker=MARKERS[place] if own else ".",
        ms=5.5,
        clip_on=False,
        zorder=4,
        lw=1.6 if own else 0.8,
        label=cut(scenario, _LEGEND_WIDTH) if own else (others if place == LINES else None),
    )


def _limit(axes: Axes, points: Sequence[TrendPoint], word: str) -> None:
    """The threshold of each run, which may have been another one earlier."""
    axes.step(
        [_x(p) for p in points],
        [p.criterion.threshold for p in points],
        where="post",
        color=LIMIT,
        ls=LIMIT_STYLE,
        lw=1.4,
        label=word,
    )
    axes.axhline(points[-1].criterion.threshold, color=LIMIT, ls=LIMIT_STYLE, lw=0.7)


def _scales(
    axes: Axes, points: Sequence[TrendPoint], words: Mapping[str, str], lang: Language
) -> None:
    first, last = points[0].at, points[-1].at
    room = max((last - first) * 0.04, timedelta(hours=6) if first == last else timedelta(minutes=1))
    axes.set_xlim(_days(first - room), _days(last + room))
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=6))  # type: ignore[no-untyped-call]
    short = last - first < timedelta(days=4)
    form = DateFormatter(words["hour" if short else "day"])  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(form)
    values = [v for p in points for v in (_y(p), p.criterion.threshold)]
    low, high = min([0.0, *values]), max(values)
    if low == 0.0 and points[0].criterion.sense == "at-least":
        low = min(values) - 0.1 * (high - min(values) or 1.0)
    axes.set_ylim(low, high + 0.08 * ((high - low) or 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)


def _x(point: TrendPoint) -> float:
    return _days(point.at)


def _days(at: datetime) -> float:
    """Days as matplotlib counts them."""
    return float(date2num(at))  # type: ignore[no-untyped-call]


def _y(point: TrendPoint) -> float:
    assert point.criterion.value is not None  # only such are drawn
    return point.criterion.value
