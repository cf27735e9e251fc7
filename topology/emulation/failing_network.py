"""A running network in which links and routers fail, and what they took with them counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from giaoban.topology.changes import NetworkChange
from giaoban.topology.emulation import netlink
from giaoban.topology.emulation.failable_link import FailableLink, LinkEnd
from giaoban.topology.emulation.fib import Fib
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.routers import Routers
from giaoban.topology.forwarding import paths
from giaoban.topology.network import Hop
from giaoban.topology.routing import shortest_paths

IN_FLIGHT_S = 0.001
"""What a packet needs beside propagation, with nothing in its way."""


class FailingNetwork:
    """What makes a network of `ProvinceNet(…, may_fail=True)` fail, and find other ways.

    Args:
        links: ids of those that may fail.
        clock: the library that gives the routers' BIRD its clock; only needed where they have one.
        silent: routers send no errors (ICMP), which a meeting's accounting does not know.

    Raises:
        MachineLacks: BIRD is not installed, or the kernel lacks what lets links fail.
    """

    def __init__(
        self,
        net: ProvinceNet,
        links: Iterable[str],
        clock: Path | None,
        *,
        silent: bool = True,
    ) -> None:
        self._net = net
        network = net.network
        self.links: dict[str, FailableLink] = {}
        self.routers: Routers | None = None
        names = {
            node.id: {
                link.id: net.upper(link.id, node.id) or "" for link in network.links_at(node.id)
            }
            for node in network.nodes
            if node.kind == "router"
        }
        namespaces = {router: net.namespace(router) for router in names}
        for fd in namespaces.values() if silent else ():
            netlink.silence(fd)
        self._fib = Fib(network, namespaces, names)
        try:
            for link_id in dict.fromkeys(links):
                link = network.link(link_id)
                ends = {
                    node: LinkEnd(
                        net.namespace(node),
                        net.interfaces[link_id, node],
                        names[node][link_id] if node in names else None,
                    )
                    for node in (link.a, link.b)
                }
                self.links[link_id] = FailableLink(link, ends)
            if network.routed:
                assert clock is not None
                self.routers = Routers(network, namespaces, names, self._fib, clock, net.seed)
        except BaseException:
            self.close()
            raise

    def converge(self) -> None:
        """Start the routers' processes and wait until all packets take the best ways.

        Raises:
            InvalidRun: they do not, or a process ended.
        """
        if self.routers is not None:
            self.routers.start_all()
            self.routers.converge()

    def check(self) -> None:
        """Raises `InvalidRun` if a router's process ended by itself, or started without its clock.
        It takes some virtual time."""
        if self.routers is not None:
            self.routers.check_clocks()

    def apply(self, change: NetworkChange) -> list[tuple[float, Callable[[], None]]]:
        """Carry out one change, now; what is to follow so many seconds later."""
        later: list[tuple[float, Callable[[], None]]] = []
        match change.do:
            case "link-down":
                link = self.links[change.link or ""]
                later.append((self.seen_after_s, partial(link.notice, link.take_down())))
            case "link-up":
                self.links[change.link or ""].bring_up()
            case "discard":
                self.links[change.hop.link].discard(change.hop)
            case "forward":
                self.links[change.hop.link].forward(change.hop)
            case "stop-router":
                if self.routers is not None:
                    self.routers.stop(change.router or "")
            case "start-router":
                if self.routers is not None:
                    self.routers.start(change.router or "")
        routing = self._net.network.routing
        if routing is not None and routing.protection_ms is not None:
            later.append((routing.protection_ms / 1000, self.protect))
        return later

    @property
    def seen_after_s(self) -> float:
        """How long a port takes to report that its light is gone."""
        routing = self._net.network.routing
        return 0.0 if routing is None else routing.seen_after_ms / 1000

    def protect(self) -> None:
        """Let all packets take the shortest ways that are left (a modelled carrier feature)."""
        gone = [link_id for link_id, link in self.links.items() if not link.carries]
        self._fib.write(shortest_paths(self._net.network.without(gone)))

    def paths(self) -> dict[str, dict[str, list[str] | None]]:
        """The ways that packets between each bridge and the MCU take now, as `forwarding.paths`."""
        return paths(self._net.network, self._fib.read())

    def lost(self, hop: Hop) -> int:
        """Packets that faults took on this direction of a link since it was built."""
        link = self.links.get(hop.link)
        return 0 if link is None else link.lost(hop)

    def discarded(self, hop: Hop) -> int:
        """Those of them that had come to the end of the link."""
        link = self.links.get(hop.link)
        return 0 if link is None else link.discarded(hop)

    def pause_routers(self) -> None:
        """Let the routers say nothing until all they said has arrived; then nothing of theirs is
        under way. `resume_routers` ends it, and has to come before one misses the others."""
        if self.routers is not None:
            self.routers.pause(on=True)
            slowest_us = max(link.delay_us for link in self._net.network.links)
            time.sleep(slowest_us / 1e6 + IN_FLIGHT_S)

    def resume_routers(self) -> None:
        """The routers go on."""
        if self.routers is not None:
            self.routers.pause(on=False)

    def close(self) -> None:
        """End the routers' processes, let everything else go."""
        if self.routers is not None:
            self.routers.close()
        for link in self.links.values():
            link.close()
        self._fib.close()
