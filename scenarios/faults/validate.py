"""What is wrong with a scenario's faults in its network: unknown places, no effect, overlaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from giaoban.errors import did_you_mean
from giaoban.tomlfile import Loc, Mistake
from scenarios.faults.claims import Boots, claims, idle
from scenarios.faults.graph import may_carry
from scenarios.faults.spec import (
    Cut,
    Degrade,
    Fault,
    Flap,
    GroupCut,
    McuCrash,
    RateDrop,
    RouterDown,
    Silent,
    SitePower,
)
from scenarios.faults.worse_lines import hops_made_worse
from scenarios.spec.hops import crossed_hops, no_direction
from scenarios.spec.impairment import Impairment, hops_of
from topology.network import Hop, Network

LATEST_S = 2.0
"""A fault that begins later than this before the end cannot show what it does: a second without
sound or picture is what counts as cut off."""


def mistakes(
    faults: Sequence[Fault],
    impairments: Sequence[Impairment],
    network: Network,
    groups: Mapping[str, Sequence[str]],
    boots: Boots,
    length_s: float,
) -> Iterator[Mistake]:
    """All of them; `groups` are the province's shared-risk groups by id."""
    astray = [m for n, fault in enumerate(faults) for m in _astray(fault, n, network, groups)]
    yield from astray
    for number, fault in enumerate(faults):
        yield from _times(fault, number, boots, length_s)
    if astray:
        return
    for number, fault in enumerate(faults):
        yield from _in_vain(fault, number, network, groups, alone=len(faults) == 1)
    for number in idle([claims(fault, network, groups, boots) for fault in faults]):
        what = "does nothing that another fault does not do at the same time (allowed: one of them)"
        yield ("fault", number), None, what
    yield from _overlaps(faults, impairments, network)


def _astray(
    fault: Fault, number: int, network: Network, groups: Mapping[str, Sequence[str]]
) -> Iterator[Mistake]:
    """Names that nothing has, and directions that a link does not have."""
    loc: Loc = ("fault", number)
    match fault:
        case Cut() | Silent() | Flap() | Degrade() | RateDrop():
            yield from _unknown(loc, "link", fault.link, [link.id for link in network.links])
            if isinstance(fault, Silent | Degrade | RateDrop) and any(
                link.id == fault.link for link in network.links
            ):
                what = no_direction(fault.link, fault.direction, network)
                if what is not None:
                    yield (*loc, "direction"), fault.direction, what
        case RouterDown():
            yield from _unknown(loc, "router", fault.router, [r.id for r in network.routers])
        case SitePower():
            yield from _unknown(loc, "bridge", fault.bridge, [b.id for b in network.bridges])
        case GroupCut():
            if groups:
                yield from _unknown(loc, "group", fault.group, list(groups))
            else:
                what = "the province has no groups (allowed: [[group]] tables in its file)"
                yield (*loc, "group"), fault.group, what
        case McuCrash():
            pass


def _unknown(loc: Loc, key: str, name: str, known: Sequence[str]) -> Iterator[Mistake]:
    if name not in known:
        yield (*loc, key), name, f"unknown {key}{did_you_mean(name, known)}"


def _times(fault: Fault, number: int, boots: Boots, length_s: float) -> Iterator[Mistake]:
    """Faults and restorations after the run, or too late in it to be seen."""
    loc: Loc = ("fault", number)
    latest_s = length_s - LATEST_S
    if fault.at_s >= length_s:
        yield (*loc, "at_s"), fault.at_s, f"is after the run (allowed: up to {latest_s:g} s)"
    elif fault.at_s > latest_s:
        what = f"is too late for its effect to be seen (allowed: up to {latest_s:g} s)"
        yield (*loc, "at_s"), fault.at_s, what
    if fault.to_s is not None and fault.to_s >= length_s:
        what = f"is after the run (allowed: below {length_s:g} s, or no to_s)"
        yield (*loc, "to_s"), fault.to_s, what
        return
    boot_s = _boot_s(fault, boots)
    if fault.to_s is not None and boot_s is not None and fault.to_s + boot_s >= length_s:
        what = (
            f"is too late: after {boot_s:g} s of starting the run is over "
            f"(allowed: below {max(length_s - boot_s, 0.0):g} s, a smaller boot_s, or no to_s)"
        )
        yield (*loc, "to_s"), fault.to_s, what
    if isinstance(fault, SitePower | McuCrash) and fault.boot_s is not None and fault.to_s is None:
        what = "means nothing without to_s: power does not come back (allowed: both or none)"
        yield (*loc, "boot_s"), fault.boot_s, what
    if isinstance(fault, Degrade) and fault.at_s + (fault.over_s or 0.0) > length_s:
        what = f"goes on after the run (allowed: up to {length_s - fault.at_s:g} s)"
        yield (*loc, "over_s"), fault.over_s, what


def _boot_s(fault: Fault, boots: Boots) -> float | None:
    match fault:
        case SitePower():
            return boots.bridge_s if fault.boot_s is None else fault.boot_s
        case McuCrash():
            return boots.mcu_s if fault.boot_s is None else fault.boot_s
    return None


def _in_vain(
    fault: Fault,
    number: int,
    network: Network,
    groups: Mapping[str, Sequence[str]],
    *,
    alone: bool,
) -> Iterator[Mistake]:
    """Faults that no call could ever notice."""
    loc: Loc = ("fault", number)
    never = "carries no call, and would carry none whatever else failed"
    if isinstance(fault, RateDrop):
        own = network.link(fault.link).rate_mbps
        if fault.rate_mbps >= own:
            what = f"is no drop, {fault.link} has {own:g} Mb/s (allowed: below {own:g})"
            yield (*loc, "rate_mbps"), fault.rate_mbps, what
    if isinstance(fault, GroupCut):
        if not any(may_carry(network, link) for link in groups[fault.group]):
            yield (*loc, "group"), fault.group, f"{never} (allowed: a group that a call may take)"
    elif isinstance(fault, Cut | Silent | Flap | Degrade | RateDrop):
        hops = hops_made_worse(fault, network)
        if not may_carry(network, fault.link):
            yield (*loc, "link"), fault.link, f"{never} (allowed: a link that a call may take)"
        elif alone and hops and not crossed_hops(network) & set(hops):
            what = "carries no call that way (allowed: what is on a bridge's way to the MCU)"
            yield (*loc, "link"), fault.link, what
    elif isinstance(fault, RouterDown):
        at = network.links_at(fault.router)
        if not any(may_carry(network, link.id) for link in at):
            what = f"{never} (allowed: a router that a call may take)"
            yield (*loc, "router"), fault.router, what


def _overlaps(
    faults: Sequence[Fault], impairments: Sequence[Impairment], network: Network
) -> Iterator[Mistake]:
    """Lines that are made worse twice at the same time."""
    taken: list[tuple[Hop, float, float, str]] = [
        (hop, *item.span_s, "an impairment")
        for item in impairments
        for hop in hops_of(item, network)
    ]
    for number, fault in enumerate(faults):
        to_s = math.inf if fault.to_s is None else fault.to_s
        mine = hops_made_worse(fault, network)
        for hop, a, b, whose in taken:
            if hop in mine and a < to_s and fault.at_s < b:
                what = f"overlaps {whose} of {hop.link} {hop.direction} (allowed: one at a time)"
                yield ("fault", number, "at_s"), fault.at_s, what
                break
        taken += [(hop, fault.at_s, to_s, "another fault") for hop in mine]
