"""The configuration of a router's BIRD: OSPF (RFC 2328), BFD (RFC 5880) if the province has it.

Pure. BIRD counts OSPF's timers in whole seconds and takes in changes once a second (its `tick`).
So it is run with a clock that is `clock_factor` times as fast: all its timers are written so many
times longer than they are in the network's time. So are the fields of its packets that hold times.
"""

from __future__ import annotations

import random

from giaoban.topology.addressing import host
from giaoban.topology.model import Routing
from giaoban.topology.network import NetLink, Network

TICK_MS = 1000
COST_MAX = 65_535
ASK_EVERY_NS, ASK_PHASE_NS = 100_000_000, 50_000_000
"""When it is asked whether all have found their ways: so long after each tenth of a second, for a
meeting begins on a whole second, and which one that is may hang on no microsecond."""
_CONVERGED_WITHIN_DEAD = 20
"""Dead intervals: far more than OSPF needs."""


def converged_within_ms(routing: Routing) -> float:
    """So long after their start routers have found the best ways, or never do. What they have found
    they use when it is installed."""
    assert routing.dead_ms is not None
    return _CONVERGED_WITHIN_DEAD * routing.dead_ms + routing.installed_after_ms


def clock_factor(routing: Routing) -> int:
    """How many times as fast as the network's time a router's own clock runs."""
    assert routing.spf_ms is not None
    return TICK_MS // routing.spf_ms


def next_asked_ns(after_ns: int) -> int:
    """The first moment after one at which it is asked; both on a clock of whole seconds."""
    return ((after_ns - ASK_PHASE_NS) // ASK_EVERY_NS + 1) * ASK_EVERY_NS + ASK_PHASE_NS


def process_seed(seed: int, started: int, number: int) -> int:
    """Of what a router's process draws: `number` of all routers in the order of their names;
    `started`: how many processes were before it."""
    return (seed << 24 | started << 8 | number) & (2**63 - 1)


def first_tick_ns(seed: int, router: str, routing: Routing) -> int:
    """After which part of `spf_ms` a router first takes in changes, drawn from the run's seed."""
    assert routing.spf_ms is not None
    return round(random.Random(f"{seed} {router}").uniform(0, routing.spf_ms) * 1e6)


def cost(link: NetLink) -> int:
    """What OSPF counts for crossing a link: whole microseconds of propagation, 1 to 65,535."""
    return max(1, min(COST_MAX, round(link.delay_us)))


def router_id(network: Network, router: str) -> str:
    """A router's first address (RFC 2328 appendix C.1)."""
    return host(network.links_at(router)[0].address_of(router))


def config(network: Network, router: str, interfaces: dict[str, str]) -> str:
    """The text of a router's `bird.conf`.

    Args:
        interfaces: link id → name of the router's interface on it.
    """
    routing = network.routing
    assert routing is not None
    factor = clock_factor(routing)
    bfd = routing.protocol == "ospf-bfd"
    backbone, lines = [], []
    for link in network.links_at(router):
        name = interfaces[link.id]
        if link.kind == "access":
            how = ["stub yes"]
        else:
            backbone.append(name)
            how = ["type ptp", *_timers(routing, factor)]
            if bfd:
                how.append("bfd yes")
        how += [f"cost {cost(link)}", "check link yes"]
        lines.append(f'    interface "{name}" {{ {"; ".join(how)}; }};')
    text = [
        f"router id {router_id(network, router)};",
        "log stderr { warning, error, fatal, bug };",
        "protocol device { scan time 86400; }",
        "protocol kernel {",
        "  scan time 86400;",
        "  ipv4 { import none; export where source ~ [ RTS_OSPF, RTS_OSPF_IA ]; };",
        "}",
    ]
    if bfd:
        assert routing.bfd_interval_ms is not None
        text += [
            "protocol bfd {",
            *(
                f'  interface "{name}" {{ interval {routing.bfd_interval_ms * factor} ms; '
                f"multiplier {routing.bfd_multiplier}; }};"
                for name in backbone
            ),
            "}",
        ]
    text += [
        "protocol ospf v2 {",
        "  tick 1;",
        "  ecmp no;",
        "  ipv4 { import all; export none; };",
        "  area 0 {",
        *lines,
        "  };",
        "}",
    ]
    return "\n".join(text) + "\n"


def _timers(routing: Routing, factor: int) -> list[str]:
    assert routing.hello_ms is not None
    assert routing.dead_ms is not None
    return [
        f"hello {routing.hello_ms * factor // 1000}",
        f"dead {routing.dead_ms * factor // 1000}",
    ]
