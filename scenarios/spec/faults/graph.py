"""Who can be kept in a meeting when something fails: questions to the network's graph, purely.

Networkx is loaded by whoever asks. The guest, which reads plans and asks nothing, goes without:
what it loads draws from its random numbers, and so moves all that come after by parts of a
microsecond.
"""

from __future__ import annotations

from collections.abc import Collection

from giaoban.topology.network import Network


def unreachable(network: Network, links: Collection[str], nodes: Collection[str]) -> set[str]:
    """The bridges without any path to the MCU once these links and nodes are gone.

    One direction of a link that fails is the whole link here: a call needs both, and a path the
    other way round would serve both.
    """
    import networkx

    graph = networkx.Graph((k.a, k.b) for k in network.links if k.id not in links)
    graph.remove_nodes_from(nodes)
    mcu = network.mcu.id
    reached = networkx.node_connected_component(graph, mcu) if mcu in graph else set()
    return {bridge.id for bridge in network.bridges} - reached


def carrying_links(network: Network) -> frozenset[str]:
    """The links that lie on any path without a circle from a bridge to the MCU.

    An edge lies on such a path between two nodes if it is in one biconnected component with an edge
    that joins the two (Tarjan 1972: any two edges of a component are on a common circle). One node
    stands for all bridges: it has an edge to each router at which one hangs, and one to the MCU's.
    """
    import networkx

    access = {link.a: link for link in network.links if link.kind == "access"}
    backbone = [link for link in network.links if link.kind == "backbone"]
    goal = access[network.mcu.id].b
    starts = {access[bridge.id].b for bridge in network.bridges} - {goal}
    anywhere = object()
    graph = networkx.Graph((link.a, link.b) for link in backbone)
    graph.add_edges_from((anywhere, router) for router in {*starts, goal})
    [carrying] = [
        {frozenset(edge) for edge in edges}
        for edges in networkx.biconnected_component_edges(graph)
        if (anywhere, goal) in edges or (goal, anywhere) in edges
    ]
    return frozenset(
        link.id
        for link in network.links
        if link.kind == "access" or frozenset((link.a, link.b)) in carrying
    )
