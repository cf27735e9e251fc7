"""What fails in the network when, and when it really did; which ways packets took meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scenarios.emulation.timetable import Timetable
from scenarios.plan.plan import Plan
from topology.changes import NetworkChange
from topology.emulation.failing import FailingNetwork
from topology.emulation.mininet_net import ProvinceNet

RESTORE, FAIL = 2, 3
"""In this order at the same moment, after a line's own changes: one fault may follow another."""
RESTORING = ("lighten", "pass", "start-router")


def failing_network(net: ProvinceNet, plan: Plan, clock: Path | None) -> FailingNetwork | None:
    """What makes the plan's links and routers fail; None if nothing of them does."""
    if not plan.changes:
        return None
    links = [change.link for change in plan.changes if change.link is not None]
    return FailingNetwork(net, links, clock)


class Changes:
    """Carries out a plan's changes by a timetable.

    Attributes:
        done: what was changed, {fault, do, link, source, target, router, due_ms, t_ms}, times after
            the origin.
        routes: the ways that packets took, {t_ms, paths}.
    """

    def __init__(
        self,
        failing: FailingNetwork,
        changes: Sequence[NetworkChange],
        origin_ns: int,
        timetable: Timetable,
    ) -> None:
        self._failing, self._origin_ns, self._timetable = failing, origin_ns, timetable
        self.done: list[dict[str, Any]] = []
        self.routes: list[dict[str, Any]] = []
        for change in changes:
            self._plan(change)

    def _plan(self, change: NetworkChange) -> None:
        def carry_out(at_ns: int) -> None:
            t_ms = self._ms(time.monotonic_ns())
            later = self._failing.apply(change)
            self.done.append(
                {
                    **change.model_dump(exclude={"at_s"}),
                    "due_ms": self._ms(at_ns),
                    "t_ms": round(t_ms, 3),
                }
            )
            for after_s, then in later:
                self._follow(at_ns, after_s, then)

        order = RESTORE if change.do in RESTORING else FAIL
        self._timetable.add(self._origin_ns + round(change.at_s * 1e9), order, carry_out)

    def _follow(self, at_ns: int, after_s: float, then: Callable[[], None]) -> None:
        if after_s:
            at_ns += round(after_s * 1e9)
            self._timetable.add(at_ns, FAIL, lambda _at_ns: then())
        else:
            then()

    def note_routes(self) -> None:
        """Write down the ways that packets take now."""
        t_ms = round(self._ms(time.monotonic_ns()), 3)
        self.routes.append({"t_ms": t_ms, "paths": self._failing.paths()})

    def _ms(self, at_ns: int) -> float:
        return (at_ns - self._origin_ns) / 1e6
