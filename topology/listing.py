"""What `giaoban list network` lists: rows of addresses and of paths. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from giaoban.topology.network import Network
from giaoban.topology.routing import Routes


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An interface: `address` with prefix ("10.68.0.1/30"), and who is at the other end."""

    node: str
    link: str
    address: str
    peer: str
    peer_address: str


@dataclass(frozen=True, slots=True)
class PathRow:
    """The way from a bridge to the MCU: nodes in order, both ends included.

    `propagation_ms` is the fibre alone, without serialisation and queues.
    """

    bridge: str
    name: str
    nodes: tuple[str, ...]
    links: tuple[str, ...]
    km: float
    propagation_ms: float
    bottleneck_mbps: float
    bottleneck_link: str
    assumed: bool


def address_rows(network: Network) -> list[AddressRow]:
    """Every interface of the network: nodes in the order of the plan, then links."""
    return [
        AddressRow(
            node=node.id,
            link=link.id,
            address=link.address_of(node.id),
            peer=link.other(node.id),
            peer_address=link.address_of(link.other(node.id)),
        )
        for node in network.nodes
        for link in network.links_at(node.id)
    ]


def path_rows(network: Network, routes: Routes) -> list[PathRow]:
    """The path of each bridge to the MCU; among equally thin links the first is the bottleneck."""
    rows = []
    for bridge in network.bridges:
        hops = routes.path(bridge.id, network.mcu.id)
        links = [network.link(hop.link) for hop in hops]
        thinnest = min(links, key=lambda link: link.rate_mbps)
        rows.append(
            PathRow(
                bridge=bridge.id,
                name=bridge.name,
                nodes=(bridge.id, *(hop.target for hop in hops)),
                links=tuple(link.id for link in links),
                km=sum(link.km for link in links),
                propagation_ms=routes.delay_us(bridge.id, network.mcu.id) / 1000,
                bottleneck_mbps=thinnest.rate_mbps,
                bottleneck_link=thinnest.id,
                assumed=any(link.assumed for link in links),
            )
        )
    return rows
