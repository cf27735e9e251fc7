"""The picture of what assumptions do: the least margin at both ends of each figure's range.

What flips the verdict comes first, what to settle first on top. The two ends are told apart by fill
and by place, for prints in black and white.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from giaoban.drawing import own_look
from giaoban.results.model.studies.sensitivity import FAR_PCT, Sensitivity, TriedFigure, TriedValue
from giaoban.results.report.plots.style import LIMIT, LIMIT_STYLE, STYLE, write
from giaoban.results.report.plots.words import number
from giaoban.results.report.summaries.sensitivity_summary import amount, name_of
from giaoban.sentence import Sentence, message
from giaoban.translation import Language, pgettext, translator

SHOWN = 12
"""Figures that have bars; how many more there are is said."""
NAME_WIDTH = 36
"""Characters of a line of a figure's name."""
BAR = 0.34
_WIDTH_IN, _LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 8.6, 3.05, 0.2, 0.75, 1.12
_LINE_IN, _LEAST_IN = 0.17, 0.46
_INK = "#222222"
_LOW: dict[str, Any] = {"facecolor": "white", "hatch": "/////"}
_HIGH: dict[str, Any] = {"facecolor": "#555555"}

_TITLE = pgettext("tornado plot", "Least margin at the ends of each range")
_X = pgettext("tornado plot", "Least margin (%), below 0: not met")
_LOW_END = pgettext("tornado plot", "lowest value tried, or other choice")
_HIGH_END = pgettext("tornado plot", "highest value tried")
_ASSUMED = pgettext("tornado plot", "as assumed: {margin} %")
_LIMIT = pgettext("tornado plot", "limit")
_MORE = pgettext(
    "tornado plot", "{n} further {n:assumption moves|assumptions move} the least margin no further"
)
_FURTHER = pgettext("tornado plot", "◂ {value}")
_CUT = pgettext("tornado plot", "◂ −100 % or less: not followed further")


def write_tornado(
    answer: Sensitivity, folder: Path, *, lang: Language, pixels: bool = True
) -> Path | None:
    """Write `tornado.LANG.svg`, and `.png` if `pixels`, into a folder; the path of the vectors.

    None: there is nothing to draw, as nothing moves the margin. Raises `OSError`.
    """
    if not answer.ranked:
        return None
    with own_look(STYLE):
        return write(draw(answer, lang), folder, f"tornado.{lang}", pixels=pixels)[0]


def draw(answer: Sensitivity, lang: Language) -> Figure:
    """The picture; to be called with the style of `giaoban.results.report.plots.style`."""
    say = translator(lang)
    rows = answer.alike[:SHOWN]
    shown = [first for first, *_ in rows]
    names = [textwrap.wrap(say.say(name_of(*row, most=1)), NAME_WIDTH) for row in rows]
    heights = [max(_LEAST_IN, _LINE_IN * len(lines) + 0.1) for lines in names]
    height = sum(heights) + _TOP_IN + _BOTTOM_IN
    figure = Figure(figsize=(_WIDTH_IN, height))
    axes = figure.add_axes(
        (
            _LEFT_IN / _WIDTH_IN,
            _BOTTOM_IN / height,
            (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN,
            sum(heights) / height,
        )
    )
    figure.text(
        0.02, 1 - 0.28 / height, say.text(_TITLE), fontsize=12, fontweight="bold", va="center"
    )
    base = _as_assumed(answer)
    margins = [each.held_pct for one in shown for each in one.curve]
    low, high = min(0.0, *margins), max(base, *margins)
    room = 0.24 * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(sum(heights), 0)
    axes.axvspan(low - room, 0, facecolor="#F0F0F0", zorder=0)
    axes.axvline(0, color=LIMIT, linewidth=1.4, linestyle=LIMIT_STYLE, zorder=4)
    axes.axvline(base, color=_INK, linewidth=1.2, zorder=4)
    at = 0.0
    for one, lines, tall in zip(shown, names, heights, strict=True):
        _bars(axes, one, base, at + tall / 2, lang)
        axes.annotate(
            "\n".join(lines),
            (0, at + tall / 2),
            xycoords=("axes fraction", "data"),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9.5,
            color=_INK,
        )
        axes.axhline(at, color="#DDDDDD", linewidth=0.7, zorder=1)
        at += tall
    _above(axes, base, lang)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))
    axes.set_xlabel(say.text(_X))
    axes.set_axisbelow(True)
    _key(figure, answer, height, lang)
    return figure


