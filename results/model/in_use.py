"""How much of the MCU is in use, and of what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from giaoban.results.model.quantities import Amount, Percent
from giaoban.tomlfile import StrictModel

_KINDS = r"[A-Za-z0-9-]+(/[A-Za-z0-9-]+)*"
UsedOf = Annotated[
    str, Field(pattern=rf"^(units|ports|audio-ports|ports of {_KINDS}|limit {_KINDS})$")
]
"""`units`, `ports` (calls of any kind), `audio-ports`, `ports of 720p30` (that calls of a level may
take), `limit VSW-2M/VSW-4M` (calls that share a limit)."""


class InUse(StrictModel):
    """How much of a device was in use: of that of which most was.

    Of `used_of` were `used_amount` of `used_total` in use, which is `used_pct`.
    """

    used_pct: Percent
    used_of: UsedOf
    used_amount: Amount
    used_total: Annotated[float, Field(gt=0)]
