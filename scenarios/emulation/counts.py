"""Everything the accounting needs, as the kernel counted it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from topology.emulation import counters
from topology.emulation.failing import FailingNetwork
from topology.emulation.mininet_net import ProvinceNet
from topology.network import Hop


@dataclass(frozen=True)
class Counts:
    """All counters of a network at one moment."""

    queues: list[dict[str, Any]]
    classes: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    udp: dict[str, int]
    pacer_drops: int
    routers: dict[str, int]
    fault_drops: list[dict[str, Any]]

    @classmethod
    def now(cls, net: ProvinceNet, failing: FailingNetwork | None) -> Counts:
        """Read them, while the routers are quiet."""

        def swallowed(hop: Hop) -> int:
            return 0 if failing is None else failing.swallowed(hop)

        hops = [hop for link in net.network.links for hop in link.hops]
        return cls(
            queues=[asdict(queue) for queue in counters.queues(net)],
            classes=[asdict(each) for each in counters.classes(net)],
            lines=[asdict(line) for line in counters.lines(net, swallowed)],
            udp=counters.datagrams(net),
            pacer_drops=counters.pacer_drops(net),
            routers=asdict(counters.routers(net)),
            fault_drops=[
                {"link": hop.link, "direction": hop.direction, "lost": failing.lost(hop)}
                for hop in hops
            ]
            if failing is not None
            else [],
        )

    def since(self, before: Counts) -> dict[str, Any]:
        """What was counted from an earlier moment on, as `counters.json` holds it."""
        return {
            "hops": [[queue["link"], queue["direction"]] for queue in self.queues],
            "queues": _differences(self.queues, before.queues, keep=("backlog",)),
            "classes": _differences(self.classes, before.classes, keep=("backlog",)),
            "lines": _differences(self.lines, before.lines),
            "udp": {name: count - before.udp[name] for name, count in self.udp.items()},
            "routers": {name: n - before.routers[name] for name, n in self.routers.items()},
            "fault_drops": _differences(self.fault_drops, before.fault_drops),
            "pacer_drops": self.pacer_drops - before.pacer_drops,
        }


def _differences(
    now: list[dict[str, Any]], before: list[dict[str, Any]], keep: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Records less the earlier ones: counts as differences; names, and `keep`, as they are now."""
    return [
        {
            name: value - old[name] if isinstance(value, int) and name not in keep else value
            for name, value in new.items()
        }
        for new, old in zip(now, before, strict=True)
    ]
