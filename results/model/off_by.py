"""How far an estimate was from what an emulation measured, as a result has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from giaoban.results.model.places import Place
from giaoban.results.model.quantities import Amount
from giaoban.sentence import Both, Sentence
from giaoban.tomlfile import StrictModel


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


def _worst(
    value: float | None,
    unit: str,
    where: str,
    place: Place | None,
    say: Callable[[Place], str] | None,
) -> Sentence:
    if value is None:
        return Sentence("nothing measured")
    if place is not None and say is not None:
        where = say(place)
    said = (
        Sentence("{value:.2g} ms", value=value)
        if unit == "ms"
        else Sentence("{value:.2g} {value:point|points}", value=float(f"{value:.2g}"))
    )
    return Sentence("{value} ({place})", value=said, place=where) if where else said
