"""Draft → province: missing figures are added and marked as assumed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import networkx
from pydantic import ValidationError

from giaoban.errors import InputError, several
from giaoban.names import ACCESS_PREFIX, distinct, identifier
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import dotted, said_by_pydantic
from giaoban.topology.addressing import span_for
from giaoban.topology.importers.draft import Draft, Line, Site, Values
from giaoban.topology.model import ID_LENGTH, Province
from giaoban.topology.usual import keys_of
from giaoban.topology.validate import province_mistakes

MOST_ROUTERS = 1_000
"""The search for the central router takes all shortest paths."""
DEVICE = "rmx-1500-mpmx"
LINK_MBPS, MCU_MBPS, BRIDGE_MBPS = 100.0, 100.0, 10.0
MCU_KM, BRIDGE_KM = 1.0, 2.0
"""As in the default province."""
PACKETS_PER_MBPS, LEAST_PACKETS = 10, 200
"""About 100 ms of full-size packets; a burst of key frames fits in any case."""
EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
DETOUR = 1.2
"""Fibre beside roads per great-circle distance: 120–125 km published for Gia Nghĩa – Buôn Ma Thuột
over 102.1 km."""

GREAT_CIRCLE = message(N_("length: great-circle distance × 1.2"))
AMID = message(N_("no place given, put amid its neighbours"))
CENTRAL = message(N_("no MCU in the file: put where the fibre to all sites is shortest"))
CHOSEN = message(N_("no MCU in the file: site chosen"))
AT_SITE = message(N_("no bridge in the file: one at each site"))
SETTLES_LINK = message(N_("the operator's link table: route, length, committed rate, queue limit"))
SETTLES_ACCESS = message(N_("the access contract with the operator"))
SETTLES_PLACE = message(N_("the position of the site"))
FIBRE: Values = {
    "us_per_km": 5.0,
    "source": N_("light in glass of group index 1.5: 1.5 ÷ 299,792 km/s; usual planning figure"),
    "assumed": True,
    "settled_by": N_("the group index on the data sheet of the fibre laid (about 1.47 for G.652)"),
}
ADDRESSING: Values = {
    "source": N_("private ranges (RFC 1918) chosen for the model"),
    "assumed": True,
    "settled_by": N_("the address plan of the network"),
}
ROUTING: Values = {
    "protocol": "ospf-bfd",
    "hello_ms": 1000,
    "dead_ms": 4000,
    "spf_ms": 100,
    "bfd_interval_ms": 100,
    "bfd_multiplier": 3,
    "loss_of_signal_ms": 10,
    "route_install_ms": 20,
    "min_ls_interval_ms": 5000,
    "source": N_(
        "OSPF (RFC 2328) with BFD (RFC 5880), timers as often set in metropolitan networks"
    ),
    "assumed": True,
    "settled_by": N_("the configuration of the operator's routers"),
}
"""As `giaoban init` writes it: formats of other programs have no place for it."""

Place = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


@dataclass(frozen=True)
class ImportOptions:
    """Choices of the user; None leaves one to the file or to the default."""

    id: str | None = None
    name: str | None = None
    mcu_at: str | None = None
    device: str | None = None


def complete(draft: Draft, options: ImportOptions | None = None) -> Province:
    """Return the province of a draft. `draft.notes` gets a line for each kind of assumption.

    Raises `InputError` for each mistake, with its place in the file.
    """
    options = options if options is not None else ImportOptions()
    if not 1 <= len(draft.routers) <= MOST_ROUTERS:
        raise InputError(
            "{path}: has {number} routers (allowed: 1 to {most})",
            path=draft.path,
            number=len(draft.routers),
            most=MOST_ROUTERS,
        )
    counts: Counter[Sentence] = Counter()
    places = _places(draft, counts)
    _name_lines(draft.lines)
    for line in draft.lines:
        _complete_line(line, places, counts)
    mcu, bridges = _hosts(draft, options, counts)
    draft.notes += [
        Sentence("{count} × {what}", count=count, what=what) for what, count in counts.items()
    ]
    records: dict[str, list[Site] | list[Line]] = {
        "router": draft.routers,
        "link": draft.lines,
        "bridge": bridges,
    }
    data: dict[str, Any] = {
        **_settings(draft, options, 1 + len(bridges)),
        "router": [{"id": s.id, "name": s.name, **s.given} for s in draft.routers],
        "link": [{"id": line.id, "a": line.a, "b": line.b, **line.given} for line in draft.lines],
        "mcu": {"id": mcu.id, "name": mcu.name, **mcu.given},
        "bridge": [{"id": s.id, "name": s.name, **s.given} for s in bridges],
    }

    def placed(loc: tuple[int | str, ...], value: object, what: Sentence) -> Sentence:
        place, rest = str(draft.path), loc
        if loc[:1] == ("mcu",):
            place, rest = mcu.where, loc[1:]
        elif len(loc) > 1 and loc[0] in records and isinstance(loc[1], int):
            place, rest = records[str(loc[0])][loc[1]].where, loc[2:]
        shown = f" = {value!r}" if isinstance(value, str | int | float) else ""
        return Sentence(
            "{place}: {key}{value}: {what}", place=place, key=dotted(rest), value=shown, what=what
        )

    try:
        # a CSV or GraphML file gives numbers as text
        province = Province.model_validate(data, strict=False)
    except ValidationError as error:
        raise several(
            placed(e["loc"], e["input"], said_by_pydantic(dict(e))) for e in error.errors()
        ) from None
    if mistakes := province_mistakes(province):
        raise several(placed(*mistake) for mistake in mistakes)
    if keys := keys_of(province):
        draft.notes.append(
            Sentence("unusual figures, taken as they are: {keys}", keys=", ".join(keys))
        )
    return province.model_copy(update={"unusual": keys})


def great_circle_km(a: Place, b: Place) -> float:
    """Return the distance over the sphere (haversine formula)."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def _places(draft: Draft, counts: Counter[Sentence]) -> dict[str, Place]:
    """Return the place of each router; one without a place is put amid its neighbours."""
    places = {
        site.id: (float(str(site.given["lat"])), float(str(site.given["lon"])))
        for site in draft.routers
        if "lat" in site.given and "lon" in site.given
    }
    for site in draft.routers:
        if ("lat" in site.given) != ("lon" in site.given):
            raise InputError(
                "{where}: lat and lon belong together (allowed: both or none)", where=site.where
            )
    graph: Any = networkx.Graph([(line.a, line.b) for line in draft.lines])
    missing = [site for site in draft.routers if site.id not in places]
    while missing:
        amid: dict[str, Place] = {}
        for site in missing:
            near = [places[n] for n in graph.adj.get(site.id, ()) if n in places]
            if not near:
                continue
            lat, lon = (round(sum(x) / len(near), 4) for x in zip(*near, strict=True))
            amid[site.id] = lat, lon
            site.given |= {"lat": lat, "lon": lon}
            _assume(site.given, [AMID], SETTLES_PLACE, draft.path.name)
            counts[Sentence("router without a place, put amid its neighbours")] += 1
        if not amid:
            raise InputError(
                "{where}: no place is known for this router, nor for any that it "
                "reaches (allowed: lat and lon for one router or more)",
                where=missing[0].where,
            )
        places |= amid
        missing = [site for site in missing if site.id not in places]
    for site in draft.routers:
        site.given.setdefault("source", draft.path.name)
    return places


