"""Sums over all failures of a network: verdict, single points of failure, worst loads. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.quantities import Id, Verdict
from giaoban.results.model.studies.failures import (
    Acceptance,
    BridgeImpact,
    Element,
    FailureId,
    FailureResult,
    LinkPeak,
    LinkWorst,
    SinglePoint,
    SlowCase,
    Unneeded,
)
from giaoban.sentence import counted, shown

SINGLE = "Single point of failure"
SLOW_CASE = "Slow case"
MANY = 3
"""More bridges than this are told as a number."""
NOT_TAKEN = " (it takes neither their power nor their only line, and nobody accepted it)"


class Worst(NamedTuple):
    """The fields of the same names of `FailureResult`."""

    interruption_ms: float | None
    interruption_at: Id | None
    restored_interruption_ms: float | None
    restored_interruption_at: Id | None
    packets_lost: int
    worst_link: LinkPeak | None


def worst_of(bridges: Sequence[BridgeImpact], links: Sequence[LinkPeak]) -> Worst:
    """Return the worst figures of one failure. Of equals the first by name counts.

    Interruptions are those that the criteria judge: not of `accepted` bridges. An access link
    carries its own bridge's call by whatever way it comes, so the link named is one of the
    backbone, if there is any: these are what rerouting loads.
    """
    judged = [b for b in bridges if not b.accepted]
    fails_ms, fails_at = _longest({b.bridge: b.interruption_ms for b in judged})
    mends_ms, mends_at = _longest({b.bridge: b.restored_interruption_ms for b in judged})
    backbone = [p for p in links if not p.id.startswith(ACCESS_PREFIX)]
    busiest = min(backbone or links, key=lambda p: (-p.peak_pct, p.id, p.direction), default=None)
    return Worst(
        interruption_ms=fails_ms,
        interruption_at=fails_at,
        restored_interruption_ms=mends_ms,
        restored_interruption_at=mends_at,
        packets_lost=sum(b.packets_lost for b in bridges),
        worst_link=busiest,
    )


def _longest(by_bridge: Mapping[Id, float]) -> tuple[float | None, Id | None]:
    """The longest, and where; no place for none at all, which would be arbitrary."""
    if not by_bridge:
        return None, None
    ms, at = min((-ms, bridge) for bridge, ms in by_bridge.items())
    return -ms, at if ms else None


def with_points(
    failures: Sequence[FailureResult],
    accepted: Mapping[FailureId, Acceptance],
    accepted_as: Mapping[FailureId, FailureId],
) -> list[FailureResult]:
    """Return the failures; single points of failure with their acceptance, or failed.

    A single point alone cuts off bridges of which it takes neither the power nor the only line. An
    acceptance of a cut link holds for its silent failure too, as far as that cuts off no other
    bridges. A pair is not single.

    Args:
        accepted_as: for which failures the acceptance of which other one holds.
    """
    cut_off = {failure.id: set(failure.others_cut_off) for failure in failures}
    failed = {failure.id for failure in failures if failure.verdict == "fail"}
    found = []
    for failure in failures:
        others = failure.others_cut_off
        if failure.kind == "pair":
            found.append(_pair(failure, failed))
            continue
        if failure.verdict == "invalid" or not others:
            found.append(failure)
            continue
        acceptance = accepted.get(failure.id)
        twin = accepted_as.get(failure.id, failure.id)
        if acceptance is None and twin in accepted and set(others) <= cut_off.get(twin, {*others}):
            acceptance = accepted[twin]
        if acceptance is not None:
            found.append(failure.model_copy(update={"accepted": acceptance}))
            continue
        who = ", ".join(others)
        if len(others) > MANY:
            who = f"{len(others)} of {counted(len(failure.bridges), 'bridge')}"
        reasons = [*failure.reasons, f"{SINGLE}: {who} cut off{NOT_TAKEN}"]
        found.append(failure.model_copy(update={"verdict": "fail", "reasons": reasons}))
    return found


def with_slow_case(failure: FailureResult, slow: SlowCase, limit_ms: float) -> FailureResult:
    """Return a failure judged by the slow case of its interruption as well."""
    changes: dict[str, object] = {"slow": slow}
    if failure.verdict == "pass" and slow.interruption_ms > limit_ms:
        reason = f"{SLOW_CASE}: interruption of {shown(slow.interruption_ms, limit_ms)} ms"
        changes |= {"verdict": "fail", "reasons": [*failure.reasons, reason]}
    return failure.model_copy(update=changes)


def _pair(pair: FailureResult, failed: Collection[FailureId]) -> FailureResult:
    """Return a pair; one that cuts off bridges is not judged where one of the two fails alone."""
    alone = [each for each in pair.id.split("+") if each in failed]
    if pair.verdict != "pass" or not pair.cut_off or not alone:
        return pair
    return pair.model_copy(update={"verdict": "not-judged", "fails_alone": alone})


def unneeded(
    failures: Sequence[FailureResult], accepted: Mapping[FailureId, Acceptance]
) -> list[Unneeded]:
    """The acceptances that accepted nothing."""
    used = {f.accepted.failure for f in failures if f.accepted is not None}
    tried = {f.id for f in failures if f.verdict != "invalid"}
    return [
        Unneeded(failure=ident, why="no-single-point" if ident in tried else "not-tried")
        for ident in accepted
        if ident not in used
    ]


def verdict_of(failures: Sequence[FailureResult]) -> tuple[Verdict, list[str]]:
    """Return invalid if any emulation was, else fail if any failed; with a reason for each."""
    verdicts: tuple[Verdict, ...] = ("invalid", "fail")
    for verdict in verdicts:
        found = [f for f in failures if f.verdict == verdict]
        if found:
            return verdict, [
                f"{f.id}: {reason}" for f in found for reason in f.reasons or ["no reason given"]
            ]
    return "pass", []


def single_points(
    failures: Sequence[FailureResult], names: Mapping[Element, tuple[str, str]]
) -> list[SinglePoint]:
    """What takes bridges out of the meeting when it alone fails; what takes most of them first.

    A site without power loses its own bridge, which no network could prevent, and so does an access
    link: these count if they take others along. A thing is named once, with all its failures. A
    pair is not single.

    Args:
        names: what people call a thing that fails, in English and Vietnamese.
    """
    found: dict[tuple[str, Id], tuple[Element, set[Id], list[FailureResult]]] = {}
    for failure in failures:
        if failure.kind == "pair" or not failure.others_cut_off:
            continue
        element = failure.elements[0]
        _, lost, by = found.setdefault((element.kind, element.id), (element, set(), []))
        lost |= set(failure.others_cut_off)
        by.append(failure)
    points = []
    for element, lost, by in found.values():
        en, vi = names[element]
        points.append(
            SinglePoint(
                element=element,
                name_en=en,
                name_vi=vi,
                cut_off=sorted(lost),
                failures=sorted(f.id for f in by),
                accepted={f.id: f.accepted for f in by if f.accepted is not None},
            )
        )
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
