"""Draw the network as a map with matplotlib, without its global state."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D

from giaoban.drawing import DPI, check_kinds, own_look, save
from giaoban.files import whole
from giaoban.topology.map.layout import Layout, Segment, arrange
from giaoban.topology.network import NetLink, Network, Node
from giaoban.translation import Language, pgettext, translator

Values = Mapping[tuple[str, str], float]
"""Percent of each direction, by (link id, direction): ("access-mcu", "mcu->r-gia-nghia")."""

BROAD_IN = 4.4
"""Height of the routers' area on a map that fills a broad page: every letter is 6 pt or more."""

_FAMILY = "DejaVu Sans"  # part of matplotlib; it has all Vietnamese letters
_TITLE = FontProperties(family=_FAMILY, size=13, weight="bold")
_BOLD = FontProperties(family=_FAMILY, size=10, weight="bold")
_TEXT = FontProperties(family=_FAMILY, size=8.5)
_INK, _GREY, _LINE = "#1b2733", "#5d6b78", "#6c7a89"
_ROUTER, _MCU, _CHAIR, _BRANCH, _NEW = "#2b4a6f", "#7b3294", "#c0392b", "#2a7f9e", "#d95f02"
_DASH: Any = (0, (4, 1.6))
# blue over yellow to red: colour-blind readers can tell these apart
_HEAT = LinearSegmentedColormap.from_list(
    "load", ["#74a9cf", "#a6bddb", "#f2c14e", "#f07f3c", "#c51b1b"]
)
_PERCENT = Normalize(0.0, 100.0)
_BAR_TITLES = {
    "load": pgettext(
        "map",
        "Highest utilisation of the link, %  (each direction on its own right-hand side)",
    ),
    "headroom": pgettext(
        "map",
        "Share of the allowed load in use, %  (each direction on its own right-hand side)",
    ),
}
_EDGE, _FOOT, _BAR = 0.3, 0.85, 0.65  # inches


def draw(
    network: Network,
    *paths: Path,
    title: str,
    values: Values | None = None,
    what: Literal["load", "headroom"] = "load",
    lang: Language = "en",
    new: Collection[str] = (),
    single_points: Collection[str] = (),
    changed: Collection[str] = (),
    high: float = 7.0,
) -> None:
    """Draw the network into .png, .svg or .pdf files.

    `values` colours each direction of each link; `what` says which quantity they are. `new` are
    bridges to be shown as new ones. `single_points` and `changed` are ids of links and nodes that
    get a ring. `high` is the largest distance of routers from north to south in inches.
    Raises `InputError` for another kind of file; `OSError` if one cannot be written.
    """
    check_kinds(*paths)
    with own_look({}):
        figure = _Map(network, values, lang, new, single_points, changed, high).figure(title, what)
        for path in paths:
            with whole(path) as aside:
                save(figure, aside)


