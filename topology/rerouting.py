"""How long routers may take until all of them use their new routes, after a change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from giaoban.topology.bird import TICK_MS, clock_factor
from giaoban.topology.changes import NetworkChange
from giaoban.topology.model import Routing
from giaoban.topology.network import Network

BIRD_MIN_LS_INTERVAL_MS = 5 * TICK_MS
"""BIRD's own MinLSInterval, which cannot be configured; of a router's accelerated clock."""


def settled_after_ms(routing: Routing | None) -> float:
    """Return the longest time until packets of an emulated run take new routes; 0 without any.

    For OSPF it is a sum: detection of the failure (or of a neighbour that is back, by a hello),
    BIRD's MinLSInterval, one computation at the router and one at the others, and installation.
    """
    if routing is None or routing.protocol == "static":
        return 0.0
    if routing.protocol == "protected":
        assert routing.protection_ms is not None
        return float(routing.protection_ms)
    assert routing.hello_ms is not None
    assert routing.dead_ms is not None
    assert routing.spf_ms is not None
    noticed_ms = routing.dead_ms
    if routing.protocol == "ospf-bfd":
        assert routing.bfd_interval_ms is not None
        assert routing.bfd_multiplier is not None
        noticed_ms = routing.bfd_interval_ms * routing.bfd_multiplier
    noticed_ms = max(noticed_ms, routing.seen_after_ms, routing.hello_ms)
    lsa_wait_ms = BIRD_MIN_LS_INTERVAL_MS / clock_factor(routing)
    return noticed_ms + lsa_wait_ms + 2 * routing.spf_ms + routing.installed_after_ms


class _Originated(NamedTuple):
    """A router-LSA that a router originates: for which link, and when (ms) at the earliest and at
    the latest. `noticed` is the time of the change, by which LSAs of one moment are one."""

    link: str
    noticed: tuple[float, str]
    earliest_ms: float
    latest_ms: float


def lsa_wait_ms(network: Network, changes: Sequence[NetworkChange], fault: int) -> float:
    """Return how much longer routers may take to route around a fault in the slow case, in ms.

    A router originates its LSA at most once per MinLSInterval (RFC 2328 §12.4), so one that
    originated it just before withdraws a failed link late. SPF uses a link only if the LSAs of both
    ends list it (§16.1), so the end that need not wait withdraws it: there is a delay only where
    every living end may have to wait. It is 0 for one failure in a network at rest.
    """
    routing = network.routing
    if routing is None or not routing.computed:
        return 0.0
    lsas = _lsas(network, routing, changes)
    waits = [0.0]
    for change in changes:
        if change.fault != fault or change.do not in ("link-down", "discard"):
            continue
        link = network.link(change.link or "")
        if link.kind != "backbone":
            continue
        stopped = {c.router for c in changes if c.do == "stop-router" and c.at_s <= change.at_s}
        ends = [
            _wait_ms(lsas[end], link.id, change, routing.between_lsas_ms)
            for end in (link.a, link.b)
            if end not in stopped
        ]
        waits.append(min(ends, default=0.0))
    return max(waits)


def _lsas(
    network: Network, routing: Routing, changes: Sequence[NetworkChange]
) -> dict[str, list[_Originated]]:
    """Return the LSAs that changes of links make each router originate."""
    assert routing.hello_ms is not None
    assert routing.spf_ms is not None
    detected_ms = _silence_ms(routing)
    after_ms = {
        "link-down": (routing.seen_after_ms, routing.seen_after_ms),
        "link-up": (0.0, float(routing.hello_ms)),
        "discard": detected_ms,
        "forward": (0.0, float(routing.hello_ms)),
    }
    found: dict[str, list[_Originated]] = {router.id: [] for router in network.routers}
    for change in changes:
        if change.link is None:
            continue
        low_ms, high_ms = (1000 * change.at_s + ms for ms in after_ms[change.do])
        # light is lost at one moment; silence is detected link by link
        noticed = change.at_s, "" if change.do == "link-down" else change.link
        lsa = _Originated(change.link, noticed, low_ms, high_ms + routing.spf_ms)
        link = network.link(change.link)
        for end in (link.a, link.b):
            if end in found:
                found[end].append(lsa)
    return found


def _silence_ms(routing: Routing) -> tuple[float, float]:
    """Return the least and the longest time to detect a silent link, in ms."""
    if routing.bfd_interval_ms is not None and routing.bfd_multiplier is not None:
        longest = routing.bfd_interval_ms * routing.bfd_multiplier
        return float(longest - routing.bfd_interval_ms), float(longest)
    assert routing.hello_ms is not None
    assert routing.dead_ms is not None
    return float(routing.dead_ms - routing.hello_ms), float(routing.dead_ms)


def _wait_ms(
    lsas: Sequence[_Originated], link: str, change: NetworkChange, interval_ms: float
) -> float:
    """Return the longest wait of a router before it withdraws a link that fails."""
    own = min(x for x in lsas if x.link == link and x.noticed[0] == change.at_s)
    before = (x for x in lsas if x.noticed != own.noticed and x.earliest_ms < own.latest_ms)
    waits = (x.latest_ms + interval_ms - own.earliest_ms for x in before)
    return max(0.0, min(max(waits, default=0.0), interval_ms))
