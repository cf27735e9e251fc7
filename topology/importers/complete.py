"""A draft made into a province: what no file gave is filled in, and marked as assumed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx
from pydantic import ValidationError

from giaoban.errors import InputError, several
from giaoban.names import ACCESS_PREFIX, distinct, identifier
from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import dotted, said_by_pydantic
from giaoban.topology.addressing import span_for
from giaoban.topology.importers import words
from giaoban.topology.importers.draft import Draft, Line, Site, Values
from giaoban.topology.importers.geography import Coordinates, fibre_km, locate
from giaoban.topology.model import ID_LENGTH, Province
from giaoban.topology.usual import keys_of
from giaoban.topology.validate import pieces, province_mistakes

MOST_ROUTERS, MOST_LINKS = 5_000, 10_000
MOST_COMPARED = 1_000
"""Among so many routers the one amid all is found in seconds: it takes all shortest paths."""
DEVICE = "rmx-1500-mpmx"
LINK_MBPS, MCU_MBPS, BRIDGE_MBPS = 100.0, 100.0, 10.0
MCU_KM, BRIDGE_KM = 1.0, 2.0
"""As in the default province."""
PACKETS_PER_MBPS, LEAST_PACKETS = 10, 200
"""About 100 ms of full-size packets; a burst of key frames fits in any case."""
EXPORTED = {"id", "name", "fibre", "addressing"}
"""Settings that every exported province has: one without `[routing]` has static routes."""


@dataclass(frozen=True)
class ImportOptions:
    """What the person who imports decides; None leaves it to the file, or to what is usual."""

    id: str | None = None
    name: str | None = None
    mcu_at: str | None = None
    device: str | None = None


def complete(draft: Draft, wishes: ImportOptions | None = None) -> Province:
    """The province that a draft describes. `draft.notes` gets a line for all that was assumed.

    Raises `InputError` for everything that makes no sound province, with its place in the file.
    """
    wishes = wishes if wishes is not None else ImportOptions()
    if not draft.routers:
        raise InputError("{path}: no router (allowed: one or more)", path=draft.path)
    _of_a_size(draft, wishes)
    counts: Counter[str] = Counter()
    _in_one_piece(draft)
    places = _places(draft, counts)
    _name_lines(draft)
    for line in draft.lines:
        _line(line, places, counts)
    mcu, bridges = _hosts(draft, wishes, counts)
    settings = _settings(draft, wishes, 1 + len(bridges))
    data: dict[str, Any] = {
        **settings,
        "router": [{"id": s.id, "name": s.name, **s.given} for s in draft.routers],
        "link": [{"id": line.id, "a": line.a, "b": line.b, **line.given} for line in draft.lines],
        "mcu": {"id": mcu.id, "name": mcu.name, **mcu.given},
        "bridge": [{"id": s.id, "name": s.name, **s.given} for s in bridges],
    }
    draft.notes += [
        Sentence("{count} × {what}", count=count, what=what) for what, count in counts.items()
    ]
    where = {
        "router": draft.routers,
        "link": draft.lines,
        "bridge": bridges,
        "mcu": mcu,
    }
    return _validated(draft, data, where)


def _of_a_size(draft: Draft, wishes: ImportOptions) -> None:
    """Refuse what would take minutes, and make a file that is too large to be read again."""
    for what, there, most in (
        (N_("{path}: has {number} routers (allowed: {most})"), draft.routers, MOST_ROUTERS),
        (N_("{path}: has {number} links (allowed: {most})"), draft.lines, MOST_LINKS),
    ):
        if len(there) > most:
            raise InputError(what, path=draft.path, number=len(there), most=most)
    seeks = wishes.mcu_at is None and all(site.kind != "mcu" for site in draft.sites)
    if seeks and len(draft.routers) > MOST_COMPARED:
        raise InputError(
            "{path}: has {number} routers and no MCU; the router amid all is looked "
            "for among {most_compared} (allowed: --mcu-at, the id or name of a router)",
            path=draft.path,
            number=len(draft.routers),
            most_compared=MOST_COMPARED,
        )


def _validated(draft: Draft, data: dict[str, Any], where: Mapping[str, Any]) -> Province:
    def told(loc: tuple[int | str, ...], value: object, what: Sentence) -> Sentence:
        record = where.get(str(loc[0])) if loc else None
        rest = loc[1:]
        if isinstance(record, list) and rest and isinstance(rest[0], int):
            record, rest = record[rest[0]], rest[1:]
        place = record.where if isinstance(record, Site | Line) else str(draft.path)
        key = dotted(rest if isinstance(record, Site | Line) else loc)
        shown = f" = {value!r}" if isinstance(value, str | int | float) else ""
        return Sentence(
            "{place}: {key}{value}: {what}", place=place, key=key, value=shown, what=what
        )

    try:
        # text stands for numbers in files without types, as CSV is
        province = Province.model_validate(data, strict=False)
    except ValidationError as error:
        messages = [told(e["loc"], e["input"], said_by_pydantic(dict(e))) for e in error.errors()]
        raise several(messages) from None
    if mistakes := province_mistakes(province):
        raise several(told(*mistake) for mistake in mistakes)
    if keys := keys_of(province):
        draft.notes.append(
            Sentence("unusual figures, taken as they are: {keys}", keys=", ".join(keys))
        )
    return province.model_copy(update={"unusual": keys})


def _in_one_piece(draft: Draft) -> None:
    routers = {site.id for site in draft.routers}
    for line in draft.lines:
        for end in (line.a, line.b):
            if end not in routers:
                raise InputError(
                    '{where}: ends at "{end}", which is no router of the file',
                    where=line.where,
                    end=end,
                )
    found = pieces((site.id for site in draft.routers), ((k.a, k.b) for k in draft.lines))
    if len(found) > 1:
        small = "; ".join("[" + ", ".join(piece) + "]" for piece in found[1:])
        raise InputError(
            "{path}: the network is in {number} pieces, no path joins the largest ({routers} "
            "{routers:router|routers}) and: {small} (allowed: every router reaches every other)",
            path=draft.path,
            number=len(found),
            routers=len(found[0]),
            small=small,
        )


def _places(draft: Draft, counts: Counter[str]) -> dict[str, Coordinates]:
    """Where each router is; those without a place are put amid their neighbours."""
    known: dict[str, Coordinates] = {}
    for site in draft.routers:
        lat, lon = site.given.get("lat"), site.given.get("lon")
        if (lat is None) != (lon is None):
            raise InputError(
                "{where}: lat and lon belong together (allowed: both or none)", where=site.where
            )
        if lat is not None and lon is not None:
            known[site.id] = Coordinates(_number(lat, site, "lat"), _number(lon, site, "lon"))
    around: dict[str, list[str]] = {site.id: [] for site in draft.routers}
    for line in draft.lines:
        around[line.a].append(line.b)
        around[line.b].append(line.a)
    found = locate(known, around)
    for site in draft.routers:
        site.given.setdefault("source", draft.path.name)
        if site.id in found:
            place = found[site.id]
            site.given |= {"lat": place.lat, "lon": place.lon}
            words.assume(site.given, [words.AMID], words.SETTLES_PLACE)
            counts[Sentence("router without a place, put amid its neighbours")] += 1
        elif site.id not in known:
            raise InputError(
                "{where}: no place is known for this router, nor for any that it "
                "reaches (allowed: lat and lon for one router or more)",
                where=site.where,
            )
    return {**known, **found}


def _number(value: object, record: Site | Line, name: str) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            "{where}: {name} = {value} is not a number",
            where=record.where,
            name=name,
            value=repr(value),
        )
    return number


def _name_lines(draft: Draft) -> None:
    taken = {line.id for line in draft.lines if line.id}
    for line in draft.lines:
        if not line.id:
            line.id = distinct(_line_id(line), taken, ID_LENGTH)
            taken.add(line.id)


def _line_id(line: Line) -> str:
    half = (ID_LENGTH - 2) // 2
    ends = [identifier(end.removeprefix("r-"), ID_LENGTH, "r") for end in (line.a, line.b)]
    if sum(map(len, ends)) > 2 * half:
        ends = [identifier(end, half, "r") for end in ends]
    made = "--".join(ends)
    return made if not made.startswith(ACCESS_PREFIX) else f"link-{made}"[:ID_LENGTH].rstrip("-")


def _line(line: Line, places: Mapping[str, Coordinates], counts: Counter[str]) -> None:
    given, filled = line.given, []
    given.setdefault("source", line.where)
    if given.get("km") is None:
        given["km"] = fibre_km(places[line.a], places[line.b])
        filled.append(words.GREAT_CIRCLE)
        counts[Sentence("link without a length: great-circle distance × 1.2")] += 1
    elif (km := _number(given["km"], line, "km")) < 0:
        raise InputError(
            "{where}: km = {km}: is out of range (allowed: 0 or more)", where=line.where, km=km
        )
    if given.get("rate_mbps") is None:
        given["rate_mbps"] = LINK_MBPS
        filled.append(words.rate(LINK_MBPS))
        counts[Sentence("link without a rate: {rate:g} Mb/s", rate=LINK_MBPS)] += 1
    filled += _buffer(given)
    if filled:
        words.assume(given, filled, words.SETTLES_LINK)


def _buffer(given: Values) -> list[Sentence]:
    if given.get("buffer_packets") is not None:
        return []
    try:
        mbps = float(str(given["rate_mbps"]))
    except ValueError:
        mbps = math.nan
    if not math.isfinite(mbps):
        mbps = 0.0  # refused with its place when all is checked
    packets = max(LEAST_PACKETS, round(min(1_000_000, mbps * PACKETS_PER_MBPS)))
    given["buffer_packets"] = packets
    return [words.queue(packets)]


def _hosts(draft: Draft, wishes: ImportOptions, counts: Counter[str]) -> tuple[Site, list[Site]]:
    """The MCU and the bridges: the file's, or else the MCU amid all and a bridge at each site."""
    mcus = [site for site in draft.sites if site.kind == "mcu"]
    if len(mcus) > 1:
        raise InputError("{where}: a second MCU (allowed: one)", where=mcus[1].where)
    bridges = [site for site in draft.sites if site.kind == "bridge"]
    taken = {site.id for site in draft.sites}
    if mcus:
        mcu = mcus[0]
    else:
        if wishes.mcu_at is not None:
            at, how = draft.router(wishes.mcu_at, "--mcu-at"), words.CHOSEN
        else:
            at, how = _central(draft), words.CENTRAL
        made = distinct("mcu", taken, ID_LENGTH)
        mcu = Site("mcu", made, "MCU", at.where, {"router": at.id, "source": how.en})
        mcu.given["source_vi"] = how.vi
        taken.add(made)
        draft.notes.append(Sentence("no MCU in the file: put at {site}", site=at.name))
    if wishes.mcu_at is not None and mcus:
        mcu.given["router"] = draft.router(wishes.mcu_at, "--mcu-at").id
    if wishes.device is not None or not mcu.given.get("device"):
        mcu.given["device"] = wishes.device or DEVICE
    _access(mcu, MCU_KM, MCU_MBPS, draft)
    if not bridges:
        for site in draft.routers:
            made = distinct(site.id.removeprefix("r-") or site.id, taken, ID_LENGTH)
            taken.add(made)
            given: Values = {"router": site.id, "source": words.AT_SITE.en}
            given["source_vi"] = words.AT_SITE.vi
            bridges.append(Site("bridge", made, site.name, site.where, given))
        counts[Sentence("bridge made: one at each site")] = len(bridges)
    if bridges and not any(site.given.get("role") == "chair" for site in bridges):
        at_mcu = [site for site in bridges if site.given.get("router") == mcu.given["router"]]
        chair = (at_mcu or bridges)[0]
        chair.given["role"] = "chair"
        draft.notes.append(Sentence("no chair bridge in the file: {site} chairs", site=chair.name))
    for site in bridges:
        _access(site, BRIDGE_KM, BRIDGE_MBPS, draft)
    return mcu, bridges