class _Map:
    """One drawing."""

    def __init__(
        self,
        network: Network,
        values: Values | None,
        lang: Language,
        new: Collection[str],
        single_points: Collection[str] = (),
        changed: Collection[str] = (),
        high: float = 7.0,
    ) -> None:
        self.network, self.values, self.lang, self.new = network, values, lang, new
        self.single_points, self.changed = frozenset(single_points), frozenset(changed)
        self.renderer = FigureCanvasAgg(Figure(dpi=DPI)).get_renderer()  # type: ignore[no-untyped-call]
        self.backbone = [link for link in network.links if link.kind == "backbone"]
        self.hosts = [node for node in network.nodes if node.kind != "router"]
        self.layout = self._arrange((5.0, high))

    def figure(self, title: str, what: str = "load") -> Figure:
        """Draw everything; one data unit is an inch."""
        foot = _FOOT + (_BAR if self.values is not None else 0.0)
        view = self.layout.view(_EDGE)
        wide, high = max(view.x1 - view.x0, 7.0) + 0.4, view.y1 - view.y0 + foot + 1.15
        figure = Figure(figsize=(wide, high), dpi=DPI, facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xticks=[], yticks=[], frame_on=False)
        left, low = view.x0 - 0.2, view.y0 - foot - 0.5
        axes.set_xlim(left, left + wide)
        axes.set_ylim(low, low + high)
        for link in self.backbone:
            self._backbone(axes, link)
        for host in self.hosts:
            self._host(axes, host)
        for router in self.network.routers:
            self._router(axes, router)
        for ident in self.single_points | self.changed:
            axes.plot(*self._ringed_at(ident), **_ring(11.0), zorder=9)
        self._scale(axes, view.x0 + 0.12, view.y0 - 0.3)
        self._write(axes, title, view.x0, view.y1 + 0.3, font=_TITLE)
        self._legend(figure, 0.3 / wide, (foot - 0.2) / high)
        if self.values is not None:
            place = (0.3 / wide, 0.3 / high, 5.25 / wide, 0.12 / high)
            self._bar(figure, place, what)
        return figure

    def _arrange(self, size: tuple[float, float]) -> Layout:
        routers = self.network.routers
        texts = {host.id: f"{host.name}  {self._figures(host)}" for host in self.hosts}
        figures = {}
        for link in self.backbone:
            width, height = self._size(self._figures_of(link, "\n"))
            figures[link.id] = width + 0.08, height + 0.04
        return arrange(
            self.network,
            size,
            widths={host: self._size(text)[0] for host, text in texts.items()},
            names={router.id: self._size(_name(router), _BOLD) for router in routers},
            figures=figures,
        )

    def _size(self, text: str, font: FontProperties = _TEXT) -> tuple[float, float]:
        """Return the width and height of a text in inches."""
        lines = text.split("\n")
        measure = self.renderer.get_text_width_height_descent
        widths = [measure(line, font, ismath=False)[0] for line in lines]
        return max(widths) / DPI, len(lines) * float(font.get_size_in_points()) * 1.25 / 72

    def _write(
        self,
        axes: Axes,
        text: str,
        x: float,
        y: float,
        *,
        font: FontProperties = _TEXT,
        ink: str = _INK,
        side: Any = "left",
        **more: Any,
    ) -> None:
        look: dict[str, Any] = {"parse_math": False, "zorder": 6, "va": "center_baseline", **more}
        axes.text(x, y, text, fontproperties=font, color=ink, ha=side, **look)

    def _load(self, link: NetLink, direction: str) -> float | None:
        return None if self.values is None else self.values.get((link.id, direction))

    def _worst(self, link: NetLink) -> float | None:
        loads = [self._load(link, hop.direction) for hop in link.hops]
        return max((load for load in loads if load is not None), default=None)

    def _figures_of(self, link: NetLink, between: str) -> str:
        number = translator(self.lang).figure
        star = "*" if link.assumed else ""
        text = f"{number(link.rate_mbps)} Mb/s{between}{number(link.km)} km{star}"
        worst = self._worst(link)
        return text if worst is None else f"{text}{between}{number(round(worst, 1))} %"

    def _figures(self, host: Node) -> str:
        return self._figures_of(self.network.access_link(host.id), " · ")

    def _look(self, link: NetLink, load: float | None) -> dict[str, Any]:
        if self.values is None:
            return {"color": _LINE, "ls": _DASH if link.assumed else "-"}
        return {"color": "#c3cbd2" if load is None else _HEAT(_PERCENT(min(load, 100.0)))}

    def _backbone(self, axes: Axes, link: NetLink) -> None:
        line = self.layout.lines[link.id]
        ways = [line] if self.values is None else [line, Segment(line.b, line.a)]
        for hop, way in zip(link.hops, ways, strict=False):
            lane = way if self.values is None else way.shifted(0.04)
            look = self._look(link, self._load(link, hop.direction))
            axes.plot(*zip(*lane, strict=True), **look, lw=3.0, zorder=2)
        box = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#d5dce2", "lw": 0.6}
        text, at = self._figures_of(link, "\n"), self.layout.figures[link.id].centre
        more: dict[str, Any] = {"va": "center", "linespacing": 1.15, "bbox": box, "zorder": 4}
        self._write(axes, text, *at, side="center", **more)

    def _host(self, axes: Axes, host: Node) -> None:
        link = self.network.access_link(host.id)
        at, comb = self.layout.points[link.b], self.layout.combs[link.b]
        dot = comb.dots[host.id]
        look = self._look(link, self._worst(link))
        axes.plot([at.x, dot.x], [at.y, dot.y], **look, lw=1.3, zorder=1)
        kind = "chair" if host.chair else "branch"
        if host.kind == "mcu" or host.id in self.new:
            kind = "mcu" if host.kind == "mcu" else "new"
        axes.plot(dot.x, dot.y, **_HOSTS[kind], zorder=5)
        sign, side = (1, "left") if comb.right else (-1, "right")
        ink = _INK if kind == "branch" else str(_HOSTS[kind]["mfc"])
        self._write(axes, host.name, dot.x + sign * 0.1, dot.y, ink=ink, side=side)
        x = dot.x + sign * (0.18 + self._size(host.name)[0])
        self._write(axes, self._figures(host), x, dot.y, ink=_GREY, side=side)

    def _router(self, axes: Axes, router: Node) -> None:
        look = _marker("s", 11, _ROUTER, hollow=router.assumed)
        axes.plot(*self.layout.points[router.id], **look, zorder=7)
        at = self.layout.names[router.id].centre
        self._write(axes, _name(router), *at, font=_BOLD, ink=_ROUTER, side="center", va="center")

    def _ringed_at(self, ident: str) -> tuple[float, float]:
        """Return the place of a node, or a place on a link beside the link's figures."""
        dots = {host: dot for comb in self.layout.combs.values() for host, dot in comb.dots.items()}
        if (at := self.layout.points.get(ident) or dots.get(ident)) is not None:
            return at
        link = self.network.link(ident)
        if link.kind == "access":
            return Segment(self.layout.points[link.b], dots[link.a]).at(0.6)
        line, taken = self.layout.lines[ident], self.layout.boxes().values()
        places = [line.at(share / 100) for share in range(36, 4, -2)]
        return max(places, key=lambda at: min(box.distance(at) for box in taken))

    def _scale(self, axes: Axes, x: float, y: float) -> None:
        """Draw a bar of a round number of kilometres, and the letter of north."""
        rough = 0.9 / self.layout.in_per_km
        power = 10.0 ** math.floor(math.log10(rough))
        km = max(power * m for m in (1, 2, 5) if power * m <= rough)
        end = x + km * self.layout.in_per_km
        axes.plot([x, x, end, end], [y + 0.06, y, y, y + 0.06], color=_INK, lw=1.2, zorder=4)
        self._write(axes, f"{km:g} km", end + 0.1, y)
        self._write(axes, "↑ " + translator(self.lang).pgettext("latitude", "N"), end + 0.8, y)

    def _legend(self, figure: Figure, left: float, top: float) -> None:
        """Explain the signs in use; `left` and `top` are shares of the figure."""
        bridges, loads = self.network.bridges, self.values is not None
        assumed = {link.assumed for link in self.network.links}
        line = {"color": _LINE, "lw": 2.2}
        signs: list[tuple[bool, str, dict[str, Any]]] = [
            (True, pgettext("map", "router"), _marker("s", 9, _ROUTER)),
            (
                any(router.assumed for router in self.network.routers),
                pgettext("map", "place approximate *"),
                _marker("s", 8, _ROUTER, hollow=True),
            ),
            (True, "MCU", _HOSTS["mcu"]),
            (any(b.chair for b in bridges), pgettext("map", "chair bridge"), _HOSTS["chair"]),
            (
                any(not b.chair and b.id not in self.new for b in bridges),
                pgettext("map", "branch bridge"),
                _HOSTS["branch"],
            ),
            (
                any(b.id in self.new for b in bridges),
                pgettext("map", "new bridge"),
                _HOSTS["new"],
            ),
            (False in assumed and not loads, pgettext("map", "figures from a source"), line),
            (
                True in assumed and not loads,
                pgettext("map", "* dashed: assumed, no published figure"),
                {**line, "ls": _DASH},
            ),
            (
                True in assumed and loads,
                pgettext("map", "* assumed, no published figure"),
                {"ls": ""},
            ),
            (bool(self.single_points), pgettext("map", "single point of failure"), _ring(9)),
            (bool(self.changed), pgettext("map", "changed, or worse than before"), _ring(9)),
        ]
        say = translator(self.lang).text
        figure.legend(
            handles=[Line2D([], [], label=say(text), **look) for used, text, look in signs if used],
            loc="upper left",
            bbox_to_anchor=(left, top),
            ncols=4,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handlelength=3.0,
            columnspacing=1.6,
            prop=_TEXT,
            labelcolor=_INK,
        )

    def _bar(self, figure: Figure, place: tuple[float, float, float, float], what: str) -> None:
        """Draw the colour bar, 0 to 100 %, at (left, bottom, width, height)."""
        axes = figure.add_axes(place)
        bar = figure.colorbar(ScalarMappable(_PERCENT, _HEAT), cax=axes, orientation="horizontal")
        bar.outline.set_visible(False)
        axes.tick_params(labelsize=8.5, labelcolor=_INK, length=2, labelfontfamily=_FAMILY)
        title = translator(self.lang).text(_BAR_TITLES[what])
        axes.set_title(title, fontproperties=_TEXT, color=_INK, loc="left", pad=3)


def _name(router: Node) -> str:
    return router.name + ("*" if router.assumed else "")


def _marker(shape: str, size: float, colour: str, *, hollow: bool = False) -> dict[str, Any]:
    """Return the keywords of a marker without a line."""
    fill, edge, width = ("white", colour, 2.0) if hollow else (colour, "white", 0.8)
    return {"marker": shape, "ms": size, "ls": "", "mfc": fill, "mec": edge, "mew": width}


def _ring(size: float) -> dict[str, Any]:
    return {"marker": "o", "ms": size, "ls": "", "mfc": "none", "mec": "#111111", "mew": 1.8}


_HOSTS = {
    "mcu": _marker("D", 6, _MCU),
    "chair": _marker("o", 6, _CHAIR),
    "branch": _marker("o", 6, _BRANCH),
    "new": _marker("^", 7, _NEW),
}
