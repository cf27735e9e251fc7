"""The resolved network: every node, link and address that an emulation builds.

Pure. `build` is province (+ new bridges, + changed links) → `Network`, which goes into
`plan.json` as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from giaoban.errors import InputError, near_names
from giaoban.names import access_link_id, link_names
from giaoban.tomlfile import StrictModel
from giaoban.topology.addressing import AddressPair, allocate, host
from giaoban.topology.lines.bandwidth_profile import Ends, LineProfile, line_profiles
from giaoban.topology.lines.framing import Framing
from giaoban.topology.lines.qos import Qos
from giaoban.topology.model import Access, BridgeSpec, Link, LinkChange, Province, Routing
from giaoban.topology.validate import (
    bridge_mistakes,
    change_mistakes,
    raise_mistakes,
)


class Node(StrictModel):
    """A router, a bridge's host or the MCU's host; hosts may have no place of their own.

    `assumed` is about the place (of a router) or the access (of a host).
    """

    id: str
    kind: Literal["router", "bridge", "mcu"]
    name: str
    lat: float | None = None
    lon: float | None = None
    chair: bool = False
    assumed: bool = False


class Hop(NamedTuple):
    """A link in one direction."""

    link: str
    source: str
    target: str

    @property
    def direction(self) -> str:
        """How results name the direction: "r-dak-mil->r-dak-song"."""
        return f"{self.source}->{self.target}"


class NetLink(StrictModel):
    """A link with addresses; km, rate, delay, buffer and loss hold for each direction.

    `address_a` is an interface address, "10.67.0.1/30". On an access link a is the host.
    `overhead_bytes`: the rate counts so many of each frame beside those of its headers and
    contents (`Framing.overhead_bytes`).
    """

    id: str
    a: str
    b: str
    address_a: str
    address_b: str
    km: float
    rate_mbps: float
    delay_us: float
    buffer_packets: int
    loss_pct: float
    kind: Literal["backbone", "access"]
    assumed: bool
    source: str
    settled_by: str
    overhead_bytes: int = 0
    profiles: list[LineProfile] = Field(default_factory=list)

    @model_serializer(mode="wrap")
    def _without_nothing(self, as_usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the profiles of a line without policers, and the overhead of a rate that counts
        what captures show."""
        written: dict[str, Any] = as_usual(self)
        optional = ("overhead_bytes", "profiles")
        return {k: v for k, v in written.items() if v or k not in optional}

    @property
    def loses(self) -> bool:
        """Whether packets may be lost on it that its queue has room for."""
        return bool(self.loss_pct or self.profiles)

    def profile_of(self, source: str) -> LineProfile | None:
        """Return the policer of what a node sends, if there is one."""
        return next((each for each in self.profiles if each.source == source), None)

    def committed_mbps(self, source: str) -> float:
        """Return the rate that a node may send for ever: its CIR or the link's own rate."""
        profile = self.profile_of(source)
        return self.rate_mbps if profile is None else min(self.rate_mbps, profile.cir_mbps)

    @property
    def hops(self) -> tuple[Hop, Hop]:
        """Both directions, a→b first."""
        return Hop(self.id, self.a, self.b), Hop(self.id, self.b, self.a)

    def other(self, node: str) -> str:
        """The node at the far end, seen from `node`."""
        return self.b if node == self.a else self.a

    def address_of(self, node: str) -> str:
        """The interface address of `node` on this link, with prefix."""
        return self.address_a if node == self.a else self.address_b


class Network(StrictModel):
    """Everything there is to build. Node and link ids are unique.

    Without `routing` routes are static, without `qos` all packets wait in one queue.
    """

    nodes: list[Node]
    links: list[NetLink]
    routing: Routing | None = None
    qos: Qos | None = None

    @property
    def routed(self) -> bool:
        """Whether routers find their ways by themselves."""
        return self.routing is not None and self.routing.computed

    def without(self, links: Iterable[str]) -> Network:
        """The same network with these links gone."""
        gone = set(links)
        kept = [link for link in self.links if link.id not in gone]
        return Network(nodes=self.nodes, links=kept, routing=self.routing, qos=self.qos)

    def node(self, node_id: str) -> Node:
        """The node of that id; `InputError` with a suggestion if there is none."""
        if (node := self._nodes.get(node_id)) is not None:
            return node
        near = near_names("router", node_id, (node.id for node in self.nodes))
        raise InputError('unknown node "{node_id}"{near}', node_id=node_id, near=near)

    def link(self, link_id: str) -> NetLink:
        """The link of that id; `InputError` with a suggestion if there is none."""
        if (link := self._links.get(link_id)) is not None:
            return link
        near = near_names("link", link_id, (link.id for link in self.links))
        raise InputError('unknown link "{link_id}"{near}', link_id=link_id, near=near)

    @property
    def link_ends(self) -> dict[str, tuple[str, str]]:
        """The two routers of each link between routers, by its id."""
        return {link.id: (link.a, link.b) for link in self.links if link.kind == "backbone"}

    @cached_property
    def link_names(self) -> dict[str, str]:
        """What people call the links between routers, by their ids."""
        return link_names(self.link_ends, {node.id: node.name for node in self.routers})

    def links_at(self, node_id: str) -> list[NetLink]:
        """The links that end at a node, in the order of the plan."""
        return list(self._links_at.get(node_id, ()))

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.id: node for node in reversed(self.nodes)}

    @cached_property
    def _links(self) -> dict[str, NetLink]:
        return {link.id: link for link in reversed(self.links)}

    @cached_property
    def _links_at(self) -> dict[str, list[NetLink]]:
        found: dict[str, list[NetLink]] = {}
        for link in self.links:
            for end in dict.fromkeys((link.a, link.b)):
                found.setdefault(end, []).append(link)
        return found

    def access_link(self, host_id: str) -> NetLink:
        """The one link of a bridge or of the MCU."""
        return self.link(access_link_id(host_id))

    def address(self, host_id: str) -> str:
        """The bare IPv4 address of a bridge's host or of the MCU's."""
        return host(self.access_link(host_id).address_of(host_id))

    @property
    def routers(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == "router"]

    @property
    def bridges(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == "bridge"]

    @cached_property
    def mcu(self) -> Node:
        return next(node for node in self.nodes if node.kind == "mcu")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's; what was looked up in the old one is not taken over."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("_nodes", "_links", "_links_at", "mcu"):
            copied.__dict__.pop(name, None)
        return copied


