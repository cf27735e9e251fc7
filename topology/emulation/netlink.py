"""Interfaces, addresses, routes and queues through netlink: the edge to the kernel.

A host (bridge or MCU) gets two stacked interfaces, because pacing and the line need a queueing
discipline each: `eth0` is its end of the access link (rate, delay, buffer), `media0` a macvlan on
it with the address, where fq releases every packet at its own time. Where links may fail a router
has two as well: the macvlan loses its carrier while the queue below sends what it holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from giaoban.errors import MachineLacks, strerror
from giaoban.sentence import N_, Sentence
from giaoban.topology.emulation import namespace, qdisc

HOST_INTERFACE = "media0"
IFF_UP = 1
INGRESS_HANDLE = 0xFFFF0000  # linux/pkt_sched.h, TC_H_INGRESS
SINK = "sink0"
LAST_RESORT = 2**31  # a metric that any route is better than
ONE_SEGMENT = 1
"""TCP hands over one packet at a time: with segmentation offload it would put some 40 of them on a
line as one, which a queue's limit counts as one, and a bucket lets through or drops as one."""


@dataclass(frozen=True)
class Interface:
    """One end of a link inside a node: where it is, what it is called, what it sends through.

    `upper` is the macvlan on it that has the address, None if it has the address itself.
    """

    name: str
    upper: str | None
    address: str  # "10.67.0.1/30"
    peer_address: str  # "10.67.0.2"
    peer_mac: str
    queues: list[dict[str, Any]]


@contextmanager
def needed(cannot: str, modules: str, **values: object) -> Iterator[None]:
    """Requests to which the kernel says no if it lacks these modules.

    Args:
        cannot: a sentence of what this kernel cannot do, with `why`, and perhaps `modules` and
            these values.

    Raises:
        MachineLacks: it says no.
    """
    try:
        yield
    except NetlinkError as error:
        raise MachineLacks(
            cannot,
            Sentence("modprobe -a {modules}, or use --engine sandbox", modules=modules),
            modules=modules.replace(" ", " or "),
            why=strerror(error.code),
            **values,
        ) from None


def add_ingress(route: Any, index: int) -> None:
    """Where filters look at what comes in by an interface, if there is none yet."""
    there = ((queue["handle"], queue["index"]) for queue in route.get_qdiscs())
    if (INGRESS_HANDLE, index) not in there:
        route.tc("add", "ingress", index=index)


def mac(link_index: int, end: int) -> str:
    """A locally administered MAC address (IEEE 802): the same network gets the same ones."""
    octets = (0x02, 0x00, *link_index.to_bytes(3, "big"), end)
    return ":".join(f"{octet:02x}" for octet in octets)


def create_veth(a: tuple[int, str, str], b: tuple[int, str, str]) -> None:
    """A veth pair between two namespaces; each end is (namespace fd, interface name, MAC)."""
    with IPRoute() as route:
        route.link(
            "add",
            kind="veth",
            ifname=a[1],
            address=a[2],
            net_ns_fd=a[0],
            peer={"ifname": b[1], "address": b[2], "net_ns_fd": b[0]},
        )


