"""Places of everything on a map, in inches from its lower left corner, y upwards. Pure.

Routers stand at their coordinates. The hosts of a router form a comb: a column of dots with their
texts, left or right of it. Names and figures stand beside what they name. Each takes the cheapest
of its candidate places; there is no randomness. The drawn map and the page's map share this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from giaoban.topology.network import Network, Node

KM_PER_DEGREE = 111.195
"""One degree of latitude on a sphere of 6371 km."""
MARKER, ROW = 0.2, 0.19
"""The width of a router and the height of a host's text."""
_PARALLEL = 0.22  # between parallel links of the same routers
_OVER_BOX, _OVER_LINE, _FAR = 1000.0, 25.0, 1.0
# costs: a square inch of text on text, an inch of line under text, an inch away from the own place
_STEP = 0.04  # lines are sampled at this distance

Size = tuple[float, float]


class Point(NamedTuple):
    x: float
    y: float


class Segment(NamedTuple):
    a: Point
    b: Point

    def at(self, share: float) -> Point:
        """Return the point at a share of the length from a to b."""
        (ax, ay), (bx, by) = self
        return Point(ax + share * (bx - ax), ay + share * (by - ay))

    def shifted(self, by: float) -> Segment:
        """Return the parallel segment, `by` to the right of the direction from a to b."""
        (ax, ay), (bx, by_) = self
        length = math.dist(self.a, self.b) or 1.0
        dx, dy = by * (by_ - ay) / length, -by * (bx - ax) / length
        return Segment(Point(ax + dx, ay + dy), Point(bx + dx, by_ + dy))


class Box(NamedTuple):
    """An upright rectangle."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def around(cls, centre: Point, width: float, height: float) -> Box:
        x, y = centre
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def centre(self) -> Point:
        return Point((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def distance(self, at: Point) -> float:
        """Return how far outside a point is along the farther axis; negative inside."""
        return max(self.x0 - at.x, at.x - self.x1, self.y0 - at.y, at.y - self.y1)


@dataclass(frozen=True, slots=True)
class Comb:
    """The hosts of one router: a dot each, with its text to the `right` of it or to the left."""

    box: Box
    dots: Mapping[str, Point]
    right: bool


@dataclass(slots=True)
class Layout:
    """Places by the id of the router (`points`, `combs`, `names`) or link (`lines`, `figures`)."""

    in_per_km: float
    points: dict[str, Point]
    lines: dict[str, Segment]
    combs: dict[str, Comb] = field(default_factory=dict)
    names: dict[str, Box] = field(default_factory=dict)
    figures: dict[str, Box] = field(default_factory=dict)

    def boxes(self) -> dict[str, Box]:
        """Return the box of each text and router."""
        found = {f"router {key}": Box.around(at, MARKER, MARKER) for key, at in self.points.items()}
        found |= {f"comb {key}": comb.box for key, comb in self.combs.items()}
        found |= {f"name {key}": box for key, box in self.names.items()}
        return found | {f"figure {key}": box for key, box in self.figures.items()}

    def segments(self) -> dict[str, list[Segment]]:
        """Return the lines of each backbone link and comb."""
        found = {f"figure {key}": [line] for key, line in self.lines.items()}
        for key, comb in self.combs.items():
            found[f"comb {key}"] = [Segment(self.points[key], dot) for dot in comb.dots.values()]
        return found

    def view(self, edge: float) -> Box:
        """Return the rectangle in use, with an edge."""
        boxes = np.array(list(self.boxes().values()))
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0) - edge, boxes[:, 2:].max(axis=0) + edge
        return Box(float(x0), float(y0), float(x1), float(y1))


def hosts_of(network: Network, router: Node) -> list[Node]:
    """Return a router's hosts: the MCU first, then the chair bridge, then as in the network."""
    links = [link for link in network.links_at(router.id) if link.kind == "access"]
    nodes = [network.node(link.a) for link in links]
    return sorted(nodes, key=lambda node: (node.kind != "mcu", not node.chair))


def arrange(
    network: Network,
    size: Size,
    widths: Mapping[str, float],
    names: Mapping[str, Size],
    figures: Mapping[str, Size],
) -> Layout:
    """Return the places on a map whose routers stand at most `size` apart.

    `widths` are those of the hosts' texts, `names` and `figures` the sizes of the texts of routers
    and backbone links. A map of more than 30 hosts is larger in proportion to their square root.
    """
    layout = _sites(network, size)
    hosts = {router.id: [h.id for h in hosts_of(network, router)] for router in network.routers}
    for link, line in layout.lines.items():  # hosts keep away from the middle of a link
        layout.figures[link] = Box.around(line.at(0.5), *figures[link])
    for _ in range(3):  # later rounds know the places of the others
        for router in sorted(hosts, key=lambda r: (-len(hosts[r]), r)):
            if hosts[router]:
                layout.combs[router] = _comb(layout, router, hosts[router], widths)
        for router, name in names.items():
            layout.names[router] = _cheapest(
                layout, f"name {router}", _beside(layout, router, name)
            )
        for link, figure in figures.items():
            places = _along(layout.lines[link], figure)
            layout.figures[link] = _cheapest(layout, f"figure {link}", places)
    return layout


