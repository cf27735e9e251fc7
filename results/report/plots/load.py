"""The pictures of a load test: sessions, set-up delay, processors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from giaoban.drawing import own_look
from giaoban.results.model.load import LoadResult
from giaoban.results.report.plots.style import COLOURS, STYLE, STYLES, in_language, write
from giaoban.translation import N_, SOURCE, Language, translator

_SIZE_IN = (8.6, 3.4)


def write_load_plots(result: LoadResult, folder: Path, lang: Language = SOURCE) -> list[Path]:
    """`sessions`, `setup` and `processors`, each as .svg and .png, in a new folder."""
    folder.mkdir()
    s = result.series
    t = [second.t_s for second in s]
    pictures = {
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
        for path in write(_figure(title, unit, t, lines, lang), folder, name)
    ]


def _figure(
    title: str, unit: str, t: list[int], lines: dict[str, list[float]], lang: Language
) -> Figure:
    say = translator(lang).text
    with own_look(STYLE):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(say(title), loc="left")
        for count, (name, values) in enumerate(lines.items()):
            if np.isfinite(values).any():
                colour, style = COLOURS[count], STYLES[count]
                # a single point has no line
                axes.plot(t, values, color=colour, linestyle=style, label=say(name), marker=".")
        axes.set_xlabel("s")
        axes.set_ylabel(unit)
        axes.set_ylim(bottom=0)
        in_language(axes, lang)
        if axes.lines:
            axes.legend(frameon=False, loc="upper right")
    return figure


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
