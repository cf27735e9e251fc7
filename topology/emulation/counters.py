"""What the kernel counted: bytes on every link, drops of every queue, datagrams of every host."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroute2 import IPRoute

from giaoban.topology.counts import (
    ClassCount,
    LineCount,
    QueueCount,
    RouterCount,
)
from giaoban.topology.emulation import namespace, scheduler
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.netlink import HOST_INTERFACE, SINK
from giaoban.topology.emulation.qdisc import FIBRE_HANDLE, ROOT_HANDLE
from giaoban.topology.lines.qos import by_class, traffic_classes
from giaoban.topology.network import Hop, NetLink

# /proc/net/snmp and /proc/net/netstat: where a datagram can end that no queue and no line took
SNMP = {
    "Udp": ("OutDatagrams", "InDatagrams", "NoPorts", "InErrors", "RcvbufErrors", "InCsumErrors"),
    "Ip": (
        *("InHdrErrors", "InAddrErrors", "InUnknownProtos", "InDiscards"),
        *("OutDiscards", "OutNoRoutes"),
    ),
}
NETSTAT = {"IpExt": ("InNoRoutes", "InTruncatedPkts"), "TcpExt": ("IPReversePathFilter",)}


class LinkMeter:
    """A `LinkMeter` reads how many bytes each direction of each link has carried, one system call a
    node."""

    def __init__(self, net: ProvinceNet) -> None:
        self._overhead: NDArray[np.int64] = np.repeat(
            [link.overhead_bytes for link in net.network.links], 2
        )
        self.hops: list[Hop] = [hop for link in net.network.links for hop in link.hops]
        self._net = net
        self._row_of_hop = {(hop.link, hop.direction): row for row, hop in enumerate(self.hops)}
        self._files: list[tuple[int, dict[str, int]]] = []
        for node in net.network.nodes:
            rows = {
                net.interfaces[hop.link, node.id]: row
                for row, hop in enumerate(self.hops)
                if hop.source == node.id
            }
            with namespace.inside(net.namespace(node.id)):
                fd = os.open("/proc/thread-self/net/dev", os.O_RDONLY | os.O_CLOEXEC)
            self._files.append((fd, rows))

    def read(self) -> NDArray[np.int64]:
        """(links × 2,) bytes sent as each link's rate counts them, in the order of `hops`."""
        counts = np.zeros(len(self.hops), np.int64)
        packets = np.zeros(len(self.hops), np.int64)
        for fd, rows in self._files:
            for line in os.pread(fd, 1 << 16, 0).decode("ascii").splitlines()[2:]:
                name, figures = line.split(":")
                row = rows.get(name.strip())
                if row is not None:
                    counts[row], packets[row] = map(int, figures.split()[8:10])
        counts += packets * self._overhead
        return counts

    def read_other(self) -> NDArray[np.int64] | None:
        """Return (links × 2,) bytes, as `read` counts them, that the class of all but the meeting
        sent; 0 at ends with one queue. None: no end has classes."""
        qos = self._net.network.qos
        if qos is None or not by_class(qos):
            return None
        *_, other = traffic_classes(qos)
        sent = np.zeros(len(self.hops), np.int64)
        for count in classes(self._net):
            if count.traffic_class == other.name:
                row = self._row_of_hop[count.link, count.direction]
                sent[row] = count.sent_bytes + count.sent_packets * self._overhead[row]
        return sent

    def close(self) -> None:
        """Let the files go."""
        for fd, _ in self._files:
            os.close(fd)


class QdiscCount(NamedTuple):
    """A queueing discipline of an interface: packets that it let go and dropped, and that wait."""

    interface: int
    handle: int
    packets: int
    drops: int
    waiting: int


