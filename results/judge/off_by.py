"""How far an estimate was from what an emulation measured, for the same question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.model.off_by import OffBy
from giaoban.results.model.places import Place
from giaoban.results.model.result import Phase, Result
from giaoban.results.model.streams import StreamResult

DELAY_MS, DELAY_SHARE, LOSS_POINTS = 0.2, 0.05, 0.2
"""What an estimate is to keep to: delays within 5 % or 0.2 ms, losses within 0.2 points."""


def off_by(emulated: Result, estimated: Result) -> OffBy:
    """Return how far an estimate is off, with whether it comes to the same verdict."""
    return phases_off_by(emulated.phases, estimated.phases).model_copy(
        update={
            "same_verdict": emulated.verdict == estimated.verdict,
            "same_binding": _bound(emulated) == _bound(estimated),
        }
    )


def phases_off_by(emulated: Sequence[Phase], estimated: Sequence[Phase]) -> OffBy:
    """Return how far the measures of an estimate are off."""
    worst_delay: float | None = None
    worst_loss: float | None = None
    delay_at: Place | None = None
    loss_at: Place | None = None
    within, count = True, 0
    found = {place.text: stream for place, stream in _streams(estimated)}
    for place, measured in _streams(emulated):
        other = found.pop(place.text, None)
        if other is None:
            within = False
            continue
        count += 1
        for ours, theirs in (
            (measured.delay_p50_ms, other.delay_p50_ms),
            (measured.delay_p95_ms, other.delay_p95_ms),
        ):
            if ours is None or theirs is None:
                within &= ours == theirs
                continue
            off = round(abs(ours - theirs), 4)  # as precise as results are
            within &= off <= max(DELAY_MS, DELAY_SHARE * ours)
            if worst_delay is None or off > worst_delay:
                worst_delay, delay_at = off, place if off else None
        if measured.lost_pct is None or other.lost_pct is None:
            within &= measured.lost_pct == other.lost_pct
            continue
        off = round(abs(measured.lost_pct - other.lost_pct), 4)
        within &= off <= LOSS_POINTS
        if worst_loss is None or off > worst_loss:
            worst_loss, loss_at = off, place if off else None
    return OffBy(
        delay_ms_max=worst_delay,
        delay_worst_at="" if delay_at is None else delay_at.text,
        delay_place=delay_at,
        loss_points_max=worst_loss,
        loss_worst_at="" if loss_at is None else loss_at.text,
        loss_place=loss_at,
        within=within and not found,
        streams=count,
    )


def _streams(phases: Sequence[Phase]) -> Iterator[tuple[Place, StreamResult]]:
    for phase in phases:
        for bridge in phase.bridges:
            for stream in bridge.streams:
                detail = f"{stream.kind} {stream.direction}"
                yield Place(kind="bridge", id=bridge.id, detail=detail, phase=phase.name), stream


def _bound(result: Result) -> tuple[str, str] | None:
    """What binds, and at which link, device or bridge."""
    binding = result.binding
    return None if binding is None else (binding.criterion, binding.place.id)
