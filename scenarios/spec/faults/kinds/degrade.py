"""`degrade`: a link loses more and more packets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from giaoban.scenarios.spec.faults.kind import (
    FaultContext,
    KeyMistake,
    LineStep,
    Seconds,
    WorseLineFault,
    rounded_s,
)
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.lines.impairments import LineImpairment, RandomLoss
from giaoban.topology.network import Network

STEP_S = 1.0
LossPct = Annotated[float, Field(gt=0, le=99)]
"""A line that loses everything is a silent one."""


class Degrade(WorseLineFault):
    """A link loses more and more packets: from none to `loss_pct`, in steps of a second.

    It takes `over_s` for that and stays so until `to_s`; without `over_s` it takes until `to_s`.
    """

    kind: Literal["degrade"]
    """What fails."""
    cause: ClassVar[str] = N_("the line loses more and more packets")
    remedy: ClassVar[str] = N_("the telecom company finds the fault of the line and mends it")
    loss_pct: LossPct
    """Packets lost at last, in percent. Like `5.0`."""
    over_s: Seconds | None = None
    """How long the loss takes to grow, in seconds; until `to_s` where not given. Like `20.0`."""

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.to_s is None and self.over_s is None:
            what = Sentence("does not say how fast the loss grows (allowed: over_s, to_s, or both)")
            raise ValueError(what)
        longest_s = math.inf if self.to_s is None else self.to_s - self.at_s
        if self.over_s is not None and self.over_s > longest_s:
            raise ValueError(
                Sentence(
                    "over_s is longer than the fault (allowed: up to {longest_s} s)",
                    longest_s=f"{longest_s:g}",
                )
            )
        return self

    def words(self) -> Sentence:
        pct, over_s = self.loss_pct, self.over_s
        if over_s is None:
            return message(N_("loss growing to {pct} %"), pct=pct)
        return message(N_("loss growing to {pct} % within {seconds} s"), pct=pct, seconds=over_s)

    def mistimed_end(self, _context: FaultContext, length_s: float) -> Iterator[KeyMistake]:
        if self.at_s + (self.over_s or 0.0) > length_s:
            what = Sentence(
                "goes on after the run (allowed: up to {length_s} s)",
                length_s=f"{length_s - self.at_s:g}",
            )
            yield "over_s", self.over_s, what

    def steps(self, _network: Network) -> list[LineStep]:
        """In each second there is the loss that is reached at its end, so the last one has all."""
        over_s = self.over_s
        if over_s is None:
            assert self.to_s is not None
            over_s = self.to_s - self.at_s
        count = math.ceil(over_s / STEP_S - 1e-9)
        found: list[LineStep] = []
        for number in range(count):
            share = min((number + 1) * STEP_S / over_s, 1.0)
            last = number == count - 1
            from_s = rounded_s(self.at_s + number * STEP_S)
            to_s = self.to_s if last else rounded_s(self.at_s + (number + 1) * STEP_S)
            loss = RandomLoss(p=round(share * self.loss_pct / 100, 9))
            found.append(LineStep(from_s, to_s, LineImpairment(loss=loss)))
        return found
