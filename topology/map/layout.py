"""Where everything on the map stands, so that nothing lies on anything else. Pure.

Routers and links are where they are. Everything else has a choice: the bridges of a router
stand in a column (a comb) left or right of it, names and figures beside what they name. Each
takes the cheapest of its candidate places; deterministic, no randomness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from giaoban.topology.map.geometry import Box, Point, Segment

Size = tuple[float, float]

_OVER_BOX = 1000.0  # a square inch of text on text
_OVER_LINE = 25.0  # an inch of line under text
_FAR = 1.0  # an inch away from what it belongs to
_PAD = 0.06


@dataclass(frozen=True, slots=True)
class Comb:
    """The hosts of one router: a dot each, their text on the outer side."""

    box: Box
    dots: tuple[Point, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class MapLayout:
    """What `arrange` decided; keys are node and link ids."""

    combs: Mapping[str, Comb]
    names: Mapping[str, Box]
    figures: Mapping[str, Box]

    def view(self, points: Iterable[Point], corner: Size, edge: float) -> tuple[Box, Box]:
        """The part of the canvas in use with an edge round it, and a free corner in it.

        Where no corner is free, the view is made higher for one.
        """
        points = list(points)
        used = [box for _, box in self.boxes()]
        view = Box(
            min([box.x0 for box in used] + [p.x for p in points]),
            min([box.y0 for box in used] + [p.y for p in points]),
            max([box.x1 for box in used] + [p.x for p in points]),
            max([box.y1 for box in used] + [p.y for p in points]),
        ).grown(edge)
        wide, high = corner
        taken = used + [Box.around(point, edge, edge) for point in points]
        for y in (view.y0, view.y1 - high):
            for x in (view.x0, view.x1 - wide):
                box = Box(x, y, x + wide, y + high)
                if not any(box.overlap(other) for other in taken):
                    return view, box
        low = view.y0 - high
        return replace(view, y0=low), Box(view.x0, low, view.x0 + wide, view.y0)

    def boxes(self) -> list[tuple[str, Box]]:
        """Every piece of text, with the id it belongs to."""
        combs = [(node, comb.box) for node, comb in self.combs.items()]
        return [*combs, *self.names.items(), *self.figures.items()]


@dataclass
class _Board:
    """What is on the map already. Own lines and boxes are told apart by their key."""

    canvas: Box
    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, list[Segment]] = field(default_factory=dict)

    def cost(self, box: Box, own: frozenset[str], enough: float) -> float:
        """What it costs to put a box here; may stop counting once it is `enough`."""
        wide = box.grown(_PAD)
        x0, y0, x1, y1 = wide.x0, wide.y0, wide.x1, wide.y1
        total = _OVER_BOX * (wide.area - wide.overlap(self.canvas))
        for key, other in self.boxes.items():
            # most are elsewhere, and this is asked of every place that anything might have
            if other.x0 < x1 and other.x1 > x0 and other.y0 < y1 and other.y1 > y0:
                total += 0.0 if key in own else _OVER_BOX * wide.overlap(other)
        if total >= enough:
            return total
        for key, lines in self.lines.items():
            if key not in own:
                total += _OVER_LINE * sum(map(wide.inside, lines))
        return total

    def line_cost(self, lines: Iterable[Segment], own: frozenset[str]) -> float:
        boxes = [box for key, box in self.boxes.items() if key not in own]
        return _OVER_LINE * sum(box.inside(line) for line in lines for box in boxes)


def arrange(
    canvas: Box,
    routers: Mapping[str, Point],
    links: Mapping[str, Segment],
    *,
    marker: float,
    hosts: Mapping[str, Sequence[float]],
    row: float,
    names: Mapping[str, Size],
    figures: Mapping[str, Size],
) -> MapLayout:
    """Place combs, router names and link figures.

    `hosts` holds the text widths of each router's hosts from top to bottom, `names` and
    `figures` the sizes of the texts of routers and links; `marker` is how wide a router is.
    """
    board = _Board(canvas)
    for router, point in routers.items():
        board.boxes[f"marker {router}"] = Box.around(point, marker, marker)
    for link, segment in links.items():
        board.lines[f"link {link}"] = [segment]
        # figures would rather be in the middle of their link: hosts keep away from there
        board.boxes[f"figure {link}"] = Box.around(segment.at(0.5), *figures[link])
    combs: dict[str, Comb] = {}
    placed: dict[str, Box] = {}
    found: dict[str, Box] = {}
    order = sorted((r for r in hosts if hosts[r]), key=lambda r: (-len(hosts[r]), r))
    for _ in range(3):  # later rounds know where the others went
        for router in order:
            combs[router] = _comb(board, router, routers[router], hosts[router], row)
            board.boxes[f"comb {router}"] = combs[router].box
            board.lines[f"comb {router}"] = [
                Segment(routers[router], dot) for dot in combs[router].dots
            ]
        for router, size in names.items():
            placed[router] = _name(board, router, routers[router], size, marker)
            board.boxes[f"name {router}"] = placed[router]
        for link, size in figures.items():
            found[link] = _figure(board, link, links[link], size)
            board.boxes[f"figure {link}"] = found[link]
    return MapLayout(combs, placed, found)


def _comb(board: _Board, router: str, at: Point, widths: Sequence[float], row: float) -> Comb:
    own = frozenset({f"comb {router}", f"marker {router}"})
    high, wide = row * len(widths), max(widths) + 0.16
    best: tuple[float, Comb] | None = None
    for right in (True, False):
        for step in range(13):
            gap = 0.35 + 0.15 * step
            for lift in range(-12, 13):
                y = at.y + lift * 0.2
                x0 = at.x + gap if right else at.x - gap - wide
                box = Box(x0, y - high / 2, x0 + wide, y + high / 2)
                cost = _FAR * (gap + abs(lift) * 0.2)
                enough = best[0] if best else float("inf")
                if cost >= enough:
                    continue
                cost += board.cost(box, own, enough - cost)
                if cost >= enough:
                    continue
                x = box.x0 + 0.06 if right else box.x1 - 0.06
                dots = tuple(Point(x, box.y1 - row * (i + 0.5)) for i in range(len(widths)))
                ends = {dots[0], dots[len(dots) // 2], dots[-1]}
                cost += board.line_cost((Segment(at, dot) for dot in sorted(ends)), own)
                if cost < enough:
                    best = cost, Comb(box, dots, right)
    assert best is not None  # the first candidate is always cheaper than infinity
    return best[1]


def _name(board: _Board, router: str, at: Point, size: Size, marker: float) -> Box:
    own = frozenset({f"name {router}"})
    wide, high = size
    boxes = []
    for gap in (0.05, 0.12, 0.25, 0.45, 0.7):
        x, y = (marker + wide) / 2 + gap, (marker + high) / 2 + gap
        for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            for part in (1.0, 0.5) if dx and dy else (1.0,):
                centre = Point(at.x + dx * x * part, at.y + dy * y)
                boxes.append((_FAR * gap * 4 + 0.1 * abs(dx * dy), Box.around(centre, wide, high)))
    return _cheapest(board, boxes, own)


def _figure(board: _Board, link: str, line: Segment, size: Size) -> Box:
    own = frozenset({f"figure {link}", f"link {link}"})
    boxes = []
    for step in range(9):
        for sign in (1, -1):
            t = 0.5 + sign * step * 0.04
            for aside in (0.0, 0.3, -0.3, 0.5, -0.5):
                centre = line.shifted(aside).at(t)
                cost = _FAR * (abs(t - 0.5) * line.length * 0.3 + abs(aside) * 4)
                boxes.append((cost, Box.around(centre, *size)))
    return _cheapest(board, boxes, own)


def _cheapest(board: _Board, boxes: Sequence[tuple[float, Box]], own: frozenset[str]) -> Box:
    best, cheapest = boxes[0][1], float("inf")
    for cost, box in boxes:
        if cost < cheapest:
            total = cost + board.cost(box, own, cheapest - cost)
            if total < cheapest:
                best, cheapest = box, total
    return best
