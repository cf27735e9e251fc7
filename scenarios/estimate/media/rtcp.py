"""RTCP: when each side of each call reports, how long its reports are, and what they say.

What a report says is found from what had come when it was made, once it is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.leg import KINDS, Kind
from giaoban.mcu_sim.media.plane import CONTROL_EVERY_NS, forwarding_step_ns
from giaoban.mcu_sim.media.reports import CNAME
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.timeline import BridgeLeg, McuLeg, Timeline
from giaoban.scenarios.measure.captures import ReportedBy
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import FRAMING_BYTES, SRTCP_BYTES
from giaoban.scenarios.records.events import RtcpReport
from giaoban.traffic.quality.measure import Trace
from giaoban.traffic.receiver.feedback import LOOK_NS
from giaoban.traffic.rtcp import ReportBlock
from giaoban.traffic.rtcp.session import DRAWN, INTERVAL_NS, Reporter, interval_ns
from giaoban.traffic.sources.video_model import CLOCK_HZ

HEARD_NS = 500_000_000
"""What is sent to somebody has come to it so long after its call began."""


class PlannedReport(NamedTuple):
    """One report: who made it, of which medium's reception, when, and its datagram.

    `path`: on which it travels, from who received the medium. `size`: on the wire. `parting`: made
    as its call ended, or the BYE after it (RFC 3550 §6.6): nobody notes any more what it says.
    """

    number: int
    kind: Kind
    path: int
    made_ns: int
    size: int
    parting: bool = False


REPORT_DTYPE = np.dtype(
    [
        ("number", "i4"),
        ("kind", "i1"),
        ("path", "i4"),
        ("made_ns", "i8"),
        ("size", "i4"),
        ("parting", "?"),
    ]
)
"""A report as a record; its kind by its place in `KINDS`."""


Reports = NDArray[np.void]
"""(n,) records of dtype `REPORT_DTYPE`: all reports of a meeting, in order of their making; a
country makes half a million."""


def reports(plan: Plan, timeline: Timeline, windows: Windows) -> Reports:
    """All reports of a meeting."""
    shown = _slides_shown(plan, timeline)
    bridges = (
        r
        for bridge_leg in timeline.bridge_legs
        for r in _of_bridge(plan, bridge_leg, windows, shown)
    )
    woken = timeline.mcu_woken
    mcu = (
        r for mcu_leg in timeline.mcu_legs for r in _of_mcu(plan, mcu_leg, woken, windows, shown)
    )
    rows = ((r.number, KINDS.index(r.kind), *r[2:]) for r in chain(bridges, mcu))
    made = np.fromiter(rows, REPORT_DTYPE)
    return made[np.lexsort((made["path"], made["made_ns"]))]


def _slides_shown(plan: Plan, timeline: Timeline) -> list[tuple[int, int]]:
    """From when to when slides were shown, in order of time."""
    if plan.content is None:
        return []
    end_ns = round(plan.content.to_s * 1e9)
    if plan.floor_port is None:
        return [(round(plan.content.from_s * 1e9), end_ns)]
    return [
        (held.from_ns, end_ns if held.to_ns is None else held.to_ns) for held in timeline.floors
    ]


def _of_bridge(
    plan: Plan, bridge_leg: BridgeLeg, windows: Windows, shown: Sequence[tuple[int, int]]
) -> Iterator[PlannedReport]:
    call = plan.calls[bridge_leg.number]
    end_ns = round(plan.hang_up_s * 1e9) if bridge_leg.to_ns is None else bridge_leg.to_ns
    for kind in bridge_leg.terms:
        up = call.up.get(kind)
        planned = plan.streams[up if up is not None else call.down[kind]]
        seed, hears = planned.seed + 3, kind in call.down
        sender = _ReportSender(
            plan, kind, call.bridge, seed, shown, sends=up is not None, hears=hears
        )
        for made_ns, size in sender.until(bridge_leg.from_ns, end_ns, windows.camera_look_ns):
            yield PlannedReport(bridge_leg.number, kind, 2 * bridge_leg.number, made_ns, size)


def _of_mcu(
    plan: Plan,
    mcu_leg: McuLeg,
    woken: Sequence[int],
    windows: Windows,
    shown: Sequence[tuple[int, int]],
) -> Iterator[PlannedReport]:
    row = mcu_leg.leg.row
    call = plan.calls[row]
    forwards = plan.meeting.video == "switched" or plan.content is not None
    step_ns = forwarding_step_ns(plan.device.forward_delay_ms)
    wakes_ns = step_ns if forwards else windows.stride * TICK_NS
    looks_ns = LOOK_NS if windows.watchful else wakes_ns

    def wakes(at_ns: int) -> int:
        """The loop's first wake-up at or after a moment: for media, or for signalling."""
        for_media_ns = min(-(-at_ns // every_ns) * every_ns for every_ns in (wakes_ns, looks_ns))
        place = bisect_left(woken, at_ns)
        return min(for_media_ns, woken[place]) if place < len(woken) else for_media_ns

    def poll(at_ns: int) -> int:
        """When the loop looks that comes first at or after a moment."""
        turn = max(0, at_ns - wakes_ns) // CONTROL_EVERY_NS
        while (found := wakes(turn * CONTROL_EVERY_NS)) < at_ns:
            turn += 1
        return found

    end_ns = round(plan.end_s * 1e9) if mcu_leg.to_ns is None else mcu_leg.to_ns
    says_bye = mcu_leg.to_ns is not None and not mcu_leg.power_gone
    # what wakes the loop is first of all heard by the media plane: a report that is due still goes
    until_ns = end_ns + 1 if says_bye and not mcu_leg.meeting_over else end_ns
    byes = []
    for kind, seed in mcu_leg.report_seeds.items():
        sender = _ReportSender(
            plan, kind, CNAME, seed, shown, sends=kind in call.down, hears=kind in call.up
        )
        spoken = sender.sends_within(mcu_leg.from_ns, end_ns)
        for made_ns, size in sender.until(mcu_leg.from_ns, until_ns, poll):
            yield PlannedReport(row, kind, 2 * row + 1, made_ns, size, made_ns == end_ns)
            spoken = True
        if says_bye and spoken:  # who never said anything does not say so (§6.3.7)
            bye = PlannedReport(row, kind, 2 * row + 1, end_ns, sender.bye_bytes, parting=True)
            byes.append(bye)
    yield from byes  # behind all reports, which the order of the times leaves so


@lru_cache(maxsize=4096)
def _intervals_ns(seed: int, count: int) -> list[int]:
    """From the beginning to the first report, and from each to the next, as a reporter with this
    seed draws them: the same in all meetings."""
    draw = _drawn(np.random.default_rng(seed)).__next__
    least_ns = chain([INTERVAL_NS // 2], repeat(INTERVAL_NS, count - 1))
    return [interval_ns(each, draw) for each in least_ns]


def _drawn(rng: np.random.Generator) -> Iterator[float]:
    """What `Reporter` draws one by one, many at a time."""
    while True:
        yield from rng.uniform(*DRAWN, 64).tolist()


def _interval_ns(seed: int, place: int) -> int:
    """One of them: reports are asked for one after the other."""
    return _intervals_ns(seed, max(32, 1 << place.bit_length()))[place]


@cache
def _report_bytes(name: str, *, sender: bool, heard: bool) -> int:
    """How long a report of one of this name is."""
    reporter = Reporter(1, name, CLOCK_HZ, np.random.default_rng(0), 0)
    if sender:
        reporter.sent(1, 1, 0, 0)
    return len(reporter.make(ReportBlock(0, 0, 0, 0, 0) if heard else None, 0, 0))


@cache
def _bye_bytes(name: str) -> int:
    """How long the BYE is of one of this name."""
    reporter = Reporter(1, name, CLOCK_HZ, np.random.default_rng(0), 0)
    reporter.sent(1, 1, 0, 0)
    packet = reporter.bye()
    assert packet is not None
    return len(packet)


@dataclass(frozen=True)
class _ReportSender:
    """One side of one medium of one call."""

    plan: Plan
    kind: Kind
    name: str
    seed: int
    shown: Sequence[tuple[int, int]]
    """From when to when slides were."""
    sends: bool
    hears: bool

    def until(
        self, from_ns: int, end_ns: int, poll: Callable[[int], int]
    ) -> Iterator[tuple[int, int]]:
        """When it reports, at one of the moments that `poll` gives, and the sizes."""
        last_ns, before, place = from_ns, False, 0
        while (now_ns := poll(max(last_ns + _interval_ns(self.seed, place), from_ns + 1))) < end_ns:
            sent = self.sends_within(last_ns, now_ns)
            heard = self.hears and now_ns > from_ns + HEARD_NS and self._shown(0, now_ns)
            # who sent nothing since the report before the last one is no sender (RFC 3550 §6.4)
            yield now_ns, self._extra + _report_bytes(self.name, sender=sent or before, heard=heard)
            last_ns, before, place = now_ns, sent, place + 1

    def sends_within(self, from_ns: int, to_ns: int) -> bool:
        """Whether it sends of its medium in a stretch of time."""
        return self.sends and self._shown(from_ns, to_ns)

    @property
    def bye_bytes(self) -> int:
        """The size of its BYE."""
        return self._extra + _bye_bytes(self.name)

    @property
    def _extra(self) -> int:
        """What is around a compound on the wire."""
        return FRAMING_BYTES + (SRTCP_BYTES if self.plan.encrypted else 0)

    def _shown(self, from_ns: int, to_ns: int) -> bool:
        """Whether the medium flows in a stretch of time: slides are not shown all the time."""
        if self.kind != "content":
            return True
        return any(began_ns < to_ns and ended_ns > from_ns for began_ns, ended_ns in self.shown)


MOST_REPORTS = 10_000
"""Reports whose words are remembered."""


class ReportsByStream(Mapping[ReportedBy, list[RtcpReport]]):
    """What RTCP reports said, found when it is asked for from what had come when each was made."""

    def __init__(
        self, plan: Plan, reports: Reports, traces: Sequence[Trace], came: Sequence[int]
    ) -> None:
        """`came`: packets of each stream; of one of which nothing came, nothing was said."""
        self._plan = plan
        self._traces = traces
        self._made_ns: dict[ReportedBy, NDArray[np.int64]] = {}
        self._index: dict[ReportedBy, int] = {}
        reports = reports[~reports["parting"]]
        keys = reports["path"] * len(KINDS) + reports["kind"]
        order = np.argsort(keys, kind="stable")
        made_ns = reports["made_ns"][order]
        senders, first = np.unique(keys[order], return_index=True)
        for sender, times in zip(senders.tolist(), np.split(made_ns, first[1:]), strict=True):
            path, kind = sender // len(KINDS), KINDS[sender % len(KINDS)]
            call, from_bridge = plan.calls[path // 2], path % 2 == 0
            of = (call.down if from_bridge else call.up).get(kind)
            if of is not None and came[of]:
                key: ReportedBy = "bridge" if from_bridge else "mcu", call.bridge, kind
                self._made_ns[key] = times
                self._index[key] = of
        self._said: LruCache[ReportedBy, list[RtcpReport]] = LruCache(MOST_REPORTS, len)

    def __getitem__(self, key: ReportedBy) -> list[RtcpReport]:
        if key not in self._index:
            raise KeyError(key)
        return self._said.get(key, self._find)

    def __iter__(self) -> Iterator[ReportedBy]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def _find(self, key: ReportedBy) -> list[RtcpReport]:
        receiver, bridge, kind = key
        clock_hz = self._plan.audio.clock_hz if kind == "audio" else CLOCK_HZ
        seen = _Reception(self._traces[self._index[key]])
        said = []
        for made_ns in self._made_ns[key].tolist():
            told = seen.at(made_ns)
            if told is None:
                continue
            lost, jitter_ms = told
            said.append(
                RtcpReport(
                    t_ms=round(made_ns / 1e6, 3),
                    receiver=receiver,
                    kind=kind,
                    lost=lost,
                    jitter=int(jitter_ms * clock_hz / 1000),
                    clock_hz=clock_hz,
                    bridge=bridge,
                )
            )
        return said


class _Reception:
    """A stream's packets in the order in which they came."""

    def __init__(self, of: Trace) -> None:
        came = np.flatnonzero(of.arrived)
        order = came[np.argsort(of.arrival_ns[came], kind="stable")]
        self._at_ns = of.arrival_ns[order]
        self._jitter_ms = of.jitter_ms[order]
        self._highest = np.maximum.accumulate(order) if len(order) else order
        self._first = int(order[0]) if len(order) else 0

    def at(self, now_ns: int) -> tuple[int, float] | None:
        """Packets lost, and the jitter in ms, of all that had come; None if nothing had."""
        count = int(np.searchsorted(self._at_ns, now_ns))
        if not count:
            return None
        expected = int(self._highest[count - 1]) - self._first + 1
        return expected - count, float(self._jitter_ms[count - 1])
