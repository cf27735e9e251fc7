"""Directions of links, as a scenario names them, and which of them calls take."""

from __future__ import annotations

from giaoban.errors import InputError
from giaoban.sentence import Sentence
from giaoban.topology.network import Hop, Network
from giaoban.topology.routing import shortest_paths

BOTH = "both"


def hops_along(link_id: str, direction: str, network: Network) -> list[Hop]:
    """The directions of a link that a word means; none if there is no such link or direction."""
    links = [link for link in network.links if link.id == link_id]
    if not links:
        return []
    [link] = links
    up, down = link.hops  # on an access link a is the host
    named = {BOTH: [up, down], up.direction: [up], down.direction: [down]}
    if link.kind == "access":
        named |= {"up": [up], "down": [down]}
    return named.get(direction, [])


def no_direction(link_id: str, direction: str, network: Network) -> Sentence | None:
    """What is wrong with a direction of a link that is there; None: nothing."""
    if hops_along(link_id, direction, network):
        return None
    link = network.link(link_id)
    allowed = [BOTH, *(hop.direction for hop in link.hops)]
    if link.kind == "access":
        allowed += ["up", "down"]
    return Sentence(
        "is no direction of {link_id} (allowed: {ways})", link_id=link_id, ways=", ".join(allowed)
    )


def crossed_hops(network: Network) -> set[Hop]:
    """Where some call's packets pass; everywhere if a bridge is cut off: that is told elsewhere."""
    routes, mcu = shortest_paths(network), network.mcu.id
    ends = [pair for bridge in network.bridges for pair in ((bridge.id, mcu), (mcu, bridge.id))]
    try:
        return {hop for pair in ends for hop in routes.path(*pair)}
    except InputError:
        return {hop for link in network.links for hop in link.hops}