def _complete_line(line: Line, places: dict[str, Place], counts: Counter[Sentence]) -> None:
    given, added = line.given, []
    if "km" not in given:
        given["km"] = round(great_circle_km(places[line.a], places[line.b]) * DETOUR, 1)
        added.append(GREAT_CIRCLE)
        counts[Sentence("link without a length: great-circle distance × 1.2")] += 1
    if "rate_mbps" not in given:
        counts[Sentence("link without a rate: {rate:g} Mb/s", rate=LINK_MBPS)] += 1
    _assume(given, added + _default_figures(given, LINK_MBPS), SETTLES_LINK, line.where)


def _default_figures(given: Values, mbps: float) -> list[Sentence]:
    """Add a missing rate and queue limit; return the sentences about them."""
    added = []
    if "rate_mbps" not in given:
        given["rate_mbps"] = mbps
        added.append(message(N_("rate: none given, {rate} Mb/s"), rate=mbps))
    if "buffer_packets" not in given:
        packets = round(float(str(given["rate_mbps"])) * PACKETS_PER_MBPS)
        given["buffer_packets"] = packets = min(1_000_000, max(LEAST_PACKETS, packets))
        added.append(
            message(N_("queue: none given, {packets} {packets:packet|packets}"), packets=packets)
        )
    return added


def _assume(given: Values, added: list[Sentence], settles: Sentence, source: str) -> None:
    """Append added figures to the source of a record, and mark the record as assumed."""
    given.setdefault("source", source)
    if not added:
        return
    source, source_vi = str(given["source"]), str(given.get("source_vi") or given["source"])
    given["source"] = "; ".join([source, *(text.en for text in added)])
    given["source_vi"] = "; ".join([source_vi, *(text.vi for text in added)])
    given["assumed"] = True
    if not given.get("settled_by"):
        given["settled_by"], given["settled_by_vi"] = settles.en, settles.vi


