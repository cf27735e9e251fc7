"""The pictures of a load test: sessions, set-up delay, processors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from giaoban.drawing import own_look
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.plots.style import (
    COLOURS,
    LIMIT,
    LIMIT_STYLE,
    STYLE,
    STYLES,
    in_language,
    write,
)
from giaoban.results.report.plots.words import label_text, number
from giaoban.translation import N_, SOURCE, Language, translator

_SIZE_IN = (8.6, 3.4)
SETUP_P95 = "setup-p95"
"""The criterion of which a limit is drawn, as load tests call it."""


def write_load_plots(result: LoadResult, folder: Path, lang: Language = SOURCE) -> list[Path]:
    """`sessions`, `setup` and `processors`, each as .svg and .png, in a new folder."""
    folder.mkdir()
    s = result.series
    t = [second.t_s for second in s]
    limits = [c.threshold for c in result.criteria if c.id == SETUP_P95]
    pictures: dict[str, tuple[str, str, dict[str, list[float]]]] = {
        "sessions": (
            N_("Sessions"),
            "",
            {
                N_("standing"): [float(x.standing) for x in s],
                N_("attempts/s"): [float(x.attempts) for x in s],
                N_("failed/s"): [float(x.failed) for x in s],
            },
        ),
        "setup": (
            N_("Call set-up delay, 95th percentile of each second"),
            "ms",
            {N_("set-up"): [_or_nan(x.setup_p95_ms) for x in s]},
        ),
        "processors": (
            N_("Processor time, share of a core"),
            "%",
            {
                N_("generator"): [_or_nan(x.generator_cpu_pct) for x in s],
                N_("MCU"): [_or_nan(x.mcu_cpu_pct) for x in s],
            },
        ),
    }
    return [
        path
        for name, (title, unit, lines) in pictures.items()
        for path in write(
            _figure(title, unit, t, lines, lang, limits[0] if limits and name == "setup" else None),
            folder,
            name,
        )
    ]


def _figure(
    title: str,
    unit: str,
    t: list[int],
    lines: dict[str, list[float]],
    lang: Language,
    limit: float | None = None,
) -> Figure:
    """With a limit, heights are logarithmic: what is measured is often a hundredth of it."""
    say = translator(lang).text
    with own_look(STYLE):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(say(title), loc="left")
        for count, (name, values) in enumerate(lines.items()):
            if np.isfinite(values).any():
                colour, style = COLOURS[count], STYLES[count]
                # a single point has no line
                axes.plot(t, values, color=colour, linestyle=style, label=say(name), marker=".")
        axes.set_xlabel("s")
        axes.set_ylabel(unit)
        if limit is None:
            axes.set_ylim(bottom=0)
        else:
            told = label_text("limit", lang, limit=f"{number(limit, lang, 6)} {unit}")
            axes.axhline(limit, color=LIMIT, linestyle=LIMIT_STYLE, label=told)
            if limit > 0:
                axes.set_yscale("log")
                axes.set_ylim(bottom=_below(lines, limit), top=10 * _most(lines, limit))
                axes.yaxis.set_minor_formatter(NullFormatter())
        in_language(axes, lang)
        if axes.lines:
            axes.legend(frameon=False, loc="upper right")
    return figure


def _below(lines: dict[str, list[float]], limit: float) -> float:
    """A power of ten below all that is drawn."""
    least = min([limit, *(v for values in lines.values() for v in values if v > 0)])
    return float(10.0 ** math.floor(math.log10(least) - 0.01))


def _most(lines: dict[str, list[float]], limit: float) -> float:
    """The highest of all that is drawn, the limit among it."""
    return max([limit, *(v for values in lines.values() for v in values if np.isfinite(v))])


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
