"""`mcu`: the MCU stops without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from giaoban.results.model.faults import FaultTarget
from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    BootingFault,
    FailureCase,
    FaultContext,
    host_off,
)
from giaoban.sentence import N_, Sentence, message
from giaoban.translation import pgettext


class McuCrash(BootingFault):
    """The MCU stops without a word; from `to_s` on it starts, which takes `boot_s`."""

    target: ClassVar[FaultTarget] = "mcu"
    kind: Literal["mcu"]
    """What fails."""
    cause: ClassVar[str] = N_("the MCU has stopped")
    remedy: ClassVar[str] = N_("the technician starts the MCU again, and the bridges dial again")

    def words(self) -> Sentence:
        return message(N_("MCU down"))

    def effects(self, context: FaultContext) -> list[Effect]:
        from_s, to_s = self.span_s
        mcu = context.network.mcu.id
        access = context.network.access_link(mcu).id
        return host_off(mcu, access, from_s, to_s + self.boots_in_s(context))

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        yield cls.case(
            context.network.mcu.id,
            message(pgettext("failure", "MCU down")),
            message(pgettext("failure", "the MCU")),
            tried="mcu",
        )