def qdiscs(route: IPRoute) -> list[QdiscCount]:
    """Return those of a namespace that count."""
    found = []
    for queue in route.get_qdiscs():
        stats = queue.get_attr("TCA_STATS2")
        if not hasattr(stats, "get_attr"):  # of a kind that counts nothing, such as noqueue
            continue
        waiting = stats.get_attr("TCA_STATS_QUEUE")
        packets = stats.get_attr("TCA_STATS_BASIC")["packets"]
        found.append(
            QdiscCount(queue["index"], queue["handle"], packets, waiting["drops"], waiting["qlen"])
        )
    return found


def queues(net: ProvinceNet) -> list[QueueCount]:
    """Every queue's counters, in the order of the links."""
    found: dict[tuple[str, str], QueueCount] = {}
    for node in net.network.nodes:
        with namespace.inside(net.namespace(node.id)), IPRoute() as route:
            index = {name: number for number, name in socket.if_nameindex()}
            counts = {(count.interface, count.handle): count for count in qdiscs(route)}
        for link in net.network.links_at(node.id):
            name = net.interfaces[link.id, node.id]
            root = counts[index[name], ROOT_HANDLE]
            fibre = counts.get((index[name], FIBRE_HANDLE))
            lost = fibre.drops if fibre is not None else 0
            # where packets wait by class they do so before the line, and are dropped there
            classes = counts.get((index.get(scheduler.device(name), 0), ROOT_HANDLE))
            before = (classes.drops, classes.waiting) if classes is not None else (0, 0)
            hop = Hop(link.id, node.id, link.other(node.id))
            found[link.id, node.id] = QueueCount(
                link=link.id,
                direction=hop.direction,
                sent_packets=root.packets,
                queue_drops=root.drops - lost + before[0],
                policed=policed(net, hop),
                line_losses=lost,
                backlog=root.waiting + before[1],
            )
    hops = [hop for link in net.network.links for hop in link.hops]
    return [found[hop.link, hop.source] for hop in hops]


def policed(net: ProvinceNet, hop: Hop) -> int:
    """Return the packets of one direction that a policer dropped."""
    policer = net.policers.get(hop)
    return 0 if policer is None else policer.dropped


def classes(net: ProvinceNet) -> list[ClassCount]:
    """Every class's counters, in the order of the links; none where all wait in one queue."""
    qos = net.network.qos
    if qos is None or not by_class(qos):
        return []
    names = [each.name for each in traffic_classes(qos)]
    found: dict[Hop, list[ClassCount]] = {}
    for node in net.network.routers:
        with namespace.inside(net.namespace(node.id)), IPRoute() as route:
            for link in net.network.links_at(node.id):
                hop = Hop(link.id, node.id, link.other(node.id))
                stats = scheduler.counted(route, net.interfaces[link.id, node.id])
                found[hop] = [
                    ClassCount(
                        link=link.id,
                        direction=hop.direction,
                        traffic_class=name,
                        sent_packets=of.get_attr("TCA_STATS_BASIC")["packets"],
                        sent_bytes=_frame_bytes(of.get_attr("TCA_STATS_BASIC"), link),
                        drops=of.get_attr("TCA_STATS_QUEUE")["drops"],
                        backlog=of.get_attr("TCA_STATS_QUEUE")["qlen"],
                    )
                    for name, of in zip(names, stats, strict=True)
                ]
    hops = [hop for link in net.network.links for hop in link.hops]
    return [count for hop in hops for count in found.get(hop, [])]


def _frame_bytes(basic: Any, link: NetLink) -> int:
    """A class counts what its table of sizes has every packet more, or fewer, than it is."""
    return int(basic["bytes"] - basic["packets"] * link.overhead_bytes)


def pacer_drops(net: ProvinceNet) -> int:
    """Packets that the senders' own pacing dropped: there must be none."""
    total = 0
    for node in net.network.nodes:
        if node.kind == "router":
            continue
        with namespace.inside(net.namespace(node.id)), IPRoute() as route:
            index = socket.if_nametoindex(HOST_INTERFACE)
            total += sum(count.drops for count in qdiscs(route) if count.interface == index)
    return total


