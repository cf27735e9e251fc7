"""The queues and lines of a plan's network, as the emulation builds them."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.classes import Classes
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.netem import LineEnd, LineSetting
from giaoban.scenarios.estimate.network.paths import Paths
from giaoban.scenarios.estimate.network.policing import TokenBucket
from giaoban.scenarios.estimate.network.queues import Fifo, Served, ServiceRate, rate_from, rate_of
from giaoban.scenarios.estimate.network.transit import FlowOf, Server
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.counts import train_packets
from giaoban.topology.lines.impairments import (
    LineImpairment,
    RandomLoss,
    changed_seed,
    line_seed,
)
from giaoban.topology.lines.qos import TrafficClass, by_class, traffic_classes


class ClassBlindFifo:
    """A queue that does not tell packets apart: what comes later waits behind what is there."""

    def __init__(self, queue: Fifo) -> None:
        self._queue = queue

    def __deepcopy__(self, memo: dict[int, object]) -> ClassBlindFifo:
        """It is what its queue is."""
        return ClassBlindFifo(copy.deepcopy(self._queue, memo))

    def serve(
        self, came_ns: NDArray[np.int64], size: NDArray[np.int32], _flow_of: FlowOf, _until_ns: int
    ) -> tuple[Served, None]:
        return self._queue.serve(came_ns, size), None

    @property
    def equivalent(self) -> tuple[int, int]:
        """As `Fifo.equivalent`."""
        return self._queue.equivalent

    def serve_one(self, came_ns: int, size: int) -> tuple[int, int] | None:
        """As `Fifo.serve_one`."""
        return self._queue.serve_one(came_ns, size)


def servers_of(plan: Plan, paths: Paths, flows: Flows) -> dict[int, Server]:
    """Hop → its queue, for every hop that anything crosses, or may where links fail."""
    used = set(range(len(paths.hops)) if plan.changes else paths.in_order)
    used |= {paths.hops.index(each.hop) for each in plan.background}
    routers = {node.id for node in plan.network.routers}
    classes, class_of = _classes(plan, flows)
    found: dict[int, Server] = {}
    for hop in sorted(used):
        rates, delay_us = _rates(plan, paths, hop), paths.links[hop].delay_us
        if classes and paths.hops[hop].source in routers:
            found[hop] = Classes(rates[0], delay_us, classes, class_of)
        else:
            found[hop] = ClassBlindFifo(Fifo(rates, delay_us))
    return found


def other_traffic(
    plan: Plan, paths: Paths, flows: Flows
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return (hops,) the ends with classes and (flows,) the flows of the last class, which carries
    all but the meeting; None where no end has classes."""
    classes, class_of = _classes(plan, flows)
    if not classes:
        return None
    routers = {node.id for node in plan.network.routers}
    ends = np.array([hop.source in routers for hop in paths.hops], np.bool_)
    return ends, class_of == len(classes) - 1


def policers_of(paths: Paths) -> dict[int, TokenBucket]:
    """Return hop → the policer at its far end, where there is one."""
    return {
        number: TokenBucket(profile.bucket)
        for number, (link, hop) in enumerate(zip(paths.links, paths.hops, strict=True))
        if (profile := link.profile_of(hop.source)) is not None
    }


def _classes(plan: Plan, flows: Flows) -> tuple[tuple[TrafficClass, ...], NDArray[np.int8]]:
    """Those of the network, and (flows,) the place there of each flow's."""
    qos = plan.network.qos
    classes = traffic_classes(qos) if qos is not None and by_class(qos) else ()
    class_of = np.full(len(flows.dscp), len(classes) - 1, np.int8)
    for number, each in enumerate(classes):
        class_of[np.isin(flows.dscp, each.dscps)] = number
    return classes, class_of


def is_steady(plan: Plan) -> bool:
    """Whether every queue is one of one rate that takes all packets alike, and all that passes it
    is on its way from a bridge to the MCU or back."""
    if plan.changes or plan.background or by_class(plan.network.qos):
        return False
    if any(link.profiles for link in plan.network.links):
        return False
    return all(line.rate_mbps is None for line in plan.lines)


def _rates(plan: Plan, paths: Paths, hop: int) -> list[ServiceRate]:
    """The link's own rate, and what impairments make of it while they last."""
    link = paths.links[hop]

    def own(from_ns: int) -> ServiceRate:
        return replace(rate_of(link), from_ns=from_ns)

    rates = [own(0)]
    for line in plan.lines:
        if line.hop != paths.hops[hop] or line.rate_mbps is None:
            continue
        buffer = link.buffer_packets if line.buffer_packets is None else line.buffer_packets
        from_ns = round(line.from_s * 1e9)
        overhead = link.overhead_bytes
        rates.append(rate_from(from_ns, line.rate_mbps, link.delay_us, buffer, overhead))
        if line.to_s is not None:
            rates.append(own(round(line.to_s * 1e9)))
    return sorted(rates, key=lambda rate: rate.from_ns)


def lines_of(plan: Plan, paths: Paths) -> dict[int, list[LineEnd]]:
    """Hop → what its line does, where it does anything: its own loss first, then impairments."""
    found: dict[int, list[LineEnd]] = {}
    for hop, link in enumerate(paths.links):
        if link.loss_pct:
            what = LineImpairment(loss=RandomLoss(p=link.loss_pct / 100))
            change = LineSetting(0, what, line_seed(plan.seed, *divmod(hop, 2)) + 1)
            # by which the link was measured, and which met its losses
            skip = train_packets(link)
            found.setdefault(hop, []).append(LineEnd([change], own=True, skip=skip))
    impaired: dict[int, list[tuple[float, bool, LineImpairment]]] = {}
    for line in plan.lines:
        hop = paths.hops.index(line.hop)
        impaired.setdefault(hop, []).append((line.from_s, True, line.what))
        if line.to_s is not None:
            impaired[hop].append((line.to_s, False, LineImpairment()))
    for hop, told in impaired.items():
        told.sort(key=lambda each: each[:2])  # at one moment one ends before another begins
        seed = line_seed(plan.seed, *divmod(hop, 2))
        changes = [
            # the first change is to nothing, when the line is built
            LineSetting(round(from_s * 1e9), what, changed_seed(seed, number))
            for number, (from_s, _, what) in enumerate(told, start=1)
        ]
        found.setdefault(hop, []).append(LineEnd(changes, own=False))
    return found
