"""Directions of links, as a scenario names them, and which of them calls take."""

from __future__ import annotations

from giaoban.errors import InputError
from giaoban.sentence import Sentence
from giaoban.topology.lines.bandwidth_profile import Ends
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.topology.routing import shortest_paths


def hops_along(link_id: str, direction: str, network: Network) -> list[Hop]:
    """The directions of a link that a word means; none if there is no such link or direction."""
    links = [link for link in network.links if link.id == link_id]
    if not links:
        return []
    [link] = links
    sources = _ends(link).sources(direction)
    return [hop for hop in link.hops if hop.source in sources]


def no_direction(link_id: str, direction: str, network: Network) -> Sentence | None:
    """What is wrong with a direction of a link that is there; None: nothing."""
    ends = _ends(network.link(link_id))
    if ends.sources(direction):
        return None
    return Sentence(
        "is no direction of {link_id} (allowed: {ways})",
        link_id=link_id,
        ways=", ".join(ends.directions),
    )


def _ends(link: NetLink) -> Ends:
    return Ends(link.id, link.a, link.b, access=link.kind == "access")


def crossed_hops(network: Network) -> set[Hop]:
    """Where some call's packets pass; everywhere if a bridge is cut off: that is told elsewhere."""
    routes, mcu = shortest_paths(network), network.mcu.id
    ends = [pair for bridge in network.bridges for pair in ((bridge.id, mcu), (mcu, bridge.id))]
    try:
        return {hop for pair in ends for hop in routes.path(*pair)}
    except InputError:
        return {hop for link in network.links for hop in link.hops}
