"""Everything a load test is told before it begins; it goes to Locust's processes as one option."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from giaoban.tomlfile import StrictModel
from giaoban.traffic.media_load.messages import Medium

Shape = Literal["steady", "ramp", "hold", "storm", "guess", "malformed"]
BackOff = Literal["none", "random"]
BRIDGE, CHAIR, LINE, BABBLER = "bridge", "technician", "line", "babbler"
ROOM = "giao-ban"


class LoadPlan(StrictModel):
    """A load test.

    Attributes:
        target: IPv4 address and port of the MCU; `transport` is UDP.
        address: this machine's, to call from; "" for the one on the way to the target.
        rate_per_s: of session attempts; of a ramp the highest, of guesses and malformed messages
            theirs too.
        seconds: how long the shape lasts once everybody who is to be there first is there.
        hold_s: length of a call of the steady shape.
        answer_within_s: the establishment threshold time of RFC 7501: an attempt without a
            final answer by then has failed.
        media: of each call; none: signalling alone.
        lines: bridges that a technician dials.
        outage_s, spread_s, redial_s: of a storm: how long the line is away, over how long bridges
            with random back-off spread, after how long one that was refused tries again.
        capacity_codes: status codes by which this MCU says that it is full.
        by_hand: Locust's own numbers say how many users there are, at any time; `bridges` is the
            most there may be, and each calls again and again until it is stopped. `hold_s` 0: a
            call lasts until then.
        accounts: whether bridges prove who they are: with passwords of a file at each generator,
            or with such that are drawn from a secret (`passwords`).
    """

    target: tuple[str, int]
    address: str = ""
    shape: Shape
    bridges: Annotated[int, Field(ge=1, le=5000)]
    technicians: Annotated[int, Field(ge=0, le=100)] = 0
    lines: Annotated[int, Field(ge=1, le=50)] = 3
    rate_per_s: Annotated[float, Field(gt=0, le=5000)]
    seconds: Annotated[float, Field(gt=0, le=86_400)]
    hold_s: Annotated[float, Field(ge=0, le=86_400)]
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
    asks_to_speak: bool = True
    accounts: Literal["none", "file", "secret"] = "none"
    by_hand: bool = False
    capacity_codes: list[int] = Field(default_factory=lambda: [486, 503, 600])
    room: str = ROOM
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1

    def name(self, number: int) -> str:
        """What a bridge is called."""
        return f"{BRIDGE}-{number + 1:04d}"

    def technician(self, number: int) -> str:
        """What a technician is called."""
        return f"{CHAIR}-{number + 1:02d}"

    def line(self, technician: int, number: int) -> str:
        """What a bridge is called that a technician dials."""
        return f"{LINE}-{technician + 1:02d}-{number + 1:02d}"

    def babbler(self, number: int) -> str:
        """What one is called that sends what is malformed; it may come to the meeting."""
        return f"{BABBLER}-{number + 1:04d}"

    def meeting(self, technician: int) -> str:
        """The meeting that a technician builds."""
        return f"phong-{technician + 1:02d}"

    def is_bridge(self, name: str) -> bool:
        """Whether somebody is one of the bridges, whatever their accounts are called."""
        return not name.startswith((f"{CHAIR}-", f"{LINE}-", f"{BABBLER}-"))

    @property
    def members(self) -> list[str]:
        """Those of the meeting that bridges call, its chair first."""
        names = [self.name(number) for number in range(self.bridges)]
        if self.shape == "malformed":
            names += [self.babbler(number) for number in range(math.ceil(self.rate_per_s))]
        return names

    @property
    def everybody(self) -> list[str]:
        """All names that call or are called."""
        names = self.members
        for number in range(self.technicians):
            names.append(self.technician(number))
            names += [self.line(number, line) for line in range(self.lines)]
        return names
