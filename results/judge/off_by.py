"""How far an estimate was from what an emulation measured, for the same question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from giaoban.results.model.places import Place
from giaoban.results.model.quantities import Amount
from giaoban.results.model.streams import StreamResult
from giaoban.sentence import Both, Sentence
from giaoban.tomlfile import StrictModel

if TYPE_CHECKING:
    from giaoban.results.model.result import Result

DELAY_MS, DELAY_SHARE, LOSS_POINTS = 0.2, 0.05, 0.2
"""What an estimate is to keep to: delays within 5 % or 0.2 ms, losses within 0.2 points."""


class OffBy(StrictModel):
    """The estimate beside an emulated run.

    `refused`, `refused_vi`: why there is no estimate; the other fields are null then. The largest
    differences of all streams in all phases: of the median and the 95th percentile of the delay,
    and of the share of packets lost on the wire; with the stream and phase where they are, null
    where there is no difference. `within` says whether every delay is within 5 % or 0.2 ms and
    every loss within 0.2 points.
    """

    refused: str | None = None
    refused_vi: str | None = None
    delay_ms_max: Amount | None = None
    delay_worst_at: str = ""
    delay_place: Place | None = None
    loss_points_max: Amount | None = None
    loss_worst_at: str = ""
    loss_place: Place | None = None
    within: bool | None = None
    same_verdict: bool | None = None
    same_binding: bool | None = None
    streams: Annotated[int, Field(ge=0)] = 0

    def told(self, place: Callable[[Place], str] | None = None) -> Sentence:
        """In a sentence; `place` says a place, else it is told by its identifiers."""
        if self.refused is not None:
            why = Both(self.refused, self.refused_vi or self.refused)
            return Sentence("estimate: none, {refused}", refused=why)
        delay = _worst(self.delay_ms_max, "ms", self.delay_worst_at, self.delay_place, place)
        loss = _worst(self.loss_points_max, "points", self.loss_worst_at, self.loss_place, place)
        verdict = Sentence("the same verdict") if self.same_verdict else Sentence("another verdict")
        binding = (
            Sentence("the same thing binds")
            if self.same_binding
            else Sentence("another thing binds")
        )
        return Sentence(
            "estimate: delays off by {delay}, losses by {loss}; {verdict}, {binding}",
            delay=delay,
            loss=loss,
            verdict=verdict,
            binding=binding,
        )


def off_by(emulated: Result, estimated: Result) -> OffBy:
    """Compare the two answers to one question."""
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
        same_verdict=emulated.verdict == estimated.verdict,
        same_binding=_bound(emulated) == _bound(estimated),
        streams=count,
    )


def _streams(result: Result) -> Iterator[tuple[Place, StreamResult]]:
    for phase in result.phases:
        for bridge in phase.bridges:
            for stream in bridge.streams:
                detail = f"{stream.kind} {stream.direction}"
                yield Place(kind="bridge", id=bridge.id, detail=detail, phase=phase.name), stream


def _bound(result: Result) -> tuple[str, str] | None:
    """What binds, and at which link, device or bridge."""
    binding = result.binding
    return None if binding is None else (binding.criterion, binding.place.id)


def _worst(
    value: float | None,
    unit: str,
    where: str,
    place: Place | None,
    say: Callable[[Place], str] | None,
) -> Sentence:
    """The largest difference, and where it is."""
    if value is None:
        return Sentence("nothing measured")
    if place is not None and say is not None:
        where = say(place)
    said = (
        Sentence("{value:.2g} ms", value=value)
        if unit == "ms"
        else Sentence("{value:.2g} points", value=value)
    )
    return Sentence("{value} ({place})", value=said, place=where) if where else said
