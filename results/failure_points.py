"""Sums over all failures of a network: verdict, single points of failure, worst loads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from results.failures import (
    BridgeImpact,
    Element,
    FailureId,
    FailureResult,
    LinkPeak,
    LinkWorst,
    SinglePoint,
)
from results.quantities import Id, Verdict

ACCESS = "access-"
"""How access links are named (`topology.model.ACCESS_PREFIX`)."""


class Worst(NamedTuple):
    """The fields of the same names of `FailureResult`."""

    interruption_ms: float | None
    interruption_at: Id | None
    packets_lost: int
    worst_link: LinkPeak | None


def worst_of(bridges: Sequence[BridgeImpact], links: Sequence[LinkPeak]) -> Worst:
    """Of one failure. Of equals the first by name counts.

    A bridge that is behind the failure is not in the meeting until it is mended, whatever the
    network does: how long that is says nothing about the network. An access link carries its own
    bridge's call by whatever way it comes, so the link named is one of the backbone, if there is
    any: these are what rerouting loads.
    """
    kept = [b for b in bridges if not b.behind]
    longest = min(kept, key=lambda b: (-b.interruption_ms, b.bridge), default=None)
    backbone = [p for p in links if not p.id.startswith(ACCESS)]
    busiest = min(backbone or links, key=lambda p: (-p.peak_pct, p.id, p.direction), default=None)
    return Worst(
        interruption_ms=None if longest is None else longest.interruption_ms,
        # a place for no interruption at all would be arbitrary
        interruption_at=None if longest is None or not longest.interruption_ms else longest.bridge,
        packets_lost=sum(b.packets_lost for b in bridges),
        worst_link=busiest,
    )


def verdict_of(failures: Sequence[FailureResult]) -> tuple[Verdict, list[str]]:
    """Invalid if any emulation was, else fail if any failed; with a reason for each of those."""
    for verdict in ("invalid", "fail"):
        found = [f for f in failures if f.verdict == verdict]
        if found:
            return found[0].verdict, [
                f"{f.id}: {reason}" for f in found for reason in f.reasons or ["no reason given"]
            ]
    return "pass", []


def single_points(failures: Sequence[FailureResult], names: Mapping[str, str]) -> list[SinglePoint]:
    """What takes bridges out of the meeting when it alone fails; what takes most of them first.

    A site without power loses its own bridge, which no network could prevent: it counts if it takes
    others along. A thing is named once, with all its failures. A pair is not single.
    """
    found: dict[tuple[str, Id], tuple[Element, set[Id], list[FailureId]]] = {}
    for failure in failures:
        gone = set(failure.cut_off) - set(failure.own)
        if failure.kind == "pair" or not gone:
            continue
        element = failure.elements[0]
        _, lost, by = found.setdefault((element.kind, element.id), (element, set(), []))
        lost |= gone
        by.append(failure.id)
    points = [
        SinglePoint(
            element=element,
            name=names.get(element.id, element.id),
            cut_off=sorted(lost),
            failures=sorted(by),
        )
        for element, lost, by in found.values()
    ]
    return sorted(points, key=lambda p: (-len(p.cut_off), p.element.kind, p.element.id))


def worst_links(failures: Sequence[FailureResult]) -> list[LinkWorst]:
    """For each direction of each link its worst load, and the failure that causes it."""
    worst: dict[tuple[Id, str], LinkWorst] = {}
    for failure in sorted(failures, key=lambda f: f.id):
        for peak in failure.links:
            key = (peak.id, peak.direction)
            if key not in worst or peak.peak_pct > worst[key].peak_pct:
                worst[key] = LinkWorst(
                    id=peak.id,
                    direction=peak.direction,
                    peak_pct=peak.peak_pct,
                    failure=failure.id,
                )
    return [worst[key] for key in sorted(worst)]
