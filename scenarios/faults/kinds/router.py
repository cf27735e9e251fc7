"""`router`: a router stops without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from results.model.faults import FaultTarget
from scenarios.faults.effects import Effect
from scenarios.faults.kind import (
    NEVER,
    FailureCase,
    FaultContext,
    FaultKind,
    KeyMistake,
    router_stops,
)
from scenarios.spec.impairment_words import Words


class RouterDown(FaultKind):
    """A router stops without a word, and its links are dark; at `to_s` it starts anew."""

    target: ClassVar[FaultTarget] = "router"
    kind: Literal["router"]
    router: str

    def words(self) -> Words:
        return Words("router down", "bộ định tuyến ngừng hoạt động")

    def in_vain(self, context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        if not context.carries(self.router):
            yield "router", self.router, f"{NEVER} (allowed: a router that a call may take)"

    def effects(self, context: FaultContext) -> list[Effect]:
        return router_stops(self.router, context.network, *self.span_s)

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for router in context.network.routers:
            if context.carries(router.id):
                yield cls.case(
                    router.id,
                    Words(f"router {router.name} down", f"Hỏng bộ định tuyến {router.name}"),
                    Words(f"router {router.name}", f"bộ định tuyến {router.name}"),
                    context.own_bridges(router=router.id),
                    in_pairs=True,
                )
