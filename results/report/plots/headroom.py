"""The picture of headroom: further bridges against the worst margin of each criterion."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from giaoban.drawing import own_look
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.report.plots.style import (
    COLOURS,
    GREY,
    LIMIT,
    LIMIT_STYLE,
    STYLE,
    STYLES,
    Label,
    label_ends,
    write,
)
from giaoban.results.report.plots.words import label_text, number
from giaoban.translation import Language, pgettext

WORDS: Mapping[str, str] = {
    "title": pgettext("margins plot", "Margins against further bridges"),
    "x": pgettext("margins plot", "Further bridges"),
    "y": pgettext("margins plot", "Worst margin of a criterion (%)"),
    "limit": pgettext("margins plot", "limit: margin 0 %"),
    "fits": pgettext("margins plot", "at most {n}"),
    "none": pgettext("margins plot", "not met"),
    "key": pgettext(
        "margins plot", "●  estimated by packets     ×  emulated     lines without marks: added up"
    ),
    "others": pgettext("margins plot", "{n} other criteria"),
}
_label_text = partial(label_text, words=WORDS)
SHOWN = 5
"""Criteria that get a line of their own: those with the least margin."""
FLOOR_PCT = -60.0
"""Margins below are drawn here: how much worse than the limit is of no matter in this picture."""


def write_plot(answer: Headroom, folder: Path, *, lang: Language) -> list[Path]:
    """Write `headroom.LANG.svg` and `.png` into a folder; the same answer, the same bytes.

    Raises `OSError`.
    """
    with own_look(STYLE):
        return write(draw(answer, lang), folder, f"headroom.{lang}")


def draw(answer: Headroom, lang: Language) -> Figure:
    """The picture; to be called with the style of `giaoban.results.report.plots.style`."""
    figure = Figure(figsize=(8.6, 4.3))
    axes = figure.add_axes((0.085, 0.2, 0.585, 0.68))
    axes.set_title(_label_text("title", lang), loc="left", fontsize=12, fontweight="bold", pad=8)
    axes.set_xlabel(_label_text("x", lang))
    axes.set_ylabel(_label_text("y", lang))
    axes.set_xlim(0, max(1, answer.grid[-1] if answer.grid else 1))
    axes.set_ylim(FLOOR_PCT * 1.1, 108)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.axhspan(
        FLOOR_PCT * 1.1, 0, facecolor="#F4F4F4", edgecolor="#D0D0D0", hatch="///", zorder=0
    )
    axes.axhline(0, color=LIMIT, linewidth=1.4, linestyle=LIMIT_STYLE, zorder=3)
    labels = [
        *_lines(axes, answer, lang),
        Label(0, _label_text("limit", lang), LIMIT, LIMIT_STYLE, 1.4),
    ]
    if answer.more >= 0:
        at = answer.more
        axes.axvline(at, color="#222222", linewidth=1.1, zorder=2)
        axes.annotate(
            _label_text("fits", lang, n=at),
            (at, 108),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            fontsize=9.5,
            fontweight="bold",
            color="#222222",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            zorder=7,
        )
    label_ends(axes, labels)
    figure.text(0.085, 0.03, _label_text("key", lang), fontsize=9.4, color="#444444")
    return figure


def _lines(axes: Axes, answer: Headroom, lang: Language) -> list[Label]:
    """A line a criterion, named at the right; those that are never near their limit in grey."""
    points = answer.points
    names: dict[str, str] = {}
    for point in points:
        for item in point.judged.margins:
            names.setdefault(item.criterion, item.name_vi if lang == "vi" else item.name_en)
    curves = {curve.criterion: curve.margin_pct for curve in answer.curves}
    marks: dict[str, list[tuple[int, float, bool]]] = {}
    for point in points:
        for judged, emulated in ((point.judged, False), (point.confirmed, True)):
            for item in judged.margins if judged is not None else ():
                if item.margin_pct is not None:
                    marks.setdefault(item.criterion, []).append(
                        (point.more, max(FLOOR_PCT, item.margin_pct), emulated)
                    )
    least = {ident: min(pct for _, pct, _ in found) for ident, found in marks.items()}
    for ident, margins in curves.items():
        least[ident] = min(least.get(ident, 100.0), *margins)
    ordered = sorted(names, key=lambda ident: (least.get(ident, 100.0), ident))
    labels, grey_levels = [], []
    for rank, ident in enumerate(ordered):
        own = rank < SHOWN
        colour = COLOURS[rank] if own else GREY
        style: Any = STYLES[rank] if own else "-"
        if ident in curves:
            x, y = answer.grid, [max(FLOOR_PCT, pct) for pct in curves[ident]]
        else:
            estimated = [(m, pct) for m, pct, emulated in marks.get(ident, []) if not emulated]
            x, y = [m for m, _ in estimated], [pct for _, pct in estimated]
        if not x:
            continue
        axes.plot(x, y, color=colour, linestyle=style, linewidth=1.9 if own else 0.9, zorder=4)
        for emulated, mark in ((False, "o"), (True, "x")):
            shown = [(m, pct) for m, pct, e in marks.get(ident, []) if e is emulated]
            axes.plot(
                [m for m, _ in shown],
                [pct for _, pct in shown],
                linestyle="none",
                marker=mark,
                markersize=6 if emulated else 4,
                color=colour,
                zorder=5,
            )
        if own:
            labels.append(Label(y[-1], names[ident], colour, style))
        else:
            grey_levels.append(y[-1])
    if grey_levels:
        level = sorted(grey_levels)[len(grey_levels) // 2]
        labels.append(Label(level, _label_text("others", lang, n=len(grey_levels)), GREY, "-", 1.2))
    return labels
