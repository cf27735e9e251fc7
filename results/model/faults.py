"""What the faults of a run did to each bridge, as `result.json` holds it."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from giaoban.results.model.quantities import Amount, Count, Id, LinkDirection
from giaoban.tomlfile import StrictModel

FaultTarget = Literal["link", "router", "bridge", "mcu", "group"]
"""What a fault can be at."""
StreamName = Annotated[str, Field(pattern=r"^(audio|video) (up|down)$")]


class Interruption(NamedTuple):
    """How long (ms), of which stream (null: there was none), by the failing or by the mending."""

    ms: float
    stream: str | None
    mended: bool


class FaultImpact(StrictModel):
    """What one fault did to one bridge that was in the meeting, or should have been.

    Times in ms. The fault's time is from its beginning until the next fault begins, or to the end
    of the last phase. An interruption belongs to the event that made it: the latest change of any
    fault before it began, be it a failing or a mending.

    `behind`: without what failed there is no path from the bridge to the MCU, so that no routing
    can keep it in the meeting. `accepted`: the fault declares that this bridge may be interrupted,
    so that no criterion judges it. `interruption_ms`: the longest time that the failing took from a
    stream of sound or pictures, until it could be heard or seen again; `interrupted` is that stream
    (`video down`), null without an interruption. `sound_interruption_ms`, in which nothing of the
    sound came that could be used, and `picture_interruption_ms`, in which no frame could be shown
    that should have been, are the longest of either; the longer one is `interruption_ms`. The
    four with `restored_` are the same by the mending, a second event with a freeze of its own.
    `packets_lost` are lost on the wire, of sound and pictures.
    `cut_off`: nothing had come for over a second when the fault was restored, or else when its time
    was over. `gone_ms` to `back_ms`, from the start of the first phase: the time from the first to
    the last interruption by this fault's own changes; null `back_ms`: to the end of the phases.
    `picture_again_ms`: from the fault's beginning to the first frame that could be shown after the
    failing had interrupted the picture, the later one of both directions; null: it did not, or it
    never came again. `restored_to_picture_ms`: from the restoration to when the picture was there
    again, if it came after it: what the failing or the mending had interrupted. `redials`: how
    often the bridge, or the MCU, dialled again. `call_kept`: the call from before the fault is the
    one after it.
    """

    bridge: Id
    behind: bool
    accepted: bool = False
    interruption_ms: Amount
    interrupted: StreamName | None = None
    sound_interruption_ms: Amount = 0.0
    picture_interruption_ms: Amount = 0.0
    restored_interruption_ms: Amount = 0.0
    restored_interrupted: StreamName | None = None
    restored_sound_interruption_ms: Amount = 0.0
    restored_picture_interruption_ms: Amount = 0.0
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
        for by in ("", "restored_"):
            ms, sound, picture = (
                getattr(self, f"{by}{of}interruption_ms") for of in ("", "sound_", "picture_")
            )
            stream = getattr(self, f"{by}interrupted")
            kind = None if stream is None else stream.partition(" ")[0]
            of_kind = {"audio": sound, "video": picture, None: 0.0}[kind]
            if not ms == max(sound, picture) == of_kind or (kind is None) != (ms == 0):
                names = f"{by}interrupted and {by}interruption_ms"
                raise ValueError(f"{names} do not belong together")
        return self

    @property
    def noticed(self) -> bool:
        return bool(
            self.interruption_ms
            or self.restored_interruption_ms
            or self.packets_lost
            or self.cut_off
            or self.redials
        )

    def longest(self, lsa_wait_ms: float = 0.0) -> Interruption:
        """Return the longest interruption, by the failing or by the mending.

        `lsa_wait_ms` is added to one by the failing: the slow case of rerouting.
        """
        failing_ms = self.interruption_ms + lsa_wait_ms if self.interruption_ms else 0.0
        if self.restored_interruption_ms > failing_ms:
            return Interruption(
                self.restored_interruption_ms, self.restored_interrupted, mended=True
            )
        return Interruption(failing_ms, self.interrupted, mended=False)


class FaultResult(StrictModel):
    """One fault, and what it did; `restored_s` null: it lasted to the end.

    `kind` is that of its `[[fault]]` table; the texts say it in words.

    `direction` is `A->B` where only one direction of the link failed. Times are seconds from the
    start of the first phase. The texts say what alone, not where or when: `cable cut`.
    `lsa_wait_ms` is the slow case of rerouting: so much longer the failing may interrupt where
    routers have to wait for MinLSInterval. It is judged, and not in the figures of `bridges`.
    `accepted_reason`: why the scenario accepts that its `accepted` bridges are interrupted; null:
    it accepts no interruption.
    """

    id: Id
    kind: Id
    target: FaultTarget
    target_id: Id
    direction: LinkDirection | None = None
    at_s: Amount
    restored_s: Amount | None = None
    text_en: Annotated[str, Field(min_length=1)]
    text_vi: Annotated[str, Field(min_length=1)]
    lsa_wait_ms: Amount = 0.0
    accepted_reason: Annotated[str, Field(min_length=1)] | None = None
    accepted_reason_vi: Annotated[str, Field(min_length=1)] | None = None
    bridges: list[FaultImpact]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.restored_s is not None and self.restored_s <= self.at_s:
            raise ValueError("restored_s is not after at_s")
        return self


class AcceptedInterruption(StrictModel):
    """Bridges that faults interrupt past a limit, which the scenario accepts, with the reason."""

    bridges: Annotated[list[Id], Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    reason_vi: Annotated[str, Field(min_length=1)]
