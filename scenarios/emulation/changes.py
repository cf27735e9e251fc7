"""What is done to the network while the meeting goes on, when, and when it really was.

Impairments of lines begin and end; links and routers fail and come back. While links fail, the ways
that packets take are noted.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from functools import partial

from giaoban.clock import sleep_until
from giaoban.scenarios.records.guest import BridgeRoutes, ChangeMade, LineChange
from giaoban.scenarios.spec.impairment import LinePlan
from giaoban.topology.changes import NetworkChange
from giaoban.topology.emulation.failing_network import FailingNetwork
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.lines.impairments import LineImpairment

END, BEGIN, RESTORE, FAIL = range(4)
"""In this order at the same moment: one impairment, or fault, may follow another."""
RESTORING = ("link-up", "forward", "start-router")


class Timetable:
    """Actions in order of time; of those due at one moment, the ones of smaller order first."""

    def __init__(self) -> None:
        self._agenda: list[tuple[int, int, int, Callable[[int], None]]] = []
        self._count = 0

    def add(self, at_ns: int, order: int, action: Callable[[int], None]) -> None:
        """`action` is called at `at_ns` of CLOCK_MONOTONIC, and told that moment."""
        heapq.heappush(self._agenda, (at_ns, order, self._count, action))
        self._count += 1

    def run(self, until_ns: int) -> None:
        """Sleep from action to action, until there is none before `until_ns`."""
        while self._agenda and self._agenda[0][0] < until_ns:
            at_ns, _, _, action = heapq.heappop(self._agenda)
            sleep_until(at_ns)
            action(at_ns)


class Changes:
    """Carries out all that a plan does to its network; the owner runs `timetable`.

    Args:
        lines: what impairs them, and when.

    Attributes:
        of_lines, made: what was changed.
        routes: the ways that packets took, where any may change.
    """

    def __init__(
        self,
        net: ProvinceNet,
        failing: FailingNetwork | None,
        lines: Sequence[LinePlan],
        origin_ns: int,
    ) -> None:
        self._net, self._failing, self._origin_ns = net, failing, origin_ns
        self.timetable = Timetable()
        self.of_lines: list[LineChange] = []
        self.made: list[ChangeMade] = []
        self.routes: list[BridgeRoutes] = []
        for line in lines:
            self._plan_line(line)

    def plan(self, failures: Sequence[NetworkChange]) -> None:
        """Put on the timetable what fails, and comes back."""
        for change in failures:
            assert self._failing is not None
            self._plan(self._failing, change)

    def note_routes(self) -> None:
        """Write down the ways that packets take now, if they may change."""
        if self._failing is not None:
            t_ms = round(self._ms(time.monotonic_ns()), 3)
            self.routes.append(BridgeRoutes(t_ms, self._failing.paths()))

    def _plan_line(self, line: LinePlan) -> None:
        begin = partial(self._change, line, begins=True)
        self.timetable.add(self._at_ns(line.from_s), BEGIN, begin)
        if line.to_s is not None:
            end = partial(self._change, line, begins=False)
            self.timetable.add(self._at_ns(line.to_s), END, end)

    def _change(self, line: LinePlan, at_ns: int, *, begins: bool) -> None:
        net, hop = self._net, line.hop
        t_ms = self._ms(time.monotonic_ns())
        net.impair(hop, line.what if begins else LineImpairment())
        if line.rate_mbps is not None and line.buffer_packets is not None:
            link = net.network.link(hop.link)
            own = link.rate_mbps, link.buffer_packets
            net.reshape(hop, *((line.rate_mbps, line.buffer_packets) if begins else own))
        self.of_lines.append(
            LineChange(
                link=hop.link,
                direction=hop.direction,
                begins=begins,
                due_ms=self._ms(at_ns),
                t_ms=round(t_ms, 3),
            )
        )

    def _plan(self, failing: FailingNetwork, change: NetworkChange) -> None:
        def carry_out(at_ns: int) -> None:
            t_ms = self._ms(time.monotonic_ns())
            later = failing.apply(change)
            self.made.append(ChangeMade.of(change, self._ms(at_ns), round(t_ms, 3)))
            for after_s, then in later:
                self._follow(at_ns, after_s, then)

        order = RESTORE if change.do in RESTORING else FAIL
        self.timetable.add(self._at_ns(change.at_s), order, carry_out)

    def _follow(self, at_ns: int, after_s: float, then: Callable[[], None]) -> None:
        if after_s:
            at_ns += round(after_s * 1e9)
            self.timetable.add(at_ns, FAIL, lambda _at_ns: then())
        else:
            then()

    def _at_ns(self, at_s: float) -> int:
        return self._origin_ns + round(at_s * 1e9)

    def _ms(self, at_ns: int) -> float:
        return (at_ns - self._origin_ns) / 1e6
