"""`rate-drop`: a link carries less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.scenarios.spec.faults.kind import (
    FaultContext,
    KeyMistake,
    LineStep,
    WorseLineFault,
)
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.network import Network


class RateDrop(WorseLineFault):
    """A link carries less: `rate_mbps` in place of its own rate."""

    kind: Literal["rate-drop"]
    """What fails."""
    cause: ClassVar[str] = N_("the line carries less than its rate")
    remedy: ClassVar[str] = N_("the telecom company gives the line its rate back")
    rate_mbps: Annotated[float, Field(ge=0.064, le=100_000)]
    """What it carries instead, in Mb/s. Like `20.0`."""
    buffer_packets: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    """How many packets may wait then; as many as before where not given. Not on a link whose
    queue counts bytes or has a discipline, which keeps its size. Like `200`."""

    def words(self) -> Sentence:
        return message(N_("rate down to {rate} Mb/s"), rate=self.rate_mbps)

    def in_vain(self, context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        own = context.network.link(self.link).rate_mbps
        if self.rate_mbps >= own:
            what = Sentence(
                "is no drop, {link} has {own:g} Mb/s (allowed: below {below})",
                link=self.link,
                own=own,
                below=f"{own:g}",
            )
            yield "rate_mbps", self.rate_mbps, what
        yield from super().in_vain(context, alone=alone)

    def steps(self, network: Network) -> list[LineStep]:
        own = network.link(self.link).buffer_packets
        buffer = own if self.buffer_packets is None else self.buffer_packets
        return [LineStep(self.at_s, self.to_s, LineImpairment(), self.rate_mbps, buffer)]
