"""Network → the map of a run's page: the same rules of layout as the drawn map.

Text is measured by the browser; here its width is estimated, a little too wide rather than too
narrow, so that names do not touch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import ConfigDict

from giaoban.errors import GiaobanError
from giaoban.files import MOST_ANSWER, read_file, write_whole
from giaoban.results.model.map import Host, Map, MapLink, Router
from giaoban.results.report.excerpt import MOST_MAPPED
from giaoban.scenarios.plan.plan import PLAN
from giaoban.tomlfile import StrictModel, read_json
from giaoban.topology.map.geometry import Box, Point, Segment
from giaoban.topology.map.layout import MapLayout, arrange
from giaoban.topology.map.sites import hosts_of, sites
from giaoban.topology.network import Network, Node

PX = 96.0
"""Pixels of an inch: the layout's lengths are inches."""
_EM, _ROUTER_EM = 0.135, 0.145  # height of a letter
_LETTER = 0.58  # width of one, of its height
_MARKER, _ROW, _EDGE = 0.2, 0.2, 0.25
_FIGURE = (0.55, 0.2)


def page_map(network: Network, new: Collection[str]) -> Map:
    """Where everything stands; `new` are the bridges to be shown as new ones."""
    routers = network.routers
    hosts = {router.id: hosts_of(network, router) for router in routers}
    widths = {r: [_wide(host.name, _EM) + 0.2 for host in column] for r, column in hosts.items()}
    _, canvas, points, lines = sites(network, widths, 4.6, 5.6)
    layout = arrange(
        canvas,
        points,
        lines,
        marker=_MARKER,
        hosts=widths,
        row=_ROW,
        names={r.id: (_wide(r.name, _ROUTER_EM), _ROUTER_EM * 1.3) for r in routers},
        figures=dict.fromkeys(lines, _FIGURE),
    )
    view, _ = layout.view(points.values(), (0.0, 0.0), _EDGE)
    return _in_pixels(network, hosts, points, lines, layout, view, new)


def write_map(folder: Path, network: Network, new: Collection[str]) -> None:
    """Put `map.json` into a run's folder; nothing for a network too large to be drawn."""
    if len(network.nodes) > MOST_MAPPED:
        return
    # by another name first: what has this one may be a link out of the folder
    write_whole(folder / Map.FILE, page_map(network, new).to_json().encode())


def add_map(folder: Path) -> None:
    """Give a check its map that was made before there were any, from its plan if that is known.

    A folder that may not be written stays without.
    """
    plan = folder / PLAN
    if (folder / Map.FILE).is_file() or not plan.is_file():
        return
    try:
        planned = read_json(PlanExcerpt, read_file(plan, most=MOST_ANSWER), str(plan), "plan")
        write_map(folder, planned.network, [call.bridge for call in planned.calls if call.new])
    except (OSError, GiaobanError, LookupError, ValueError):
        return


class PlannedCall(StrictModel):
    """Of a plan's call only who calls."""

    model_config = ConfigDict(extra="ignore")

    bridge: str
    new: bool


class PlanExcerpt(StrictModel):
    """Of a plan only what the map needs, whatever else this or an earlier version wrote."""

    model_config = ConfigDict(extra="ignore")

    network: Network
    calls: list[PlannedCall]


def _in_pixels(
    network: Network,
    hosts: Mapping[str, list[Node]],
    points: Mapping[str, Point],
    lines: Mapping[str, Segment],
    layout: MapLayout,
    view: Box,
    new: Collection[str],
) -> Map:
    def px(at: Point) -> tuple[float, float]:
        return round((at.x - view.x0) * PX, 1), round((view.y1 - at.y) * PX, 1)

    dots = {
        host.id: (dot, layout.combs[router].right, router)
        for router, column in hosts.items()
        if router in layout.combs
        for host, dot in zip(column, layout.combs[router].dots, strict=True)
    }
    shown: list[MapLink] = []
    for link in network.links:
        figure = layout.figures.get(link.id)
        line = lines.get(link.id) or Segment(dots[link.a][0], points[link.b])
        (x1, y1), (x2, y2) = px(line.a), px(line.b)
        fx, fy = (None, None) if figure is None else px(figure.centre)
        shown.append(
            MapLink(
                id=link.id,
                kind=link.kind,
                a=link.a,
                b=link.b,
                x1=x1,
                y1=y1,
                x2=x2,
                y2=y2,
                figure_x=fx,
                figure_y=fy,
                rate_mbps=link.rate_mbps,
                km=link.km,
                assumed=link.assumed,
            )
        )
    return Map(
        width=round((view.x1 - view.x0) * PX, 1),
        height=round((view.y1 - view.y0) * PX, 1),
        routers=[
            Router(
                id=router.id,
                name=router.name,
                x=px(points[router.id])[0],
                y=px(points[router.id])[1],
                name_x=px(layout.names[router.id].centre)[0],
                name_y=px(layout.names[router.id].centre)[1],
                assumed=router.assumed,
            )
            for router in network.routers
        ],
        hosts=[
            Host(
                id=node.id,
                kind="mcu" if node.kind == "mcu" else "bridge",
                name=node.name,
                router=dots[node.id][2],
                x=px(dots[node.id][0])[0],
                y=px(dots[node.id][0])[1],
                side="right" if dots[node.id][1] else "left",
                chair=node.chair,
                new=node.id in new,
            )
            for node in network.nodes
            if node.id in dots
        ],
        links=shown,
    )


def _wide(text: str, em: float) -> float:
    return len(text) * em * _LETTER
