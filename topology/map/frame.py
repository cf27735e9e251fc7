"""What stands round a map: its style, graticule, scale, legend and colour bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator

from giaoban.topology.map.geometry import Box, Projection
from giaoban.translation import Language, pgettext, translator

_FAMILY = "DejaVu Sans"  # matplotlib's own; it has all Vietnamese letters
FONTS: Mapping[str, FontProperties] = {
    "title": FontProperties(family=_FAMILY, size=13, weight="bold"),
    "router": FontProperties(family=_FAMILY, size=10, weight="bold"),
    "host": FontProperties(family=_FAMILY, size=8.5),
    "small": FontProperties(family=_FAMILY, size=8.5),
}

INK, GREY, LINE, UNKNOWN = "#1b2733", "#5d6b78", "#6c7a89", "#c3cbd2"
SINGLE = "#111111"
ROUTER, MCU, CHAIR, BRANCH, NEW = "#2b4a6f", "#7b3294", "#c0392b", "#2a7f9e", "#d95f02"
DASH = (0, (4, 1.6))

# blue over yellow to red: told apart by colour-blind readers too
HEAT = LinearSegmentedColormap.from_list(
    "load", ["#74a9cf", "#a6bddb", "#f2c14e", "#f07f3c", "#c51b1b"]
)
NORM = Normalize(0.0, 100.0)

_WORDS: Mapping[str, str] = {
    "router": pgettext("map", "router"),
    "mcu": "MCU",
    "chair": pgettext("map", "chair bridge"),
    "branch": pgettext("map", "branch bridge"),
    "new": pgettext("map", "new bridge"),
    "sourced": pgettext("map", "figures from a source"),
    "assumed": pgettext("map", "* dashed: assumed, no published figure"),
    "starred": pgettext("map", "* assumed, no published figure"),
    "single": pgettext("map", "single point of failure"),
    "changed": pgettext("map", "changed, or worse than before"),
    "hollow": pgettext("map", "place approximate *"),
    "load": pgettext(
        "map",
        "Highest utilisation of the link, %  (each direction on its own right-hand side)",
    ),
    "headroom": pgettext(
        "map",
        "Share of the allowed load in use, %  (each direction on its own right-hand side)",
    ),
}


def word(key: str, lang: Language) -> str:
    """What a sign of the map is."""
    return translator(lang).text(_WORDS[key])


def marker(shape: str, size: float, colour: str, *, hollow: bool = False) -> dict[str, Any]:
    """Keywords of a marker without a line."""
    return {
        "marker": shape,
        "ms": size,
        "ls": "",
        "mfc": "white" if hollow else colour,
        "mec": colour if hollow else "white",
        "mew": 2.0 if hollow else 0.8,
    }


def ring(size: float) -> dict[str, Any]:
    """Keywords of a ring round what is pointed out: a single point of failure, what was changed."""
    return {"marker": "o", "ms": size, "ls": "", "mfc": "none", "mec": SINGLE, "mew": 1.8}


def graticule(axes: Axes, projection: Projection, view: Box, lang: Language) -> None:
    """Faint lines of equal latitude and longitude with their degrees at the edge."""
    say = translator(lang)
    east, north = say.pgettext("longitude", "E"), say.pgettext("latitude", "N")

    def degrees(value: float, letter: str) -> str:
        return f"{say.number(value)}° {letter}"

    lons = _round_values(projection.lon_at(view.x0), projection.lon_at(view.x1))
    lats = _round_values(projection.lat_at(view.y0), projection.lat_at(view.y1))
    axes.xaxis.set_major_locator(
        FixedLocator([projection.point(projection.lat, v).x for v in lons])
    )
    axes.yaxis.set_major_locator(
        FixedLocator([projection.point(v, projection.lon).y for v in lats])
    )
    axes.xaxis.set_major_formatter(FixedFormatter([degrees(v, east) for v in lons]))
    axes.yaxis.set_major_formatter(FixedFormatter([degrees(v, north) for v in lats]))
    axes.tick_params(length=0, labelsize=8.5, labelcolor=GREY, labelfontfamily=_FAMILY)
    axes.grid(color="#e9edf1", lw=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color("#c5ced6")


def _round_values(low: float, high: float) -> list[float]:
    """Four to ten round values between two bounds."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def scale(axes: Axes, projection: Projection, corner: Box, lang: Language) -> None:
    """A bar of a round number of kilometres, and where north is."""
    rough = 0.9 / projection.in_per_km
    power = 10.0 ** math.floor(math.log10(rough))
    km = max(power * m for m in (1, 2, 5) if power * m <= rough)
    x, y = corner.x0 + 0.12, corner.y0 + 0.14
    end = x + km * projection.in_per_km
    axes.plot([x, x, end, end], [y + 0.06, y, y, y + 0.06], color=INK, lw=1.2, zorder=4)
    text: dict[str, Any] = {"fontproperties": FONTS["small"], "color": INK, "zorder": 4}
    axes.text((x + end) / 2, y + 0.09, f"{km:g} km", ha="center", va="bottom", **text)
    north = corner.x1 - 0.15
    axes.annotate(
        "",
        (north, corner.y1 - 0.2),
        (north, corner.y0 + 0.08),
        arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.2},
        zorder=4,
    )
    letter = translator(lang).pgettext("latitude", "N")
    axes.text(north, corner.y1 - 0.19, letter, ha="center", va="bottom", **text)


def legend(fig: Figure, keys: Sequence[str], left: float, top: float, lang: Language) -> None:
    """Explain the signs that the map uses; `left` and `top` are fractions of the figure."""
    signs: dict[str, dict[str, Any]] = {
        "router": marker("s", 9, ROUTER),
        "hollow": marker("s", 8, ROUTER, hollow=True),
        "mcu": marker("D", 6, MCU),
        "chair": marker("o", 6.5, CHAIR),
        "branch": marker("o", 6.5, BRANCH),
        "new": marker("^", 7.5, NEW),
        "sourced": {"color": LINE, "lw": 2.2},
        "assumed": {"color": LINE, "lw": 2.2, "ls": DASH},
        "starred": {"ls": ""},
        "single": ring(9),
        "changed": ring(9),
    }
    fig.legend(
        handles=[Line2D([], [], label=word(key, lang), **signs[key]) for key in keys],
        loc="upper left",
        bbox_to_anchor=(left, top),
        ncols=4,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=3.0,
        columnspacing=1.6,
        prop=FONTS["host"],
        labelcolor=INK,
    )


def bar(fig: Figure, place: tuple[float, float, float, float], what: str, lang: Language) -> None:
    """The colour bar, 0 to 100 %, at (left, bottom, width, height); `what` is the word for it."""
    axes = fig.add_axes(place)
    made = fig.colorbar(ScalarMappable(NORM, HEAT), cax=axes, orientation="horizontal")
    made.outline.set_visible(False)
    axes.tick_params(labelsize=8.5, labelcolor=INK, length=2, labelfontfamily=_FAMILY)
    axes.set_title(word(what, lang), fontproperties=FONTS["host"], color=INK, loc="left", pad=3)
