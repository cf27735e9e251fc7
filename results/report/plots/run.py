"""The pictures of a run: delay, loss, jitter, speech, frozen pictures, link load, MCU capacity.

With many lines the worst few are coloured and named, the rest stay grey: a legend of 71 bridges
helps nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from giaoban.drawing import own_look
from giaoban.files import writing
from giaoban.names import backbone_ends, link_names
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS, MOS
from giaoban.results.model.series import Floats, Series
from giaoban.results.report.excerpt import MOST_LINES
from giaoban.results.report.plots.style import (
    COLOURS,
    GREY,
    LIMIT,
    LIMIT_STYLE,
    STYLE,
    STYLES,
    Label,
    label_ends,
    paper,
    write,
)
from giaoban.results.report.plots.words import label_text, link_name, number, stream_name
from giaoban.translation import Language

HIGHLIGHTED = 4
#: A line under this share of the worst is not worth a colour.
STANDS_OUT = 0.5
#: More grey lines than this become pixels in an .svg, which would be megabytes otherwise.
AS_PIXELS = 40
#: Points of a line beyond which it is drawn thinner.
LONG_RUN = 200
BEST_MOS = 4.5


class _Look(NamedTuple):
    """What a picture of lines is of. `best`: values below it are worse; None: high ones are.

    `near`: the limit is left out of the range while everything is far below it.
    """

    title: str
    noun: str
    unit: str
    best: float | None = None
    near: bool = False
    nothing: str = ""


_LOOKS = {
    "delay": _Look("delay", "stream", " ms", near=True),
    "loss": _Look("loss", "stream", " %", nothing="no loss"),
    "jitter": _Look("jitter", "stream", " ms", near=True),
    "mos": _Look("mos", "stream", "", best=BEST_MOS),
    "frozen": _Look("frozen", "stream", " %", nothing="no frozen"),
    "links": _Look("links", "link", " %"),
}
_LIMITS = {
    "mos": MOS,
    "links": LINK_PEAK,
    "mcu": MCU_UNITS,
}
"""The criterion whose threshold a picture shows; delays of a leg have none, and losses have one for
sound and another for pictures."""


def draw_lines(
    series: Series, picture: str, *, lang: Language, limit: float | None = None
) -> Figure:
    """One of the pictures `delay`, `loss`, `jitter`, `mos`, `frozen` and `links`."""
    data = series.lines[picture]
    named = link_name if picture == "links" else stream_name
    known = series.names
    if picture == "links":
        known = known | link_names(backbone_ends(key.split(" ") for key in data), known)
    names = {key: named(key, known, lang) for key in data}
    return _lines(series, data, names, _LOOKS[picture], lang, limit)


def mcu_plot(series: Series, *, lang: Language, limit_pct: float | None = None) -> Figure:
    """How much of the MCU is in use, against what is allowed."""
    with own_look(STYLE):
        figure, axes = paper(series, label_text("mcu", lang), lang)
        used = series.mcu_used_pct
        axes.fill_between(series.t_s, used, step="post", color=COLOURS[1], alpha=0.25, linewidth=0)
        axes.step(series.t_s, used, where="post", color=COLOURS[1], linewidth=2)
        axes.set_ylim(0, 112)
        labels = [Label(100.0, label_text("capacity", lang), "#222222", STYLES[3])]
        axes.axhline(100.0, color="#222222", linewidth=1.6, linestyle=STYLES[3])
        if limit_pct is not None:
            share = f"{number(limit_pct, lang)} %"
            axes.axhline(limit_pct, color=LIMIT, linewidth=1.2, linestyle=LIMIT_STYLE)
            labels.append(
                Label(limit_pct, label_text("limit", lang, limit=share), LIMIT, LIMIT_STYLE, 1.2)
            )
        last = _last(used)
        share = f"{number(last, lang)} %"
        labels.append(Label(last, label_text("used", lang, share=share), COLOURS[1], "-", 2))
        label_ends(axes, labels)
    return figure


def write_plot(
    series: Series,
    folder: Path,
    name: str,
    *,
    lang: Language,
    limits: Mapping[str, float] | None = None,
    pixels: bool = True,
) -> Path:
    """One of them, as .svg, and if `pixels` as .png; the path of the vectors."""
    limit = (limits or {}).get(_LIMITS.get(name, ""))
    if name == "mcu":
        figure = mcu_plot(series, lang=lang, limit_pct=limit)
    else:
        figure = draw_lines(series, name, lang=lang, limit=limit)
    with writing(folder):
        return write(figure, folder, f"{name}.{lang}", pixels=pixels)[0]


def _lines(
    series: Series,
    data: Mapping[str, Floats],
    names: Mapping[str, str],
    look: _Look,
    lang: Language,
    limit: float | None,
) -> Figure:
    with own_look(STYLE):
        figure, axes = paper(series, label_text(look.title, lang), lang)
        badness = {key: _badness(values, look.best) for key, values in data.items()}
        ranked = sorted(badness, key=lambda key: (*(-b for b in badness[key]), key))
        top = max([peak for peak, _ in badness.values()], default=0.0)
        worst = [key for key in ranked[:HIGHLIGHTED] if badness[key][0] > STANDS_OUT * top]
        rest = ranked[len(worst) :]
        drawn = rest[:MOST_LINES]
        for key in drawn:
            axes.plot(
                series.t_s,
                data[key],
                color=GREY,
                linewidth=0.9,
                zorder=2,
                rasterized=len(drawn) > AS_PIXELS,
            )
        labels: list[Label] = []
        width = 1.9 if series.t_s.size <= LONG_RUN else 1.2
        for index, key in reversed(list(enumerate(worst))):
            colour, style = COLOURS[index], STYLES[index]
            axes.plot(
                series.t_s, data[key], color=colour, linestyle=style, linewidth=width, zorder=4
            )
            labels.append(Label(_last(data[key]), names[key], colour, style))
        show_limit = limit is not None and (not look.near or top > 0.25 * limit)
        if look.best is not None:
            axes.set_ylim(0.93, look.best + 0.12)
        else:
            ceiling = max(top, limit or 0.0) if show_limit else top
            ceiling = ceiling if ceiling > 0 else 1.0
            axes.set_ylim(-0.02 * ceiling, 1.12 * ceiling)
        if limit is not None and show_limit:
            axes.axhline(limit, color=LIMIT, linewidth=1.2, linestyle=LIMIT_STYLE, zorder=3)
            text = label_text("limit", lang, limit=number(limit, lang) + look.unit)
            labels.append(Label(limit, text, LIMIT, LIMIT_STYLE, 1.2))
        if rest:
            level = float(np.median([_last(data[key]) for key in rest]))
            text = label_text(
                "others" if worst else "all", lang, n=len(rest), things=label_text(look.noun, lang)
            )
            if len(drawn) < len(rest):
                text = label_text("some", lang, n=len(rest), drawn=len(drawn))
            if look.nothing and not worst:
                text = label_text(look.nothing, lang)
            labels.append(Label(level, text, GREY, "-", 1.2))
        label_ends(axes, labels)
        if limit is not None and not show_limit:
            note = label_text("limit", lang, limit=number(limit, lang) + look.unit) + " ↑"
            axes.annotate(
                note,
                (1.026, 1.06),
                xycoords="axes fraction",
                va="bottom",
                color=LIMIT,
                fontsize=9.5,
            )
    return figure


def _badness(values: Floats, best: float | None) -> tuple[float, float]:
    """How bad a line is at its worst, and on the whole; 0: as good as can be, or never measured."""
    seen = values[np.isfinite(values)]
    if not seen.size:
        return 0.0, 0.0
    bad = seen if best is None else np.maximum(best - seen, 0.0)
    return float(np.max(bad)), float(np.mean(bad))


def _last(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else 0.0
