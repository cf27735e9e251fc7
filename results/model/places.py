"""What was found for a criterion and where, and what limits an answer. Data only."""

from __future__ import annotations

from typing import Literal, NamedTuple

from giaoban.results.model.quantities import Id
from giaoban.tomlfile import StrictModel

Cause = Literal["mcu", "link", "stream"]


class Place(StrictModel):
    """Where a value was found.

    `id` is `mcu`, a link's id or a bridge's id; `detail` the link's direction (`A->B`), the
    bridge's stream (`audio down`) or of what most is in use on the MCU (`units`); `other` the
    bridge at the other end of what was heard or seen; `phase` the phase's name, `fault` the id of
    the fault by which, `mended` whether by its mending and not by its failing.
    """

    kind: Literal["mcu", "link", "bridge"]
    id: Id
    detail: str | None = None
    other: Id | None = None
    phase: Id | None = None
    fault: Id | None = None
    mended: bool = False

    @property
    def event(self) -> str | None:
        """The fault by which, and whether its mending: `cut-x mended`."""
        return f"{self.fault} mended" if self.fault and self.mended else self.fault

    @property
    def text(self) -> str:
        """E.g. `cu-jut audio down, during` or `link access-x r-a->x, after` or `mcu, after`."""
        words = [self.id] if self.kind != "link" else ["link", self.id]
        if self.detail:
            words.append(self.detail)
        if self.other:
            words += ["with", self.other]
        when = [word for word in (self.phase, self.event) if word]
        return ", ".join([" ".join(words), *when])


class Binding(StrictModel):
    """What limits the answer: the criterion, its root cause's class and the place."""

    criterion: Id
    cause: Cause
    place: Place
    where: str
    value: float | None
    threshold: float
    unit: str
    margin_pct: float | None


class WorstValue(NamedTuple):
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
