"""The parameters of a load test; Locust's processes get them as options."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from giaoban.tomlfile import StrictModel
from giaoban.traffic.media_load.messages import Medium

Shape = Literal["steady", "hold", "storm"]
BackOff = Literal["none", "random"]
MediaChoice = Literal["none", "audio", "both"]
MEDIA: dict[str, list[Medium]] = {"none": [], "audio": ["audio"], "both": ["audio", "video"]}
ROOM = "giao-ban"
HELD_SHARE = 0.8
"""Share of the time between two calls of a bridge that a call lasts unless `hold_s` says it."""
REGISTERED_WITHIN_S = 2.0
"""A bridge waits so long for the answers to OPTIONS and REGISTER before its first call."""
LATE_S = 0.5
"""The line of a bridge may be back so much later than planned; else the test ended too early."""
SETTLE_S = 3.0
"""From the last first call to the cut of a storm."""


class LoadPlan(StrictModel):
    """A load test.

    Attributes:
        target: IPv4 address and port of the MCU, over UDP.
        rate_per_s: first calls a second (Locust's spawn rate); of the steady shape all calls.
        seconds: duration of the shape: of the steady one from the first call, else from when all
            bridges have called.
        hold_s: length of a call; 0: until the test ends.
        period_s: of the steady shape, from one call of a bridge to its next; 0: `hold_s` is
            `HELD_SHARE` of it.
        answer_within_s: establishment threshold time of RFC 7501. An attempt without a final answer
            by then has failed.
        media: of each call; empty: signalling alone.
        outage_s, spread_s, redial_s: of a storm: duration of the cut, interval over which bridges
            with random back-off spread, time after a refusal until the next attempt.
        capacity_codes: status codes by which this MCU refuses a call that it has no room for.
        accounts: whether bridges have passwords: of a file at each generator, or one secret.
    """

    target: tuple[str, int]
    shape: Shape
    bridges: Annotated[int, Field(ge=1, le=5000)]
    rate_per_s: Annotated[float, Field(gt=0, le=5000)]
    seconds: Annotated[float, Field(gt=0, le=86_400)]
    hold_s: Annotated[float, Field(ge=0, le=86_400)]
    period_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    answer_within_s: Annotated[float, Field(gt=0, le=180)] = 10.0
    media: list[Medium]
    profile: str
    kbps: float
    back_off: BackOff = "none"
    outage_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    spread_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    redial_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    registers: bool = True
    asks_options: bool = True
    accounts: Literal["none", "file", "secret"] = "none"
    capacity_codes: list[int] = Field(default_factory=lambda: [486, 503, 600])
    room: str = ROOM

    @property
    def total_s(self) -> float:
        """From the first call to the end of the test."""
        if self.shape == "steady":
            return self.seconds
        spawned_s = self.bridges / self.rate_per_s
        if self.registers or self.asks_options:
            spawned_s += REGISTERED_WITHIN_S
        cut_s = SETTLE_S + self.outage_s if self.shape == "storm" else 0.0
        return spawned_s + cut_s + self.seconds

    def had_time(self, waited_s: float) -> bool:
        """Return whether a bridge had its planned time to come back, `waited_s` after its line."""
        return waited_s >= self.seconds - LATE_S


def bridge_name(number: int) -> str:
    """Return the name of a bridge, numbered from 0."""
    return f"bridge-{number + 1:04d}"
