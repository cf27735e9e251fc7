"""The figures a device is made of, each record with its source (see `giaoban.provenance`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from giaoban.errors import did_you_mean
from giaoban.provenance import Sourced
from mcu_sim.resolution import KNOWN


def _one_line(text: str) -> str:
    # A refusal's reason goes into a SIP status line, where a line break would end it.
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text")
    return text


def _known(resolution: str) -> str:
    if resolution not in KNOWN:
        hint = did_you_mean(resolution, KNOWN) or f" (allowed: {', '.join(KNOWN)})"
        raise ValueError(f'unknown resolution "{resolution}"{hint}')
    return resolution


Text = Annotated[str, AfterValidator(_one_line)]
ResolutionName = Annotated[str, AfterValidator(_known)]
Units = Annotated[float, Field(gt=0, le=1_000_000)]
Count = Annotated[int, Field(gt=0, le=100_000)]

Step = Literal["higher", "lower", "audio", "refuse"]
"""What a full device tries: a port of the next higher level, lower resolutions from the nearest on,
a connection without video, or no more."""


class CapacityFigure(Sourced):
    """Resource units, ports (calls of any kind), and ports that serve audio calls only."""

    units_total: Units
    ports_total: Count
    audio_ports: int = Field(default=0, ge=0, le=100_000)


class DelayFigure(Sourced):
    """Time from a frame's arrival to its leaving the device mixed or composed."""

    delay_ms: float = Field(ge=0, le=5_000)


class RefusalFigure(Sourced):
    """The SIP answer of a full device."""

    code: int = Field(ge=400, le=699)
    reason: Text


class WhenFullFigure(Sourced):
    """What the device does, in this order, with a call for which it has no room as asked."""

    steps: list[Step] = Field(min_length=1)


class CostFigure(Sourced):
    """Units one call takes at a resolution, as "720p30"; "audio" is a call without video."""

    resolution: ResolutionName
    units: Units


class CostGroup(Sourced):
    """Costs of several resolutions out of one table, as they stand in a device file."""

    units: dict[ResolutionName, Units] = Field(min_length=1)

    def figures(self) -> list[CostFigure]:
        """One record a resolution."""
        where = self.model_dump(exclude={"units"})
        return [CostFigure(resolution=name, units=n, **where) for name, n in self.units.items()]


class LimitFigure(Sourced):
    """Most calls at a resolution, whatever units are left.

    Calls at two resolutions of one limit share it: half of one leaves half of the other.
    """

    calls: dict[ResolutionName, Count] = Field(min_length=1)


class LineRateFigure(Sourced):
    """Lowest line rate of a call (audio and video, kbit/s) at a resolution.

    Below it the call connects at the next lower resolution.
    """

    min_kbps: dict[ResolutionName, Annotated[float, Field(gt=0, le=100_000)]] = Field(min_length=1)


class VoiceFigure(Sourced):
    """Into how many audio ports a unit may be converted, and the fewest ports that may be made."""

    ports_per_unit: Count
    least_ports: Count


class ReserveFigure(Sourced):
    """Units that each conference holds besides its calls."""

    units: Units


class ContentFigure(Sourced):
    """Units that a conference takes besides, while content is shown in it."""

    units: float = Field(ge=0, le=1_000_000)


class LevelsFigure(Sourced):
    """Ports set aside for each level of resolution (Polycom's Fixed Resource Capacity).

    A call counts to the cheapest level that costs no less than its own resolution.
    """

    ports: dict[ResolutionName, Annotated[int, Field(ge=0, le=100_000)]] = Field(min_length=1)
