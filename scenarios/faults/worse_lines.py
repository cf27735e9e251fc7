"""Faults that make a line worse without taking it away: growing loss, a lower rate."""

from __future__ import annotations

import math

from scenarios.faults.spec import Degrade, Fault, RateDrop
from scenarios.spec.hops import hops_along
from scenarios.spec.impairment import LinePlan
from topology.impairments import LineImpairment, RandomLoss
from topology.network import Hop, Network

STEP_S = 1.0


def hops_made_worse(fault: Fault, network: Network) -> list[Hop]:
    """The directions in which a line gets worse; none for other faults."""
    if isinstance(fault, Degrade | RateDrop):
        return hops_along(fault.link, fault.direction, network)
    return []


def fault_lines(fault: Fault, network: Network, start_s: float) -> list[LinePlan]:
    """What the lines do by a fault, the first phase being `start_s` after the origin."""
    if isinstance(fault, Degrade):
        what: list[tuple[float, float | None, LineImpairment, float | None, int | None]] = [
            (from_s, to_s, LineImpairment(loss=RandomLoss(p=round(p, 9))), None, None)
            for from_s, to_s, p in loss_steps(fault)
        ]
    elif isinstance(fault, RateDrop):
        own = network.link(fault.link).buffer_packets
        buffer = own if fault.buffer_packets is None else fault.buffer_packets
        what = [(fault.at_s, fault.to_s, LineImpairment(), fault.rate_mbps, buffer)]
    else:
        return []
    return [
        LinePlan(
            link=hop.link,
            source=hop.source,
            target=hop.target,
            from_s=start_s + from_s,
            to_s=None if to_s is None else start_s + to_s,
            what=impairment,
            rate_mbps=rate_mbps,
            buffer_packets=buffer_packets,
        )
        for hop in hops_made_worse(fault, network)
        for from_s, to_s, impairment, rate_mbps, buffer_packets in what
    ]


def loss_steps(fault: Degrade) -> list[tuple[float, float | None, float]]:
    """(from, to, probability) of each step, by the scenario's times; the last one's `to` may be
    None.

    In each second there is the loss that is reached at its end, so the last one has all of it.
    """
    over_s = fault.over_s
    if over_s is None:
        assert fault.to_s is not None
        over_s = fault.to_s - fault.at_s
    count = math.ceil(over_s / STEP_S - 1e-9)
    steps: list[tuple[float, float | None, float]] = []
    for number in range(count):
        share = min((number + 1) * STEP_S / over_s, 1.0)
        last = number == count - 1
        from_s = round(fault.at_s + number * STEP_S, 6)
        to_s = fault.to_s if last else round(fault.at_s + (number + 1) * STEP_S, 6)
        steps.append((from_s, to_s, share * fault.loss_pct / 100))
    return steps
