"""What is asked for inside calls and at the console: commands, key frames, the speaking voice."""

from __future__ import annotations

from mcu_sim.conference import commands
from mcu_sim.conference.answers import Answer, Queue
from mcu_sim.conference.answers import Refused as CommandRefused
from mcu_sim.conference.commands import Command, Mute, RequestToSpeak, Unmute, Withdraw
from mcu_sim.conference.effects import OPERATOR
from mcu_sim.conference.rooms import Rooms
from mcu_sim.media.plane import MediaPlane
from mcu_sim.server.calls import Call, CallBook
from mcu_sim.server.conference_effects import Steering, Tell
from mcu_sim.sip.agent import UserAgent
from mcu_sim.sip.events import InfoReceived
from mcu_sim.sip.media_control import MEDIA_CONTROL_TYPE, picture_fast_update, wants_full_picture

CONTROL_TYPE = "application/vnd.giaoban.control+json"
KEYS: dict[str, Command] = {
    "1": RequestToSpeak(command="request-to-speak"),
    "2": Withdraw(command="withdraw"),
    "6": Mute(command="mute"),
    "7": Unmute(command="unmute"),
}
"""What "*" and a key do: what a branch may do for itself (Art. 15(2)c, 16(2)e)."""
KEYS_WITHIN_NS = 5_000_000_000
"""So long the key may follow its "*"."""


class Controls:
    """The control room's way into the meetings."""

    def __init__(
        self,
        agent: UserAgent,
        plane: MediaPlane,
        book: CallBook,
        rooms: Rooms,
        steering: Steering,
        tell: Tell,
    ) -> None:
        self._tell = tell
        self._agent = agent
        self._plane = plane
        self._book = book
        self._rooms = rooms
        self._steering = steering

    def informed(self, info: InfoReceived, now_ns: int) -> None:
        """An INFO came: a command, or a request for a key frame (RFC 5168)."""
        call = self._book.get(info.call)
        content_type = info.content_type.partition(";")[0].strip().lower()
        code, reason = 200, "OK"
        accept: tuple[str, ...] = ()
        if call is None:
            code, reason = 481, "No such call"
        elif not content_type and not info.body:
            pass  # some devices ask so whether the call still stands (RFC 6086 §4.2.2)
        elif content_type == CONTROL_TYPE:
            self._commanded(call, info, now_ns)
            return
        elif (wanted := wants_full_picture(info.content_type, info.body)) is None:
            code, reason = 415, "Unsupported Media Type"
            accept = (CONTROL_TYPE, MEDIA_CONTROL_TYPE)
        elif wanted:
            self._plane.key_frame_wanted(call.row, "video", now_ns, now_ns)
        self._agent.answer_info(info.request_key, code, reason, now_ns / 1e6, accept)

    def at_console(self, command: Command, meeting: str, now_ns: int) -> Answer:
        """A command of the technician at the MCU's console (Art. 2)."""
        answer, effects = self._rooms.command(OPERATOR, command, now_ns / 1e6, meeting)
        self._steering.carry_out(effects, now_ns)
        return answer

    def pressed(self, now_ns: int) -> None:
        """Keys that were pressed in calls: each is told; "*" and a digit of `KEYS` is a command of
        whoever presses them, with the rights it has."""
        for row, digit in self._plane.tones.take():
            call = self._book.in_row(row)
            if call is None or not call.standing:
                continue
            star_ns, call.star_ns = call.star_ns, now_ns if digit == "*" else None
            waits = star_ns is not None and now_ns - star_ns <= KEYS_WITHIN_NS
            command = KEYS.get(digit) if waits else None
            did = {} if command is None else {"command": command.command}
            self._tell(now_ns, "tone", call.participant, digit=digit, **did)
            if command is not None:
                self._carry_out(call, command, now_ns)

    def ask_key_frames(self, now_ns: int) -> None:
        """Ask for key frames by INFO where an endpoint does not take RTCP's requests.

        While one has no answer none follows: each is repeated for 32 s, to whatever Contact the
        caller has named.
        """
        for row, _ in self._plane.take_key_requests(now_ns):
            call = self._book.in_row(row)
            if call is None or not call.standing:
                continue
            if not self._agent.is_informing(call.call):
                body = picture_fast_update()
                self._agent.info(call.call, MEDIA_CONTROL_TYPE, body, now_ns / 1e6)

    def hear(self, now_ns: int) -> None:
        """Look who speaks: under an open floor the picture follows the voice."""
        power = self._plane.bank.power
        powers = {c.participant: float(power[c.row]) for c in self._book if c.standing}
        self._steering.carry_out(self._rooms.voice(powers, now_ns / 1e6), now_ns)

    def _commanded(self, call: Call, info: InfoReceived, now_ns: int) -> None:
        """A command in an INFO. What it asked to know comes back in an INFO of ours."""
        now_ms = now_ns / 1e6
        try:
            command = commands.parse(info.body)
        except commands.CommandError as error:
            self._agent.answer_info(info.request_key, 400, str(error), now_ms)
            return
        self._carry_out(call, command, now_ns, info)

    def _carry_out(
        self, call: Call, command: Command, now_ns: int, info: InfoReceived | None = None
    ) -> None:
        """A command of a participant; `info`: that which brought it, None if keys did."""
        now_ms = now_ns / 1e6
        answer, effects = self._rooms.command(call.participant, command, now_ms)
        if info is not None and isinstance(answer, CommandRefused):
            self._agent.answer_info(info.request_key, answer.code, answer.reason, now_ms)
        elif info is not None:
            self._agent.answer_info(info.request_key, 200, "OK", now_ms)
            if isinstance(answer, Queue):
                self._agent.info(call.call, CONTROL_TYPE, answer.as_json(), now_ms)
        self._steering.carry_out(effects, now_ns)
        if isinstance(command, RequestToSpeak | Withdraw):
            self._tell_chair(call.meeting, now_ms)

    def _tell_chair(self, meeting: str, now_ms: float) -> None:
        """The queue has changed: the chair's technician passes requests on (Art. 15(2)c)."""
        chair = self._book.of(self._rooms[meeting].meeting.chair)
        if chair is not None and chair.standing and chair.meeting == meeting:
            queue = self._rooms[meeting].read_queue(now_ms)
            self._agent.info(chair.call, CONTROL_TYPE, queue.as_json(), now_ms)
