"""Shortest-path routes from the model (Dijkstra 1959); dynamic routing has its place elsewhere.

Cost is the propagation delay, compared in whole picoseconds so that sums are exact; ties go to
fewer hops, then to the smaller sequence of node ids, then of link ids. The order on paths
is kept when both get the same first hop, so hop-by-hop forwarding follows exactly these paths.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from giaoban.errors import InputError
from giaoban.topology.addressing import host, prefix
from giaoban.topology.network import Hop, NetLink, Network

_PS_PER_US = 1_000_000


class Route(NamedTuple):
    """One line of a routing table: `via` is the next hop's address, None when on-link."""

    prefix: str
    via: str | None
    out_link: str


class _Label(NamedTuple):
    """How good a path is; smaller is better, compared field by field."""

    cost_ps: int
    hops: int
    nodes: tuple[str, ...]
    links: tuple[str, ...]


def cost_ps(link: NetLink) -> int:
    """What crossing a link costs, in picoseconds of propagation."""
    return round(link.delay_us * _PS_PER_US)


@dataclass(frozen=True)
class Routes:
    """The best path between any two nodes, and each node's table. Made by `shortest_paths`.

    Nothing is found before it is asked for, and then for all nodes at once: all paths that end at a
    node, or all that begin at it. So a meeting, where every path begins or ends at the MCU, costs
    two searches, however many bridges are in it: n log n.
    """

    network: Network
    _neighbours: Mapping[str, list[tuple[str, str, int]]] = field(repr=False)
    _mcu: str = field(repr=False)
    _to: dict[str, dict[str, _Label]] = field(default_factory=dict, repr=False, compare=False)
    _from: dict[str, dict[str, _Label]] = field(default_factory=dict, repr=False, compare=False)

    def path(self, source: str, target: str) -> tuple[Hop, ...]:
        """The hops from source to target, () from a node to itself.

        Raises `InputError` for an unknown node, and when no path exists.
        """
        label = self._label(source, target)
        pairs = zip(label.nodes, label.nodes[1:], strict=False)
        return tuple(Hop(link, a, b) for link, (a, b) in zip(label.links, pairs, strict=True))

    def delay_us(self, source: str, target: str) -> float:
        """Propagation along the path, in µs."""
        return self._label(source, target).cost_ps / _PS_PER_US

    def table(self, node: str) -> list[Route]:
        """The node's routes, one for each link's prefix, in the order of the links.

        A prefix belongs to both ends of its link: the nearer end is where the route leads.
        """
        self.network.node(node)
        labels = self._labels_from(node)
        routes = []
        for link in self.network.links:
            net = prefix(link.address_a)
            if node in (link.a, link.b):
                routes.append(Route(net, None, link.id))
                continue
            ends = [labels[end] for end in (link.a, link.b) if end in labels]
            if ends:
                best = min(ends)
                out, neighbour = best.links[0], best.nodes[1]
                via = host(self.network.link(out).address_of(neighbour))
                routes.append(Route(net, via, out))
        return routes

    def _label(self, source: str, target: str) -> _Label:
        for node in (source, target):
            self.network.node(node)
        if target not in self._to and (source in self._from or source == self._mcu):
            label = self._labels_from(source).get(target)
        else:
            label = self._labels_to(target).get(source)
        if label is None:
            raise InputError('no path from "{source}" to "{target}"', source=source, target=target)
        return label

    def _labels_to(self, target: str) -> dict[str, _Label]:
        """Source → label of its path to the target."""
        if target not in self._to:
            self._to[target] = _labels(target, self._neighbours, backwards=True)
        return self._to[target]

    def _labels_from(self, source: str) -> dict[str, _Label]:
        """Target → label of the path to it.

        The smallest labels there are, as those of `_labels_to`: what is put before or behind two
        paths of equal length does not change which of them is smaller.
        """
        if source not in self._from:
            self._from[source] = _labels(source, self._neighbours, backwards=False)
        return self._from[source]


def shortest_paths(network: Network) -> Routes:
    """Best paths between all pairs of nodes of a network."""
    neighbours: dict[str, list[tuple[str, str, int]]] = {node.id: [] for node in network.nodes}
    for link in network.links:
        neighbours[link.a].append((link.b, link.id, cost_ps(link)))
        neighbours[link.b].append((link.a, link.id, cost_ps(link)))
    mcu = next((node.id for node in network.nodes if node.kind == "mcu"), "")
    return Routes(network, neighbours, mcu)


def _labels(
    root: str, neighbours: Mapping[str, list[tuple[str, str, int]]], *, backwards: bool
) -> dict[str, _Label]:
    """The best label of every node's path to the root (`backwards`) or from it.

    Hops grow with each step, so labels leave the heap in their final order even where a
    link costs nothing.
    """
    best: dict[str, _Label] = {}
    heap = [_Label(0, 0, (root,), ())]
    while heap:
        label = heapq.heappop(heap)
        node = label.nodes[0 if backwards else -1]
        if node in best:
            continue
        best[node] = label
        for other, link, cost in neighbours[node]:
            if other not in best:
                if backwards:
                    nodes, links = (other, *label.nodes), (link, *label.links)
                else:
                    nodes, links = (*label.nodes, other), (*label.links, link)
                heapq.heappush(heap, _Label(label.cost_ps + cost, label.hops + 1, nodes, links))
    return best
