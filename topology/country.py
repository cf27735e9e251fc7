"""A made-up country: every commune a bridge, on a tree of districts, provinces and three centres.

For questions of scale alone. The shape is public: the state's network began with centres at
Hà Nội, Đà Nẵng and Hồ Chí Minh City, from which provinces, districts and communes were reached,
with 63 provinces and 11,059 communes before July 2025. Where things lie and how long lines are is
made up by a rule without chance, so the same numbers give the same country.
"""

from __future__ import annotations

import math
from typing import Any

from giaoban.errors import InputError
from giaoban.topology.addressing import span_for
from giaoban.topology.importers import words
from giaoban.topology.importers.geography import Coordinates, fibre_km
from giaoban.topology.model import Province
from giaoban.topology.usual import keys_of
from giaoban.translation import N_

BRIDGES = 11_000
MOST_BRIDGES = 60_000
PER_PROVINCE, PER_DISTRICT = 175, 16
"""Communes: about 11,059 in 63 provinces and 705 districts."""
DEVICE = "made-up-mcu"
CENTRES = (
    ("ha-noi", "Hà Nội", Coordinates(21.03, 105.85)),
    ("da-nang", "Đà Nẵng", Coordinates(16.07, 108.22)),
    ("tp-hcm", "Thành phố Hồ Chí Minh", Coordinates(10.78, 106.70)),
)
SPINE = (
    Coordinates(22.6, 104.9),
    Coordinates(20.4, 105.9),
    Coordinates(16.2, 107.8),
    Coordinates(12.2, 108.6),
)
SPINE_END = Coordinates(9.6, 105.4)
"""Along which provinces lie, from north to south; approximate."""
GOLDEN = (math.sqrt(5) - 1) / 2
COMMUNE_MBPS, DISTRICT_MBPS, PROVINCE_MBPS = 10.0, 200.0, 2_000.0
CENTRE_MBPS, MCU_MBPS = 40_000.0, 100_000.0
SOURCE: dict[str, Any] = {
    "source": N_("made up for questions of scale"),
    "assumed": True,
    "settled_by": N_("the real network"),
}


def country(bridges: int = BRIDGES) -> Province:
    """A country with so many bridges; the chair is at Hà Nội, all others are communes.

    Rates are such that everybody at 2 Mb/s fits. Raises `InputError` for a number out of range.
    """
    if not 2 <= bridges <= MOST_BRIDGES:
        raise InputError(
            "{bridges} {bridges:bridge|bridges} (allowed: 2 to {most_bridges})",
            bridges=bridges,
            most_bridges=MOST_BRIDGES,
        )
    communes = bridges - 1
    provinces = math.ceil(communes / PER_PROVINCE)
    routers = [_router(f"r-{name}", shown, place) for name, shown, place in CENTRES]
    links = [
        _link("ha-noi--da-nang", "r-ha-noi", "r-da-nang", CENTRES[0][2], CENTRES[1][2]),
        _link("da-nang--tp-hcm", "r-da-nang", "r-tp-hcm", CENTRES[1][2], CENTRES[2][2]),
    ]
    sites = [_bridge("trung-uong", "Điểm cầu trung ương", "r-ha-noi", 1.0) | {"role": "chair"}]
    for p in range(provinces):
        inside = _share(communes, provinces, p)
        at = _on_spine((p + 0.5) / provinces)
        province = f"p{p + 1:03}"
        nearest, _, centre = min(CENTRES, key=lambda each: (fibre_km(each[2], at), each[0]))
        routers.append(_router(f"r-{province}", f"Tỉnh {p + 1}", at))
        upwards = _link(province, f"r-{nearest}", f"r-{province}", centre, at)
        links.append(upwards | _rate(PROVINCE_MBPS))
        districts = math.ceil(inside / PER_DISTRICT)
        for d in range(districts):
            seat = _around(at, d)
            district = f"{province}-h{d + 1:02}"
            routers.append(_router(f"r-{district}", f"Huyện {p + 1}.{d + 1}", seat))
            upwards = _link(district, f"r-{province}", f"r-{district}", at, seat)
            links.append(upwards | _rate(DISTRICT_MBPS))
            for c in range(_share(inside, districts, d)):
                km = round(3 + 22 * (c * GOLDEN % 1), 1)
                name = f"Xã {p + 1}.{d + 1}.{c + 1}"
                sites.append(_bridge(f"{district}-x{c + 1:02}", name, f"r-{district}", km))
    mcu = {"id": "mcu", "name": "MCU", "device": DEVICE, "router": "r-ha-noi", "km": 1.0}
    made = Province.model_validate(
        {
            "schema": "giaoban.province/1",
            "id": f"country-{bridges}",
            "name": f"Cả nước (giả định), {bridges} điểm cầu",
            "fibre": words.FIBRE,
            "addressing": {
                "backbone": span_for(len(links), "10.67.0.0/24", "10.64.0.0"),
                "access": span_for(1 + bridges, "10.68.0.0/16", "10.128.0.0"),
                **words.ADDRESSING,
            },
            "router": routers,
            "link": links,
            "mcu": mcu | _rate(MCU_MBPS) | SOURCE,
            "bridge": sites,
        }
    )
    return made.model_copy(update={"unusual": keys_of(made)})


def _share(total: int, parts: int, number: int) -> int:
    """How many of a total fall to one of so many parts, as evenly as it goes."""
    return total * (number + 1) // parts - total * number // parts


def _on_spine(share: float) -> Coordinates:
    points = (*SPINE, SPINE_END)
    along = share * (len(points) - 1)
    at = min(int(along), len(points) - 2)
    (lat_a, lon_a), (lat_b, lon_b) = points[at], points[at + 1]
    part = along - at
    return Coordinates(
        round(lat_a + part * (lat_b - lat_a), 4), round(lon_a + part * (lon_b - lon_a), 4)
    )


def _around(centre: Coordinates, number: int) -> Coordinates:
    """The places around a centre, spread as seeds in a sunflower; up to half a degree away."""
    radius, angle = 0.12 * math.sqrt(number), 2 * math.pi * number * GOLDEN
    lat = centre.lat + radius * math.sin(angle)
    return Coordinates(round(lat, 4), round(centre.lon + radius * math.cos(angle), 4))


def _router(router: str, name: str, place: Coordinates) -> dict[str, Any]:
    return {"id": router, "name": name, "lat": place.lat, "lon": place.lon, **SOURCE}


def _link(link: str, a: str, b: str, at_a: Coordinates, at_b: Coordinates) -> dict[str, Any]:
    km = max(1.0, fibre_km(at_a, at_b))
    return {"id": link, "a": a, "b": b, "km": km, **_rate(CENTRE_MBPS), **SOURCE}


def _bridge(bridge: str, name: str, router: str, km: float) -> dict[str, Any]:
    return {
        "id": bridge,
        "name": name,
        "router": router,
        "km": km,
        **_rate(COMMUNE_MBPS),
        **SOURCE,
    }


def _rate(mbps: float) -> dict[str, Any]:
    """With a queue of about 100 ms, up to a million packets."""
    return {"rate_mbps": mbps, "buffer_packets": min(1_000_000, max(200, round(mbps * 10)))}
