"""The pictures of a run: delay, loss, link load and MCU capacity over time, phases shaded.

With many lines the worst few are coloured and named at their end, the rest stay grey: a legend of
71 bridges helps nobody. Colours are Okabe and Ito's (told apart by colour-blind readers), and line
styles differ too, for prints in black and white. Same data, same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from giaoban.errors import InputError
from results.series import Floats, Series

Lang = Literal["vi", "en"]

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
SHADES = ("#F3F6FA", "#FFF4DC", "#EAF5EC")
HIGHLIGHTED = 4
#: A line under this share of the highest is not worth a colour.
STANDS_OUT = 0.5
SIZE_IN = (8.6, 4.1)
#: The share of the height that labels keep from each other.
LABEL_GAP = 0.075

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#222222",
    "axes.unicode_minus": True,
    "svg.hashsalt": "giaoban",
    "svg.fonttype": "path",
    "path.simplify": True,
}

WORDS: Mapping[Lang, Mapping[str, str]] = {
    "vi": {
        "before": "Trước",
        "during": "Trong",
        "after": "Sau",
        "time": "Thời gian (giây)",
        "delay": "Độ trễ một chiều theo điểm cầu (ms)",
        "loss": "Tỷ lệ mất gói theo điểm cầu (%)",
        "links": "Tải đường truyền (% tốc độ)",
        "mcu": "Năng lực MCU đã sử dụng (đơn vị)",
        "limit": "ngưỡng {0}",
        "capacity": "năng lực thiết bị: {0}",
        "used": "đã dùng: {0}",
        "others": "{0} {1} khác",
        "bridge": "điểm cầu",
        "link": "hướng truyền",
        "none": "không mất gói",
        "up": "chiều lên",
        "down": "chiều xuống",
    },
    "en": {
        "before": "Before",
        "during": "During",
        "after": "After",
        "time": "Time (s)",
        "delay": "One-way delay by bridge (ms)",
        "loss": "Packets lost by bridge (%)",
        "links": "Load of links (% of rate)",
        "mcu": "MCU capacity in use (units)",
        "limit": "limit {0}",
        "capacity": "capacity of the device: {0}",
        "used": "in use: {0}",
        "others": "{0} other {1}",
        "bridge": "bridges",
        "link": "link directions",
        "none": "no packet lost",
        "up": "up",
        "down": "down",
    },
}


def number(value: float, lang: Lang, digits: int = 3) -> str:
    """A number for people: at most `digits` significant digits, decimal comma in Vietnamese."""
    text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    return text.replace(".", ",") if lang == "vi" else text


def link_name(key: str, names: Mapping[str, str], lang: Lang) -> str:
    """`"a--b r-a->r-b"` as `A → B` with names for people.

    An access link has a place of one name at both ends, so it is told by host and way: `X, xuống`.
    """
    link, _, direction = key.rpartition(" ")
    source, _, target = direction.partition("->")
    if link.startswith("access-"):
        up = link == f"access-{source}"
        host = source if up else target
        return f"{names.get(host, host).split(' (')[0]}, {WORDS[lang]['up' if up else 'down']}"
    return f"{names.get(source, source)} → {names.get(target, target)}"


def delay_plot(series: Series, *, lang: Lang, limit_ms: float | None = None) -> Figure:
    """One-way delay of every bridge; `limit_ms` is drawn if given."""
    names = {key: series.names.get(key, key) for key in series.bridge_delay_ms}
    return _lines(series, series.bridge_delay_ms, names, "delay", "bridge", lang, limit_ms, " ms")


def loss_plot(series: Series, *, lang: Lang, limit_pct: float | None = None) -> Figure:
    """Share of packets lost on the wire, of every bridge."""
    names = {key: series.names.get(key, key) for key in series.bridge_lost_pct}
    return _lines(series, series.bridge_lost_pct, names, "loss", "bridge", lang, limit_pct, " %")


def link_plot(series: Series, *, lang: Lang, limit_pct: float | None = None) -> Figure:
    """Load of every link direction, the worst ones named."""
    names = {key: link_name(key, series.names, lang) for key in series.link_utilisation_pct}
    data = series.link_utilisation_pct
    return _lines(series, data, names, "links", "link", lang, limit_pct, " %")


def mcu_plot(series: Series, *, lang: Lang, limit_pct: float | None = None) -> Figure:
    """MCU units in use against the device's capacity and the share of it that is allowed."""
    words = WORDS[lang]
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(series, words["mcu"], lang)
        total = series.units_total
        axes.fill_between(
            series.t_s, series.mcu_units, step="post", color=COLOURS[1], alpha=0.25, linewidth=0
        )
        axes.step(series.t_s, series.mcu_units, where="post", color=COLOURS[1], linewidth=2)
        top = max(total, float(np.nanmax(series.mcu_units, initial=0.0)))
        axes.set_ylim(0, top * 1.12)
        labels = [(total, words["capacity"].format(number(total, lang)), "#222222")]
        axes.axhline(total, color="#222222", linewidth=1.6)
        if limit_pct is not None:
            level = total * limit_pct / 100
            share = f"{number(limit_pct, lang)} % = {number(level, lang)}"
            axes.axhline(level, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 3)))
            labels.append((level, words["limit"].format(share), LIMIT))
        last = _last(series.mcu_units)
        labels.append((last, words["used"].format(number(last, lang)), COLOURS[1]))
        _label_ends(axes, series, labels)
    return figure