def configure(
    fd: int,
    interfaces: Iterable[Interface],
    routes: Iterable[tuple[str, str]],
    *,
    is_host: bool,
    sink: str | None = None,
) -> None:
    """Bring one node's namespace up: addresses, permanent neighbours, queues, routes.

    Neighbours are permanent since a burst to an unresolved one is cut without an error.

    Args:
        fd: the namespace.
        routes: (prefix, next hop's address) of everything that is not on-link.
        is_host: pace on the upper interface; otherwise forward between the interfaces.
        sink: a router's device for packets that have no way: it counts them and forgets them.

    Raises:
        MachineLacks: the kernel has not what the plan asks for (netem, fq or macvlan).
    """
    with namespace.inside(fd):
        forward(on=not is_host)
        with IPRoute() as route:
            route.link("set", index=interface_index(route, "lo"), state="up")
            for interface in interfaces:
                index = interface_index(route, interface.name)
                for queue in interface.queues:
                    _add_queue(route, index, queue)
                route.link("set", index=index, state="up", gso_max_segs=ONE_SEGMENT)
                if interface.upper is not None:
                    index = _add_upper(route, index, interface.upper, paced=is_host)
                address, prefixlen = interface.address.split("/")
                route.addr("add", index=index, address=address, prefixlen=int(prefixlen))
                route.neigh(
                    "replace",
                    ifindex=index,
                    dst=interface.peer_address,
                    lladdr=interface.peer_mac,
                    state=128,  # NUD_PERMANENT
                )
            for prefix, via in routes:
                route.route("add", dst=prefix, gateway=via)
            if sink is not None:
                _add_sink(route, sink)
                accept_all_sources()  # answers may take another way than what they answer


def all_up(fd: int) -> bool:
    """Whether every interface of a namespace that was brought up can carry packets by now."""
    with namespace.inside(fd), IPRoute() as route:
        wanted = [link for link in route.get_links() if link["flags"] & IFF_UP]
        states = {link.get_attr("IFLA_OPERSTATE") for link in wanted}
    return states <= {"UP", "UNKNOWN"}  # a loopback never knows


def silence(fd: int) -> None:
    """A router's kernel sends nothing of itself: no errors, no redirects, no reports of groups.

    Each would be a packet that no program put on the wire, and could be lost without being missed.
    """
    with namespace.inside(fd):
        for name in ("icmp_msgs_per_sec", "icmp_msgs_burst", "igmp_link_local_mcast_reports"):
            _sysctl(f"net/ipv4/{name}", "0")
        for interface in os.listdir("/proc/sys/net/ipv4/conf"):
            _sysctl(f"net/ipv4/conf/{interface}/send_redirects", "0")


def forward(*, on: bool = True) -> None:
    """Packets that are not for this namespace are passed on, as routers do."""
    _sysctl("net/ipv4/ip_forward", str(int(on)))


def accept_all_sources() -> None:
    """Packets from where no answer would go are none the less taken (no RFC 3704)."""
    for interface in os.listdir("/proc/sys/net/ipv4/conf"):
        _sysctl(f"net/ipv4/conf/{interface}/rp_filter", "0")


def _add_sink(route: Any, name: str) -> None:
    with needed(N_("this kernel has no dummy device ({why})"), "dummy"):
        route.link("add", ifname=name, kind="dummy")
    index = interface_index(route, name)
    route.link("set", index=index, state="up")
    route.route("add", dst="0.0.0.0/0", oif=index, scope=253, priority=LAST_RESORT)


def _add_upper(route: Any, below: int, name: str, *, paced: bool) -> int:
    """A macvlan on a link's end, with fq if it is to pace; its interface index."""
    with needed(N_("this kernel has no macvlan ({why})"), "macvlan"):
        route.link("add", ifname=name, kind="macvlan", link=below, macvlan_mode="passthru")
    index = interface_index(route, name)
    if paced:
        _add_queue(route, index, qdisc.pacer())
    route.link("set", index=index, state="up", gso_max_segs=ONE_SEGMENT)
    return index


def _add_queue(route: Any, index: int, queue: dict[str, Any]) -> None:
    kind = queue["kind"]
    cannot = N_("this kernel has no queueing discipline {kind} as the plan needs it ({why})")
    with needed(cannot, f"sch_{kind}", kind=repr(kind)):
        route.tc("add", index=index, **queue)


def interface_index(route: Any, name: str) -> int:
    """The kernel's number of an interface. Raises `LookupError` if there is none of this name."""
    found = route.link_lookup(ifname=name)
    if not found:
        raise LookupError(f"no interface {name} in this namespace")
    return int(found[0])


def _sysctl(path: str, value: str) -> None:
    with open(f"/proc/sys/{path}", "w", encoding="ascii") as file:
        file.write(value)
