"""How every picture of a run looks: paper, phases shaded, impaired times hatched, lines named.

Lines are named at the right edge, each name behind a sample of its line: told apart by colour
(Okabe and Ito's, for colour-blind readers) and by dashes, for prints in black and white. Same data,
same bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from giaoban.drawing import own_look, save
from giaoban.results.model.series import Series
from giaoban.results.report.plots.words import LABEL_WIDTH, cut, label_text, number
from giaoban.translation import Language

PHASES = ("before", "during", "after", "check", "course")
"""Those that have a name in every language."""
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#A6761D")
STYLES: tuple[Any, ...] = (
    "-",
    (0, (6, 1.5)),
    (0, (3, 1.2)),
    (0, (7, 1.5, 1.5, 1.5)),
    (0, (1.5, 1)),
)
GREY = "#B8B8B8"
LIMIT = "#8B1A1A"
LIMIT_STYLE: Any = (0, (5, 3))
SHADES = ("#F3F6FA", "#FFF4DC", "#EAF5EC")
#: The share of the height that labels keep from each other.
LABEL_GAP = 0.075
#: And what each further line of one adds to it.
LINE_GAP = 0.055
#: Impairments told below a picture; more are only counted.
NOTES = 5
#: Characters of a note's line.
NOTE_WIDTH = 108

_WIDTH_IN, _AXES_HEIGHT_IN = 8.6, 3.05
_LEFT_IN, _AXES_WIDTH_IN, _TOP_IN, _BOTTOM_IN, _NOTE_IN = 0.6, 5.25, 0.5, 0.55, 0.19

STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#222222",
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "path",
    "path.simplify": True,
}


class Label(NamedTuple):
    """A name at the right edge: at which level, of which line."""

    level: float
    text: str
    colour: str
    style: Any = "-"
    width: float = 1.9


class _Span(NamedTuple):
    """A time in which something was done on purpose, with what that was, by number."""

    from_s: float
    to_s: float
    numbers: list[int]


def write(figure: Figure, folder: Path, name: str, *, pixels: bool = True) -> list[Path]:
    """A picture as vectors and, if `pixels`, as .png beside them; the same one, the same bytes.

    Raises `OSError`.
    """
    paths = []
    with own_look(STYLE):
        for kind in ("svg", "png") if pixels else ("svg",):
            paths.append(folder / f"{name}.{kind}")
            save(figure, paths[-1])
    return paths


def paper(series: Series, title: str, lang: Language) -> tuple[Figure, Axes]:
    """Axes with title, phases and impaired times; below them what was done then."""
    spans = _spans(series)
    notes = _notes(series, lang) if spans else []
    height = _TOP_IN + _AXES_HEIGHT_IN + _BOTTOM_IN + _NOTE_IN * len(notes)
    figure = Figure(figsize=(_WIDTH_IN, height))
    axes = figure.add_axes(
        (
            _LEFT_IN / _WIDTH_IN,
            (_BOTTOM_IN + _NOTE_IN * len(notes)) / height,
            _AXES_WIDTH_IN / _WIDTH_IN,
            _AXES_HEIGHT_IN / height,
        )
    )
    # where these two stand is known: else all texts at the axes are measured for each, every time
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=20, y=1.0)
    axes.yaxis.set_label_coords(0.0, 0.5)  # it has none
    axes.set_xlabel(label_text("time", lang))
    _phases(axes, series, lang)
    _hatch(axes, series, spans)
    for row, note in enumerate(notes):
        y = (0.04 + _NOTE_IN * (len(notes) - row - 0.5)) / height
        figure.text(_LEFT_IN / _WIDTH_IN, y, note, fontsize=9.4, color="#222222", va="center")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    in_language(axes, lang)
    return figure, axes


def in_language(axes: Axes, lang: Language) -> None:
    """Numbers at both axes as a language writes them."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))


