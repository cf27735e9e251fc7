"""Network → the map of a run's page, with the layout of the drawn map.

The browser measures text; here its width is estimated, a little too wide rather than too narrow.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from giaoban.files import write_whole
from giaoban.results.model.map import Host, Map, MapLink, Router
from giaoban.results.report.excerpt import MOST_MAPPED
from giaoban.topology.map.layout import Layout, Point, Segment, arrange
from giaoban.topology.network import Network

PX = 96.0
"""Pixels of an inch: the layout's lengths are inches."""
_EM, _ROUTER_EM = 0.135, 0.145  # height of a letter
_LETTER = 0.58  # width of one, of its height
_EDGE = 0.25
_FIGURE = (0.55, 0.2)


def page_map(network: Network, new: Collection[str]) -> Map:
    """Return the places of everything; `new` are the bridges to be shown as new ones."""
    layout = arrange(
        network,
        (4.6, 5.6),
        widths={node.id: _wide(node.name, _EM) + 0.2 for node in network.nodes},
        names={r.id: (_wide(r.name, _ROUTER_EM), _ROUTER_EM * 1.3) for r in network.routers},
        figures={link.id: _FIGURE for link in network.links if link.kind == "backbone"},
    )
    return _in_pixels(network, layout, new)


def write_map(folder: Path, network: Network, new: Collection[str]) -> None:
    """Write `map.json` into a run's folder, unless the network is too large to be drawn."""
    if len(network.nodes) > MOST_MAPPED:
        return
    # by another name first: the file of this name may be a link out of the folder
    write_whole(folder / Map.FILE, page_map(network, new).to_json().encode())


def _in_pixels(network: Network, layout: Layout, new: Collection[str]) -> Map:
    view, points = layout.view(_EDGE), layout.points

    def px(at: Point) -> tuple[float, float]:
        return round((at.x - view.x0) * PX, 1), round((view.y1 - at.y) * PX, 1)

    dots = {
        host: (dot, comb.right, router)
        for router, comb in layout.combs.items()
        for host, dot in comb.dots.items()
    }
    shown: list[MapLink] = []
    for link in network.links:
        figure = layout.figures.get(link.id)
        line = layout.lines.get(link.id) or Segment(dots[link.a][0], points[link.b])
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
