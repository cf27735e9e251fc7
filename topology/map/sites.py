"""Where a network's sites and lines stand on the ground: of every map of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from giaoban.topology.map.geometry import Box, Point, Projection, Segment, fit
from giaoban.topology.network import Network, Node

_SIDE = 0.22
"""Inches between parallel links of the same routers."""


class Sites(NamedTuple):
    """Routers at their coordinates and backbone links between them, by id, in inches."""

    projection: Projection
    canvas: Box
    points: Mapping[str, Point]
    lines: Mapping[str, Segment]


def sites(
    network: Network, hosts: Mapping[str, Sequence[float]], width: float, height: float
) -> Sites:
    """On a map of about width × height; `hosts` are how wide those of each router are."""
    routers = network.routers
    places = [(r.lat or 0.0, r.lon or 0.0) for r in routers]
    crowd = math.sqrt(max(1.0, (len(network.nodes) - len(routers)) / 30))
    # at the edge a column of hosts still has room on the outer side
    widest = max((each for column in hosts.values() for each in column), default=0.0)
    margin = Point(max(1.2, widest + 0.75), 0.8)
    projection, canvas = fit(places, width * crowd, height * crowd, margin)
    points = {r.id: projection.point(*place) for r, place in zip(routers, places, strict=True)}
    return Sites(projection, canvas, points, _lines(network, points))


def hosts_of(network: Network, router: Node) -> list[Node]:
    """The MCU first, then the chair bridge, then the others in the order of the plan."""
    links = [link for link in network.links_at(router.id) if link.kind == "access"]
    nodes = [network.node(link.a) for link in links]
    return sorted(nodes, key=lambda node: (node.kind != "mcu", not node.chair))


def _lines(network: Network, points: Mapping[str, Point]) -> dict[str, Segment]:
    """Parallel links between the same routers lie side by side."""
    backbone = [link for link in network.links if link.kind == "backbone"]
    found = {}
    for link in backbone:
        twins = [k for k in backbone if {k.a, k.b} == {link.a, link.b}]
        a, b = sorted((link.a, link.b))
        side = twins.index(link) - (len(twins) - 1) / 2
        line = Segment(points[a], points[b]).shifted(side * _SIDE)
        found[link.id] = line if a == link.a else Segment(line.b, line.a)
    return found
