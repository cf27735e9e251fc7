"""Where traffic that is nobody's meeting comes into a router or a host, to cross one of its links.

A background host is a namespace of its own beside a router: its packets are paced there, by fq as
a bridge's are, then routed as any others. So they meet the router's queues, and whatever becomes of
its links, as what came from other places does. Beside a bridge or the MCU it is what shares their
access line with them: these pass its packets on, into the queue in which their own wait.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from pyroute2 import IPRoute

from giaoban.errors import InvalidRun
from giaoban.topology.addressing import host
from giaoban.topology.emulation import counters, namespace, netlink, qdisc
from giaoban.topology.emulation.mininet_net import UP_WITHIN_S, ProvinceNet
from giaoban.topology.network import Hop

INTERFACE = "feed0"
FIRST_LINK = 1 << 16  # MAC addresses that no link of the province has
_BENCHMARKS = "198.18.{}.{}"
"""RFC 2544 appendix C.2.2: addresses for traffic that only loads a network."""


class BackgroundHost:
    """One stream's way into a router or a host, and its end at the far side of the link.

    Args:
        net: the running network.
        hop: the direction of a link that the stream is to cross.
        number: of the host, below 255; no two of a network have the same.

    Attributes:
        source: the namespace and the address that its packets are to be sent from.
        target: the namespace and the address that they are to be sent to.
    """

    def __init__(self, net: ProvinceNet, hop: Hop, number: int) -> None:
        self.hop = hop
        self._fd = namespace.create()
        self.source = self._fd, _BENCHMARKS.format(number, 1)
        end = host(net.network.link(hop.link).address_of(hop.target))
        self.target = net.namespace(hop.target), end
        try:
            self._build(net.namespace(hop.source), number)
        except BaseException:
            self.close()
            raise

    def _build(self, begin: int, number: int) -> None:
        inside, outside = (_BENCHMARKS.format(number, end) for end in (1, 2))
        macs = [netlink.mac(FIRST_LINK + number, end) for end in (0, 1)]
        name = f"feed{number}"
        netlink.create_veth((self._fd, INTERFACE, macs[0]), (begin, name, macs[1]))
        for fd, interface, address, other, mac in (
            (self._fd, INTERFACE, inside, outside, macs[1]),
            (begin, name, outside, inside, macs[0]),
        ):
            with namespace.inside(fd), IPRoute() as route:
                [index] = route.link_lookup(ifname=interface)
                if fd == self._fd:
                    route.tc("add", index=index, **qdisc.pacer())
                route.link("set", index=index, state="up", gso_max_segs=netlink.ONE_SEGMENT)
                route.addr("add", index=index, address=address, prefixlen=30)
                route.neigh("replace", ifindex=index, dst=other, lladdr=mac, state=128)
                if fd == self._fd:
                    route.route("add", dst="0.0.0.0/0", gateway=outside)
        with namespace.inside(begin):
            netlink.forward()  # which a bridge or the MCU does for nobody else
        # what comes from its address, to which nobody answers, is not to be held for forged
        for fd in (begin, self.target[0]):
            with namespace.inside(fd):
                netlink.accept_all_sources()
        self._wait_until_up(begin)

    def _wait_until_up(self, begin: int) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while not (netlink.all_up(self._fd) and netlink.all_up(begin)):
            if time.monotonic() > deadline:
                raise InvalidRun(
                    "the background host of link {link} did not come up", link=self.hop.link
                )
            time.sleep(0.01)

    def sent(self) -> int:
        """Datagrams that its kernel has taken to send."""
        return snmp(self._fd, "Udp", "OutDatagrams")

    def pacer_drops(self) -> int:
        """Packets that its pacing dropped: there must be none."""
        with namespace.inside(self._fd), IPRoute() as route:
            [index] = route.link_lookup(ifname=INTERFACE)
            return sum(of.drops for of in counters.qdiscs(route) if of.interface == index)

    def close(self) -> None:
        """Let it go, and with it its interfaces."""
        os.close(self._fd)


def hosts(net: ProvinceNet, hops: Sequence[Hop]) -> list[BackgroundHost]:
    """Build a host for each of these ways over a link; all of them or none."""
    made: list[BackgroundHost] = []
    try:
        for number, hop in enumerate(hops):
            made.append(BackgroundHost(net, hop, number))
    except BaseException:
        for one in made:
            one.close()
        raise
    return made


def damaged(net: ProvinceNet, hosts: Sequence[BackgroundHost]) -> int:
    """Datagrams that came to routers where hosts' streams end, and failed their checksum.

    Those at hosts are among all that came to hosts (`counters.datagrams`).
    """
    ends = dict.fromkeys(host.hop.target for host in hosts)
    routers = [node.id for node in net.network.routers if node.id in ends]
    return sum(snmp(net.namespace(router), "Udp", "InCsumErrors") for router in routers)


def snmp(fd: int, protocol: str, counter: str) -> int:
    """One of a namespace's counters, of all that its kernel counts of a protocol."""
    with namespace.inside(fd):
        return counters.kernel_counts()[protocol][counter]
