"""REFER: the chair's technician lets the MCU call a bridge, and hears what came of it."""

from __future__ import annotations

from mcu_sim.conference import control
from mcu_sim.conference.answers import NOT_FOUND
from mcu_sim.conference.answers import Refused as CommandRefused
from mcu_sim.conference.commands import Redial
from mcu_sim.conference.effects import DialOut
from mcu_sim.conference.rooms import Rooms
from mcu_sim.server.calls import Call, CallBook, identity
from mcu_sim.server.conference_effects import Steering, Tell
from mcu_sim.sip.agent import UserAgent
from mcu_sim.sip.events import ReferReceived
from mcu_sim.sip.message.uris import same_uri


class Referrals:
    """Another way to give the command `redial`: with its rights, and to whom it may call."""

    def __init__(
        self, agent: UserAgent, book: CallBook, rooms: Rooms, steering: Steering, tell: Tell
    ) -> None:
        self._agent = agent
        self._book = book
        self._rooms = rooms
        self._steering = steering
        self._tell = tell
        self._waiting: dict[str, str] = {}
        """By who is being called: the REFER that wants to know."""

    def referred(self, refer: ReferReceived, now_ns: int) -> None:
        """A REFER came in a call."""
        now_ms = now_ns / 1e6
        call = self._book.get(refer.call)
        if call is None:
            self._agent.refers.refuse(refer.key, 481, "No such call", now_ms)
            return
        who = self._meant(refer, call, now_ms)
        named = who or identity(refer.user, self._book, unique=False)
        command = Redial(command="redial", participant=named)
        by = call.participant
        if who is None and self._rooms.chair_of(call.meeting) == by:
            reason = "the MCU calls nobody of this meeting there"
            answer, effects = control.refuse(call.meeting, by, command, NOT_FOUND, reason)
        else:  # or one that may not, whoever is meant
            answer, effects = self._rooms.command(by, command, now_ms)
        if isinstance(answer, CommandRefused):
            self._agent.refers.refuse(refer.key, answer.code, answer.reason, now_ms)
        else:
            self._agent.refers.accept(refer.key, now_ms)
            if any(isinstance(effect, DialOut) for effect in effects):
                self._waiting[named] = refer.key
            else:
                text = "It has no address, but may call in again"
                self._agent.refers.tell(refer.key, 480, text, now_ms)
        self._steering.carry_out(effects, now_ns)

    def joined(self, participant: str, now_ns: int) -> None:
        """A participant is in its meeting."""
        self._say(participant, 200, "OK", now_ns)

    def failed(self, participant: str, code: int, reason: str, now_ns: int) -> None:
        """A call of ours to a participant came to nothing."""
        self._tell(now_ns, "dial-failed", participant, code=code, reason=reason)
        self._say(participant, code, reason, now_ns)

    def ended(self, participant: str, reason: str, now_ns: int) -> None:
        """A call of ours is over before it stood, by us unless it is known already how."""
        self._say(participant, 487, reason, now_ns)

    def _say(self, participant: str, code: int, reason: str, now_ns: int) -> None:
        key = self._waiting.pop(participant, None)
        if key is not None:
            self._agent.refers.tell(key, code, reason, now_ns / 1e6)

    def _meant(self, refer: ReferReceived, call: Call, now_ms: float) -> str | None:
        """The participant that a Refer-To means: by its name at the MCU, or by where the MCU would
        call it; None for any other address."""
        if refer.here:
            return identity(refer.user, self._book, unique=False)
        known = self._rooms.addresses(call.meeting, now_ms)
        return next((who for who, uri in known if same_uri(uri, refer.uri)), None)
