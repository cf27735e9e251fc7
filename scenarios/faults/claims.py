"""A fault → what it does to which part of the network and from when to when; several put together.

Two faults may need the same at the same time: a link is dark as long as any of them darkens it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from scenarios.faults.spec import (
    Cut,
    Fault,
    Flap,
    GroupCut,
    McuCrash,
    RouterDown,
    Silent,
    SitePower,
)
from scenarios.spec.hops import hops_along
from topology.changes import NetworkChange, Outage
from topology.network import Network

FOREVER_S = math.inf
DIGITS = 6  # of a second

Do = Literal["dark", "swallow", "stop", "off"]
_ORDER = {"start-router": 0, "lighten": 1, "pass": 1, "swallow": 2, "darken": 2, "stop-router": 3}
"""Of changes at the same moment: what comes back comes first; a router is up before its light."""


class Claim(NamedTuple):
    """A link is dark, a direction of it swallows, a router is stopped or a host is off.

    `place` is (link,), (link, source, target), (router,) or (host,).
    """

    do: Do
    place: tuple[str, ...]
    from_s: float
    to_s: float


class Boots(NamedTuple):
    """How long equipment takes to start, where a fault does not say."""

    bridge_s: float
    mcu_s: float


def claims(
    fault: Fault, network: Network, groups: Mapping[str, Sequence[str]], boots: Boots
) -> list[Claim]:
    """What a fault does, by the scenario's times; nothing where it only makes a line worse.

    All that it names must be there.
    """
    from_s, to_s = fault.at_s, FOREVER_S if fault.to_s is None else fault.to_s
    match fault:
        case Cut():
            return [Claim("dark", (fault.link,), from_s, to_s)]
        case GroupCut():
            return [Claim("dark", (link,), from_s, to_s) for link in groups[fault.group]]
        case Silent():
            hops = hops_along(fault.link, fault.direction, network)
            return [Claim("swallow", tuple(hop), from_s, to_s) for hop in hops]
        case Flap():
            return [Claim("dark", (fault.link,), *span) for span in _flaps(fault)]
        case RouterDown():
            return _router(fault.router, network, from_s, to_s)
        case SitePower():
            access = network.access_link(fault.bridge)
            boot_s = boots.bridge_s if fault.boot_s is None else fault.boot_s
            return [
                *_router(access.b, network, from_s, to_s),
                *_host(fault.bridge, access.id, from_s, to_s + boot_s),
            ]
        case McuCrash():
            mcu = network.mcu.id
            boot_s = boots.mcu_s if fault.boot_s is None else fault.boot_s
            return _host(mcu, network.access_link(mcu).id, from_s, to_s + boot_s)
        case _:
            return []


def compose(
    claimed: Sequence[Sequence[Claim]], start_s: float
) -> tuple[list[NetworkChange], list[Outage]]:
    """The changes and outages of all faults, in order of time, `start_s` later.

    What several claim is begun in the name of the first, and ended in that of the last.
    """
    changes: list[NetworkChange] = []
    outages: list[Outage] = []
    for (do, place), spans in sorted(_by_place(enumerate(claimed)).items()):
        for from_s, to_s, first, last in _merged(spans):
            begin, end = _at(start_s, from_s), _at(start_s, to_s)
            if do == "off":
                assert begin is not None
                outages.append(Outage(host=place[0], from_s=begin, to_s=end, fault=first))
                continue
            for at_s, fault, starts in ((begin, first, True), (end, last, False)):
                if at_s is not None:
                    changes.append(_change(do, place, at_s, fault, starts=starts))
    changes.sort(key=lambda change: (change.at_s, _ORDER[change.do]))
    return changes, sorted(outages, key=lambda outage: outage.from_s)


def idle(claimed: Sequence[Sequence[Claim]]) -> list[int]:
    """The numbers of the faults that do nothing which others do not do anyway, the later of two."""
    kept = dict(enumerate(claimed))
    found = []
    for number in sorted(kept, reverse=True):
        others = _by_place((n, c) for n, c in kept.items() if n != number)
        if claimed[number] and all(_covered(claim, others) for claim in claimed[number]):
            del kept[number]
            found.append(number)
    return sorted(found)


Spans = list[tuple[float, float, int]]


def _by_place(
    numbered: Iterable[tuple[int, Sequence[Claim]]],
) -> dict[tuple[Do, tuple[str, ...]], Spans]:
    spans: dict[tuple[Do, tuple[str, ...]], Spans] = {}
    for number, claimed in numbered:
        for claim in claimed:
            key = claim.do, claim.place
            spans.setdefault(key, []).append((claim.from_s, claim.to_s, number))
    return spans


def _merged(spans: Spans) -> list[tuple[float, float, int, int]]:
    """(from, to, whose begin, whose end) of what overlaps or touches."""
    found: list[tuple[float, float, int, int]] = []
    for from_s, to_s, number in sorted(spans):
        if found and from_s <= found[-1][1]:
            begin_s, end_s, first, last = found[-1]
            if to_s > end_s:
                end_s, last = to_s, number
            found[-1] = begin_s, end_s, first, last
        else:
            found.append((from_s, to_s, number, number))
    return found


def _covered(claim: Claim, others: Mapping[tuple[Do, tuple[str, ...]], Spans]) -> bool:
    """Whether it is done by others all the time; what a dark link swallows does not count."""
    spans = list(others.get((claim.do, claim.place), []))
    if claim.do == "swallow":
        spans += others.get(("dark", claim.place[:1]), [])
    return any(a <= claim.from_s and claim.to_s <= b for a, b, _, _ in _merged(spans))


def _change(
    do: Do, place: tuple[str, ...], at_s: float, fault: int, *, starts: bool
) -> NetworkChange:
    if do == "stop":
        word = "stop-router" if starts else "start-router"
        named = {"router": place[0]}
    elif do == "dark":
        word = "darken" if starts else "lighten"
        named = {"link": place[0]}
    else:
        word = "swallow" if starts else "pass"
        named = dict(zip(("link", "source", "target"), place, strict=True))
    return NetworkChange.model_validate({"at_s": at_s, "fault": fault, "do": word, **named})


def _at(start_s: float, at_s: float) -> float | None:
    return None if math.isinf(at_s) else round(start_s + at_s, DIGITS)


def _flaps(fault: Flap) -> list[tuple[float, float]]:
    """When the link is dark."""
    spans = []
    number, from_s = 0, fault.at_s
    while from_s < fault.to_s:
        spans.append((from_s, min(round(from_s + fault.down_s, DIGITS), fault.to_s)))
        number += 1
        from_s = round(fault.at_s + number * (fault.down_s + fault.up_s), DIGITS)
    return spans


def _router(router: str, network: Network, from_s: float, to_s: float) -> list[Claim]:
    """A router without power: no routing, and no light on any of its links."""
    links = [Claim("dark", (link.id,), from_s, to_s) for link in network.links_at(router)]
    return [Claim("stop", (router,), from_s, to_s), *links]


def _host(host: str, access: str, from_s: float, to_s: float) -> list[Claim]:
    """A bridge or the MCU without power, its access link dark until it has started again."""
    return [Claim("off", (host,), from_s, to_s), Claim("dark", (access,), from_s, to_s)]
