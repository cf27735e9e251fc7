"""Provinces as GraphML, and networks that other programs wrote as GraphML.

Nodes of other programs have `label`, `Latitude` and `Longitude`, edges may have `km` and
`rate_mbps`; each node becomes a router.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx

from giaoban import tomlfile
from giaoban.errors import InputError
from giaoban.names import access_link_id, distinct, identifier
from giaoban.provenance import Assumable
from giaoban.topology.importers.complete import Draft, Record, Values
from giaoban.topology.model import ID_LENGTH, Province

SETTINGS = "province"
"""Key of the graph: the province's keys that are neither node nor link, as TOML."""
ACCESS_FIGURES = ("km", "rate_mbps", "buffer_packets", "loss_pct")
_FIGURES = {
    "lat": {"lat", "Latitude"},
    "lon": {"lon", "Longitude"},
    **{figure: {figure} for figure in ACCESS_FIGURES},
}
_TEXTS = ("role", "device", *Assumable.model_fields)
_NOT_GRAPHML = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""Raised by networkx for XML that is no graph, or has values that are none."""


def graphml(province: Province) -> str:
    """Return GraphML text (UTF-8). Nodes have a `kind`; access lines are edges as links are."""
    data = province.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
    routers, bridges = data.pop("router"), data.pop("bridge")
    mcu, links = data.pop("mcu"), data.pop("link", [])
    graph: Any = networkx.MultiGraph(**{SETTINGS: tomlfile.dumps(data)})
    for router in routers:
        graph.add_node(router["id"], kind="router", **_without(router, "id"))
    for link in links:
        graph.add_edge(link["a"], link["b"], link["id"], kind="link", order=graph.size(), **link)
    for kind, host in (("mcu", mcu), *(("bridge", bridge) for bridge in bridges)):
        graph.add_node(host["id"], kind=kind, **_without(host, "id", "router", *ACCESS_FIGURES))
        name = access_link_id(host["id"])
        figures = {figure: host[figure] for figure in ACCESS_FIGURES if figure in host}
        graph.add_edge(host["id"], host["router"], name, id=name, kind="access", **figures)
    return "\n".join(networkx.generate_graphml(graph)) + "\n"


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def read_graphml(path: Path) -> Draft:
    """Read a GraphML file. Raises `InputError` for a file without a network.

    An edge between routers is a link, an edge to a bridge or to the MCU its access line. Two
    directed edges between the same nodes are one link.
    """
    text = tomlfile.read_text(path, "GraphML")
    if "<!ENTITY" in text:  # entities may expand without limit
        raise InputError("{path}: declares entities, which GraphML needs none of", path=path)
    try:
        graph = networkx.parse_graphml(text, force_multigraph=True)
    except (ElementTree.ParseError, networkx.NetworkXException, *_NOT_GRAPHML) as error:
        raise InputError(
            "{path}: is not GraphML that can be read: {error}", path=path, error=error
        ) from None
    draft = Draft(path, settings={"name": str(graph.graph.get("name") or path.stem)})
    if SETTINGS in graph.graph:
        draft.settings = tomlfile.parse(path, str(graph.graph[SETTINGS]))
    sites: dict[object, Record] = {}
    taken: set[str] = set()
    for node, values in graph.nodes(data=True):
        where, kind = f'{path}: node "{node}"', values.get("kind", "router")
        if kind not in ("router", "mcu", "bridge"):
            raise InputError(
                "{where}: kind = {kind} (allowed: router, mcu, bridge)",
                where=where,
                kind=repr(kind),
            )
        name, ident = str(values.get("name") or values.get("label") or node).strip(), str(node)
        if "kind" not in values:  # a file of another program, whose ids are often numbers
            ident = distinct(identifier(f"r-{name}", ID_LENGTH, "r"), taken, ID_LENGTH)
        taken.add(ident)
        sites[node] = Record(ident, where, {"name": name, **_given(values, where)}, kind)
    draft.sites = list(sites.values())
    edges = list(graph.to_undirected().edges(data=True))
    edges.sort(key=lambda edge: edge[2].get("order", len(edges)))
    for one, other, values in edges:
        # `a` and `b` are the ends in order: networkx does not keep the order
        a, b = (other, one) if str(values.get("a", one)) == str(other) else (one, other)
        where = f'{path}: edge "{a}" – "{b}"'
        given = _given(values, where)
        hosts = [site for site in (sites[a], sites[b]) if site.kind != "router"]
        if not hosts:
            given |= {"a": sites[a].id, "b": sites[b].id}
            draft.links.append(Record(str(values.get("id", "")), where, given))
        elif len(hosts) > 1 or "router" in hosts[0].given:
            raise InputError(
                "{where}: a second line of a bridge or of the MCU (allowed: each has one line, to "
                "a router)",
                where=where,
            )
        else:
            router = sites[b] if hosts[0] is sites[a] else sites[a]
            hosts[0].given |= {**given, "router": router.id}
    return draft


def _given(values: Mapping[str, Any], where: str) -> Values:
    """Return the fields that a node or an edge gives. Raises `InputError`: not a number."""
    given: Values = {name: values[name] for name in _TEXTS if values.get(name) not in (None, "")}
    for field, words in _FIGURES.items():
        for name in words & values.keys():
            try:
                given[field] = number = float(values[name])
            except (TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number):
                raise InputError(
                    "{where}: {name} = {value} is not a number",
                    where=where,
                    name=name,
                    value=repr(values[name]),
                )
    return given
