"""Who can be kept in a meeting when something fails: questions to the network's graph, purely."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from topology.network import Network

Graph = Mapping[str, Collection[str]]


def unreachable(network: Network, links: Collection[str], nodes: Collection[str]) -> set[str]:
    """The bridges without any path to the MCU once these links and nodes are gone.

    One direction of a link that fails is the whole link here: a call needs both, and a path the
    other way round would serve both.
    """
    left = {node.id for node in network.nodes} - set(nodes)
    edges = [(k.a, k.b) for k in network.links if k.id not in links]
    inside = [(a, b) for a, b in edges if a in left and b in left]
    reached = _reached(_graph(left, inside), [network.mcu.id]) if network.mcu.id in left else set()
    return {bridge.id for bridge in network.bridges} - reached


def may_carry(network: Network, link_id: str) -> bool:
    """Whether a link lies on any path without a circle from a bridge to the MCU.

    There is one if two ways without a common node lead from the link's two ends to the MCU and to
    the bridge, hence (Menger 1927) if no single node is on all ways between the two pairs.
    """
    link = network.link(link_id)
    if link.kind == "access":
        return True
    routers = {node.id for node in network.routers}
    graph = _graph(routers, [(k.a, k.b) for k in network.links if k.kind == "backbone"])
    seat = {k.a: k.b for k in network.links if k.kind == "access"}
    goal = seat[network.mcu.id]
    starts = {seat[bridge.id] for bridge in network.bridges} - {goal}
    ends = {link.a, link.b}
    return any(
        all(_joined(graph, ends - {gone}, {start, goal} - {gone}, gone) for gone in routers)
        for start in starts
    )


def _joined(graph: Graph, ones: set[str], others: set[str], gone: str) -> bool:
    return bool(_reached(graph, ones, gone) & others)


def _graph(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {node: set() for node in nodes}
    for a, b in edges:
        graph[a].add(b)
        graph[b].add(a)
    return graph


def _reached(graph: Graph, starts: Iterable[str], gone: str | None = None) -> set[str]:
    """All nodes that can be reached from some, without one that is gone."""
    found: set[str] = set()
    front = list(starts)
    while front:
        node = front.pop()
        if node not in found and node != gone:
            found.add(node)
            front.extend(graph[node])
    return found
