"""When each direction of a link takes packets, and when its ends see that its light is out. Pure.

As `giaoban.topology.emulation.failable_link` does it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from giaoban.topology.changes import NetworkChange
from giaoban.topology.network import Hop, Network

Edges = tuple[int, ...]
"""Moments, in ns after the origin, at which something begins, ends, begins again, …"""


def within(edges: Edges, at_ns: int) -> bool:
    """Whether a moment lies between a beginning and its end."""
    return bisect_right(edges, at_ns) % 2 == 1


@dataclass(frozen=True)
class LinkTimes:
    """What a plan's changes do to links.

    Attributes:
        discards: direction → when whatever arrives that way is gone.
        carrier_down: link → when the routers at its ends know that its light is out.
    """

    discards: Mapping[Hop, Edges]
    carrier_down: Mapping[str, Edges]

    def passes(self, hop: Hop, at_ns: int) -> bool:
        """Whether what arrives at the end of a direction is there."""
        edges = self.discards.get(hop)
        return edges is None or not within(edges, at_ns)

    def failed(self, at_ns: int) -> list[str]:
        """The links of which a direction discards."""
        return list(
            dict.fromkeys(hop.link for hop, edges in self.discards.items() if within(edges, at_ns))
        )


def link_times(network: Network, changes: Sequence[NetworkChange]) -> LinkTimes:
    """The times of all links that anything happens to."""
    routing = network.routing
    seen_ns = 0 if routing is None else routing.seen_after_ms * 1_000_000
    held: dict[Hop, list[tuple[int, int]]] = {}
    down: dict[str, list[tuple[int, int]]] = {}
    for change in changes:
        at_ns = round(change.at_s * 1e9)
        if change.do in ("link-down", "link-up"):
            by = 1 if change.do == "link-down" else -1
            link = network.link(change.link or "")
            down.setdefault(link.id, []).append((at_ns, by))
            for hop in link.hops:
                held.setdefault(hop, []).append((at_ns, by))
        elif change.do in ("discard", "forward"):
            by = 1 if change.do == "discard" else -1
            held.setdefault(change.hop, []).append((at_ns, by))
    carrier_down = {}
    for link_id, told in down.items():
        edges, seen = _edges(told), list[int]()
        for begin, end in zip(edges[::2], [*edges[1::2], None], strict=False):
            if end is None:
                seen.append(begin + seen_ns)
            elif begin + seen_ns < end:
                seen += [begin + seen_ns, end]
        carrier_down[link_id] = tuple(seen)
    return LinkTimes({hop: _edges(told) for hop, told in held.items()}, carrier_down)


def _edges(told: list[tuple[int, int]]) -> Edges:
    """When at least one holds it."""
    edges: list[int] = []
    holding = 0
    for at_ns, by in sorted(told):
        if (holding == 0) != (holding + by == 0):
            # held again the moment that it is let go: it was held all the time
            if edges and edges[-1] == at_ns:
                edges.pop()
            else:
                edges.append(at_ns)
        holding += by
    return tuple(edges)
