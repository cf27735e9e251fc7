"""Provinces as GraphML: written for other programs, and read back; networks of other programs.

Networks of other programs, as the Internet Topology Zoo, have nodes with `label`, `Latitude` and
`Longitude`, and edges with `km`, `rate_mbps` or `LinkSpeedRaw` (bit/s); no bridges, no MCU.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx

from giaoban.errors import InputError
from giaoban.names import access_link_id, distinct, identifier, key
from giaoban.sentence import Sentence
from giaoban.text import hidden_in
from giaoban.tomlfile import read_text
from giaoban.topology.importers.complete import MOST_LINKS, MOST_ROUTERS
from giaoban.topology.importers.draft import ACCESS_FIGURES, Draft, Line, Site, Values
from giaoban.topology.importers.nested import flat, nested
from giaoban.topology.importers.words import SETTLES_LINK
from giaoban.topology.model import ID_LENGTH, Province

PREFIX = "province"
"""Of keys of the graph; a graph's own `id` would be taken for its name."""
_NODE_FIELDS = {"lat": ("latitude", "lat"), "lon": ("longitude", "lon", "lng")}
_EDGE_FIELDS = {
    "km": ("km", "lengthkm", "distancekm"),
    "rate_mbps": ("ratembps", "mbps", "bandwidthmbps", "capacitymbps"),
    "buffer_packets": ("bufferpackets",),
    "loss_pct": ("losspct",),
}
_NOT_GRAPHML = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""Raised by the reader of graphs for XML that is no graph, or with values that are none."""
MOST_HOSTS = 12_000
_SOURCED = ("source", "source_vi", "assumed", "settled_by", "settled_by_vi")


def graphml(province: Province) -> str:
    """Return GraphML text (UTF-8). Nodes have a `kind`; access lines are edges as links are.

    What is neither node nor link is with the graph, by keys with dots:
    `province.fibre.us_per_km`. `order` is a link's place in the province, on which its addresses
    rest; `a` and `b` are its ends in order.
    """
    data = province.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
    nodes = {"router": data.pop("router"), "bridge": data.pop("bridge")}
    mcu, links = data.pop("mcu"), data.pop("link", [])
    graph: Any = networkx.MultiGraph(**flat(data, PREFIX))
    for router in nodes["router"]:
        graph.add_node(router["id"], kind="router", **_rest(router, "id"))
    hosts: list[tuple[str, dict[str, Any]]] = [("mcu", mcu)]
    hosts += [("bridge", bridge) for bridge in nodes["bridge"]]
    for kind, host in hosts:
        graph.add_node(host["id"], kind=kind, **_rest(host, "id", "router", *ACCESS_FIGURES))
    for order, link in enumerate(links):
        graph.add_edge(link["a"], link["b"], link["id"], kind="link", order=order, **link)
    for order, (_, host) in enumerate(hosts, len(links)):
        name, a, b = access_link_id(host["id"]), host["id"], host["router"]
        figures = {figure: host[figure] for figure in ACCESS_FIGURES if figure in host}
        about = {"id": name, "kind": "access", "order": order, "a": a, "b": b}
        graph.add_edge(a, b, name, **about, **figures)
    return "\n".join(networkx.generate_graphml(graph)) + "\n"


def _rest(values: dict[str, Any], *without: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in without}


def read_graphml(path: Path) -> Draft:
    """Read a GraphML file. Raises `InputError` for a file without a network."""
    text = read_text(path, "GraphML")
    _refuse_bombs(path, text)
    try:
        graph = networkx.parse_graphml(text, force_multigraph=True)
    except (ElementTree.ParseError, networkx.NetworkXException, *_NOT_GRAPHML) as error:
        raise InputError(
            "{path}: is not GraphML that can be read: {error}", path=path, error=error
        ) from None
    if not graph.number_of_nodes():
        raise InputError("{path}: holds no node", path=path)
    if any("kind" in values for _, values in graph.nodes(data=True)):
        return _read_own(path, graph)
    return _read_foreign(path, graph)


def _refuse_bombs(path: Path, text: str) -> None:
    """Refuse entities that unfold, hidden characters, and more nodes or edges than a network has,
    before the text is parsed."""
    if "<!ENTITY" in text:
        raise InputError("{path}: declares entities, which GraphML needs none of", path=path)
    for tag, most in (("<node", MOST_ROUTERS + MOST_HOSTS), ("<edge", MOST_LINKS + MOST_HOSTS)):
        if (count := text.count(tag)) > most:
            raise InputError(
                "{path}: has {count} {tag}s (allowed: {most})",
                path=path,
                count=count,
                tag=tag[1:],
                most=most,
            )
    if hidden := hidden_in(text):
        raise InputError("{path}:{line}: {what}", path=path, line=hidden[0], what=hidden[1])


def _read_own(path: Path, graph: Any) -> Draft:
    """Read a graph with nodes of a `kind`: routers, bridges and the MCU, as `graphml` writes it."""
    begins = f"{PREFIX}."
    settings = {k: v for k, v in graph.graph.items() if str(k).startswith(begins)}
    draft = Draft(path, [], [], nested(settings, path).get(PREFIX, {}))
    for node, values in graph.nodes(data=True):
        where = f'{path}: node "{node}"'
        given = {k: v for k, v in values.items() if k not in ("kind", "name", "label")}
        kind = values.get("kind")
        if kind not in ("router", "mcu", "bridge"):
            raise InputError(
                "{where}: kind = {kind} (allowed: router, mcu, bridge)",
                where=where,
                kind=repr(kind),
            )
        name = str(values.get("name") or values.get("label") or node)
        draft.sites.append(Site(kind, str(node), name, where, given))
    hosts = {site.id: site for site in draft.sites if site.kind != "router"}
    edges = list(graph.edges(keys=True, data=True))
    edges.sort(key=lambda edge: _order(path, edge[3].get("order", len(edges))))
    for a, b, edge, values in edges:
        where = f'{path}: edge "{values.get("id", edge)}"'
        given = {k: v for k, v in values.items() if k in (*ACCESS_FIGURES, *_SOURCED)}
        ends = [end for end in (str(a), str(b)) if end in hosts]
        if not ends:
            name = str(values.get("id", ""))
            near, far = str(values.get("a", a)), str(values.get("b", b))
            draft.lines.append(Line(name, near, far, where, given))
            continue
        host, router = hosts[ends[0]], str(b) if ends[0] == str(a) else str(a)
        if len(ends) > 1 or "router" in host.given:
            what = (
                Sentence("joins two hosts")
                if len(ends) > 1
                else Sentence('is a second line of "{host}"', host=host.id)
            )
            raise InputError(
                "{where}: {what} (allowed: each has one line, to a router)", where=where, what=what
            )
        host.given |= {**given, "router": router}
    for host in hosts.values():
        if "router" not in host.given:
            raise InputError("{where}: has no line (allowed: one, to a router)", where=host.where)
    return draft


def _read_foreign(path: Path, graph: Any) -> Draft:
    """Read another program's network: each node becomes a router, each edge a link.

    Edges of a directed file that run both ways between two nodes are one link. Nodes of other
    networks (`Internal` = 0 in files of the Topology Zoo) are left out with their links.
    """
    words = (graph.graph.get(word) for word in ("Network", "label", "name"))
    name = str(next((each for each in words if each), path.stem))
    draft = Draft(path, [], [], {"name": name, "id": identifier(name, ID_LENGTH, "n")})
    routers: dict[object, str] = {}
    taken: set[str] = set()
    for node, values in graph.nodes(data=True):
        if values.get("Internal") == 0:
            continue
        label = str(values.get("label") or values.get("name") or node).strip()
        router = distinct(identifier(f"r-{label}", ID_LENGTH, "r"), taken, ID_LENGTH)
        taken.add(router)
        routers[node] = router
        where = f'{path}: node "{node}" ({label})'
        given = _figures(_NODE_FIELDS, values, where)
        given["source"] = f"{path.name}, node {node}"
        draft.sites.append(Site("router", router, label, where, given))
    if outside := graph.number_of_nodes() - len(routers):
        draft.notes.append(
            Sentence("{n} {n:node|nodes} of other networks left out with their links", n=outside)
        )
    loops = 0
    for a, b, values in graph.to_undirected().edges(data=True):
        if a not in routers or b not in routers:
            continue
        if a == b:
            loops += 1
            continue
        where = f'{path}: edge "{a}" – "{b}"'
        given = _figures(_EDGE_FIELDS, values, where)
        raw_bps = _number(values, ("linkspeedraw",), where)
        if "rate_mbps" not in given and raw_bps:
            # the rate of a line is not the rate committed to the system
            given |= {"rate_mbps": raw_bps / 1e6, "assumed": True}
            given |= {"settled_by": SETTLES_LINK.en, "settled_by_vi": SETTLES_LINK.vi}
        given["source"] = f"{path.name}, edge {a} – {b}"
        draft.lines.append(Line("", routers[a], routers[b], where, given))
    if loops:
        draft.notes.append(Sentence("{n} {n:link|links} from a node to itself left out", n=loops))
    return draft


def _order(path: Path, value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise InputError("{path}: order = {value} is not a number", path=path, value=repr(value))


def _figures(
    fields: Mapping[str, tuple[str, ...]], values: Mapping[str, Any], where: str
) -> Values:
    return {
        field: value
        for field, words in fields.items()
        if (value := _number(values, words, where)) is not None
    }


def _number(values: Mapping[str, Any], words: tuple[str, ...], where: str) -> float | None:
    for name, value in values.items():
        if key(str(name)) in words:
            try:
                return float(value)
            except (TypeError, ValueError):
                raise InputError(
                    "{where}: {name} = {value} is not a number",
                    where=where,
                    name=name,
                    value=repr(value),
                ) from None
    return None