def build(
    province: Province,
    extra_bridges: Sequence[BridgeSpec] = (),
    link_changes: Sequence[LinkChange] = (),
) -> Network:
    """Resolve a province, with the bridges and link figures of a scenario, into a network.

    New bridges come last, so no node of the province changes its address. Raises `InputError`
    for a bridge that exists or hangs on an unknown router, for an unknown or twice changed
    link, and when the addresses run out.
    """
    raise_mistakes("extra_bridges", bridge_mistakes(province, extra_bridges))
    raise_mistakes("link_changes", change_mistakes(province, extra_bridges, link_changes))
    bridges = [*province.bridges, *extra_bridges]
    hosts: list[Access] = [province.mcu, *bridges]
    nodes = [
        Node(id=r.id, kind="router", name=r.name, lat=r.lat, lon=r.lon, assumed=r.assumed)
        for r in province.routers
    ]
    nodes.append(
        Node(id=province.mcu.id, kind="mcu", name=province.mcu.name, assumed=province.mcu.assumed)
    )
    nodes += [
        Node(
            id=b.id,
            kind="bridge",
            name=b.name,
            lat=b.lat,
            lon=b.lon,
            chair=b.role == "chair",
            assumed=b.assumed,
        )
        for b in bridges
    ]
    plan = province.addressing
    backbone = allocate(plan.backbone, [link.id for link in province.links])
    access = allocate(plan.access, [access_link_id(h.id) for h in hosts])
    us_per_km, framing = province.fibre.us_per_km, province.framing
    changes = {change.link: change for change in link_changes}
    links = [
        _resolve(link.id, link, (link.a, link.b), backbone[link.id], us_per_km, framing, changes)
        for link in province.links
    ]
    for item in hosts:
        name = access_link_id(item.id)
        ends = (item.id, item.router)
        links.append(_resolve(name, item, ends, access[name], us_per_km, framing, changes))
    return Network(nodes=nodes, links=links, routing=province.routing, qos=province.qos)


def _resolve(
    name: str,
    record: Link | Access,
    ends: tuple[str, str],
    pair: AddressPair,
    us_per_km: float,
    framing: Framing | None,
    changes: dict[str, LinkChange],
) -> NetLink:
    change = changes.get(name)
    profiles, framing = record.profile, record.framing or framing
    km, rate_mbps = record.km, record.rate_mbps
    buffer, loss_pct = record.buffer, record.loss_pct
    sources, settlers = [record.source], [record.settled_by]
    if change is not None:
        km = km if change.km is None else change.km
        rate_mbps = rate_mbps if change.rate_mbps is None else change.rate_mbps
        buffer = change.buffer if change.buffer.given else buffer
        loss_pct = loss_pct if change.loss_pct is None else change.loss_pct
        profiles = profiles if change.profile is None else change.profile
        framing = change.framing or framing
        sources.append(f"changed ({', '.join(change.changed())}): {change.source}")
        settlers.append(change.settled_by)
    overhead_bytes = 0 if framing is None else framing.overhead_bytes
    return NetLink(
        id=name,
        a=ends[0],
        b=ends[1],
        address_a=pair.a,
        address_b=pair.b,
        km=km,
        rate_mbps=rate_mbps,
        delay_us=km * us_per_km,
        buffer_packets=buffer.packets_at(rate_mbps, overhead_bytes),
        loss_pct=loss_pct,
        kind="backbone" if isinstance(record, Link) else "access",
        assumed=record.assumed or (change is not None and change.assumed),
        source="; ".join(sources),
        settled_by="; ".join(dict.fromkeys(text for text in settlers if text)),
        overhead_bytes=overhead_bytes,
        profiles=line_profiles(profiles, Ends(name, *ends, isinstance(record, Access))),
    )
