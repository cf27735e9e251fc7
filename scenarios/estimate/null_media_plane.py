"""A media plane that does nothing and notes what it was told: a call controller on paper."""

from __future__ import annotations

import random
from collections.abc import Container, Mapping
from types import SimpleNamespace
from typing import Literal

import numpy as np

from giaoban.mcu_sim.media.leg import NOBODY, Kind, Leg, MediaFlow, Position
from giaoban.mcu_sim.media.ports import FIRST_PORT, OFFSET, PORTS_A_GROUP
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.scenarios.estimate.timeline import ForwardingChange, McuLeg, Timeline
from giaoban.traffic.sources.video_model import VideoModel


class NullPorts:
    """`giaoban.mcu_sim.media.ports.Ports` without sockets: every bridge has an address of its own,
    so all calls share one port group."""

    def port_group_for(self, _remotes: Mapping[Kind, HostPort]) -> int:
        """The port group of a new call."""
        return 0

    def owner(self, _port_group: int, _kind: Kind, _remote: HostPort) -> int:
        """Whose an address is already."""
        return NOBODY

    def is_own(self, _address: HostPort) -> bool:
        """Whether an address is the device's own."""
        return False

    def port(self, port_group: int, kind: Kind) -> int:
        """The RTP port of a medium."""
        return FIRST_PORT + PORTS_A_GROUP * port_group + OFFSET[kind]


class NullMediaPlane:
    """The face of `giaoban.mcu_sim.media.plane.MediaPlane` that the call controller sees.

    `rng` is the device's: each medium's reporter draws its seed of it, as in the real plane.
    """

    def __init__(self, capacity: int, rng: random.Random, timeline: Timeline) -> None:
        self._rng = rng
        self._timeline = timeline
        self._mcu_legs: dict[int, McuLeg] = {}
        self.inbound = SimpleNamespace(heard_ns=np.full(capacity, np.iinfo(np.int64).max))
        """Nobody's line is ever lost."""
        self.bank = SimpleNamespace(power=np.zeros(capacity))
        """Of each row's sound: written by the owner before the call controller listens."""

    def open(self, leg: Leg, now_ns: int) -> None:
        """A call joined."""
        seeds = {kind: self._rng.getrandbits(64) for kind in leg.flows}
        mcu_leg = self._mcu_legs[leg.row] = McuLeg(leg, now_ns, seeds)
        self._timeline.mcu_legs.append(mcu_leg)
        self._turn_all(leg, "open", now_ns)

    def close(self, row: int, now_ns: int) -> dict[Kind, Position]:
        """A call left. Where its streams go on, if it comes back, is settled with the media."""
        mcu_leg = self._mcu_legs.pop(row)
        mcu_leg.to_ns = now_ns
        self._turn_all(mcu_leg.leg, "close", now_ns)
        return {}

    def halt(self, now_ns: int) -> None:
        """The power goes: all calls are gone without a word."""
        for row, mcu_leg in list(self._mcu_legs.items()):
            mcu_leg.power_gone = True
            self.close(row, now_ns)

    def _turn_all(self, leg: Leg, what: Literal["open", "close"], now_ns: int) -> None:
        for kind in leg.flows:
            if leg.forwarded(kind):
                self._timeline.turns.append(ForwardingChange(now_ns, what, kind, leg.row))

    def turn(
        self,
        _row: int,
        _agreed: Mapping[Kind, NegotiatedMedia],
        _composed: VideoModel | None,
        _now_ns: int,
    ) -> None:
        """Bridges refresh their sessions (RFC 4028) and never ask for other terms."""

    def extend(
        self, row: int, more: Mapping[Kind, MediaFlow], _composed: VideoModel | None, _now_ns: int
    ) -> None:
        """Bridges offer all their media at once."""
        raise AssertionError(f"row {row} adds {', '.join(more)} to its call")

    def media_of(self, row: int) -> set[Kind]:
        """The media of a call."""
        return set(self._mcu_legs[row].leg.flows)

    def hold(self, _row: int, _port_group: int, _remotes: Mapping[Kind, HostPort]) -> None:
        """Addresses are nobody else's."""

    def forget(self, _row: int) -> None:
        """Addresses are nobody else's."""

    def set_heard(self, _row: int, _heard: bool) -> None:
        """Whoever is heard, a packet of sound goes to everybody at every tick."""

    def watch(self, kind: Kind, viewer: int, source: int, now_ns: int) -> None:
        """Forwarded pictures, as the real plane takes such a word or passes it over."""
        mcu_leg = self._mcu_legs.get(viewer)
        if mcu_leg is not None and mcu_leg.leg.forwarded(kind):
            self._timeline.turns.append(ForwardingChange(now_ns, "watch", kind, viewer, source))

    def relayout(self, row: int) -> None:
        """A composed picture is arranged anew."""
        self._timeline.relayouts.append((self._timeline_ns, row))

    def relayout_others(self, _meeting: int, but: Container[int]) -> None:
        """Composed pictures of all calls but these are; an estimate has one meeting."""
        self._timeline.relayouts_of_others.append((self._timeline_ns, but))

    def at(self, now_ns: int) -> None:
        """The time of what is told next: `relayout` is not told it."""
        self._timeline_ns = now_ns

    def key_frame_wanted(self, row: int, kind: Kind, _now_ns: int, _came_ns: int) -> None:
        """Bridges ask by RTCP, not in their calls."""
        raise AssertionError(f"row {row} asks for a key frame of {kind} by INFO")

    def take_key_requests(self, _now_ns: int) -> list[tuple[int, Kind]]:
        """Bridges are asked by RTCP."""
        return []
