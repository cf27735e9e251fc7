"""Drawing the network as a map (matplotlib, without its global state)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from giaoban.drawing import DPI, check_kinds, own_look, save
from giaoban.files import whole
from giaoban.topology.map import frame
from giaoban.topology.map.frame import FONTS
from giaoban.topology.map.geometry import Box, Point, Segment
from giaoban.topology.map.layout import MapLayout, Size, arrange
from giaoban.topology.map.sites import hosts_of, sites
from giaoban.topology.network import NetLink, Network, Node
from giaoban.translation import Language, translator

Values = Mapping[tuple[str, str], float]
"""Percent of each direction, by (link id, direction): ("access-mcu", "mcu->r-gia-nghia")."""

BROAD_IN = 4.4
"""How high routers stand on a map that fills a broad page: every letter is 6 pt there or more."""

_MARKER, _ROW, _RING = 0.2, 0.19, 0.2
_LEFT, _TITLE, _FOOT, _BAR = 0.65, 0.5, 0.85, 0.65  # inches round the map


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

    Routers stand at their coordinates, all hosts in columns beside their router. `values`
    colours each direction of each link, and `what` says of what they are; `new` are bridges to be
    shown as new ones. `single_points` are links and nodes without which bridges are cut off: they
    get a ring; so do those that were `changed`, in a map of what differs. `high` is about how many
    inches routers stand apart at most; texts stay as large.
    Raises `InputError` for another kind of file; `OSError` if one cannot be written.
    """
    check_kinds(*paths)
    with own_look({}):
        figure = _Map(network, values, lang, new, single_points, changed, high).figure(title, what)
        for path in paths:
            with whole(path) as aside:
                save(figure, aside)


