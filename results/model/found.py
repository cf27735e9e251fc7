"""What was found for a criterion: the value, where it is worst, and of what class the cause is."""

from __future__ import annotations

from typing import Literal, NamedTuple

from giaoban.results.model.result import Place

Cause = Literal["mcu", "link", "stream"]


class Found(NamedTuple):
    """`value` is None when it is missing, hence worst of all; `place` is where it is worst.

    `nothing` says what there was nothing of, where nothing could be measured at all; the place is
    then the MCU's, for want of another. `detectable`: the smallest change that could have been
    shown, where something is compared.
    """

    value: float | None
    place: Place
    cause: Cause
    nothing: str = ""
    detectable: float | None = None
