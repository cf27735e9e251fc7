"""Pictures and slides that the MCU sends on as they come: the real forwarder, packet by packet.

A packet leaves a fixed processing delay after it came, whenever the device's loop looked, under the
numbers of its viewer's stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import Kind, Position
from giaoban.mcu_sim.media.plane import forwarding_step_ns
from giaoban.mcu_sim.media.video.forward import NEVER, Forwarder
from giaoban.mcu_sim.media.video.keyframes import CONTENT_LIMITS, VIDEO_LIMITS
from giaoban.scenarios.estimate.media.sources import PlannedSource, StreamBuffer
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.timeline import ForwardingChange, Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic import rtp
from giaoban.traffic.h264 import FU_INDICATOR, FU_START, NAL_IDR, NAL_SLICE
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sources.video_model import CLOCK_HZ

WIDTH = rtp.HEADER_BYTES + 2


class Forwarding:
    """All viewers of forwarded pictures and slides."""

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        sources: Mapping[int, PlannedSource],
        ask: Callable[[int, Kind, int], None],
    ) -> None:
        """`ask` (row, medium, ns) sends a bridge a request for a key frame."""
        self._plan, self._timeline, self._sources = plan, timeline, sources
        self._ask = ask
        capacity = len(plan.calls)
        self._forwarders: dict[Kind, Forwarder] = {
            "video": Forwarder(capacity, VIDEO_LIMITS),
            "content": Forwarder(capacity, CONTENT_LIMITS),
        }
        self._delay_ns = round(plan.device.forward_delay_ms * 1e6)
        self._step_ns = forwarding_step_ns(plan.device.forward_delay_ms)
        self._turned = 0
        self._waiting: list[Packets] = []
        self.buffer: dict[int, StreamBuffer] = {}
        self._injectors: dict[int, Injector] = {}
        self._before: dict[int, Position] = {}
        """Stream → how far it had come in its last call: the next one goes on from there."""
        self._row_of: dict[Kind, dict[int, int]] = {
            kind: {call.up[kind]: row for row, call in enumerate(plan.calls) if kind in call.up}
            for kind in self._forwarders
        }

    def wanted(self, row: int, kind: Kind, now_ns: int) -> None:
        """A viewer asks for a key frame."""
        self._forwarders[kind].request(row, now_ns)

    def begin(self, start_ns: int) -> None:
        """Who is to watch whom from a moment on, and who is asked for a key frame at it."""
        turns = self._timeline.turns
        while self._turned < len(turns) and turns[self._turned].at_ns <= start_ns:
            self._turn(turns[self._turned])
            self._turned += 1
        self._ask_all(start_ns)

    def next_turn_ns(self, start_ns: int, until_ns: int) -> int:
        """When somebody is to watch somebody else next, or `until_ns` if not before."""
        later = (turn.at_ns for turn in self._timeline.turns[self._turned :])
        return min(next((at_ns for at_ns in later if at_ns > start_ns), until_ns), until_ns)

    def run(self, came: Packets, start_ns: int, until_ns: int) -> None:
        """Send on what comes to the MCU until a moment, turn by turn of who watches whom."""
        self._waiting.append(came)
        packets = joined(self._waiting)
        due = packets.at_ns < until_ns
        self._waiting = [packets.take(~due)]
        packets = packets.take(due)
        packets = packets.take(np.argsort(packets.at_ns, kind="stable"))
        self._ask_all(start_ns)
        turns = self._timeline.turns
        at_ns = start_ns
        while self._turned < len(turns) and turns[self._turned].at_ns < until_ns:
            turn = turns[self._turned]
            packets = self._until(packets, at_ns, turn.at_ns)
            self._turn(turn)
            self._turned += 1
            at_ns = max(at_ns, turn.at_ns)
        self._until(packets, at_ns, until_ns)

    def _until(self, packets: Packets, start_ns: int, until_ns: int) -> Packets:
        """Send on what comes in a stretch of time without a turn; the packets that come later.

        As long as a viewer waits for a key frame, its source is asked at the first wake-up of the
        MCU's loop at which it may be: then it is gone from one wake-up to the next.
        """
        wake_ns = (start_ns // self._step_ns + 1) * self._step_ns
        while wake_ns < until_ns and any(one.misses_key for one in self._forwarders.values()):
            packets = self._forward_before(packets, wake_ns)
            self._ask_all(wake_ns)
            wake_ns += self._step_ns
        return self._forward_before(packets, until_ns)

    def _forward_before(self, packets: Packets, until_ns: int) -> Packets:
        end = int(np.searchsorted(packets.at_ns, until_ns))
        self._forward(packets.take(slice(0, end)))
        return packets.take(slice(end, None))

    def _turn(self, turn: ForwardingChange) -> None:
        forwarder = self._forwarders[turn.kind]
        if turn.what == "open":
            index = self._plan.calls[turn.row].down.get(turn.kind)
            if index is None:  # who shows slides gets none
                forwarder.open(turn.row, 0, 0, 0, 0)
                return
            down = self._plan.streams[index]
            first, since_ns = (down.first_sequence, down.first_timestamp), NEVER
            if (before := self._before.get(index)) is not None and before.at_ns:
                first, since_ns = before.at(turn.at_ns), turn.at_ns
            forwarder.open(turn.row, down.ssrc, 0, *first, since_ns)
        elif turn.what == "close":
            if (index := self._plan.calls[turn.row].down.get(turn.kind)) is not None:
                position = forwarder.position(turn.row, turn.at_ns)
                self._before[index] = Position(*position, CLOCK_HZ)
            forwarder.close(turn.row)
        else:
            forwarder.watch(turn.row, turn.source, turn.at_ns)
            self._ask_all(turn.at_ns)

    def _ask_all(self, now_ns: int) -> None:
        for kind, forwarder in self._forwarders.items():
            for row in forwarder.take_key_requests(now_ns):
                self._ask(row, kind, now_ns)

    def _forward(self, packets: Packets) -> None:
        for kind, forwarder in self._forwarders.items():
            rows = self._row_of[kind]
            mine = np.isin(packets.flow, list(rows))
            if not forwarder.active or not mine.any():
                continue
            self._forward_kind(kind, forwarder, packets.take(mine))

    def _forward_kind(self, kind: Kind, forwarder: Forwarder, packets: Packets) -> None:
        rows = self._row_of[kind]
        n = len(packets.at_ns)
        row = np.array([rows[flow] for flow in packets.flow.tolist()], np.intp)
        size, key = np.zeros(n, np.int64), np.zeros(n, np.bool_)
        data = np.zeros((n, WIDTH), np.uint8)
        ssrc = np.zeros(n, np.uint32)
        stamp = np.zeros(n, np.uint32)
        for flow in np.unique(packets.flow).tolist():
            at = np.flatnonzero(packets.flow == flow)
            log = self._sources[flow].buffer.recent()
            found = np.searchsorted(log["sequence"], packets.seq[at])
            of = log[found]
            size[at], key[at] = of["size"], of["key"]
            ssrc[at], stamp[at] = self._plan.streams[flow].ssrc, of["timestamp"]
            first = np.diff(log["timestamp"].astype(np.int64), prepend=-1)[found] != 0
            kind_of = np.where(of["key"], NAL_IDR, NAL_SLICE) | np.where(first, FU_START, 0)
            data[at, rtp.HEADER_BYTES + 1] = kind_of
        data[:, 0], data[:, rtp.HEADER_BYTES] = 0x80, FU_INDICATOR
        headers = rtp.Headers(
            valid=np.ones(n, np.bool_),
            marker=np.zeros(n, np.bool_),
            payload_type=np.zeros(n, np.uint8),
            sequence=(packets.seq & 0xFFFF).astype(np.uint16),
            timestamp=stamp,
            ssrc=ssrc,
        )
        out = forwarder.forward(row, headers, data, np.full(n, WIDTH), packets.at_ns)
        due_ns = out.arrival_ns + self._delay_ns
        for viewer in np.unique(out.row).tolist():
            at = np.flatnonzero(out.row == viewer)
            of_packet = out.packet[at]
            self._send(
                self._plan.calls[viewer].down[kind],
                due_ns[at],
                out.sequence[at],
                out.timestamp[at],
                size[of_packet],
                key[of_packet],
            )

    def _send(
        self,
        index: int,
        due_ns: NDArray[np.int64],
        sequence: NDArray[np.int64],
        timestamp: NDArray[np.int64],
        size: NDArray[np.int64],
        key: NDArray[np.bool_],
    ) -> None:
        lit = np.ones(len(due_ns), np.bool_)
        for off_ns, on_ns in self._timeline.mcu_gaps:
            lit &= (due_ns < off_ns) | (due_ns >= on_ns)
        if not lit.all():  # what the MCU had when its power went never leaves
            due_ns, sequence, timestamp = due_ns[lit], sequence[lit], timestamp[lit]
            size, key = size[lit], key[lit]
        if index not in self.buffer:
            self.buffer[index] = StreamBuffer()
            self._injectors[index] = Injector(self._plan.streams[index], 0)
        fate = self._injectors[index].apply(due_ns, size)
        self.buffer[index].append(
            len(due_ns),
            stream=index,
            sequence=sequence,
            timestamp=timestamp & 0xFFFFFFFF,
            due_ns=due_ns,
            leaving_ns=fate.leaving_ns,
            size=size,
            copies=fate.copies,
            corrupted=fate.corrupted,
            key=key,
        )
