"""By which link each router sends what is for a host, from moment to moment, while things fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from giaoban.topology.addressing import prefix
from giaoban.topology.changes import NetworkChange
from giaoban.topology.convergence.links import LinkTimes, link_times
from giaoban.topology.convergence.ospf import RouteChange, RoutedNetwork
from giaoban.topology.forwarding import by_prefix, paths
from giaoban.topology.network import Network
from giaoban.topology.routing import Routes, shortest_paths

HostRoutes = dict[str, dict[str, str]]
"""Router → host → link."""


@dataclass(frozen=True)
class RoutesOverTime:
    """The routers' routes and the links' state, ns after a run's origin.

    Attributes:
        at_first: routes at the origin.
        changes: of routes since then, in order of time.
        times: when links take packets.
    """

    at_first: HostRoutes
    changes: list[RouteChange]
    times: LinkTimes

    def paths_at(self, network: Network, at_ns: int) -> dict[str, dict[str, list[str] | None]]:
        """The paths that packets take at a moment, as `giaoban.topology.forwarding.paths`."""
        tables = {router: dict(table) for router, table in self.at_first.items()}
        for change in self.changes:
            if change.at_ns > at_ns:
                break
            if change.link is None:
                tables[change.router].pop(change.host, None)
            else:
                tables[change.router][change.host] = change.link
        return paths(network, by_prefix(network, tables))


class KnownRouters:
    """The routers that were asked about last, as they were just before anything failed: others who
    ask about the same go on from there."""

    def __init__(self) -> None:
        self._last: tuple[int, RoutedNetwork] | None = None

    def before(self, network: Network, seed: int, at_ns: int) -> RoutedNetwork:
        """Up to a moment, before which nothing fails. Raises `InvalidRun` as `RoutedNetwork`."""
        if self._last is None or self._last[0] > at_ns or not self._last[1].is_of(network, seed):
            self._last = 0, RoutedNetwork(network, seed)
        routers = self._last[1]
        routers.calm_until(at_ns)
        self._last = at_ns, routers
        return routers.copy()


def routes_over_time(
    network: Network,
    changes: Sequence[NetworkChange],
    seed: int,
    until_s: float,
    known: KnownRouters | None = None,
) -> RoutesOverTime:
    """What becomes of routes when these changes happen, until a moment.

    As the emulation's routers find it: by OSPF with BFD, not at all where routes are static, or all
    at once where the carrier protects a ring. `known`: routers that others asked about.
    """
    times = link_times(network, changes)
    until_ns = round(until_s * 1e9)
    if network.routed:
        if known is None:
            routers = RoutedNetwork(network, seed)
        else:
            first_ns = min((round(change.at_s * 1e9) for change in changes), default=until_ns)
            routers = known.before(network, seed, first_ns)
        found = routers.run(changes, times, until_ns)
        return RoutesOverTime(routers.at_first, found, times)
    at_first = _tables(network, shortest_paths(network))
    turned: list[RouteChange] = []
    routing = network.routing
    if routing is not None and routing.protection_ms is not None:
        tables = at_first
        for at_ns in sorted({round(change.at_s * 1e9) for change in changes}):
            at_ns += routing.protection_ms * 1_000_000
            after = _tables(network, shortest_paths(network.without(times.failed(at_ns))))
            for router, table in after.items():
                for host in {**tables[router], **table}:
                    if tables[router].get(host) != table.get(host):
                        turned.append(RouteChange(at_ns, router, host, table.get(host)))
            tables = after
    return RoutesOverTime(at_first, [change for change in turned if change.at_ns < until_ns], times)


def _tables(network: Network, routes: Routes) -> HostRoutes:
    """The route of each router to each host, from the model. Their prefixes stay at their routers,
    also where their access links are gone."""
    access = [link for link in network.links if link.kind == "access"]
    host_of = {prefix(link.address_a): link.a for link in access}
    tables = {}
    for node in network.routers:
        found = {
            host_of[r.prefix]: r.out_link for r in routes.table(node.id) if r.prefix in host_of
        }
        tables[node.id] = found | {link.a: link.id for link in access if link.b == node.id}
    return tables