def _above(axes: Axes, base: float, lang: Language) -> None:
    """What the two upright lines are, each on its own side; at the right edge within the paper."""
    say = translator(lang)
    left, right = axes.get_xlim()
    assumed = say.say(message(_ASSUMED, margin=number(base, lang)))
    at_edge = (base - left) / (right - left) > 0.7
    labels = [(0.0, say.text(_LIMIT), LIMIT, base >= 0)]
    labels.append((right if at_edge else base, assumed, _INK, at_edge or base < 0))
    for x, text, colour, ends_there in labels:
        axes.annotate(
            text,
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if ends_there else 3, 4),
            textcoords="offset points",
            ha="right" if ends_there else "left",
            fontsize=9.5,
            color=colour,
        )


def _as_assumed(answer: Sensitivity) -> float:
    margin_pct = None if answer.binding is None else answer.binding.margin_pct
    return -FAR_PCT if margin_pct is None else max(-FAR_PCT, margin_pct)


def _bars(axes: Axes, one: TriedFigure, base: float, middle: float, lang: Language) -> None:
    """The lower end above, the higher end below; of choices each that is not as assumed."""
    looks = (_LOW, _LOW if one.choices else _HIGH)
    for end, look, shift in zip(_ends(one), looks, (-0.5, 0.5), strict=False):
        if end.value == one.value:
            continue
        margin, y = end.held_pct, middle + shift * BAR * _LEAST_IN
        axes.barh(
            y, margin - base, BAR * _LEAST_IN, base, edgecolor=_INK, linewidth=0.8, zorder=3, **look
        )
        left = margin < base
        axes.annotate(
            translator(lang).say(_value(one, end)),
            (margin, y),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=9.4,
            color=_INK,
        )


def _ends(one: TriedFigure) -> list[TriedValue]:
    """What has bars: both ends, or the first choices that are not as assumed."""
    if one.choices:
        return [each for each in one.curve if each.value != one.value][:2]
    return [one.curve[0], one.curve[-1]]


def _is_cut(end: TriedValue) -> bool:
    return end.held_pct <= -FAR_PCT


def _value(one: TriedFigure, end: TriedValue) -> Sentence:
    """What the figure is there; with an arrow where the bar would be longer."""
    value = amount(one, end.value)
    return message(_FURTHER, value=value) if _is_cut(end) else value


def _key(figure: Figure, answer: Sensitivity, height: float, lang: Language) -> None:
    """Which end is which, and how many figures have no bars."""
    say = translator(lang)
    figure.legend(
        handles=[
            Patch(edgecolor=_INK, linewidth=0.8, label=say.text(_LOW_END), **_LOW),
            Patch(edgecolor=_INK, linewidth=0.8, label=say.text(_HIGH_END), **_HIGH),
        ],
        loc="lower left",
        bbox_to_anchor=(0.015, (0.2 + _LINE_IN) / height),
        ncols=2,
        frameon=False,
        fontsize=9.4,
        borderaxespad=0.0,
    )
    said = []
    if any(_is_cut(end) for first, *_ in answer.alike[:SHOWN] for end in _ends(first)):
        said.append(say.text(_CUT))
    if more := len(answer.figures) - sum(map(len, answer.alike[:SHOWN])):
        said.append(say.say(message(_MORE, n=more)))
    for line, text in enumerate(reversed(said)):
        at = (0.11 + line * _LINE_IN) / height
        figure.text(0.02, at, text, fontsize=9.4, va="center", color="#444444")
