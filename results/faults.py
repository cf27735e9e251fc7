"""What the faults of a run did to each bridge, as `result.json` holds it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.tomlfile import StrictModel
from results.quantities import Amount, Count, Id, LinkDirection

FaultKind = Literal[
    "cut", "silent", "flap", "degrade", "rate-drop", "router", "site", "mcu", "group"
]
"""What fails, and how; `scenarios.fault` says it of each."""
FaultTarget = Literal["link", "router", "bridge", "mcu", "group"]
StreamName = Annotated[str, Field(pattern=r"^(audio|video) (up|down)$")]


class FaultImpact(StrictModel):
    """What one fault did to one bridge that was in the meeting, or should have been.

    Times in ms. The fault's time is from its beginning until the next fault begins, or to the end
    of the last phase; an interruption belongs to the fault in whose time it begins.

    `behind`: without what failed there is no path from the bridge to the MCU, so that no routing
    can keep it in the meeting. `interruption_ms`: the longest time in which nothing of a stream
    of sound or pictures arrived that could be used; `interrupted` is that stream (`video down`),
    null without an interruption. `packets_lost` are lost on the wire, of sound and pictures.
    `cut_off`: nothing had come for over a second when the fault was restored, or else when its time
    was over. `gone_ms` to `back_ms`, from the start of the first phase: the time from the first to
    the last interruption by this fault's own changes; null `back_ms`: to the end of the phases.
    `picture_again_ms`: from the fault's beginning to the first key frame that could be shown after
    the picture had been interrupted, the later one of both directions; null: it was not
    interrupted, or it never came again. `restored_to_picture_ms`: the same from the restoration,
    if the picture came after it. `redials`: how often the bridge, or the MCU, dialled again.
    `call_kept`: the call from before the fault is the one after it.
    """

    bridge: Id
    behind: bool
    interruption_ms: Amount
    interrupted: StreamName | None = None
    packets_lost: Count
    cut_off: bool
    gone_ms: Amount | None = None
    back_ms: Amount | None = None
    picture_again_ms: Amount | None = None
    restored_to_picture_ms: Amount | None = None
    redials: Count = 0
    call_kept: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.interrupted is None) != (self.interruption_ms == 0):
            raise ValueError("interrupted and interruption_ms do not belong together")
        return self


class FaultResult(StrictModel):
    """One fault, and what it did; `restored_s` null: it lasted to the end.

    `direction` is `A->B` where only one direction of the link failed. Times are seconds from the
    start of the first phase. The texts say what alone, not where or when: `cable cut`.
    """

    id: Id
    kind: FaultKind
    target: FaultTarget
    target_id: Id
    direction: LinkDirection | None = None
    at_s: Amount
    restored_s: Amount | None = None
    text_en: Annotated[str, Field(min_length=1)]
    text_vi: Annotated[str, Field(min_length=1)]
    bridges: list[FaultImpact]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.restored_s is not None and self.restored_s <= self.at_s:
            raise ValueError("restored_s is not after at_s")
        return self
