"""The contents of an imported file → province; missing figures are added, marked as assumed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import networkx
from pydantic import ValidationError

from giaoban.errors import InputError, did_you_mean, several
from giaoban.names import ACCESS_PREFIX, distinct, identifier, key
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import dotted, said_by_pydantic
from giaoban.topology.addressing import span_for
from giaoban.topology.model import ID_LENGTH, Province
from giaoban.topology.usual import keys_of
from giaoban.topology.validate import province_mistakes

Kind = Literal["router", "mcu", "bridge"]
Values = dict[str, object]
"""Fields of a model by name, as far as a file gives them."""

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
SETTLES_LINK = message(N_("the operator's link table: route, length, committed rate, queue limit"))
SETTLES_ACCESS = message(N_("the access contract with the operator"))
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


@dataclass
class Record:
    """A site or a link. `where` is its place in the file; `given` the fields that the file gives.

    `id` is "" for a link without one.
    """

    id: str
    where: str
    given: Values
    kind: Kind | None = None

    @property
    def name(self) -> str:
        return str(self.given["name"])


@dataclass
class Draft:
    """The network of a file, and the province's other keys (`settings`).

    `notes` are messages about assumed figures and edges left out.
    """

    path: Path
    sites: list[Record] = field(default_factory=list)
    links: list[Record] = field(default_factory=list)
    settings: Values = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def routers(self) -> list[Record]:
        """Return the routers, in the order of the file."""
        return [site for site in self.sites if site.kind == "router"]

    def router(self, text: str, where: str) -> Record:
        """Return the router of an id or name. Raises `InputError` for none or several."""
        matches = [site for site in self.routers if site.id == text]
        matches = matches or [site for site in self.routers if key(site.name) == key(text)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(
                '{where}: "{text}" names {number} routers (say one by id: {ids})',
                where=where,
                text=text,
                number=len(matches),
                ids=", ".join(site.id for site in matches),
            )
        near = did_you_mean(text, [site.name for site in self.routers])
        raise InputError('{where}: no router "{text}"{near}', where=where, text=text, near=near)


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
    places = {site.id: _place(site) for site in draft.routers}
    for site in draft.routers:
        site.given.setdefault("source", draft.path.name)
    counts: Counter[Sentence] = Counter()
    taken = {link.id for link in draft.links}
    for link in draft.links:
        a, b = str(link.given["a"]), str(link.given["b"])
        if not link.id:
            half = (ID_LENGTH - len(ACCESS_PREFIX)) // 2
            ends = [identifier(end.removeprefix("r-"), half, "r") for end in (a, b)]
            prefix = "link-" if ends[0] == ACCESS_PREFIX.rstrip("-") else ""
            link.id = distinct(f"{prefix}{ends[0]}--{ends[1]}", taken, ID_LENGTH)
            taken.add(link.id)
        km = round(great_circle_km(places[a], places[b]) * DETOUR, 1)
        _fill(link, GREAT_CIRCLE, km, LINK_MBPS, SETTLES_LINK, counts)
    mcu, bridges = _hosts(draft, options, counts)
    draft.notes += [
        Sentence("{count} × {what}", count=count, what=what) for what, count in counts.items()
    ]
    records = {"router": draft.routers, "link": draft.links, "bridge": bridges}
    data: dict[str, Any] = {
        **_settings(draft, options, 1 + len(bridges)),
        **{kind: [{"id": r.id, **r.given} for r in some] for kind, some in records.items()},
        "mcu": {"id": mcu.id, **mcu.given},
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


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance of two (latitude, longitude) over the sphere (haversine formula)."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def _place(site: Record) -> tuple[float, float]:
    if "lat" not in site.given or "lon" not in site.given:
        raise InputError("{where}: has no place (allowed: lat and lon)", where=site.where)
    return float(str(site.given["lat"])), float(str(site.given["lon"]))


def _fill(
    record: Record,
    length: Sentence,
    km: float,
    mbps: float,
    settles: Sentence,
    counts: Counter[Sentence],
) -> None:
    """Add missing figures, with words about them in the source, and mark the record as assumed."""
    given, added = record.given, []
    if "km" not in given:
        given["km"] = km
        added.append(length)
    if "rate_mbps" not in given:
        given["rate_mbps"] = mbps
        added.append(message(N_("rate: none given, {rate} Mb/s"), rate=mbps))
    if "buffer_packets" not in given:
        packets = min(1e6, float(str(given["rate_mbps"])) * PACKETS_PER_MBPS)
        given["buffer_packets"] = packets = max(LEAST_PACKETS, round(packets))
        added.append(
            message(N_("queue: none given, {packets} {packets:packet|packets}"), packets=packets)
        )
    counts.update(added)
    given.setdefault("source", record.where)
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
) -> tuple[Record, list[Record]]:
    """Return the MCU and the bridges: those of the file, or a central MCU and a bridge a site."""
    mcus = [site for site in draft.sites if site.kind == "mcu"]
    if len(mcus) > 1:
        raise InputError("{where}: a second MCU (allowed: one)", where=mcus[1].where)
    bridges = [site for site in draft.sites if site.kind == "bridge"]
    taken = {site.id for site in draft.sites}
    at = draft.router(options.mcu_at, "--mcu-at") if options.mcu_at is not None else None
    if mcus:
        mcu = mcus[0]
    else:
        at = at or _central(draft)
        source = message(N_("no MCU in the file: put at {site}"), site=at.name)
        given: Values = {"name": "MCU", "source": source.en, "source_vi": source.vi}
        mcu = Record(distinct("mcu", taken, ID_LENGTH), at.where, given)
        taken.add(mcu.id)
        draft.notes.append(source)
    if at is not None:
        mcu.given["router"] = at.id
    mcu.given["device"] = options.device or mcu.given.get("device") or DEVICE
    if not bridges:
        source = message(N_("no bridge in the file: one at each site"))
        for site in draft.routers:
            made = distinct(site.id.removeprefix("r-") or site.id, taken, ID_LENGTH)
            taken.add(made)
            given = {"name": site.name, "router": site.id}
            given |= {"source": source.en, "source_vi": source.vi}
            bridges.append(Record(made, site.where, given))
        draft.notes.append(source)
    for host in (mcu, *bridges):
        if not host.given.get("router"):
            raise InputError(
                "{where}: hangs on no router (allowed: the id or name of one)", where=host.where
            )
        host.given["router"] = draft.router(str(host.given["router"]), host.where).id
        km, mbps = (MCU_KM, MCU_MBPS) if host is mcu else (BRIDGE_KM, BRIDGE_MBPS)
        length = message(N_("length: none given, {km} km"), km=km)
        _fill(host, length, km, mbps, SETTLES_ACCESS, counts)
    if not any(site.given.get("role") == "chair" for site in bridges):
        at_mcu = [site for site in bridges if site.given["router"] == mcu.given["router"]]
        chair = (at_mcu or bridges)[0]
        chair.given["role"] = "chair"
        draft.notes.append(Sentence("no chair bridge in the file: {site} chairs", site=chair.name))
    return mcu, bridges


def _central(draft: Draft) -> Record:
    """Return the router with the least fibre to all others; the first of equals."""
    graph: Any = networkx.Graph()
    graph.add_nodes_from(site.id for site in draft.routers)
    links = [(float(str(link.given["km"])), link) for link in draft.links]
    for km, link in sorted(links, key=lambda each: -each[0]):  # of parallel links the shortest
        graph.add_edge(link.given["a"], link.given["b"], km=max(0.0, km))
    if not networkx.is_connected(graph):
        return draft.routers[0]  # refused by `province_mistakes`
    return draft.router(networkx.barycenter(graph, weight="km")[0], str(draft.path))


def _settings(draft: Draft, options: ImportOptions, hosts: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"schema": "giaoban.province/1", **draft.settings}
    settings["name"] = options.name or settings.get("name") or draft.path.stem
    name = identifier(settings["name"], ID_LENGTH, "n")
    settings["id"] = options.id or settings.get("id") or name
    settings.setdefault("fibre", FIBRE)
    settings.setdefault(
        "addressing",
        {
            "backbone": span_for(len(draft.links), "10.67.0.0/24", "10.64.0.0"),
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
