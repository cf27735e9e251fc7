"""When a datagram of RTCP leaves that shares its path with media.

It has a moment of its own (`next_control_ns`). But the kernel's pacing (fq) keeps a queue for each
pair of addresses and ports, and sleeps until the moment of the packet that was first in it when it
fell asleep: what comes later and would leave earlier waits for that packet, and leaves just before
it. Of datagrams in several queues that leave at one moment, that one is first whose queue fell
asleep on it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.bridge.windows import LONG_WINDOW_NS, WINDOW_LEAD_NS
from giaoban.scenarios.estimate.media.rtcp import Reports
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.shallow import shallow_copy
from giaoban.traffic.sender.stream import next_control_ns

HANDED_NS = LONG_WINDOW_NS + WINDOW_LEAD_NS
"""No packet is handed to the kernel so long before it leaves."""


def long_before(_stream: int, made_ns: int) -> int:
    """Up to when a stream's packets may be handed over by a moment."""
    return made_ns + HANDED_NS


class RtcpDeparture(NamedTuple):
    """A datagram of RTCP leaves.

    `since_ns`: when its queue fell asleep on it; None: just before a packet of media. `number`: a
    report's place among all, or what tells a request.
    """

    at_ns: int
    since_ns: int | None
    flow: int
    size: int
    number: int


class FqModel:
    """What each queue of media has to send, and the reports that leave among it."""

    def __init__(
        self,
        flows: Flows,
        reports: Reports,
        handed_ns: Callable[[int, int], int] = long_before,
    ) -> None:
        """`reports`: of the whole meeting. `handed_ns` (stream, ns): up to when a stream's packets
        are handed over by a moment."""
        self._handed_ns = handed_ns
        paths, kinds = flows.path_of[: flows.streams], np.array(flows.kinds, np.int8)
        self._control_of: list[int] = flows.controls(paths, kinds).tolist()
        self._expected = _PlannedReports(flows, reports)
        self._handed: dict[int, list[NDArray[np.int64]]] = {}
        self._leaving: dict[int, _MediaDepartures] = {}
        self._next: dict[int, int] = {}
        """Flow → how many of its reports are gone."""
        self._told = 0
        self._early: set[int] = set()
        """Places of reports that left with media that was handed over before they were made."""

    def __deepcopy__(self, memo: dict[int, object]) -> FqModel:
        """No array that it holds is ever changed."""
        other = memo[id(self)] = shallow_copy(self)
        other._handed = {flow: list(parts) for flow, parts in self._handed.items()}
        other._leaving, other._next = dict(self._leaving), dict(self._next)
        other._early = set(self._early)
        return other

    def media(self, stream: int, leaving_ns: NDArray[np.int64]) -> list[RtcpDeparture]:
        """Media that is handed over, with its times; the reports that wait for a packet of it."""
        if not len(leaving_ns):
            return []
        flow = self._control_of[stream]
        self._handed.setdefault(flow, []).append(leaving_ns)
        expected, gone = self._expected, self._next.get(flow, 0)
        found: list[RtcpDeparture] = []
        in_order: NDArray[np.int64] | None = None
        last_ns = int(leaving_ns.max())
        for place in expected.of(flow, gone):
            made_ns = expected.made_ns[place]
            if made_ns >= last_ns:
                break
            if in_order is None:
                in_order = leaving_ns
                if (leaving_ns[1:] < leaving_ns[:-1]).any():
                    in_order = np.sort(leaving_ns)
            own_ns, since_ns = next_control_ns(made_ns, 0), None
            at_ns = int(in_order[np.searchsorted(in_order, made_ns, "right")])
            if at_ns < own_ns:
                since_ns = int(in_order[np.searchsorted(in_order, own_ns) - 1])
            elif at_ns > self._handed_ns(stream, made_ns):
                since_ns = made_ns
            if since_ns is not None:
                at_ns = own_ns
            found.append(RtcpDeparture(at_ns, since_ns, flow, expected.size[place], place))
        self._next[flow] = gone + len(found)
        self._early.update(departure.number for departure in found)
        return found

    def alone(self, until_ns: int) -> Iterator[RtcpDeparture]:
        """The reports made before a moment that wait for nothing."""
        expected = self._expected
        while self._told < len(expected.made_ns) and expected.made_ns[self._told] < until_ns:
            place, self._told = self._told, self._told + 1
            if place in self._early:
                self._early.remove(place)
                continue
            flow, made_ns = int(expected.flow[place]), expected.made_ns[place]
            self._next[flow] = self._next.get(flow, 0) + 1
            at_ns = next_control_ns(made_ns, 0)
            yield RtcpDeparture(at_ns, made_ns, flow, expected.size[place], place)

    def forget(self, before_ns: int) -> None:
        """Nothing is asked any more of what left before a moment."""
        for flow, parts in self._handed.items():
            self._handed[flow] = [part for part in parts if part[-1] >= before_ns]
        for flow, leaving in self._leaving.items():
            self._leaving[flow] = leaving.since(before_ns)

    def unexpected(
        self, flow: int, made_ns: int, size: int, number: int, not_before_ns: int = 0
    ) -> RtcpDeparture:
        """A request leaves that nobody expected and that was handed over at `made_ns`."""
        own_ns, since_ns = next_control_ns(max(made_ns, not_before_ns), 0), made_ns
        if parts := self._handed.get(flow):
            self._leaving[flow] = self._leaving.get(flow, _NOTHING).and_these(parts)
            self._handed[flow] = []
        media = self._leaving.get(flow, _NOTHING)
        first_ns = media.first_after(made_ns)
        if first_ns is not None and first_ns >= own_ns:
            return RtcpDeparture(first_ns - 1, None, flow, size, number)
        while first_ns is not None and first_ns < own_ns:
            since_ns, first_ns = first_ns, media.first_after(first_ns)
        return RtcpDeparture(own_ns, since_ns, flow, size, number)