def lines(net: ProvinceNet, discarded: Callable[[Hop], int] = lambda _hop: 0) -> list[LineCount]:
    """Every impaired line's counters, in the order in which they were built.

    `discarded`: packets that a fault took at the line's end, before the line met them.
    """
    found = []
    for hop, line in net.impaired.items():
        netem, ingress = (queue.get_attr("TCA_STATS2") for queue in line.counted())
        queue = netem.get_attr("TCA_STATS_QUEUE")
        passed = netem.get_attr("TCA_STATS_BASIC")["packets"]
        arrived = ingress.get_attr("TCA_STATS_BASIC")["packets"] - discarded(hop)
        arrived -= policed(net, hop)
        found.append(
            LineCount(
                link=hop.link,
                direction=hop.direction,
                passed=passed,
                lost=queue["drops"],
                duplicated=passed + queue["drops"] + queue["qlen"] - arrived,
            )
        )
    return found


def routers(net: ProvinceNet) -> RouterCount:
    """The routers' own packets (OSPF, BFD), and packets that ended in a router.

    A packet without a way ends in the router's sink; one that went round and round until its time
    to live was over ends where that was noticed (RFC 1812 §5.3.1).
    """
    own: dict[str, int] = {}
    without_route = 0
    for node in net.network.nodes:
        if node.kind != "router":
            continue
        with namespace.inside(net.namespace(node.id)):
            _add(own, _ROUTER)
            with IPRoute() as route:
                for index in route.link_lookup(ifname=SINK):
                    [device] = route.get_links(index)
                    without_route += device.get_attr("IFLA_STATS64")["tx_packets"]
    return RouterCount(
        sent=own["Ip OutRequests"],
        # what came for a process that was not there was received by its host all the same
        received=own["Ip InDelivers"] + own["Ip InUnknownProtos"],
        without_route=without_route,
        expired=own["Ip InHdrErrors"] - own["IpExt InCsumErrors"],
    )


_ROUTER = {
    "Ip": ("OutRequests", "InDelivers", "InUnknownProtos", "InHdrErrors"),
    "IpExt": ("InCsumErrors",),
}


def datagrams(net: ProvinceNet) -> dict[str, int]:
    """Sums over all hosts: UDP datagrams out and in; over all nodes, the ways in which they end in
    between.

    Names as in /proc/net/snmp (Udp) and, of IP, with "Ip" before them ("IpInHdrErrors").
    """
    found: dict[str, int] = {}
    for node in net.network.nodes:
        with namespace.inside(net.namespace(node.id)):
            if node.kind == "router":
                # what its own full queue took of its own packets is among that queue's drops
                without = ("InUnknownProtos", "OutDiscards")
                _add(found, {"Ip": SNMP["Ip"], **NETSTAT}, without=without)
            else:
                _add(found, {**SNMP, **NETSTAT})
    return {
        f"Ip{key}" if protocol in ("Ip", "IpExt") else key: count
        for name, count in found.items()
        for protocol, key in [name.split()]
    }


def _add(
    totals: dict[str, int], wanted: Mapping[str, tuple[str, ...]], without: tuple[str, ...] = ()
) -> None:
    """Add this namespace's counters to totals by "Protocol Counter"."""
    counts = kernel_counts()
    for protocol, keys in wanted.items():
        for key in keys:
            label = f"{protocol} {key}"
            totals.setdefault(label, 0)
            if key not in without:
                totals[label] += counts[protocol][key]


def kernel_counts() -> dict[str, dict[str, int]]:
    """This namespace's counters, by protocol."""
    found = {}
    for name in ("snmp", "netstat"):
        with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
            rows = [line.split() for line in file]
        for (protocol, *names), (_, *values) in zip(rows[::2], rows[1::2], strict=True):
            found[protocol.rstrip(":")] = dict(zip(names, map(int, values), strict=True))
    return found
