"""How much of the MCU is in use, and of what: the figures, and what to call them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from giaoban.tomlfile import StrictModel
from results.model.quantities import Amount, Percent

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


def thing(used_of: str) -> tuple[str, str]:
    """What is counted, in Vietnamese and English, to follow a number."""
    if used_of.startswith("ports of "):
        level = used_of.removeprefix("ports of ")
        return (
            f"cổng mà cuộc gọi {level} được dùng (gồm cả cổng của mức cao hơn kế tiếp, nếu có)",
            f"ports that a call at {level} may take",
        )
    if used_of.startswith("limit "):
        kinds = used_of.removeprefix("limit ")
        return f"cuộc gọi theo giới hạn {kinds}", f"calls of the limit for {kinds}"
    return {
        "units": ("đơn vị", "units"),
        "ports": ("cổng", "ports"),
        "audio-ports": ("cổng dành cho âm thanh", "ports for sound alone"),
    }[used_of]
