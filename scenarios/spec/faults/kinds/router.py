"""`router`: a router stops without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from giaoban.results.model.faults import FaultTarget
from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    NEVER,
    FailureCase,
    FaultContext,
    FaultKind,
    KeyMistake,
    router_stops,
)
from giaoban.sentence import N_, Sentence, message


class RouterDown(FaultKind):
    """A router stops without a word, and its links are down; at `to_s` it starts anew."""

    target: ClassVar[FaultTarget] = "router"
    kind: Literal["router"]
    """What fails."""
    cause: ClassVar[str] = N_("a router has stopped")
    remedy: ClassVar[str] = N_(
        "the telecom company starts the router again or replaces it; calls take another way "
        "where there is one"
    )
    router: str
    """Id of the router. Like `"r-east"`."""

    def words(self) -> Sentence:
        return message(N_("router down"))

    def in_vain(self, context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        if not context.carries(self.router):
            what = Sentence("{never} (allowed: a router that a call may take)", never=NEVER)
            yield "router", self.router, what

    def effects(self, context: FaultContext) -> list[Effect]:
        return router_stops(self.router, context.network, *self.span_s)

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for router in context.network.routers:
            if context.carries(router.id):
                yield cls.case(
                    router.id,
                    message(N_("router {router} down"), router=router.name),
                    message(N_("router {router}"), router=router.name),
                    context.own_bridges(router=router.id),
                    in_pairs=True,
                )