class _PlannedReports:
    """All reports, and those of each flow of RTCP."""

    def __init__(self, flows: Flows, reports: Reports) -> None:
        self.made_ns, self.size = reports["made_ns"].tolist(), reports["size"].tolist()
        self.flow = flows.controls(reports["path"], reports["kind"])
        self._order = np.argsort(self.flow, kind="stable")
        flows_told, counts = np.unique(self.flow, return_counts=True)
        firsts = zip((np.cumsum(counts) - counts).tolist(), counts.tolist(), strict=True)
        self._of = dict(zip(flows_told.tolist(), firsts, strict=True))
        """Flow → of its reports the place of the first one in that order, and how many they are."""

    def __deepcopy__(self, memo: dict[int, object]) -> _PlannedReports:
        """It never changes."""
        return self

    def of(self, flow: int, after: int) -> list[int]:
        """The places of a flow's reports, in order of their making, after so many."""
        first, count = self._of.get(flow, (0, 0))
        places: list[int] = self._order[first + after : first + count].tolist()
        return places


class _MediaDepartures(NamedTuple):
    """What one queue has to send.

    `ordered`: all times of parts that are in order, in order. `others`: parts in which impairments
    let packets overtake each other; nothing is known of such a part when its last one has left.
    """

    ordered: NDArray[np.int64]
    others: tuple[NDArray[np.int64], ...] = ()

    def __deepcopy__(self, memo: dict[int, object]) -> _MediaDepartures:
        """It never changes."""
        return self

    def and_these(self, parts: list[NDArray[np.int64]]) -> _MediaDepartures:
        in_order = [part for part in parts if (part[1:] >= part[:-1]).all()]
        others = [part for part in parts if not (part[1:] >= part[:-1]).all()]
        ordered = np.concatenate([self.ordered, *in_order])
        ordered.sort()
        return _MediaDepartures(ordered, (*self.others, *others))

    def since(self, before_ns: int) -> _MediaDepartures:
        kept = self.ordered[np.searchsorted(self.ordered, before_ns) :]
        return _MediaDepartures(kept, tuple(part for part in self.others if part[-1] >= before_ns))

    def first_after(self, made_ns: int) -> int | None:
        at = int(np.searchsorted(self.ordered, made_ns, "right"))
        found = [int(self.ordered[at])] if at < len(self.ordered) else []
        found += [int(part[part > made_ns].min()) for part in self.others if part[-1] > made_ns]
        return min(found, default=None)


_NOTHING = _MediaDepartures(np.empty(0, np.int64))
