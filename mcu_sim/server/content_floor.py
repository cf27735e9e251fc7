"""The floor of content channels: requests by BFCP become commands, as by any other way to command.

Under an open floor whoever asks presents as soon as nobody else does, one after the other. Where
the chair leads, its technician is told who asks, and gives the content channel (Art. 15(2)c).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from giaoban.mcu_sim.bfcp.floor_server import (
    Datagram,
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


class ContentFloor:
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

    def enter(self, call: ParticipantCall, now_ns: int) -> None:
        """A call stands, or has new terms: it may ask for the floor, if these say so."""
        user = None if call.observes else user_of(call.local)
        if user is None or call.floor_client is None:
            self.leave(call, now_ns)
            return
        self._users[call.call], self._calls[user] = user, call
        self._server.enter(user, call.participant, call.floor_client)

    def leave(self, call: ParticipantCall, now_ns: int) -> None:
        """A call is over, or can ask no more."""
        user = self._users.pop(call.call, None)
        if user is not None:
            del self._calls[user]
            self._server.leave(user, now_ns / 1e6)

    def receive(self, data: bytes, source: HostPort, now_ns: int) -> None:
        """A datagram came."""
        self._carry_out(self._server.receive(data, source, now_ns / 1e6), now_ns)

    def advance(self, now_ns: int) -> None:
        """Do what is due, and give the content channel to who waits for it, if it is free."""
        self._carry_out(self._server.advance(now_ns / 1e6), now_ns)
        for meeting in dict.fromkeys(call.meeting for call in self._calls.values()):
            self._serve(meeting, now_ns)

    def outgoing(self) -> list[Datagram]:
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
                    back = Present(command="present")
                    self._controls.carry_out(call.participant, back, now_ns)

    def _requested(self, call: ParticipantCall, now_ns: int) -> None:
        who = call.participant
        if self._rooms[call.meeting].presenter != who:
            text = f"{who} asks for the content channel"
            about = {"meeting": call.meeting, "kind": "request-to-present", "by": who, "text": text}
            self._tell(now_ns, "control", who, **about)
        self._serve(call.meeting, now_ns)
        user = self._users[call.call]
        if user in self._server.waiting(user.conference_id):
            body = json.dumps({"content_request": {"participant": who}}).encode()
            self._controls.tell_chair(call.meeting, body, now_ns / 1e6, but=call)

    def _serve(self, meeting: str, now_ns: int) -> None:
        """Whoever waits longest and may present without being asked to does."""
        for call in self._waiting(meeting):
            who = call.participant
            wanted = Present(command="present", participant=who)
            if not self._rooms.may(who, wanted):
                continue
            self._controls.carry_out(who, wanted, now_ns)
            if self._effects.presenter_of(meeting) == who:
                return
            # the device has no room for it
            self._controls.at_console(Present(command="present"), meeting, now_ns)
            self._server.deny(self._users[call.call], now_ns / 1e6)

    def _waiting(self, meeting: str) -> list[ParticipantCall]:
        of_meeting = {u: call for u, call in self._calls.items() if call.meeting == meeting}
        numbers = {user.conference_id for user in of_meeting}
        return [
            of_meeting[user]
            for number in numbers
            for user in self._server.waiting(number)
            if user in of_meeting
        ]
