"""The kernel's forwarding tables: read, and changed where the model says what they are to be."""

from __future__ import annotations

import socket

from pyroute2 import IPRoute

from giaoban.topology.addressing import host, prefix
from giaoban.topology.emulation import namespace
from giaoban.topology.network import Network
from giaoban.topology.routing import Routes

MAIN_TABLE = 254


class Fib:
    """All routers' tables.

    Args:
        namespaces: router → descriptor.
        interfaces: router → link id → name of its interface there.
    """

    def __init__(
        self, network: Network, namespaces: dict[str, int], interfaces: dict[str, dict[str, str]]
    ) -> None:
        self._network = network
        self._hosts = {prefix(link.address_a) for link in network.links if link.kind == "access"}
        self._routes: dict[str, IPRoute] = {}
        self._links: dict[str, dict[int, str]] = {}
        for router, fd in namespaces.items():
            with namespace.inside(fd):
                route = self._routes[router] = IPRoute()
            index = {link.get_attr("IFLA_IFNAME"): link["index"] for link in route.get_links()}
            self._links[router] = {index[name]: id_ for id_, name in interfaces[router].items()}

    def read(self) -> dict[str, dict[str, str]]:
        """Router → prefix of a host → id of the link by which packets for it leave."""
        return {router: self._read(router) for router in self._routes}

    def _read(self, router: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in self._routes[router].get_routes(family=socket.AF_INET, table=MAIN_TABLE):
            to = f"{entry.get_attr('RTA_DST')}/{entry['dst_len']}"
            out = self._links[router].get(entry.get_attr("RTA_OIF"))
            if to in self._hosts and out is not None:
                found.setdefault(to, out)
        return found

    def write(self, routes: Routes) -> None:
        """Make each router's table what the model says; what has no way there is taken out."""
        for router, route in self._routes.items():
            index = {link: number for number, link in self._links[router].items()}
            wanted = {r.prefix: r for r in routes.table(router) if r.via is not None}
            for link in self._network.links:
                to = prefix(link.address_a)
                if router in (link.a, link.b):
                    continue
                if to in wanted:
                    way = wanted[to]
                    route.route(
                        "replace",
                        dst=to,
                        gateway=way.via,
                        oif=index[way.out_link],
                        flags=["onlink"],
                    )
                else:
                    self._remove(route, to)

    @staticmethod
    def _remove(route: IPRoute, to: str) -> None:
        there = [e for e in route.get_routes(table=MAIN_TABLE) if _is(e, to)]
        if there:
            route.route("del", dst=to)

    def flush(self, router: str, proto: int) -> None:
        """Take out all that one protocol has put into a router's table."""
        self._routes[router].flush_routes(proto=proto)

    def close(self) -> None:
        """Let the sockets go."""
        for route in self._routes.values():
            route.close()


def _is(entry: object, to: str) -> bool:
    name, _, length = to.partition("/")
    return entry.get_attr("RTA_DST") == host(name) and entry["dst_len"] == int(length)  # type: ignore[attr-defined,index,no-any-return]
