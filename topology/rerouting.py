"""How long routers may take until all of them have their new ways, after a change. Pure."""

from __future__ import annotations

from giaoban.topology.bird import TICK_MS, clock_factor
from giaoban.topology.model import Routing

MIN_LS_INTERVAL_MS = 5 * TICK_MS
"""Of a router's own clock: so long it waits between two accounts of itself (RFC 2328, B)."""


def settled_after_ms(routing: Routing | None) -> float:
    """The longest until packets take their new ways, in the network's time; 0 if there are none.

    For OSPF the sum of what may come one after the other: a failure is noticed, by the light or
    without it, or a neighbour that is back is heard in both directions (a hello); the router may
    have told of itself just before; it takes the change in, and so do the others; their routes take
    effect.
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
    told_ms = MIN_LS_INTERVAL_MS / clock_factor(routing)
    return noticed_ms + told_ms + 2 * routing.spf_ms + routing.installed_after_ms
