"""Which line's impairment begins and ends when, and when it really did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from scenarios.emulation.timetable import Timetable
from scenarios.spec.impairment import LinePlan
from topology.emulation.mininet_net import ProvinceNet
from topology.impairments import LineImpairment

END, BEGIN = 0, 1  # in this order at the same moment: one impairment may follow another


class LineChanges:
    """Changes lines by a timetable while a run goes on.

    Attributes:
        done: what was changed, {link, direction, begins, due_ms, t_ms}, times after the origin.
    """

    def __init__(
        self, net: ProvinceNet, lines: Sequence[LinePlan], origin_ns: int, timetable: Timetable
    ) -> None:
        self._net = net
        self._origin_ns = origin_ns
        self.done: list[dict[str, Any]] = []
        for line in lines:
            self._plan(line, timetable)

    def _plan(self, line: LinePlan, timetable: Timetable) -> None:
        def begin(at_ns: int) -> None:
            self._change(line, at_ns, begins=True)

        def end(at_ns: int) -> None:
            self._change(line, at_ns, begins=False)

        timetable.add(self._at_ns(line.from_s), BEGIN, begin)
        if line.to_s is not None:
            timetable.add(self._at_ns(line.to_s), END, end)

    def _change(self, line: LinePlan, at_ns: int, *, begins: bool) -> None:
        net, hop = self._net, line.hop
        t_ms = (time.monotonic_ns() - self._origin_ns) / 1e6
        net.impair(hop, line.what if begins else LineImpairment())
        if line.rate_mbps is not None and line.buffer_packets is not None:
            link = net.network.link(hop.link)
            own = link.rate_mbps, link.buffer_packets
            net.reshape(hop, *((line.rate_mbps, line.buffer_packets) if begins else own))
        self.done.append(
            {
                "link": hop.link,
                "direction": hop.direction,
                "begins": begins,
                "due_ms": (at_ns - self._origin_ns) / 1e6,
                "t_ms": round(t_ms, 3),
            }
        )

    def _at_ns(self, at_s: float) -> int:
        return self._origin_ns + round(at_s * 1e9)
