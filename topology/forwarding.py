"""From routers' forwarding tables to the ways that packets take, and whether these are the best.

Pure. A table holds what the kernel forwards by: prefix → the link that a packet leaves by.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from giaoban.topology.addressing import prefix
from giaoban.topology.bird import cost
from giaoban.topology.network import Hop, Network

Tables = Mapping[str, Mapping[str, str]]
"""Router → prefix → id of the link."""


def path(network: Network, tables: Tables, source: str, target: str) -> list[Hop] | None:
    """The hops that a packet from one host to another takes; None if it does not get there."""
    goal = network.access_link(target)
    wanted = prefix(goal.address_a)
    link = network.access_link(source)
    hops = [Hop(link.id, source, link.other(source))]
    while (at := hops[-1].target) != target:
        out = tables.get(at, {}).get(wanted)
        if out is None or len(hops) > len(network.nodes):
            return None
        hops.append(Hop(out, at, network.link(out).other(at)))
    return hops


def paths(network: Network, tables: Tables) -> dict[str, dict[str, list[str] | None]]:
    """Bridge → {"up": link ids towards the MCU, "down": those back}; None: there is no way."""
    mcu = network.mcu.id

    def ids(hops: list[Hop] | None) -> list[str] | None:
        return None if hops is None else [hop.link for hop in hops]

    return {
        bridge.id: {
            "up": ids(path(network, tables, bridge.id, mcu)),
            "down": ids(path(network, tables, mcu, bridge.id)),
        }
        for bridge in network.bridges
    }


def astray(network: Network, tables: Tables) -> list[str]:
    """Hosts between which packets do not take a way of least OSPF cost, as "a -> b"."""
    mcu = network.mcu.id
    least = _costs(network, mcu)  # there and back are the same links
    found = []
    for bridge in network.bridges:
        for source, target in ((bridge.id, mcu), (mcu, bridge.id)):
            hops = path(network, tables, source, target)
            spent = None if hops is None else sum(cost(network.link(hop.link)) for hop in hops)
            if spent is None or spent != least.get(bridge.id):
                found.append(f"{source} -> {target}")
    return found


def _costs(network: Network, target: str) -> dict[str, int]:
    """Every node's least cost to the target (Dijkstra 1959)."""
    neighbours: dict[str, list[tuple[str, int]]] = {node.id: [] for node in network.nodes}
    for link in network.links:
        neighbours[link.a].append((link.b, cost(link)))
        neighbours[link.b].append((link.a, cost(link)))
    best: dict[str, int] = {}
    heap = [(0, target)]
    while heap:
        so_far, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = so_far
        for other, more in neighbours[node]:
            heapq.heappush(heap, (so_far + more, other))
    return best
