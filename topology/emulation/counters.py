"""What the kernel counted: bytes on every link, drops of every queue, datagrams of every host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroute2.iproute.linux import IPRoute

from topology.emulation import namespace
from topology.emulation.mininet_net import ProvinceNet
from topology.emulation.netlink import HOST_INTERFACE
from topology.network import Hop

ROOT_HANDLE, FIBRE_HANDLE = 0x10000, 0x20000


@dataclass(frozen=True)
class QueueCount:
    """One direction of a link since it was built."""

    link: str
    direction: str
    sent_packets: int
    queue_drops: int
    line_losses: int
    backlog: int


class LinkMeter:
    """Reads how many bytes each direction of each link has carried, one system call a node."""

    def __init__(self, net: ProvinceNet) -> None:
        self.hops: list[Hop] = [hop for link in net.network.links for hop in link.hops]
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
        """(links × 2,) bytes sent, Ethernet header included, in the order of `hops`."""
        counts = np.zeros(len(self.hops), np.int64)
        for fd, rows in self._files:
            for line in os.pread(fd, 1 << 16, 0).decode("ascii").splitlines()[2:]:
                name, figures = line.split(":")
                row = rows.get(name.strip())
                if row is not None:
                    counts[row] = int(figures.split()[8])
        return counts

    def close(self) -> None:
        """Let the files go."""
        for fd, _ in self._files:
            os.close(fd)


def queues(net: ProvinceNet) -> list[QueueCount]:
    """Every queue's counters, in the order of the links."""
    found: dict[tuple[str, str], QueueCount] = {}
    for node in net.network.nodes:
        with namespace.inside(net.namespace(node.id)), IPRoute() as route:
            names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in route.get_links()}
            counts: dict[tuple[str, int], Any] = {
                (names[q["index"]], q["handle"]): q.get_attr("TCA_STATS2")
                for q in route.get_qdiscs()
                if q["index"] in names
            }
        for link in net.network.links_at(node.id):
            name = net.interfaces[link.id, node.id]
            root = counts[name, ROOT_HANDLE]
            fibre = counts.get((name, FIBRE_HANDLE))
            queue = root.get_attr("TCA_STATS_QUEUE")
            lost = fibre.get_attr("TCA_STATS_QUEUE")["drops"] if fibre is not None else 0
            hop = Hop(link.id, node.id, link.other(node.id))
            found[link.id, node.id] = QueueCount(
                link=link.id,
                direction=hop.direction,
                sent_packets=root.get_attr("TCA_STATS_BASIC")["packets"],
                queue_drops=queue["drops"] - lost,
                line_losses=lost,
                backlog=queue["qlen"],
            )
    hops = [hop for link in net.network.links for hop in link.hops]
    return [found[hop.link, hop.source] for hop in hops]


def pacer_drops(net: ProvinceNet) -> int:
    """Packets that the senders' own pacing dropped: there must be none."""
    total = 0
    for node in net.network.nodes:
        if node.kind == "router":
            continue
        with namespace.inside(net.namespace(node.id)), IPRoute() as route:
            index = route.link_lookup(ifname=HOST_INTERFACE)[0]
            for queue in route.get_qdiscs(index=index):
                if queue["index"] == index:
                    stats = queue.get_attr("TCA_STATS2").get_attr("TCA_STATS_QUEUE")
                    total += stats["drops"]
    return total


def datagrams(net: ProvinceNet) -> dict[str, int]:
    """Sums over all hosts of /proc/net/snmp: UDP datagrams out, in, and lost at the receiver."""
    wanted = ("OutDatagrams", "InDatagrams", "NoPorts", "InErrors", "RcvbufErrors")
    totals = dict.fromkeys(wanted, 0)
    for node in net.network.nodes:
        with (
            namespace.inside(net.namespace(node.id)),
            open("/proc/thread-self/net/snmp", encoding="ascii") as file,
        ):
            lines = [line.split() for line in file if line.startswith("Udp:")]
        named = dict(zip(lines[0][1:], lines[1][1:], strict=True))
        for name in wanted:
            totals[name] += int(named[name])
    return totals