class _Map:
    """One drawing: texts, their sizes, the layout, then the ink."""

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
        self.ringed = self.single_points | self.changed
        self.fig = Figure(figsize=(8, 8), dpi=DPI, facecolor="white")
        self.renderer = FigureCanvasAgg(self.fig).get_renderer()  # type: ignore[no-untyped-call]
        self.hosts = {router.id: hosts_of(network, router) for router in network.routers}
        self.details = {
            link.id: self._host_figures(link) for link in network.links if link.kind == "access"
        }
        self.widths = {
            router: [self._host_width(host) for host in hosts]
            for router, hosts in self.hosts.items()
        }
        found = sites(network, self.widths, 5.0, high)
        self.projection, self.canvas, self.points, self.lines = found
        self.backbone = [link for link in network.links if link.kind == "backbone"]
        self.layout = self._arrange()
        self.view, self.corner = self.layout.view(self.points.values(), (1.5, 0.6), 0.3)

    def figure(self, title: str, what: str = "load") -> Figure:
        """Draw everything; the map is as large as its view, one data unit an inch."""
        foot = _FOOT + (_BAR if self.values is not None else 0.0)
        view = self.view
        map_wide, map_high = view.x1 - view.x0, view.y1 - view.y0
        wide, high = max(map_wide, 7.0) + 0.9, map_high + _TITLE + foot + 0.15
        self.fig.set_size_inches(wide, high)
        axes = self.fig.add_axes((_LEFT / wide, foot / high, map_wide / wide, map_high / high))
        axes.set_xlim(view.x0, view.x1)
        axes.set_ylim(view.y0, view.y1)
        axes.set_facecolor("#fbfcfd")
        frame.graticule(axes, self.projection, view, self.lang)
        for link in self.backbone:
            self._backbone(axes, link)
        for router in self.network.routers:
            self._comb(axes, router)
        for router in self.network.routers:
            self._router(axes, router)
        self._figures(axes)
        self._rings(axes)
        frame.scale(axes, self.projection, self.corner, self.lang)
        self.fig.text(
            _LEFT / wide,
            1 - 0.33 / high,
            title,
            fontproperties=FONTS["title"],
            color=frame.INK,
            parse_math=False,
        )
        frame.legend(self.fig, self._legend_keys(), _LEFT / wide, (foot - 0.33) / high, self.lang)
        if self.values is not None:
            place = (_LEFT / wide, 0.3 / high, max(map_wide, 7.0) * 0.75 / wide, 0.12 / high)
            frame.bar(self.fig, place, what, self.lang)
        return self.fig

    def _legend_keys(self) -> list[str]:
        bridges = self.network.bridges
        places = {router.assumed for router in self.network.routers}
        links = {link.assumed for link in self.network.links}
        shown = {
            "router": True,
            "hollow": True in places,
            "mcu": True,
            "chair": any(b.chair for b in bridges),
            "branch": any(not b.chair and b.id not in self.new for b in bridges),
            "new": any(b.id in self.new for b in bridges),
            "sourced": False in links and self.values is None,
            "assumed": True in links and self.values is None,
            "starred": True in links and self.values is not None,
            "single": bool(self.single_points),
            "changed": bool(self.changed),
        }
        return [key for key, used in shown.items() if used]

    # texts and sizes

    def _number(self, value: float) -> str:
        return translator(self.lang).figure(value)

    def _size(self, text: str, font: str) -> Size:
        """Width and height of a text in inches, lines one below the other."""
        lines = text.split("\n")
        sizes = [
            self.renderer.get_text_width_height_descent(line, FONTS[font], ismath=False)
            for line in lines
        ]
        points = float(FONTS[font].get_size_in_points())
        return max(s[0] for s in sizes) / self.fig.dpi, len(lines) * points * 1.25 / 72

    def _worst(self, link: NetLink) -> float | None:
        found = [self._value(link, hop.direction) for hop in link.hops]
        known = [value for value in found if value is not None]
        return max(known) if known else None

    def _value(self, link: NetLink, direction: str) -> float | None:
        return None if self.values is None else self.values.get((link.id, direction))

    def _figures_of(self, link: NetLink, between: str) -> str:
        star = "*" if link.assumed else ""
        text = f"{self._number(link.rate_mbps)} Mb/s{between}{self._number(link.km)} km{star}"
        worst = self._worst(link)
        return text if worst is None else f"{text}{between}{self._number(round(worst, 1))} %"

    def _host_figures(self, link: NetLink) -> str:
        return self._figures_of(link, " · ")

    # layout

    def _arrange(self) -> MapLayout:
        names = {r.id: self._size(self._router_name(r), "router") for r in self.network.routers}
        figures = {}
        for link in self.backbone:
            width, height = self._size(self._figures_of(link, "\n"), "small")
            figures[link.id] = (width + 0.08, height + 0.04)
        return arrange(
            self.canvas,
            self.points,
            self.lines,
            marker=_MARKER,
            hosts=self.widths,
            row=_ROW,
            names=names,
            figures=figures,
        )

    def _host_width(self, host: Node) -> float:
        name, _ = self._size(host.name, "host")
        detail, _ = self._size(self._detail(host), "small")
        return name + 0.08 + detail

    def _detail(self, host: Node) -> str:
        return self.details[self.network.access_link(host.id).id]

    def _router_name(self, router: Node) -> str:
        return router.name + ("*" if router.assumed else "")

    # ink

    def _colour(self, value: float | None) -> Any:
        return frame.UNKNOWN if value is None else frame.HEAT(frame.NORM(min(value, 100.0)))

    def _backbone(self, axes: Axes, link: NetLink) -> None:
        line = self.lines[link.id]
        if self.values is None:
            dash: Any = frame.DASH if link.assumed else "-"
            axes.plot(*zip(*line, strict=True), color=frame.LINE, lw=2.4, ls=dash, zorder=2)
            return
        for hop, way in zip(link.hops, (line, Segment(line.b, line.a)), strict=True):
            colour = self._colour(self._value(link, hop.direction))
            lane = way.shifted(0.04)
            axes.plot(*zip(*lane, strict=True), color=colour, lw=3.4, zorder=2)
            axes.annotate(
                "",
                lane.at(0.26),
                lane.at(0.24),
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": colour,
                    "mutation_scale": 17,
                    "lw": 0,
                    "shrinkA": 0,
                    "shrinkB": 0,
                },
                zorder=3,
            )

    def _comb(self, axes: Axes, router: Node) -> None:
        comb = self.layout.combs.get(router.id)
        if comb is None:
            return
        at = self.points[router.id]
        for host, dot in zip(self.hosts[router.id], comb.dots, strict=True):
            link = self.network.access_link(host.id)
            colour = self._colour(self._worst(link)) if self.values is not None else "#9aa7b3"
            style: Any = frame.DASH if link.assumed and self.values is None else "-"
            axes.plot([at.x, dot.x], [at.y, dot.y], color=colour, lw=1.3, ls=style, zorder=1)
            axes.plot(dot.x, dot.y, **self._host_marker(host), zorder=5)
            sign = 1 if comb.right else -1
            x = dot.x + sign * 0.1
            side = "left" if comb.right else "right"
            width = self._size(host.name, "host")[0]
            bold = host.kind == "mcu" or host.chair or host.id in self.new
            for text, where, font, ink in (
                (host.name, x, "host", self._host_ink(host) if bold else frame.INK),
                (self._detail(host), x + sign * (width + 0.08), "small", frame.GREY),
            ):
                axes.text(
                    where,
                    dot.y,
                    text,
                    ha=side,
                    va="center_baseline",
                    fontproperties=FONTS[font],
                    color=ink,
                    parse_math=False,
                    zorder=6,
                )

    def _host_ink(self, host: Node) -> str:
        if host.kind == "mcu":
            return frame.MCU
        if host.id in self.new:
            return frame.NEW
        return frame.CHAIR if host.chair else frame.BRANCH

    def _host_marker(self, host: Node) -> dict[str, Any]:
        shape = "D" if host.kind == "mcu" else "^" if host.id in self.new else "o"
        size = 6 if shape == "^" else 5.5
        return frame.marker(shape, size, self._host_ink(host))

    def _router(self, axes: Axes, router: Node) -> None:
        at = self.points[router.id]
        axes.plot(
            at.x, at.y, **frame.marker("s", 11, frame.ROUTER, hollow=router.assumed), zorder=7
        )
        centre = self.layout.names[router.id].centre
        axes.text(
            *centre,
            self._router_name(router),
            ha="center",
            va="center",
            fontproperties=FONTS["router"],
            color=frame.ROUTER,
            parse_math=False,
            zorder=8,
        )

    def _figures(self, axes: Axes) -> None:
        for link in self.backbone:
            axes.text(
                *self.layout.figures[link.id].centre,
                self._figures_of(link, "\n"),
                ha="center",
                va="center",
                fontproperties=FONTS["small"],
                color=frame.INK,
                linespacing=1.15,
                parse_math=False,
                bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#d5dce2", "lw": 0.6},
                zorder=4,
            )

    def _rings(self, axes: Axes) -> None:
        dots = {
            host.id: dot
            for router, comb in self.layout.combs.items()
            for host, dot in zip(self.hosts[router], comb.dots, strict=True)
        }
        for ident, at, size in (
            *((router.id, self.points[router.id], 17.0) for router in self.network.routers),
            *((host, dot, 8.5) for host, dot in dots.items()),
        ):
            if ident in self.ringed:
                axes.plot(at.x, at.y, **frame.ring(size), zorder=9)
        for link in self.network.links:
            if link.id not in self.ringed:
                continue
            if link.kind == "access":
                line = Segment(self.points[link.b], dots[link.a])
                axes.plot(*line.at(0.6), **frame.ring(8.0), zorder=9)
            else:
                axes.plot(*self._free(self.lines[link.id]), **frame.ring(11.0), zorder=9)

    def _free(self, line: Segment) -> Point:
        """Where on a link a ring covers least of texts and routers."""
        taken = [box for _, box in self.layout.boxes()]
        taken += [Box.around(point, _MARKER, _MARKER) for point in self.points.values()]

        def covered(at: Point) -> float:
            return sum(Box.around(at, _RING, _RING).overlap(box) for box in taken)

        return min((line.at(share / 100) for share in range(36, 4, -2)), key=covered)
