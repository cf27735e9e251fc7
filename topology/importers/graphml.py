"""A province as GraphML, for other programs and to be read back the same."""

from __future__ import annotations

from typing import Any

import networkx

from giaoban.names import access_link_id
from giaoban.topology.importers.draft import ACCESS_FIGURES
from giaoban.topology.importers.nested import flat
from giaoban.topology.model import Province

PREFIX = "province"
"""Of keys of the graph; a graph's own `id` would be taken for its name."""


def graphml(province: Province) -> str:
    """GraphML text (UTF-8). Nodes have a `kind`; access lines are edges as links are.

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
