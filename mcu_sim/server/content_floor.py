"""The floor of content channels: requests by BFCP become commands, as by any other way to command.

Under an open floor whoever asks presents as soon as nobody else does, one after the other. Where
the chair leads, its technician is told who asks, and gives the content channel (Art. 15(2)c).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from giaoban.mcu_sim.bfcp.floor_server import (
    BfcpDatagram,
    Event,
    FloorReleased,
    FloorRequested,
    FloorServer,
)
from giaoban.mcu_sim.bfcp.message import FloorUser
from giaoban.mcu_sim.conference.commands import Present
from giaoban.mcu_sim.conference.rooms import Rooms
from giaoban.mcu_sim.sdp.floor_control import user_of
from giaoban.mcu_sim.server.calls import ParticipantCall
from giaoban.mcu_sim.server.conference_control import ConferenceEffects, Controls, Tell
from giaoban.mcu_sim.sip.message.addresses import HostPort

TELL_AGAIN_NS = 5_000_000_000
"""So long after a request of a bridge another one is told to nobody: each is a line of the log."""


class ContentFloorControl:
    """Who of the calls may ask for the content channel of its meeting, and who does."""

    def __init__(
        self,
        server: FloorServer,
        rooms: Rooms,
        effects: ConferenceEffects,
        controls: Controls,
        tell: Tell,
    ) -> None:
        self._server = server
        self._rooms = rooms
        self._effects = effects
        self._controls = controls
        self._tell = tell
        self._users: dict[str, FloorUser] = {}
        """By call."""
        self._calls: dict[FloorUser, ParticipantCall] = {}
        self._told_ns: dict[FloorUser, int] = {}

    def enter(self, call: ParticipantCall, now_ns: int) -> None:
        """A call stands, or has new terms: it may ask for the floor, if these say so."""
        user = None if call.observes else user_of(call.local)
        if user is None or call.floor_client is None:
            self.leave(call, now_ns)
            return
        old = self._users.get(call.call)
        if old is not None and old != user:
            self.leave(call, now_ns)
        self._users[call.call], self._calls[user] = user, call
        at_its_host = call.floor_client[0] == call.host
        self._server.enter(user, call.participant, call.floor_client, assured=at_its_host)
        if self._effects.presenter_of(call.meeting) == call.participant:
            self._server.hold(user.conference_id, user, now_ns / 1e6)

    def give_back(self, call: ParticipantCall, now_ns: int) -> None:
        """A call that had the content channel gives it back, or can send nothing in it any more."""
        if self._effects.presenter_of(call.meeting) == call.participant:
            self._controls.carry_out(call.participant, Present(command="present"), now_ns)

    def leave(self, call: ParticipantCall, now_ns: int) -> None:
        """A call is over, or can ask no more."""
        user = self._users.pop(call.call, None)
        if user is not None:
            del self._calls[user]
            self._told_ns.pop(user, None)
            self._server.leave(user, now_ns / 1e6)

    def receive(self, data: bytes, source: HostPort, now_ns: int) -> None:
        """A datagram came."""
        self._carry_out(self._server.receive(data, source, now_ns / 1e6), now_ns)

    def advance(self, now_ns: int) -> None:
        """Do what is due, and give the content channel to who waits for it, if it is free."""
        self._carry_out(self._server.advance(now_ns / 1e6), now_ns)
        self._serve(now_ns)

    def outgoing(self) -> list[BfcpDatagram]:
        """What is to be sent now."""
        return self._server.outgoing()

    def next_timeout(self) -> float | None:
        """When `advance` is due next, ms."""
        return self._server.next_timeout()

    def _carry_out(self, events: Iterable[Event], now_ns: int) -> None:
        for event in events:
            call = self._calls.get(event.user)
            if call is None:
                continue
            match event:
                case FloorRequested():
                    self._requested(call, now_ns)
                case FloorReleased():
                    self.give_back(call, now_ns)

    def _requested(self, call: ParticipantCall, now_ns: int) -> None:
        user, who, meeting = self._users[call.call], call.participant, call.meeting
        told_ns = self._told_ns.get(user)
        is_told = told_ns is None or now_ns - told_ns >= TELL_AGAIN_NS
        if is_told:
            self._told_ns[user] = now_ns
            text = f"{who} asks for the content channel"
            about = {"meeting": meeting, "kind": "request-to-present", "by": who, "text": text}
            self._tell(now_ns, "control", who, **about)
        self._serve(now_ns)
        leads = self._rooms[meeting].meeting.floor == "chair"
        if is_told and leads and user in self._server.waiting():
            body = json.dumps({"content_request": {"participant": who}}).encode()
            self._controls.tell_chair(meeting, body, now_ns / 1e6, but=call)

    def _serve(self, now_ns: int) -> None:
        """Those who wait longest, and may present without being asked to, do."""
        for user in self._server.waiting():
            call = self._calls[user]
            who = call.participant
            wanted = Present(command="present", participant=who)
            presenter = self._effects.presenter_of(call.meeting)
            if presenter == who:
                self._server.hold(user.conference_id, user, now_ns / 1e6)
                continue
            if presenter is not None and self._rooms[call.meeting].meeting.floor == "open":
                if self._effects.may_be_shown(call.meeting) or not call.may_show:
                    continue  # also the chair, who may command it, has asked to be the next
                # who presents without the channel keeps it from nobody who has it
                self._controls.carry_out(presenter, Present(command="present"), now_ns)
            if self._rooms.may(who, wanted):
                self._controls.carry_out(who, wanted, now_ns)
                if self._effects.presenter_of(call.meeting) != who:  # the device has no room for it
                    self._controls.carry_out(who, Present(command="present"), now_ns)
