"""How loud each bridge is at the MCU, for meetings whose picture follows the voice.

The bridges' sound, the MCU's jitter buffers and its decoders are the real ones; the sound takes the
time of an idle network on its way, by the routes of its moment, and only faults take any of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.media.audio.bank import TICK_NS, AudioBank
from giaoban.mcu_sim.media.audio.codec import modelled
from giaoban.scenarios.bridge.sources import Sources
from giaoban.scenarios.estimate.network.idle import FailingRoute, IdleRoute
from giaoban.scenarios.estimate.timeline import BridgeLeg, Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.traffic import rtp
from giaoban.traffic.log import SENT, PacketLog
from giaoban.traffic.sources.audio_stream import AudioStream

ROOM = 64
"""Packets of one bridge between two looks, generously."""


class AudioPackets(NamedTuple):
    """Packets: when each comes, how long it is, and its bytes."""

    came_ns: NDArray[np.int64]
    lengths: NDArray[np.int64]
    packets: NDArray[np.uint8]

    def take(self, which: NDArray[np.intp]) -> AudioPackets:
        """Some of them."""
        return AudioPackets(self.came_ns[which], self.lengths[which], self.packets[which])


class TalkerPowers:
    """Follows a timeline while it grows; the owner asks in order of time."""

    def __init__(
        self, plan: Plan, routes: Sequence[IdleRoute | FailingRoute], timeline: Timeline
    ) -> None:
        """`routes`: from and to each bridge in turn, as plans number them."""
        self._plan = plan
        self._timeline = timeline
        self._routes = routes
        size = rtp.HEADER_BYTES + plan.audio.packet_bytes
        self._wire = size + around_bytes(plan)
        self._out = np.zeros((ROOM, size), np.uint8)
        self._under_way: dict[int, AudioPackets] = {}
        """Call of the plan → what comes after the last look."""
        self._bank: AudioBank | None = None
        self._streams: list[tuple[BridgeLeg, AudioStream]] = []
        self._open: set[int] = set()
        self._known = self._seen = self._done = 0

    def write(self, power: NDArray[np.float64], now_ns: int) -> None:
        """Put what each row said in the last tick before `now_ns` into `power` (rows,)."""
        bank = self._bank
        if bank is None:
            playout_ms, codec = self._plan.terminal.playout_ms, modelled(self._plan.audio)
            bank = self._bank = AudioBank(len(power), 0, playout_ms, codec)
        self._follow(bank)
        tick = now_ns // TICK_NS
        for bridge_leg, stream in self._streams:
            self._put(bank, bridge_leg, stream, now_ns)
        for each in range(self._done + 1, tick + 1):
            if len(bank.rows):
                bank.mix(each)
        self._done = tick
        power[:] = bank.power

    def _follow(self, bank: AudioBank) -> None:
        """Take in calls that began or ended since."""
        plan, timeline = self._plan, self._timeline
        for bridge_leg in timeline.bridge_legs[self._known :]:
            sources = Sources(plan, bridge_leg.number, 0, PacketLog(SENT, None), Path())
            planned = plan.streams[plan.calls[bridge_leg.number].up["audio"]]
            planned = planned.carrying(bridge_leg.terms["audio"].send_type)
            start_ns = sources.start_ns("audio", planned, bridge_leg.from_ns)
            stream = sources.open("audio", planned, bridge_leg.terms["audio"], start_ns)
            assert isinstance(stream, AudioStream)
            self._under_way.pop(bridge_leg.number, None)
            self._streams.append((bridge_leg, stream))
        self._known = len(timeline.bridge_legs)
        for mcu_leg in timeline.mcu_legs[self._seen :]:
            terms = mcu_leg.leg.flows["audio"].terms
            bank.open(mcu_leg.leg.row, terms.codec.name.upper(), payload_type=terms.receive_type)
            self._open.add(mcu_leg.leg.row)
        self._seen = len(timeline.mcu_legs)
        here = {mcu_leg.leg.row for mcu_leg in timeline.mcu_legs if mcu_leg.to_ns is None}
        for row in self._open - here:
            bank.close(row)
        self._open &= here
        self._streams = [(s, stream) for s, stream in self._streams if s.to_ns is None]

    def _put(
        self, bank: AudioBank, bridge_leg: BridgeLeg, stream: AudioStream, now_ns: int
    ) -> None:
        route = self._routes[2 * bridge_leg.number]
        number = bridge_leg.number
        parts = [self._under_way.pop(number)] if number in self._under_way else []
        until_ns = stream.position()[2]
        while until_ns < now_ns:
            until_ns = min(now_ns, until_ns + ROOM // 2 * TICK_NS)
            lengths, sent_ns = stream.window(self._out, until_ns)
            came_ns = route.transit_ends_ns(sent_ns, self._wire)
            through = came_ns < NEVER_NS
            packets = self._out[: len(lengths)][through]
            parts.append(AudioPackets(came_ns[through], lengths[through], packets))
        if not parts:
            return
        sound = AudioPackets(
            np.concatenate([part.came_ns for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.packets for part in parts]),
        )
        order = np.argsort(sound.came_ns, kind="stable")
        end = int(np.searchsorted(sound.came_ns[order], now_ns))
        self._under_way[number] = sound.take(order[end:])
        came = sound.take(order[:end])
        if end:
            rows = np.full(end, number, np.intp)
            headers = rtp.parse_headers(came.packets, came.lengths)
            bank.put(rows, headers, came.packets, came.lengths, came.came_ns)
