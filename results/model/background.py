"""Traffic that shares links with a meeting, as `result.json` names it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from giaoban.results.model.quantities import Amount, Id, LinkDirection
from giaoban.tomlfile import StrictModel


class OtherTraffic(StrictModel):
    """One direction (`A->B`) of a link that other traffic was put on.

    `mbps` is what its frames take of the link; `marked` the class that its packets claim. Times are
    seconds from the start of the first phase; null: from before it, or to the end.
    """

    link: Id
    direction: LinkDirection
    mbps: Annotated[float, Field(gt=0)]
    marked: Literal["best-effort", "video", "voice"]
    from_s: Amount | None = None
    to_s: Amount | None = None
