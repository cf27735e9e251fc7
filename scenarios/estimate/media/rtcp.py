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

from giaoban.clock import NEVER_NS
from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.leg import KINDS, Kind
from giaoban.mcu_sim.media.plane import CONTROL_EVERY_NS, forwarding_step_ns
from giaoban.mcu_sim.media.reports import CNAME
from giaoban.scenarios.estimate.media.logs import ReceivedLogs, received_log
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.timeline import BridgeLeg, McuLeg, Timeline
from giaoban.scenarios.measure.captures import ReportedBy
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import FRAMING_BYTES, SRTCP_BYTES
from giaoban.scenarios.records.events import RtcpReport
from giaoban.traffic.receiver.feedback import LOOK_NS
from giaoban.traffic.receiver.statistics import ReceptionBank, reports_in_order
from giaoban.traffic.rtcp import ReportBlock
from giaoban.traffic.rtcp.session import DRAWN, INTERVAL_NS, Reporter, interval_ns
from giaoban.traffic.rtp import Headers
from giaoban.traffic.sources.video_model import CLOCK_HZ

HEARD_NS = 500_000_000
"""What is sent to somebody has come to it so long after its call began."""


REPORT_DTYPE = np.dtype(
    [("kind", "i1"), ("path", "i4"), ("made_ns", "i8"), ("size", "i4"), ("parting", "?")]
)
"""A report: of which medium's reception, by its place in `KINDS`; on which path it travels, from
who received the medium; when it was made; its bytes on the wire; whether it was made as its call
ended, or is the BYE after it (RFC 3550 §6.6): nobody notes any more what such a one says."""
PlannedReport = tuple[int, int, int, int, bool]
"""The same as it is made."""


Reports = NDArray[np.void]
"""(n,) records of dtype `REPORT_DTYPE`: all reports of a meeting, in order of their making; a
country makes half a million."""


def reports(plan: Plan, timeline: Timeline, windows: Windows) -> Reports:
    """All reports of a meeting."""
    shown = _slides_shown(plan)
    bridges = (
        r
        for bridge_leg in timeline.bridge_legs
        for r in _of_bridge(plan, bridge_leg, windows, shown)
    )
    woken = timeline.mcu_woken
    mcu = (
        r for mcu_leg in timeline.mcu_legs for r in _of_mcu(plan, mcu_leg, woken, windows, shown)
    )
    made = np.fromiter(chain(bridges, mcu), REPORT_DTYPE)
    return made[np.lexsort((made["path"], made["made_ns"]))]


def _slides_shown(plan: Plan) -> list[tuple[int, int]]:
    """Return the times in which slides are shown, ns after the origin; one at most."""
    if plan.content is None:
        return []
    return [(round(plan.content.from_s * 1e9), round(plan.content.to_s * 1e9))]


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
            yield KINDS.index(kind), 2 * bridge_leg.number, made_ns, size, False


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
            yield KINDS.index(kind), 2 * row + 1, made_ns, size, made_ns == end_ns
            spoken = True
        if says_bye and spoken:  # who never said anything does not say so (§6.3.7)
            byes.append((KINDS.index(kind), 2 * row + 1, end_ns, sender.bye_bytes, True))
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


class _Reports(NamedTuple):
    """All that one receiver of a stream reports: the stream, the path on which reports travel,
    their places among all, and (m,) when they were made."""

    stream: int
    path: int
    places: NDArray[np.intp]
    made_ns: NDArray[np.int64]


