"""Key frames that are asked for because packets were lost, and when the word gets through.

A bridge looks at what came at the starts of its windows, the MCU at what it decodes when it makes
its composed pictures, and at reports every 100 ms: as the emulation's loops do, and so the time
between a loss and its key frame is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mcu_sim.audio.bank import TICK_NS
from mcu_sim.media.leg import Kind
from mcu_sim.media.plane import AHEAD_NS, STEP_NS
from mcu_sim.media.reports import CNAME
from mcu_sim.video.keyframes import VIDEO_LIMITS
from scenarios.estimate.flows import Flows
from scenarios.estimate.gaps import Gaps
from scenarios.estimate.packets import Packets, joined
from scenarios.estimate.sources import Source
from scenarios.estimate.timeline import Timeline
from scenarios.estimate.windows import Windows
from scenarios.estimate.wire import FRAMING_BYTES, SRTCP_BYTES
from scenarios.plan import Plan
from traffic.reporting import Reporter

ASK_EVERY_NS = 900_000_000
"""As `emulation.terminal`."""
LOOK_EVERY_NS = 100_000_000
"""How often the owner calls `look`."""
QUIET_NS = 3_000_000_000
"""So long after a request it has come and is answered, or was lost."""
REQUEST = 1 << 40
"""Sequence numbers of requests among the datagrams of RTCP begin here."""
SHOWN: tuple[Kind, Kind] = ("video", "content")
LONG_AGO_NS = -(2**62)


class Feedback:
    """Both sides' requests for key frames; the owner calls `look` at every step's start."""

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        flows: Flows,
        windows: Windows,
        sources: Mapping[int, Source],
        send: Callable[[int, int, int, int], None],
        wanted: Callable[[int, Kind, int], None],
    ) -> None:
        """`send` (flow, ns, bytes, number) takes a datagram made now; `wanted` (row, medium, ns)
        is told that a viewer of forwarded pictures asks for a key frame."""
        self._plan, self._timeline = plan, timeline
        self._flows, self._windows = flows, windows
        self._sources, self._send, self._wanted = sources, send, wanted
        twice = any(s.duplicated for s in plan.streams) or any(
            line.what.duplicate for line in plan.lines
        )
        self._gaps = Gaps(flows.streams, twice=twice)
        self._camera_asked_ns: dict[int, int] = {}
        self._known: dict[int, int] = {}
        """Row → losses for which a key frame was asked; rows of whom pictures are composed."""
        self._lost = np.zeros(flows.streams, np.int64)
        self._asked_ns: dict[tuple[int, Kind], int] = {}
        self._sent = REQUEST
        self._last_ns = LONG_AGO_NS
        self._forwards = plan.meeting.video == "switched" or plan.content is not None
        self._media: list[Packets] = []
        self._control: list[Packets] = []
        self._begun: set[int] = set()
        extra = FRAMING_BYTES + (SRTCP_BYTES if plan.encrypted else 0)
        self._sizes = [_request_bytes(call.bridge) + extra for call in plan.calls]
        self._mcu_size = _request_bytes(CNAME) + extra

    def came(self, packets: Packets) -> None:
        """What came to the ends of ways, also later than the next `look`."""
        media = packets.flow < self._flows.streams
        asked = packets.seq >= REQUEST
        if media.any():
            self._media.append(packets.take(media))
        if asked.any():
            self._control.append(packets.take(asked))

    def is_quiet(self, now_ns: int) -> bool:
        """Whether nothing is missed, asked for, or under way."""
        if self._last_ns + QUIET_NS > now_ns or self._gaps.misses.any():
            return False
        of = {row: self._plan.calls[row].up.get("video") for row in self._known}
        return all(
            index is None or self._gaps.lost[index] == self._known[row] for row, index in of.items()
        )

    def look(self, now_ns: int) -> None:
        """Do what both sides do at this moment."""
        self._begin(now_ns)
        self._control, requests = _until(self._control, now_ns)
        self._media, media = _until(self._media, now_ns)
        self._gaps.take(media)
        at_bridges = now_ns % self._windows.camera_ns == 0
        # RTCP comes with the media, which is read when pictures are composed or forwarded
        at_mcu = now_ns % AHEAD_NS == 0 or self._forwards
        for flow, at_ns in zip(requests.flow.tolist(), requests.at_ns.tolist(), strict=True):
            number, kind, down = self._flows.control_of(flow)
            if not (at_bridges if down else at_mcu):
                self._control.append(_one(flow, at_ns))
            elif down:
                self._bridge_asked(number, kind, now_ns)
            else:
                self._mcu_asked(number, kind, now_ns)
        if at_bridges:
            self._bridges_ask(now_ns)
        if at_mcu:
            self._lost = self._gaps.lost
        self._mcu_asks(now_ns)

    def ask_bridge(self, row: int, kind: Kind, now_ns: int) -> None:
        """The MCU asks a bridge for a key frame."""
        index = self._plan.calls[row].up.get(kind)
        if index is None or not self._gaps.heard(index):
            return  # nothing has come that a request could name; its first frame is a key frame
        flow = self._flows.control(2 * row + 1, kind)
        self._request(flow, self._mcu_size, now_ns)

    # ---------------------------------------------------------------------------------- both sides

    def _begin(self, now_ns: int) -> None:
        """Calls that began: what is missing counts from their first packets on."""
        for place, sending in enumerate(self._timeline.sending):
            if place in self._begun or sending.from_ns > now_ns:
                continue
            self._begun.add(place)
            call = self._plan.calls[sending.number]
            for streams in (call.up, call.down):
                for index in streams.values():
                    self._gaps.begin(index)
            for kind in SHOWN:
                self._asked_ns[sending.number, kind] = LONG_AGO_NS
        rows = {
            seated.leg.row
            for seated in self._timeline.seated
            if seated.leg.composed is not None
            and seated.from_ns <= now_ns
            and (seated.to_ns is None or now_ns < seated.to_ns)
        }
        self._known = {row: self._known.get(row, 0) for row in sorted(rows)}
        self._camera_asked_ns = {r: ns for r, ns in self._camera_asked_ns.items() if r in rows}

    def _request(self, flow: int, size: int, now_ns: int) -> None:
        self._send(flow, now_ns, size, self._sent)
        self._sent += 1
        self._last_ns = now_ns

    def _bridge_asked(self, number: int, kind: Kind, now_ns: int) -> None:
        index = self._plan.calls[number].up.get(kind)
        if index is not None and index in self._sources:
            self._sources[index].ask_key(self._windows.camera_made_ns(now_ns))

    def _mcu_asked(self, row: int, kind: Kind, now_ns: int) -> None:
        index = self._plan.calls[row].down[kind]
        if index in self._sources:
            self._sources[index].ask_key(self._windows.composed_made_ns(now_ns))
        else:
            self._wanted(row, kind, now_ns)

    def _bridges_ask(self, now_ns: int) -> None:
        missing = self._gaps.misses
        if not missing.any():
            return
        for number, call in enumerate(self._plan.calls):
            for kind in SHOWN:
                index = call.down.get(kind)
                if index is None or not missing[index]:
                    continue
                if now_ns - self._asked_ns.get((number, kind), LONG_AGO_NS) >= ASK_EVERY_NS:
                    missing[index] = False
                    self._asked_ns[number, kind] = now_ns
                    flow = self._flows.control(2 * number, kind)
                    self._request(flow, self._sizes[number], now_ns)

    def _mcu_asks(self, now_ns: int) -> None:
        """As `mcu_sim.video.losses`, at the loop's wake-ups until the next look.

        A camera is asked again at the first wake-up that is the damper's interval after the last
        time.
        """
        for row, known in self._known.items():
            index = self._plan.calls[row].up.get("video")
            if index is None or (count := int(self._lost[index])) == known:
                continue
            if count > known:
                asked_ns = self._camera_asked_ns.get(row, LONG_AGO_NS)
                wakes_ns = STEP_NS if self._forwards else self._windows.stride * TICK_NS
                again_ns = asked_ns + VIDEO_LIMITS.interval_ns
                again_ns = -(-again_ns // wakes_ns) * wakes_ns
                if again_ns >= now_ns + LOOK_EVERY_NS:
                    continue
                self._camera_asked_ns[row] = max(now_ns, again_ns)
                self.ask_bridge(row, "video", max(now_ns, again_ns))
            # a late packet takes a loss back: nothing to ask for
            self._known[row] = count


def _until(parts: list[Packets], now_ns: int) -> tuple[list[Packets], Packets]:
    """What came later, and what came before `now_ns`, in order of time."""
    if not parts:
        return [], joined([])
    packets = joined(parts)
    came = packets.at_ns < now_ns
    later = [] if came.all() else [packets.take(~came)]
    packets = packets.take(came)
    return later, packets.take(np.argsort(packets.at_ns, kind="stable"))


def _one(flow: int, at_ns: int) -> Packets:
    return Packets(
        np.array([at_ns], np.int64),
        np.zeros(1, np.int32),
        np.array([flow], np.int32),
        np.array([REQUEST], np.int64),
    )


def _request_bytes(name: str) -> int:
    """A request for a key frame by one of this name."""
    reporter = Reporter(1, name, 90_000, np.random.default_rng(0), 0)
    return len(reporter.key_frame_request("pli", 2))