def _phases(axes: Axes, series: Series, lang: Language) -> None:
    for index, (name, start, end) in enumerate(series.phases):
        axes.axvspan(start, end, color=SHADES[index % len(SHADES)], zorder=0, linewidth=0)
        if index:
            axes.axvline(start, color="#9A9A9A", linewidth=0.8, zorder=0.5)
        axes.annotate(
            label_text(name, lang) if name in PHASES else name,
            ((start + end) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color="#333333",
        )
    if series.phases:
        axes.set_xlim(series.phases[0][1], series.phases[-1][2])


def _spans(series: Series) -> list[_Span]:
    """Impaired times that the picture shows, by start; what has the same times is one span."""
    if not series.phases:
        return []
    first, last = series.phases[0][1], series.phases[-1][2]
    found: dict[tuple[float, float], list[int]] = {}
    for index, (_, _, start, end) in enumerate(series.impaired):
        inside = max(start, first), min(end, last)
        if inside[0] < inside[1]:
            found.setdefault(inside, []).append(index + 1)
    return [_Span(*times, numbers) for times, numbers in sorted(found.items())]


def _hatch(axes: Axes, series: Series, spans: Sequence[_Span]) -> None:
    """Impaired times, hatched, with the numbers of their notes on top; near ones step down."""
    width = series.phases[-1][2] - series.phases[0][1] if series.phases else 1.0
    rows: list[float] = []  # where the last number of each row ends
    for start, end, numbers in spans:
        axes.axvspan(
            start, end, facecolor="none", edgecolor="#7F7F7F", hatch="////", linewidth=0.8, zorder=1
        )
        text = ", ".join(str(n) for n in numbers[:4]) + (" …" if len(numbers) > 4 else "")
        middle, half = (start + end) / 2, width * (0.012 + 0.008 * len(text))
        row = next((i for i, until in enumerate(rows) if until <= middle - half), len(rows))
        rows[row : row + 1] = [middle + half]
        axes.annotate(
            text,
            (middle, 0.965 - 0.085 * (row % 4)),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="center",
            fontsize=9.4,
            fontweight="bold",
            color="#222222",
            zorder=6,
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "#7F7F7F"},
        )


def _notes(series: Series, lang: Language) -> list[str]:
    """`1: giây 120–180 – what`, one or two lines for each impairment."""
    lines: list[str] = []
    for index, (en, vi, start, end) in enumerate(series.impaired[:NOTES]):
        when = label_text("span", lang, start=number(start, lang, 4), end=number(end, lang, 4))
        text = f"[{index + 1}] {when}: {vi if lang == 'vi' else en}"
        wrapped = textwrap.wrap(text, NOTE_WIDTH, subsequent_indent="      ")
        lines += [*wrapped[:1], *(cut(rest, NOTE_WIDTH) for rest in wrapped[1:2])]
    if len(series.impaired) > NOTES:
        lines.append(label_text("more spans", lang, n=len(series.impaired) - NOTES))
    return lines


def label_ends(axes: Axes, labels: Sequence[Label]) -> None:
    """Name lines at the right edge: a leader from the line's height to a sample and its name."""
    bottom, top = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label.level)
    fractions = [(label.level - bottom) / (top - bottom) for label in ordered]
    texts = [textwrap.fill(label.text, LABEL_WIDTH) for label in ordered]
    high = [LABEL_GAP + LINE_GAP * text.count("\n") for text in texts]
    gaps = [(one + next_) / 2 for one, next_ in pairwise(high)]
    at_heights = spread(fractions, gaps, 0.01, 1.0)
    for at, y, label, text in zip(fractions, at_heights, ordered, texts, strict=True):
        leader = Line2D([1.0, 1.022], [at, y], color=label.colour, linewidth=0.7)
        sample = Line2D(
            [1.026, 1.082], [y, y], color=label.colour, linewidth=label.width, linestyle=label.style
        )
        for line in (leader, sample):
            line.set_transform(axes.transAxes)
            line.set_clip_on(False)
            axes.add_line(line)
        axes.annotate(
            text,
            (1.095, y),
            xycoords="axes fraction",
            va="center",
            color="#555555" if label.colour == GREY else label.colour,
            fontsize=9.5,
            linespacing=1.05,
            annotation_clip=False,
        )


def spread(levels: Sequence[float], gaps: Sequence[float], low: float, high: float) -> list[float]:
    """Move sorted label heights as little as needed so that neighbours are their `gaps` apart."""
    placed = list(levels)
    for _ in range(200):
        moved = False
        for i in range(1, len(placed)):
            short = gaps[i - 1] - (placed[i] - placed[i - 1])
            if short > 1e-9:
                placed[i - 1] -= short / 2
                placed[i] += short / 2
                moved = True
        if placed and placed[0] < low:
            placed[0], moved = low, True
        if placed and placed[-1] > high:
            placed[-1], moved = high, True
        if not moved:
            break
    return placed
