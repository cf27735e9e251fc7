"""Key frames that are asked for because packets were lost, and when the word gets through.

Bridges and MCU look at what came every `LOOK_NS`, and wait with their requests as the emulation's
do (`giaoban.traffic.receiver.feedback`): so the time between a loss and its key frame is theirs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import VISUAL_KINDS, Kind
from giaoban.mcu_sim.media.plane import MCU_REQUESTS
from giaoban.mcu_sim.media.reports import CNAME
from giaoban.scenarios.bridge.sources import key_frame_request_timer
from giaoban.scenarios.estimate.media.sources import PlannedSource, StreamBuffer
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.timeline import BridgeLeg, McuLeg, Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import FRAMING_BYTES, SRTCP_BYTES
from giaoban.shallow import shallow_copy
from giaoban.traffic.receiver.feedback import (
    ANSWER_NS,
    LONG_AGO_NS,
    KeyFrameRequestTimer,
    dither_max_ns,
)
from giaoban.traffic.receiver.video_gaps import VideoGaps
from giaoban.traffic.rtcp.session import Reporter

QUIET_NS = 3_000_000_000
"""So long after a request it has come, or was lost; and a loss was noticed, or nothing came any
more."""
REQUEST = 1 << 40
"""Sequence numbers of requests among the datagrams of RTCP begin here."""


class FeedbackRequest(NamedTuple):
    """A request that is handed over at `made_ns` and leaves `not_before_ns`; see `FqModel`."""

    flow: int
    made_ns: int
    size: int
    number: int
    not_before_ns: int


@dataclass
class _Camera:
    """What the MCU knows of a picture that it decodes; `from_ns`: when its call began."""

    from_ns: int
    kbps: float
    asking: KeyFrameRequestTimer


class Feedback:
    """Both sides' requests for key frames; the owner calls `look` at every step's start, and takes
    the requests when all media is made that is handed over by then."""

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        flows: Flows,
        sources: Mapping[int, PlannedSource],
        sent: Callable[[int], StreamBuffer | None],
        wanted: Callable[[int, Kind, int], None],
    ) -> None:
        """`sent` (stream) is what was sent of it lately, made or forwarded; `wanted` (row, medium,
        ns) is told that a viewer of forwarded pictures asks for a key frame."""
        self._plan, self._timeline, self._flows = plan, timeline, flows
        self._sources, self._recent, self._wanted = sources, sent, wanted
        self._gaps = VideoGaps(flows.streams)
        self._pictures = np.array([s.kind in VISUAL_KINDS for s in plan.streams], np.bool_)
        self._decoded = self._pictures.copy()
        """(streams,) pictures that somebody decodes; what goes up the MCU does, to compose it."""
        for stream in plan.streams:
            if stream.direction == "up":
                composed = stream.kind == "video" and plan.meeting.video == "presence"
                self._decoded[stream.index] = composed
        self._cameras: dict[int, _Camera] = {}
        """By row; of whom pictures are composed."""
        self._asking: dict[tuple[int, Kind], tuple[KeyFrameRequestTimer, int]] = {}
        self._requests: list[FeedbackRequest] = []
        self._sent = REQUEST
        self._last_ns = LONG_AGO_NS
        self._under_way: set[int] = set()
        """Requests that were sent and have not come, by their numbers."""
        self._may_double = any(line.what.duplicate for line in plan.lines)
        self._unnoticed: dict[int, tuple[int, int]] = {}
        """Stream → the last packet that it lost, and when it did."""
        self._media: list[Packets] = []
        self._control: list[Packets] = []
        self._begun: set[int] = set()
        self._legs: dict[int, BridgeLeg] = {}
        """By call of the plan: that which began last."""
        extra = FRAMING_BYTES + (SRTCP_BYTES if plan.encrypted else 0)
        self._sizes = [_request_bytes(call.bridge) + extra for call in plan.calls]
        self._mcu_size = _request_bytes(CNAME) + extra

    def __deepcopy__(self, memo: dict[int, Any]) -> Feedback:
        """What never changes is shared."""
        other = memo[id(self)] = shallow_copy(self)
        for name in ("_sources", "_gaps", "_cameras", "_asking"):
            setattr(other, name, copy.deepcopy(getattr(self, name), memo))
        for name in ("_requests", "_under_way", "_unnoticed", "_media", "_control"):
            setattr(other, name, getattr(self, name).copy())
        other._begun, other._legs = set(self._begun), dict(self._legs)
        return other

    def came(self, packets: Packets) -> None:
        """What came to the ends of paths, also later than the next `look`."""
        media = packets.flow < self._flows.streams
        media[media] = self._pictures[packets.flow[media]]
        asked = packets.seq >= REQUEST
        if media.any():
            self._media.append(packets.take(media))
        if asked.any():
            self._control.append(packets.take(asked))

    def asks_for(self, flow: int) -> bool:
        """Whether anything follows from a packet of this flow that is lost: somebody may ask for a
        key frame instead, or it may have been a request itself."""
        if flow < self._flows.streams:
            return bool(self._decoded[flow])
        return self._flows.is_control(flow)

    def missed(self, last: Mapping[int, int], now_ns: int) -> None:
        """Packets were lost in the step from `now_ns` on; `last`: of each flow the last of them."""
        for flow, seq in last.items():
            if flow < self._flows.streams:
                self._unnoticed[flow] = seq, now_ns

    def request_lost(self, number: int) -> None:
        """A request was lost: nothing of it is under way any more."""
        if not self._may_double:
            self._under_way.discard(number)

    def is_quiet(self, now_ns: int, is_cut: Callable[[int, int], bool]) -> bool:
        """After a `look`: whether nothing is missed, asked for, or under way.

        `is_cut` (stream, ns): whether nothing of it gets through, so that nobody notices yet what
        it lost.
        """
        if (self._gaps.broken & self._decoded).any():
            return False
        if self._under_way and self._last_ns + QUIET_NS > now_ns:
            return False
        if self._unnoticed:
            self._unnoticed = {
                flow: (seq, lost_ns)
                for flow, (seq, lost_ns) in self._unnoticed.items()
                if not self._gaps.reached(flow, seq) and lost_ns + QUIET_NS > now_ns
            }
        return all(is_cut(flow, now_ns) for flow in self._unnoticed)

    def look(self, now_ns: int) -> None:
        """Do what both sides do at this moment."""
        self._begin(now_ns)
        self._control, requests = _until(self._control, now_ns)
        requests = requests.take(np.argsort(requests.at_ns, kind="stable"))
        self._media, media = _until(self._media, now_ns)
        media = _by_flow(media)
        self._gaps.take(media.flow, media.seq, self._starts_key(media))
        if not self._may_double:
            self._under_way.difference_update(requests.seq.tolist())
        for flow, at_ns in zip(requests.flow.tolist(), requests.at_ns.tolist(), strict=True):
            number, kind, down = self._flows.control_of(flow)
            if down:
                self._bridge_asked(number, kind, at_ns)
            else:
                self._mcu_asked(number, kind, now_ns, at_ns)
        self._bridges_ask(now_ns)
        self._mcu_asks(now_ns)

    def take_requests(self) -> list[FeedbackRequest]:
        """What was asked since the last time."""
        requests, self._requests = self._requests, []
        return requests

    def ask_bridge(self, row: int, kind: Kind, now_ns: int, not_before_ns: int) -> None:
        """The MCU asks a bridge for a key frame."""
        index = self._plan.calls[row].up.get(kind)
        if index is None or not self._gaps.heard(index):
            return  # nothing has come that a request could name; its first frame is a key frame
        flow = self._flows.control(2 * row + 1, kind)
        self._request(flow, self._mcu_size, now_ns, not_before_ns)

    # ---------------------------------------------------------------------------------- both sides

    def _begin(self, now_ns: int) -> None:
        """Calls that began: what is missing counts from their first packets on."""
        for place, bridge_leg in enumerate(self._timeline.bridge_legs):
            if place in self._begun or bridge_leg.from_ns > now_ns:
                continue
            self._begun.add(place)
            self._legs[bridge_leg.number] = bridge_leg
            call = self._plan.calls[bridge_leg.number]
            for streams in (call.up, call.down):
                for index in streams.values():
                    self._gaps.begin(index)
            for kind in VISUAL_KINDS:
                if kind in call.down:
                    self._asking[bridge_leg.number, kind] = key_frame_request_timer(
                        self._plan, call, kind
                    )
        here = {
            mcu_leg.leg.row: mcu_leg
            for mcu_leg in self._timeline.mcu_legs
            if mcu_leg.leg.composed is not None
            and mcu_leg.from_ns <= now_ns
            and (mcu_leg.to_ns is None or now_ns < mcu_leg.to_ns)
        }
        before, self._cameras = self._cameras, {}
        for row, mcu_leg in sorted(here.items()):
            camera = before.get(row)
            if camera is None or camera.from_ns != mcu_leg.from_ns:
                camera = _camera(mcu_leg)
            self._cameras[row] = camera

    def _starts_key(self, packets: Packets) -> NDArray[np.bool_]:
        """(n,) which packets, flow by flow, are the first of key frames, as their payloads say."""
        found = np.zeros(len(packets.flow), np.bool_)
        if not len(found):
            return found
        edges = [0, *(np.flatnonzero(np.diff(packets.flow)) + 1).tolist(), len(found)]
        for first, end in pairwise(edges):
            buffer = self._recent(int(packets.flow[first]))
            came = packets.seq[first:end]
            least = int(came.min())
            if buffer is None or not buffer.had_key(least):
                continue
            log = buffer.recent(least)
            key, number = np.flatnonzero(log["key"]), log["sequence"]
            if (number[1:] < number[:-1]).any():  # impairments let packets overtake each other
                log = log[np.argsort(number, kind="stable")]
                key, number = np.flatnonzero(log["key"]), log["sequence"]
            stamp = log["timestamp"]
            begins = (key == 0) | (stamp[key] != stamp[key - 1])
            found[first:end] = _among(came, number[key[begins]])
        return found

    def _request(self, flow: int, size: int, now_ns: int, not_before_ns: int) -> None:
        self._requests.append(FeedbackRequest(flow, now_ns, size, self._sent, not_before_ns))
        if self._last_ns + QUIET_NS <= now_ns:
            self._under_way.clear()  # what is still there was lost
        self._under_way.add(self._sent)
        self._sent += 1
        self._last_ns = now_ns

    def _bridge_asked(self, number: int, kind: Kind, came_ns: int) -> None:
        index = self._plan.calls[number].up.get(kind)
        if index is not None and index in self._sources:
            self._sources[index].ask_key(came_ns + ANSWER_NS)

    def _mcu_asked(self, row: int, kind: Kind, now_ns: int, came_ns: int) -> None:
        index = self._plan.calls[row].down[kind]
        if index in self._sources:
            self._sources[index].ask_key(came_ns + ANSWER_NS)
        else:
            self._wanted(row, kind, now_ns)

    def _bridges_ask(self, now_ns: int) -> None:
        broken = self._gaps.broken
        if not broken.any():
            return
        for number, call in enumerate(self._plan.calls):
            for kind in VISUAL_KINDS:
                index = call.down.get(kind)
                if index is None or not broken[index] or not self._stands(number, now_ns):
                    continue
                asking, dither_ns = self._asking[number, kind]
                at_ns = asking.ask(now_ns, dither_ns, int(self._gaps.keys[index]))
                if at_ns is not None:
                    flow = self._flows.control(2 * number, kind)
                    self._request(flow, self._sizes[number], now_ns, at_ns)

    def _stands(self, number: int, now_ns: int) -> bool:
        to_ns = self._legs[number].to_ns
        return to_ns is None or now_ns < to_ns

    def _mcu_asks(self, now_ns: int) -> None:
        """As `giaoban.mcu_sim.media.video.keyframes`."""
        for row, camera in self._cameras.items():
            index = self._plan.calls[row].up["video"]
            if not self._gaps.broken[index]:
                continue
            dither_ns = dither_max_ns(camera.kbps, len(self._cameras) + 1)
            at_ns = camera.asking.ask(now_ns, dither_ns, int(self._gaps.keys[index]))
            if at_ns is not None:
                self.ask_bridge(row, "video", now_ns, at_ns)


def _among(numbers: NDArray[np.int64], few: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) which of these numbers are among a few."""
    if (numbers[1:] <= numbers[:-1]).any():
        return np.isin(numbers, few)
    at = np.minimum(np.searchsorted(numbers, few), len(numbers) - 1)
    found = np.zeros(len(numbers), np.bool_)
    found[at[numbers[at] == few]] = True
    return found