def _access(site: Site, km: float, mbps: float, draft: Draft) -> None:
    given, filled = site.given, []
    given.setdefault("source", draft.path.name)
    if not given.get("router"):
        raise InputError(
            "{where}: hangs on no router (allowed: the id or name of one)", where=site.where
        )
    given["router"] = draft.router(str(given["router"]), site.where).id
    if given.get("km") is None:
        given["km"] = km
        filled.append(words.length(km))
    if given.get("rate_mbps") is None:
        given["rate_mbps"] = mbps
        filled.append(words.rate(mbps))
    filled += _buffer(given)
    if filled:
        words.assume(given, filled, words.SETTLES_ACCESS)


def _central(draft: Draft) -> Site:
    """Return the router with the least fibre to all others; the first of equals."""
    graph = networkx.Graph()
    graph.add_nodes_from(site.id for site in draft.routers)
    for line in draft.lines:
        km = float(str(line.given["km"]))
        old = graph.get_edge_data(line.a, line.b, {"km": math.inf})["km"]
        graph.add_edge(line.a, line.b, km=min(km, old))

    def far(site: Site) -> float:
        reach = networkx.single_source_dijkstra_path_length(graph, site.id, weight="km")
        return math.fsum(reach[other.id] for other in draft.routers)

    return min(draft.routers, key=far)


def _settings(draft: Draft, wishes: ImportOptions, hosts: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"schema": "giaoban.province/1", **draft.settings}
    settings["name"] = wishes.name or settings.get("name") or draft.path.stem
    settings["id"] = wishes.id or settings.get("id") or identifier(settings["name"], ID_LENGTH, "n")
    settings.setdefault("fibre", words.FIBRE)
    if "addressing" not in settings:
        settings["addressing"] = {
            "backbone": span_for(len(draft.lines), "10.67.0.0/24", "10.64.0.0"),
            "access": span_for(hosts, "10.68.0.0/16", "10.128.0.0"),
            **words.ADDRESSING,
        }
    if "routing" not in settings and not draft.settings.keys() >= EXPORTED:
        settings["routing"] = words.ROUTING
        draft.notes.append(
            Sentence(
                "no routing in the file: OSPF with BFD assumed (static routes, which find no "
                'other path after a failure: protocol = "static" in [routing])'
            )
        )
    return settings
