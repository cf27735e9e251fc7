"""Distances on the globe, and places for what has none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
DETOUR = 1.2
"""Fibre beside roads per great-circle distance: 120–125 km published for Gia Nghĩa – Buôn Ma Thuột
over 102.1 km."""


class Coordinates(NamedTuple):
    """WGS 84, degrees."""

    lat: float
    lon: float


def great_circle_km(a: Coordinates, b: Coordinates) -> float:
    """Distance over the sphere (haversine, exact for small distances too)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b.lon - a.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def fibre_km(a: Coordinates, b: Coordinates) -> float:
    """The length of fibre to expect between two places, to 0.1 km."""
    return round(great_circle_km(a, b) * DETOUR, 1)


def locate(
    known: Mapping[str, Coordinates], neighbours: Mapping[str, Sequence[str]]
) -> dict[str, Coordinates]:
    """Places for the nodes that have none: the middle of their neighbours that have one.

    In rounds, nearest to what is known first; nodes that no path joins to a known place stay out.
    """
    placed = dict(known)
    front = list(known)
    while front:
        beside = dict.fromkeys(other for node in front for other in neighbours.get(node, ()))
        found: dict[str, Coordinates] = {}
        for node in beside:
            if node not in placed:
                found[node] = _middle([placed[o] for o in neighbours[node] if o in placed])
        placed |= found
        front = list(found)
    return {node: place for node, place in placed.items() if node not in known}


def _middle(places: Sequence[Coordinates]) -> Coordinates:
    """On the sphere, so that it holds across the 180th meridian too. To 0.0001 degree."""
    x = y = z = 0.0
    for lat, lon in places:
        phi, lam = math.radians(lat), math.radians(lon)
        x += math.cos(phi) * math.cos(lam)
        y += math.cos(phi) * math.sin(lam)
        z += math.sin(phi)
    lat, lon = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return Coordinates(round(lat, 4), round(lon, 4))