def _sites(network: Network, size: Size) -> Layout:
    """Return routers and links, equirectangular about the middle latitude.

    Sites closer together than 10 km are not enlarged further.
    """
    places = np.array([(r.lon or 0.0, r.lat or 0.0) for r in network.routers])
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    km = (places - middle) * KM_PER_DEGREE * (math.cos(math.radians(middle[1])), 1.0)
    spread = np.maximum(10.0, km.max(axis=0) - km.min(axis=0))
    crowd = math.sqrt(max(1.0, (len(network.nodes) - len(network.routers)) / 30))
    scale = float((np.array(size) * crowd / spread).min())
    points = {
        router.id: Point(*at)
        for router, at in zip(network.routers, (km * scale).tolist(), strict=True)
    }
    lines: dict[str, Segment] = {}
    backbone = [link for link in network.links if link.kind == "backbone"]
    for link in backbone:
        twins = [k for k in backbone if {k.a, k.b} == {link.a, link.b}]
        a, b = sorted((link.a, link.b))
        side = twins.index(link) - (len(twins) - 1) / 2
        line = Segment(points[a], points[b]).shifted(side * _PARALLEL)
        lines[link.id] = line if a == link.a else Segment(line.b, line.a)
    return Layout(scale, points, lines)


def _comb(layout: Layout, router: str, hosts: Sequence[str], widths: Mapping[str, float]) -> Comb:
    at, high = layout.points[router], ROW * len(hosts)
    wide = max(widths[host] for host in hosts) + 0.16
    combs, away = [], []
    for right in (True, False):
        for gap in np.arange(0.35, 2.3, 0.15).tolist():
            for lift in np.arange(-2.4, 2.5, 0.3).tolist():
                x0, y1 = at.x + gap if right else at.x - gap - wide, at.y + lift + high / 2
                x = x0 + 0.06 if right else x0 + wide - 0.06
                dots = {h: Point(x, y1 - ROW * (n + 0.5)) for n, h in enumerate(hosts)}
                combs.append(Comb(Box(x0, y1 - high, x0 + wide, y1), dots, right))
                away.append(_FAR * (gap + abs(lift)))
    cost = away + _costs(layout, f"comb {router}", [comb.box for comb in combs])
    # the lines to the first, middle and last host cross the texts of others
    chosen = [hosts[0], hosts[len(hosts) // 2], hosts[-1]]
    ways = np.array([[comb.dots[host] for host in chosen] for comb in combs]) - at
    samples = at + ways[:, :, None] * np.linspace(0, 1, 20)[:, None]
    own = f"comb {router}"
    others = np.array([box for key, box in layout.boxes().items() if key != own])
    covered = _inside(others, samples.reshape(-1, 2)).sum(axis=0).reshape(samples.shape[:3])
    cost += _OVER_LINE * (covered.mean(axis=2) * np.hypot(*ways.T).T).sum(axis=1)
    return combs[int(cost.argmin())]


def _beside(layout: Layout, router: str, size: Size) -> list[tuple[float, Box]]:
    at, (wide, high) = layout.points[router], size
    found = []
    for gap in (0.05, 0.12, 0.25, 0.45, 0.7):
        x, y = (MARKER + wide) / 2 + gap, (MARKER + high) / 2 + gap
        for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            for part in (1.0, 0.5) if dx and dy else (1.0,):
                centre = Point(at.x + dx * x * part, at.y + dy * y)
                cost = _FAR * gap * 4 + 0.1 * abs(dx * dy)
                found.append((cost, Box.around(centre, wide, high)))
    return found


def _along(line: Segment, size: Size) -> list[tuple[float, Box]]:
    found = []
    length = math.dist(*line)
    for share in (0.5, *(0.5 + sign * step * 0.04 for step in range(1, 9) for sign in (1, -1))):
        for aside in (0.0, 0.3, -0.3, 0.5, -0.5):
            cost = _FAR * (abs(share - 0.5) * length * 0.3 + abs(aside) * 4)
            found.append((cost, Box.around(line.shifted(aside).at(share), *size)))
    return found


def _cheapest(layout: Layout, own: str, places: Sequence[tuple[float, Box]]) -> Box:
    cost = np.array([away for away, _ in places])
    cost += _costs(layout, own, [box for _, box in places])
    return places[int(cost.argmin())][1]


def _costs(layout: Layout, own: str, boxes: Sequence[Box]) -> Any:
    """Return the cost of each candidate box: what it covers of others' texts and lines."""
    wide = np.add(boxes, (-0.06, -0.06, 0.06, 0.06))
    others = np.array([box for key, box in layout.boxes().items() if key != own])
    width = np.minimum(wide[:, None, 2], others[:, 2]) - np.maximum(wide[:, None, 0], others[:, 0])
    height = np.minimum(wide[:, None, 3], others[:, 3]) - np.maximum(wide[:, None, 1], others[:, 1])
    cost = _OVER_BOX * (width.clip(0) * height.clip(0)).sum(axis=1)
    for key, lines in layout.segments().items():
        for a, b in np.array(lines) if key != own else ():
            shares = np.arange(0, 1, _STEP / max(_STEP, math.dist(a, b)))
            points = a + (b - a) * shares[:, None]
            cost += _OVER_LINE * _STEP * _inside(wide, points).sum(axis=1)
    return cost


def _inside(boxes: Any, points: Any) -> Any:
    """Return a matrix: whether each box contains each point."""
    x, y = points.T
    x0, y0, x1, y1 = (boxes[:, [n]] for n in range(4))
    return (x0 < x) & (x < x1) & (y0 < y) & (y < y1)