class ReportsByStream(Mapping[ReportedBy, list[RtcpReport]]):
    """What RTCP reports said, found when it is asked for from what had come when each was made.

    Bridges keep them: their own as they make them, the MCU's as they come.
    """

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        reports: Reports,
        sent: Mapping[int, NDArray[np.void]],
        received: ReceivedLogs,
    ) -> None:
        """Of a stream of which nothing came, nothing was said."""
        self._plan = plan
        self._sent, self._received = sent, received
        self._calls = _calls(timeline)
        self._of: dict[ReportedBy, _Reports] = {}
        told = np.flatnonzero(~reports["parting"])
        keys = reports["path"][told] * len(KINDS) + reports["kind"][told]
        order = np.argsort(keys, kind="stable")
        senders, first = np.unique(keys[order], return_index=True)
        for sender, places in zip(senders.tolist(), np.split(told[order], first[1:]), strict=True):
            path, kind = sender // len(KINDS), KINDS[sender % len(KINDS)]
            call, from_bridge = plan.calls[path // 2], path % 2 == 0
            of = (call.down if from_bridge else call.up).get(kind)
            if of is not None and received.counts[of]:
                key: ReportedBy = "bridge" if from_bridge else "mcu", call.bridge, kind
                self._of[key] = _Reports(of, path, places, reports["made_ns"][places])
        came = received.reports()
        self._came = came[np.argsort(came["sequence"], kind="stable")]
        self._said: LruCache[ReportedBy, list[RtcpReport]] = LruCache(MOST_REPORTS, len)

    def __getitem__(self, key: ReportedBy) -> list[RtcpReport]:
        if key not in self._of:
            raise KeyError(key)
        return self._said.get(key, self._find)

    def __iter__(self) -> Iterator[ReportedBy]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def _find(self, key: ReportedBy) -> list[RtcpReport]:
        receiver, bridge, kind = key
        of = self._of[key]
        clock_hz = self._plan.audio.clock_hz if kind == "audio" else CLOCK_HZ
        came = received_log(self._sent[of.stream], self._received.of(of.stream))
        began_ns = [from_ns for from_ns, _ in self._calls[of.path]]
        ssrc = self._plan.streams[of.stream].ssrc
        blocks = reported(came, ssrc, clock_hz, began_ns, of.made_ns)
        return [
            RtcpReport(
                t_ms=round(at_ns / 1e6, 3),
                receiver=receiver,
                kind=kind,
                lost=block.cumulative_lost,
                fraction=block.fraction_lost,
                jitter=block.jitter,
                clock_hz=clock_hz,
                bridge=bridge,
            )
            for at_ns, number in self._kept(of)
            if (block := blocks[number]) is not None
        ]

    def _kept(self, of: _Reports) -> list[tuple[int, int]]:
        """When the bridge has which of these reports, in order of time."""
        number, down = divmod(of.path, 2)
        if not down:
            return list(zip(of.made_ns.tolist(), range(len(of.made_ns)), strict=True))
        first, last = (
            np.searchsorted(self._came["sequence"], of.places, side).tolist()
            for side in ("left", "right")
        )
        kept = []
        for place, (begins, ends) in enumerate(zip(first, last, strict=True)):
            for at_ns in self._came["at_ns"][begins:ends].tolist():  # a line may have doubled it
                if any(a <= at_ns < b for a, b in self._calls.get(2 * number, ())):
                    kept.append((at_ns, place))
        return sorted(kept)


def _calls(timeline: Timeline) -> dict[int, list[tuple[int, int]]]:
    """From when to when calls stood, in order: by the path on which who reports in them sends."""
    calls: dict[int, list[tuple[int, int]]] = {}
    legs: list[tuple[int, BridgeLeg | McuLeg]] = [
        *((2 * leg.number, leg) for leg in timeline.bridge_legs),
        *((2 * leg.leg.row + 1, leg) for leg in timeline.mcu_legs),
    ]
    for path, leg in legs:
        to_ns = NEVER_NS if leg.to_ns is None else leg.to_ns
        calls.setdefault(path, []).append((leg.from_ns, to_ns))
    return calls


def reported(
    came: NDArray[np.void],
    ssrc: int,
    clock_hz: int,
    began_ns: Sequence[int],
    made_ns: NDArray[np.int64],
) -> list[ReportBlock | None]:
    """What a receiver says of one stream, by the statistics that receivers keep (RFC 3550 §6.4.1):
    cumulative since its call began.

    Args:
        came: (n,) all that came, dtype RECEIVED, in order of time.
        began_ns: when its calls began, rising.
        made_ns: (m,) when it reports, rising.

    Returns:
        (m,) None where nothing had come yet.
    """
    arrival_ns = came["arrival_ns"]
    headers = _headers(came, ssrc)
    first = np.searchsorted(arrival_ns, began_ns)
    # what a report is of had come before it was made
    last = np.searchsorted(arrival_ns, made_ns)
    calls = np.searchsorted(began_ns, made_ns) - 1
    blocks: list[ReportBlock | None] = []
    for call in range(-1, len(began_ns)):
        until = last[calls == call]
        begins = len(came) if call < 0 else int(first[call])
        heard = until[until > begins]
        blocks += [None] * (len(until) - len(heard))
        if len(heard):
            of = np.arange(begins, int(heard[-1]))
            blocks += _of_a_call(headers.take(of), arrival_ns[of], heard - begins, clock_hz)
    return blocks


def _of_a_call(
    headers: Headers, arrival_ns: NDArray[np.int64], counts: NDArray[np.int64], clock_hz: int
) -> list[ReportBlock | None]:
    """What is reported of n packets of a call after so many of them each time."""
    in_order = reports_in_order(int(headers.ssrc[0]), headers, arrival_ns, counts, clock_hz)
    if in_order is not None:
        return list(in_order)
    bank, counted = ReceptionBank(1, clock_hz), 0
    bank.open(0)
    blocks = []
    for count in counts.tolist():
        of = np.arange(counted, count)
        bank.put(np.zeros(len(of), np.intp), headers.take(of), arrival_ns[of])
        blocks.append(bank.report(0))
        counted = count
    return blocks


def _headers(came: NDArray[np.void], ssrc: int) -> Headers:
    """What a receiver reads of packets whose fields alone are known that it counts by."""
    n = len(came)
    return Headers(
        valid=np.ones(n, np.bool_),
        marker=np.zeros(n, np.bool_),
        payload_type=np.zeros(n, np.uint8),
        sequence=came["sequence"].astype(np.uint16),
        timestamp=came["timestamp"].astype(np.uint32),
        ssrc=np.full(n, ssrc, np.uint32),
    )