def _camera(mcu_leg: McuLeg) -> _Camera:
    leg = mcu_leg.leg
    assert leg.composed is not None
    asking = KeyFrameRequestTimer(leg.flows["video"].down.seed + MCU_REQUESTS)
    return _Camera(mcu_leg.from_ns, leg.composed.kbps, asking)


def _until(parts: list[Packets], now_ns: int) -> tuple[list[Packets], Packets]:
    """What came later, and what came before `now_ns`."""
    if not parts:
        return [], joined([])
    packets = joined(parts)
    came = packets.at_ns < now_ns
    if came.all():
        return [], packets
    return [packets.take(~came)], packets.take(came)


def _by_flow(packets: Packets) -> Packets:
    """Flow by flow, of each in order of time; it is nearly always in that order already."""
    # numbers of 16 bits are sorted in one pass
    small = len(packets.flow) and int(packets.flow.max()) < 1 << 16
    flow = packets.flow.astype(np.uint16) if small else packets.flow
    order = np.argsort(flow, kind="stable")
    at_ns, flow = packets.at_ns[order], flow[order]
    if ((at_ns[1:] < at_ns[:-1]) & (flow[1:] == flow[:-1])).any():
        order = np.lexsort((packets.at_ns, packets.flow))
    return packets.take(order)


def _request_bytes(name: str) -> int:
    """A request for a key frame by one of this name."""
    reporter = Reporter(1, name, 90_000, np.random.default_rng(0), 0)
    return len(reporter.key_frame_request("pli", 2))
