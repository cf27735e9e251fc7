"""`silent`: a link is lit, but its packets are gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    DirectedLinkFault,
    FailureCase,
    FaultContext,
    link_ends,
)
from giaoban.scenarios.spec.faults.kinds.cut import Cut, tried
from giaoban.sentence import N_, Sentence, message


class Silent(DirectedLinkFault):
    """A link is lit, but its packets are gone; nobody is told. Most leased circuits fail so."""

    kind: Literal["silent"]
    """What fails."""
    cause: ClassVar[str] = N_("the line lets nothing through, and gives no alarm")
    remedy: ClassVar[str] = N_("the telecom company finds the fault of the line and mends it")

    def words(self) -> Sentence:
        return message(N_("silent failure (light on, packets gone)"))

    def effects(self, context: FaultContext) -> list[Effect]:
        return [Effect("discard", tuple(hop), *self.span_s) for hop in self.hops(context.network)]

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for link in context.carrying_links:
            ends = link_ends(context.network, link)
            yield cls.case(
                link.id,
                message(N_("{what} lit, but its packets gone"), what=ends),
                ends,
                context.own_bridges(links=[link.id]),
                tried=tried(context.network, link),
                mended=True,
                accepted_as=Cut.case_id(link.id),
            )
