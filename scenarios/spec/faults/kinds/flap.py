"""`flap`: a link goes down and comes up, again and again."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    LONGEST_S,
    FaultContext,
    LinkFault,
    To,
    links_down,
    rounded_s,
)
from giaoban.sentence import N_, Sentence, message

MOST_FLAPS = 1000


class Flap(LinkFault):
    """A link goes down for `down_s`, is up for `up_s`, and so on until `to_s`."""

    kind: Literal["flap"]
    """What fails."""
    cause: ClassVar[str] = N_("the line goes down and comes back again and again")
    remedy: ClassVar[str] = N_(
        "the telecom company tests the line and replaces what is loose or worn"
    )
    to_s: To
    """Until when, in seconds. Like `30.0`."""
    down_s: Annotated[float, Field(ge=0.01, le=LONGEST_S)]
    """How long it is down each time, in seconds. Like `0.5`."""
    up_s: Annotated[float, Field(ge=0.01, le=LONGEST_S)]
    """How long it is up in between, in seconds. Like `2.0`."""

    @model_validator(mode="after")
    def _not_for_ever(self) -> Self:
        times = (self.to_s - self.at_s) / (self.down_s + self.up_s)
        if times > MOST_FLAPS:
            raise ValueError(
                Sentence(
                    "goes down {times:.0f} times (allowed: up to {most_flaps} times)",
                    times=times,
                    most_flaps=MOST_FLAPS,
                )
            )
        if self.down_s > self.to_s - self.at_s:
            raise ValueError(
                Sentence(
                    "down_s is longer than the fault (allowed: up to {to_s} s)",
                    to_s=f"{self.to_s - self.at_s:g}",
                )
            )
        return self

    def words(self) -> Sentence:
        text = N_("flapping ({down} s down, {up} s up)")
        return message(text, down=self.down_s, up=self.up_s)

    def effects(self, _context: FaultContext) -> list[Effect]:
        found = []
        number, from_s = 0, self.at_s
        while from_s < self.to_s:
            found += links_down(
                [self.link], from_s, min(rounded_s(from_s + self.down_s), self.to_s)
            )
            number += 1
            from_s = rounded_s(self.at_s + number * (self.down_s + self.up_s))
        return found
