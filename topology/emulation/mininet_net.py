"""A plan's network in Mininet's own classes, with the shells replaced where they are too slow.

Mininet starts a shell a node and runs `ifconfig` and `tc` in it; in the sandbox that is two
minutes for a province. Here a node is a namespace, links and queues are made through netlink, and
a node's shell starts when somebody (Mininet's CLI, an engineer) first asks for one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from mininet.link import Intf, Link
from mininet.net import Mininet
from mininet.node import Node
from mininet.topo import Topo
from pyroute2 import IPRoute

from giaoban.errors import InvalidRun
from giaoban.processes.children import beginning
from giaoban.topology.addressing import host
from giaoban.topology.emulation import namespace, netlink, policing, qdisc, scheduler
from giaoban.topology.emulation.impaired_line import ImpairedLine
from giaoban.topology.lines.impairments import LineImpairment, line_seed
from giaoban.topology.lines.qos import by_class
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.topology.routing import Routes, shortest_paths

UP_WITHIN_S = 10.0


class ProvinceNode(Node):  # type: ignore[misc]
    """A router or a host: a namespace held by a descriptor; its shell starts on first use."""

    @classmethod
    def setup(cls) -> None:
        """Nothing to look for: mnexec and ifconfig are needed by no part of the emulation."""

    def startShell(self, mnopts: str | None = None) -> None:  # noqa: N802 (Mininet's name)
        """Called by Mininet's constructor: make the namespace, put the shell off."""
        self.namespace_fd = namespace.create()
        self.pid = os.getpid()

    def _ensure_shell(self) -> None:
        if self.shell is None:
            self.inNamespace = False  # the shell is born inside, mnexec must not unshare again
            super().startShell()
            self.inNamespace = True

    def _popen(self, cmd: list[str], **params: Any) -> subprocess.Popen[bytes]:
        """Every process of this node starts in its namespace."""
        fd, begin = self.namespace_fd, beginning()

        def enter() -> None:
            os.setns(fd, os.CLONE_NEWNET)
            begin()

        return subprocess.Popen(cmd, preexec_fn=enter, **params)

    def popen(self, *args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        """As Mininet's, without mnexec: `_popen` enters the namespace."""
        kwargs.setdefault("mncmd", [])
        result: subprocess.Popen[bytes] = super().popen(*args, **kwargs)
        return result

    def sendCmd(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802
        """As Mininet's; starts the shell if it has none yet."""
        self._ensure_shell()
        super().sendCmd(*args, **kwargs)

    def cmd(self, *args: Any, **kwargs: Any) -> Any:
        """As Mininet's; starts the shell if it has none yet."""
        self._ensure_shell()
        return super().cmd(*args, **kwargs)

    def configDefault(self, **_params: Any) -> None:  # noqa: N802
        """Configured through netlink by `ProvinceNet.build`."""

    def close(self) -> None:
        """End the shell and let the namespace go, and with it every interface in it."""
        self.terminate()
        os.close(self.namespace_fd)


class ProvinceIntf(Intf):  # type: ignore[misc]
    """An interface that netlink configures; Mininet only keeps its name and address."""

    def config(self, **params: Any) -> dict[str, Any]:
        """Keep the address for Mininet's CLI, which replaces a node's name by it."""
        address, prefix = params["address"].split("/")
        self.ip, self.prefixLen = address, int(prefix)
        return {}

    def updateIP(self) -> str | None:  # noqa: N802 (Mininet's name)
        """What `config` kept: on a host the address is on another interface than the link's end."""
        address: str | None = self.ip
        return address

    def __str__(self) -> str:
        """How Mininet's CLI shows it: interface names repeat from node to node here."""
        return f"{self.node.name}:{self.name}"


class ProvinceLink(Link):  # type: ignore[misc]
    """A veth pair made straight in the two namespaces."""

    @classmethod
    def makeIntfPair(  # noqa: N802
        cls,
        intfname1: str,
        intfname2: str,
        addr1: str = "",
        addr2: str = "",
        node1: Any = None,
        node2: Any = None,
        deleteIntfs: bool = False,  # noqa: N803
    ) -> None:
        """Called by Mininet's constructor."""
        netlink.create_veth(
            (node1.namespace_fd, intfname1, addr1), (node2.namespace_fd, intfname2, addr2)
        )


class ProvinceTopo(Topo):  # type: ignore[misc]
    """A `Network` as a Mininet topology."""

    def build(self, network: Network) -> None:
        """Called by Mininet's constructor with what `ProvinceTopo(network=…)` was given."""
        used = {node.id: 0 for node in network.nodes}
        for node in network.nodes:
            self.addHost(node.id)
        for number, link in enumerate(network.links):
            self.addLink(
                link.a,
                link.b,
                intfName1=f"eth{used[link.a]}",
                intfName2=f"eth{used[link.b]}",
                addr1=netlink.mac(number, 0),
                addr2=netlink.mac(number, 1),
                params1={"address": link.address_a},
                params2={"address": link.address_b},
                link_id=link.id,
            )
            used[link.a] += 1
            used[link.b] += 1


class ProvinceNet(Mininet):  # type: ignore[misc]
    """The running network. Use as a context manager; needs CAP_SYS_ADMIN and CAP_NET_ADMIN.

    Args:
        impaired: the directions of links that may be impaired while the network runs.
        may_fail: links may fail (`failing`): routers have interfaces that can lose their carrier,
            a sink for packets without a way, and routes of their own only if these are static.

    Attributes:
        interfaces: (link id, node id) → name of the interface.
        impaired: direction of a link → its line.
        policers: direction of a link → its policer, once it works.
    """

    def __init__(
        self, network: Network, seed: int, impaired: Sequence[Hop] = (), *, may_fail: bool = False
    ) -> None:
        self.network = network
        self.seed = seed
        self._may_fail = may_fail
        self.interfaces: dict[tuple[str, str], str] = {}
        self.impaired: dict[Hop, ImpairedLine] = {}
        self.policers: dict[Hop, policing.Policer] = {}
        self._impairable = tuple(impaired)
        self._routes: dict[str, IPRoute] = {}
        # Mininet.init() would raise limits of the whole machine through sysctl
        Mininet.inited = True
        super().__init__(
            topo=ProvinceTopo(network=network),
            host=ProvinceNode,
            link=ProvinceLink,
            intf=ProvinceIntf,
            controller=None,
            build=False,
        )

    def build(self) -> None:
        """Nodes and links by Mininet, then each node's configuration by netlink."""
        super().build()
        for link in self.links:
            link_id = link.intf1.params["link_id"]
            for intf in (link.intf1, link.intf2):
                self.interfaces[link_id, intf.node.name] = intf.name
        routes = shortest_paths(self.network)
        for node in self.network.nodes:
            self._configure(node.id, node.kind != "router", routes)
        for hop in self._impairable:
            self._make_impairable(hop)
        self._wait_until_up()

    def _make_impairable(self, hop: Hop) -> None:
        number, end = self._place(hop)
        self.impaired[hop] = ImpairedLine(
            self.namespace(hop.target),
            self.interfaces[hop.link, hop.target],
            line_seed(self.seed, number, end),
        )
        if hop.source not in self._routes:  # opened now, since it takes milliseconds
            with namespace.inside(self.namespace(hop.source)):
                self._routes[hop.source] = IPRoute()

    def police(self) -> None:
        """Start the policers; once, after the lines were measured: a train of probes is more than a
        bucket holds."""
        for link in self.network.links:
            for hop in link.hops:
                if (profile := link.profile_of(hop.source)) is not None:
                    line = self.impaired.get(hop)
                    self.policers[hop] = policing.Policer(
                        self.namespace(hop.target),
                        self.interfaces[link.id, hop.target],
                        profile,
                        None if line is None else qdisc.redirect(line.index),
                    )

    def impair(self, hop: Hop, what: LineImpairment) -> None:
        """From now on the line does this to what comes to its end; `LineImpairment()`: nothing.

        Packets that the line delays at this moment keep their delay. `KeyError` for a direction
        that was not named in `impaired`.
        """
        self.impaired[hop].change(what)

    def reshape(self, hop: Hop, rate_mbps: float, buffer_packets: int) -> None:
        """Another rate and buffer for one of the directions in `impaired`, from the next packet on.

        Packets that wait at this moment leave when they would have left (netem settles that when
        a packet comes); one that comes later leaves after them. Where packets wait by class it is
        not so: those that wait leave at the new rate (htb charges a packet as it leaves), and the
        queues keep their room.
        """
        link = self.network.link(hop.link)
        route = self._routes[hop.source]
        if self._by_class(hop.source):
            seed = line_seed(self.seed, *self._place(hop))
            interface = self.interfaces[hop.link, hop.source]
            scheduler.reshape(route, interface, link, rate_mbps, seed)
            return
        [index] = route.link_lookup(ifname=self.interfaces[hop.link, hop.source])
        [queue] = qdisc.line(
            rate_mbps,
            link.delay_us,
            buffer_packets,
            0.0,
            line_seed(self.seed, *self._place(hop)),
            link.overhead_bytes,
        )
        route.tc("change", index=index, **queue)

    def _place(self, hop: Hop) -> tuple[int, int]:
        """The number of a direction's link, and the end that sends: 0 is a, 1 is b."""
        number = [link.id for link in self.network.links].index(hop.link)
        return number, 0 if hop.source == self.network.links[number].a else 1

    def _wait_until_up(self) -> None:
        """The kernel opens a link's queues some time after it was brought up; until then all
        packets into it vanish."""
        waiting = [node.id for node in self.network.nodes]
        deadline = time.monotonic() + UP_WITHIN_S
        while waiting:
            if netlink.all_up(self.namespace(waiting[-1])):
                waiting.pop()  # and stays so
            elif time.monotonic() > deadline:
                others = [n for n in waiting[:-1] if not netlink.all_up(self.namespace(n))]
                down = ", ".join([*others, waiting[-1]])
                raise InvalidRun("links at {waiting} did not come up", waiting=down)
            else:
                time.sleep(0.1)

    def _configure(self, node_id: str, is_host: bool, routes: Routes) -> None:
        ends = []
        for number, link in enumerate(self.network.links):
            if node_id in (link.a, link.b):
                ends.append(self._end(number, link, node_id))
        if is_host:
            table = [("0.0.0.0/0", ends[0].peer_address)]
        elif self._may_fail and self.network.routed:
            table = []
        else:
            table = [(r.prefix, r.via) for r in routes.table(node_id) if r.via is not None]
        sink = netlink.SINK if self._may_fail and not is_host else None
        netlink.configure(self.namespace(node_id), ends, table, is_host=is_host, sink=sink)
        if (qos := self.network.qos) is not None and self._by_class(node_id):
            for link in self.network.links_at(node_id):
                interface = self.interfaces[link.id, node_id]
                scheduler.build(self.namespace(node_id), interface, link, qos)

    def _by_class(self, node_id: str) -> bool:
        """Whether a node tells packets apart: a router in a province with classes."""
        return by_class(self.network.qos) and self.network.node(node_id).kind == "router"

    def _end(self, number: int, link: NetLink, node_id: str) -> netlink.Interface:
        end = 0 if node_id == link.a else 1
        seed = line_seed(self.seed, number, end)
        by_class = self._by_class(node_id)
        queues = scheduler.line(link, seed) if by_class else qdisc.line_of(link, seed)
        return netlink.Interface(
            name=self.interfaces[link.id, node_id],
            upper=self.upper(link.id, node_id),
            address=link.address_of(node_id),
            peer_address=host(link.address_of(link.other(node_id))),
            peer_mac=netlink.mac(number, 1 - end),
            queues=queues,
        )

    def upper(self, link_id: str, node_id: str) -> str | None:
        """The interface on a link's end that has the address; None if the end has it itself."""
        if self.network.node(node_id).kind != "router":
            return netlink.HOST_INTERFACE
        if not self._may_fail:
            return None
        return self.interfaces[link_id, node_id].replace("eth", "ip")

    def namespace(self, node_id: str) -> int:
        """The descriptor of a node's namespace, for `namespace.inside`."""
        fd: int = self[node_id].namespace_fd
        return fd

    def stop(self) -> None:
        """Let every namespace go; the kernel removes what is in them."""
        for line in self.impaired.values():
            line.close()
        for policer in self.policers.values():
            policer.close()
        for route in self._routes.values():
            route.close()
        self.impaired.clear()
        self.policers.clear()
        self._routes.clear()
        for node in self.hosts:
            node.close()
        self.hosts.clear()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def __enter__(self) -> ProvinceNet:
        try:
            self.build()
        except BaseException:  # nobody would call __exit__
            self.stop()
            raise
        return self
