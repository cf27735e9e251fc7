"""Plane geometry for the map: boxes, segments, and the projection. Pure; lengths in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

KM_PER_DEGREE = 111.195
"""One degree of latitude on a sphere of 6371 km."""


class Point(NamedTuple):
    x: float
    y: float


class Segment(NamedTuple):
    a: Point
    b: Point

    def at(self, t: float) -> Point:
        """The point at a fraction of the way from a to b."""
        return Point(self.a.x + t * (self.b.x - self.a.x), self.a.y + t * (self.b.y - self.a.y))

    @property
    def length(self) -> float:
        return math.dist(self.a, self.b)

    def shifted(self, by: float) -> Segment:
        """The parallel segment, `by` to the right of the way from a to b."""
        length = self.length or 1.0
        dx = by * (self.b.y - self.a.y) / length
        dy = -by * (self.b.x - self.a.x) / length
        a, b = self
        return Segment(Point(a.x + dx, a.y + dy), Point(b.x + dx, b.y + dy))


@dataclass(frozen=True, slots=True)
class Box:
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

    @property
    def area(self) -> float:
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def grown(self, by: float) -> Box:
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def overlap(self, other: Box) -> float:
        """The area both share."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return width * height if width > 0 and height > 0 else 0.0

    def inside(self, segment: Segment) -> float:
        """The length of the part of a segment in this box (Liang–Barsky clipping)."""
        (ax, ay), (bx, by) = segment
        dx, dy = bx - ax, by - ay
        enter, leave = 0.0, 1.0
        for step, room in (
            (-dx, ax - self.x0),
            (dx, self.x1 - ax),
            (-dy, ay - self.y0),
            (dy, self.y1 - ay),
        ):
            if step == 0:
                if room < 0:
                    return 0.0
                continue
            t = room / step
            if step < 0:
                enter = max(enter, t)
            else:
                leave = min(leave, t)
            if enter >= leave:
                return 0.0
        return (leave - enter) * segment.length


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular about the middle latitude: a kilometre is as long in both directions.

    Inches are counted from the lower left corner of the map; `in_per_km` is its scale.
    """

    lat: float
    lon: float
    in_per_km: float
    origin: Point

    def point(self, lat: float, lon: float) -> Point:
        per_degree = KM_PER_DEGREE * self.in_per_km
        x = (lon - self.lon) * math.cos(math.radians(self.lat)) * per_degree
        return Point(self.origin.x + x, self.origin.y + (lat - self.lat) * per_degree)

    def lat_at(self, y: float) -> float:
        return self.lat + (y - self.origin.y) / (KM_PER_DEGREE * self.in_per_km)

    def lon_at(self, x: float) -> float:
        per_degree = KM_PER_DEGREE * self.in_per_km * math.cos(math.radians(self.lat))
        return self.lon + (x - self.origin.x) / per_degree


def fit(
    places: Sequence[tuple[float, float]], width: float, height: float, margin: Point
) -> tuple[Projection, Box]:
    """A projection that puts all places (lat, lon) into at most width × height inches.

    Returns it with the canvas: the places' box, at least 3 inches wide and high, plus the margin
    on every side. Places closer together than 10 km are not blown up further.
    """
    lats, lons = [p[0] for p in places], [p[1] for p in places]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    km_wide = (max(lons) - min(lons)) * KM_PER_DEGREE * math.cos(math.radians(lat))
    km_high = (max(lats) - min(lats)) * KM_PER_DEGREE
    scale = min(width / max(km_wide, 10.0), height / max(km_high, 10.0))
    size = Point(max(3.0, km_wide * scale) + 2 * margin.x, max(3.0, km_high * scale) + 2 * margin.y)
    projection = Projection(lat, lon, scale, Point(size.x / 2, size.y / 2))
    return projection, Box(0.0, 0.0, size.x, size.y)