def write_plots(
    series: Series,
    folder: Path,
    *,
    lang: Lang,
    limits: Mapping[str, float] | None = None,
) -> dict[str, Path]:
    """Write `delay`, `loss`, `links` and `mcu` as .png and .svg into an existing folder.

    `limits` are thresholds by criterion id (`one-way-delay`, `loss`, `link-peak`, `mcu-units`).
    Files are named `delay.vi.svg` and so on. Returns the .svg paths by picture.
    """
    given = limits or {}
    figures = {
        "delay": delay_plot(series, lang=lang, limit_ms=given.get("one-way-delay")),
        "loss": loss_plot(series, lang=lang, limit_pct=given.get("loss")),
        "links": link_plot(series, lang=lang, limit_pct=given.get("link-peak")),
        "mcu": mcu_plot(series, lang=lang, limit_pct=given.get("mcu-units")),
    }
    paths: dict[str, Path] = {}
    for name, figure in figures.items():
        paths[name] = folder / f"{name}.{lang}.svg"
        try:
            with mpl.rc_context(_STYLE):
                figure.savefig(paths[name], format="svg", metadata={"Date": None})
                png = paths[name].with_suffix(".png")
                figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
        except OSError as error:
            raise InputError(f"{folder}: pictures cannot be written: {error.strerror}") from None
    return paths


def _axes(series: Series, title: str, lang: Lang) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.065, 0.135, 0.665, 0.745))
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=20)
    words = WORDS[lang]
    axes.set_xlabel(words["time"])
    for index, (name, start, end) in enumerate(series.phases):
        axes.axvspan(start, end, color=SHADES[index % len(SHADES)], zorder=0, linewidth=0)
        if index:
            axes.axvline(start, color="#9A9A9A", linewidth=0.8, zorder=0.5)
        axes.annotate(
            words.get(name, name),
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
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, lang, 4)))
    return figure, axes


def _lines(
    series: Series,
    data: Mapping[str, Floats],
    names: Mapping[str, str],
    title: str,
    noun: str,
    lang: Lang,
    limit: float | None,
    unit: str,
) -> Figure:
    words = WORDS[lang]
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(series, words[title], lang)
        peaks = {key: _peak(values) for key, values in data.items()}
        ranked = sorted(peaks, key=lambda key: (-peaks[key], key))
        top = max([*peaks.values(), 0.0])
        worst = [key for key in ranked[:HIGHLIGHTED] if peaks[key] > STANDS_OUT * top]
        for key in ranked[len(worst) :]:
            axes.plot(series.t_s, data[key], color=GREY, linewidth=0.9, zorder=2)
        labels: list[tuple[float, str, str]] = []
        for index, key in reversed(list(enumerate(worst))):
            colour = COLOURS[index]
            axes.plot(
                series.t_s,
                data[key],
                color=colour,
                linestyle=STYLES[index],
                linewidth=1.9,
                zorder=4,
            )
            labels.append((_last(data[key]), names[key], colour))
        show_limit = limit is not None and (top > 0.25 * limit or title != "delay")
        ceiling = max(top, limit or 0.0) if show_limit else top
        ceiling = ceiling if ceiling > 0 else 1.0
        axes.set_ylim(-0.02 * ceiling, 1.12 * ceiling)
        if limit is not None and show_limit:
            axes.axhline(limit, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 3)), zorder=3)
            labels.append((limit, words["limit"].format(number(limit, lang) + unit), LIMIT))
        rest = [key for key in ranked if key not in worst]
        if rest:
            level = float(np.median([_last(data[key]) for key in rest]))
            text = words["others"].format(len(rest), words[noun])
            if title == "loss" and not worst:
                text = words["none"]
            labels.append((level, text, "#777777"))
        _label_ends(axes, series, labels)
        if limit is not None and not show_limit:
            note = words["limit"].format(number(limit, lang) + unit) + " ↑"
            axes.annotate(note, (1.035, 1.0), xycoords="axes fraction", va="top", color=LIMIT)
    return figure


def _peak(values: Floats) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0


def _last(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else 0.0


def spread(levels: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move sorted label heights as little as needed so that neighbours are `gap` apart."""
    placed = list(levels)
    for _ in range(200):
        moved = False
        for i in range(1, len(placed)):
            short = gap - (placed[i] - placed[i - 1])
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


def _label_ends(axes: Axes, series: Series, labels: Sequence[tuple[float, str, str]]) -> None:
    """Name lines at the right edge, with a thin leader where a label had to move."""
    bottom, top = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label[0])
    fractions = [(level - bottom) / (top - bottom) for level, _, _ in ordered]
    for at, height, (_, text, colour) in zip(
        fractions, spread(fractions, LABEL_GAP, 0.01, 1.0), ordered, strict=True
    ):
        axes.annotate(
            _wrapped(text),
            (1.0, at),
            xycoords="axes fraction",
            xytext=(1.035, height),
            textcoords="axes fraction",
            va="center",
            color=colour,
            fontsize=9.5,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.8,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )


def _wrapped(text: str, width: int = 28) -> str:
    """Cut a label that would leave the picture; the tables hold the full names."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
