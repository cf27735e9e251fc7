"""`site`: a site loses its power."""

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
    router_stops,
)
from giaoban.sentence import N_, Sentence, message


class SitePower(BootingFault):
    """A site loses its power: its bridge and its router."""

    target: ClassVar[FaultTarget] = "bridge"
    kind: Literal["site"]
    """What fails."""
    cause: ClassVar[str] = N_("power is out at the bridge")
    remedy: ClassVar[str] = N_(
        "change to backup power, start the devices again and dial the MCU again"
    )
    bridge: str
    """Id of the bridge. Like `"north"`."""

    def words(self) -> Sentence:
        return message(N_("site without power"))

    def effects(self, context: FaultContext) -> list[Effect]:
        from_s, to_s = self.span_s
        access = context.network.access_link(self.bridge)
        return [
            *router_stops(access.b, context.network, from_s, to_s),
            *host_off(self.bridge, access.id, from_s, to_s + self.boots_in_s(context)),
        ]

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        """The usual ones are one a router: its power fails once, whatever bridges hang on it."""
        seen: set[str] = set()
        for bridge in context.network.bridges:
            router = context.network.access_link(bridge.id).b
            yield cls.case(
                bridge.id,
                message(N_("power out at {bridge}"), bridge=bridge.name),
                message(N_("power at {bridge}"), bridge=bridge.name),
                context.own_bridges(router=router),
                tried="only" if router in seen else "usual",
            )
            seen.add(router)