def _hosts(
    draft: Draft, options: ImportOptions, counts: Counter[Sentence]
) -> tuple[Site, list[Site]]:
    """Return the MCU and the bridges: those of the file, or a central MCU and a bridge a site."""
    mcus = [site for site in draft.sites if site.kind == "mcu"]
    if len(mcus) > 1:
        raise InputError("{where}: a second MCU (allowed: one)", where=mcus[1].where)
    bridges = [site for site in draft.sites if site.kind == "bridge"]
    taken = {site.id for site in draft.sites}
    chosen = draft.router(options.mcu_at, "--mcu-at") if options.mcu_at is not None else None
    if mcus:
        mcu = mcus[0]
        if chosen is not None:
            mcu.given["router"] = chosen.id
    else:
        at, how = (chosen, CHOSEN) if chosen is not None else (_central(draft), CENTRAL)
        given: Values = {"router": at.id, "source": how.en, "source_vi": how.vi}
        mcu = Site("mcu", distinct("mcu", taken, ID_LENGTH), "MCU", at.where, given)
        taken.add(mcu.id)
        draft.notes.append(Sentence("no MCU in the file: put at {site}", site=at.name))
    mcu.given["device"] = options.device or mcu.given.get("device") or DEVICE
    _complete_access(mcu, MCU_KM, MCU_MBPS, draft)
    if not bridges:
        for site in draft.routers:
            made = distinct(site.id.removeprefix("r-") or site.id, taken, ID_LENGTH)
            taken.add(made)
            given = {"router": site.id, "source": AT_SITE.en, "source_vi": AT_SITE.vi}
            bridges.append(Site("bridge", made, site.name, site.where, given))
        counts[Sentence("bridge made: one at each site")] = len(bridges)
    for site in bridges:
        _complete_access(site, BRIDGE_KM, BRIDGE_MBPS, draft)
    if not any(site.given.get("role") == "chair" for site in bridges):
        at_mcu = [site for site in bridges if site.given["router"] == mcu.given["router"]]
        chair = (at_mcu or bridges)[0]
        chair.given["role"] = "chair"
        draft.notes.append(Sentence("no chair bridge in the file: {site} chairs", site=chair.name))
    return mcu, bridges


def _complete_access(site: Site, km: float, mbps: float, draft: Draft) -> None:
    given, added = site.given, []
    if not given.get("router"):
        raise InputError(
            "{where}: hangs on no router (allowed: the id or name of one)", where=site.where
        )
    given["router"] = draft.router(str(given["router"]), site.where).id
    if "km" not in given:
        given["km"] = km
        added.append(message(N_("length: none given, {km} km"), km=km))
    _assume(given, added + _default_figures(given, mbps), SETTLES_ACCESS, draft.path.name)


def _central(draft: Draft) -> Site:
    """Return the router with the least fibre to all others; the first of equals."""
    graph: Any = networkx.Graph()
    graph.add_nodes_from(site.id for site in draft.routers)
    for line in sorted(draft.lines, key=_km, reverse=True):  # of parallel links the shortest stays
        graph.add_edge(line.a, line.b, km=_km(line))
    if not networkx.is_connected(graph):
        return draft.routers[0]  # refused by `province_mistakes`
    return draft.router(networkx.barycenter(graph, weight="km")[0], str(draft.path))


def _km(line: Line) -> float:
    return max(0.0, float(str(line.given["km"])))


def _settings(draft: Draft, options: ImportOptions, hosts: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"schema": "giaoban.province/1", **draft.settings}
    settings["name"] = options.name or settings.get("name") or draft.path.stem
    settings["id"] = (
        options.id or settings.get("id") or identifier(settings["name"], ID_LENGTH, "n")
    )
    settings.setdefault("fibre", FIBRE)
    settings.setdefault(
        "addressing",
        {
            "backbone": span_for(len(draft.lines), "10.67.0.0/24", "10.64.0.0"),
            "access": span_for(hosts, "10.68.0.0/16", "10.128.0.0"),
            **ADDRESSING,
        },
    )
    # an exported province has a schema; one without [routing] has static routes
    if "routing" not in settings and "schema" not in draft.settings:
        settings["routing"] = ROUTING
        draft.notes.append(
            Sentence(
                "no routing in the file: OSPF with BFD assumed (static routes, which find no "
                'other path after a failure: protocol = "static" in [routing])'
            )
        )
    return settings


def _name_lines(lines: list[Line]) -> None:
    """Give each line without an id one of its ends: "gia-nghia--dak-song"."""
    taken = {line.id for line in lines if line.id}
    half = (ID_LENGTH - 2) // 2
    for line in lines:
        if not line.id:
            ends = [identifier(end.removeprefix("r-"), ID_LENGTH, "r") for end in (line.a, line.b)]
            if sum(map(len, ends)) > 2 * half:
                ends = [identifier(end, half, "r") for end in ends]
            made = "--".join(ends)
            if made.startswith(ACCESS_PREFIX):
                made = f"link-{made}"[:ID_LENGTH].rstrip("-")
            line.id = distinct(made, taken, ID_LENGTH)
            taken.add(line.id)
