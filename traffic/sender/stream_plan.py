"""What is known of a stream before a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from giaoban.tomlfile import StrictModel
from giaoban.traffic.impairments.models import Interval

Direction = Literal["up", "down"]


class StreamPlan(StrictModel):
    """Everything a stream needs that is known before the run.

    `impairments`: what is done to its packets, and when; intervals do not overlap.
    """

    index: int
    bridge: str
    kind: Literal["audio", "video", "content"]
    direction: Direction
    header_hex: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    ssrc: int
    first_sequence: int
    first_timestamp: int
    seed: int
    impairments: list[Interval] = Field(default_factory=list)

    @property
    def out_of_order(self) -> bool:
        """Whether its packets may leave in another order than that of their numbers."""
        jitters = (interval.what.jitter for interval in self.impairments)
        return any(jitter is not None and jitter.reorder for jitter in jitters)

    @property
    def duplicated(self) -> bool:
        """Whether packets of it may leave twice."""
        return any(interval.what.duplicate > 0 for interval in self.impairments)

    def carrying(self, payload_type: int) -> StreamPlan:
        """The same stream under the payload type that was agreed on."""
        header = f"{self.header_hex[:2]}{payload_type:02x}{self.header_hex[4:]}"
        return self.model_copy(update={"header_hex": header})
