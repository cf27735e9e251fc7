"""Between calls and conferences: commands go in, effects come out.

Commands come in INFO and from the console. The effects of conferences go into media and calls: who
is heard, who sees whom, who is called or put out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Protocol

from giaoban.mcu_sim.conference import commands
from giaoban.mcu_sim.conference.commands import (
    CONTROL_TYPE,
    Answer,
    Command,
    CommandAccepted,
    MeetingState,
    Present,
    ReportInterruption,
    RequestToSpeak,
    SpeakerQueue,
    Withdraw,
)
from giaoban.mcu_sim.conference.commands import CommandRejected as CommandRefused
from giaoban.mcu_sim.conference.effects import (
    OPERATOR,
    DialOut,
    Effect,
    HangUp,
    LogEntry,
    MeetingEnded,
    SelectSource,
    SetAudible,
    SetLayout,
    SetPresenter,
)
from giaoban.mcu_sim.conference.rooms import Rooms
from giaoban.mcu_sim.media.leg import NOBODY, Kind
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.server.calls import ParticipantCall, ParticipantCalls
from giaoban.mcu_sim.server.negotiation import MediaNegotiation
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.events import InfoReceived
from giaoban.mcu_sim.sip.info import FULL_PICTURE, MEDIA_CONTROL_TYPE, wants_full_picture

TOLD_ELSEWHERE = ("joined", "rejoined", "left", "lost", "dialled", "dial-failed")
"""Lines of a conference's log that the call controller's own events say with more."""


class Tell(Protocol):
    """Writes a line of the events file."""

    def __call__(self, now_ns: int, event: str, bridge: str, **details: object) -> None: ...


class ConferenceEffects:
    """Effects of conferences, put into media; calls to make and to end go back to the owner."""

    def __init__(
        self,
        participants: ParticipantCalls,
        plane: MediaPlane,
        tell: Tell,
        dial: Callable[[DialOut, int], None],
        put_out: Callable[[ParticipantCall, str, int], None],
        negotiation: MediaNegotiation,
    ) -> None:
        """`negotiation`: knows by which number the media plane knows a meeting that has calls, and
        whether the device has room for its content."""
        self._participants = participants
        self._plane = plane
        self._tell = tell
        self._dial = dial
        self._put_out = put_out
        self._negotiation = negotiation
        self._presenters: dict[str, str | None] = {}
        self._showing: set[str] = set()
        """Meetings with an event that a participant presents."""

    def presenter_of(self, meeting: str) -> str | None:
        """Whose content a meeting sees."""
        return self._presenters.get(meeting)

    def carry_out(self, effects: Iterable[Effect], now_ns: int) -> None:
        """All of them, in their order."""
        for effect in effects:
            match effect:
                case SetAudible(participant, heard):
                    if (call := self._standing(participant)) is not None:
                        self._plane.set_heard(call.row, heard)
                case SelectSource(viewer, source):
                    self._watch("video", viewer, source, now_ns)
                case SetLayout(viewer):
                    if (call := self._standing(viewer)) is not None:
                        self._plane.relayout(call.row)
                case SetPresenter(meeting, participant):
                    self._presenters[meeting] = self._with_content(meeting, participant, now_ns)
                    for call in self._participants:
                        if call.meeting == meeting:
                            self.show_content(call, now_ns)
                case DialOut():
                    self._dial(effect, now_ns)
                case HangUp(participant, reason):
                    if (held := self._participants.of(participant)) is not None:
                        self._put_out(held, reason, now_ns)
                case LogEntry(meeting, kind, by, on, text, report):
                    vain = kind == "present" and not self._shows(meeting or "", on)
                    if kind not in TOLD_ELSEWHERE and not vain:
                        about: dict[str, object]
                        about = {"meeting": meeting or "", "kind": kind, "by": by, "text": text}
                        about |= {} if report is None else asdict(report)
                        self._tell(now_ns, "control", on, **about)
                case MeetingEnded(meeting):
                    self._presenters.pop(meeting, None)
                    self._showing.discard(meeting)

    def _shows(self, meeting: str, presenter: str) -> bool:
        """Return whether a presentation begins or ends: not if the device had no room for it.

        `presenter`: "" at the end of one.
        """
        if not presenter:
            ended = meeting in self._showing
            self._showing.discard(meeting)
            return ended
        if self._presenters.get(meeting) != presenter:
            return False
        self._showing.add(meeting)
        return True

    def _with_content(self, meeting: str, presenter: str | None, now_ns: int) -> str | None:
        """Return the participant that may present; None, with an event of a refused command, if
        the device has no room for content."""
        no_room = self._negotiation.hold_content(meeting, presenter is not None)
        if no_room is None or presenter is None:
            return presenter
        text = f"present: {no_room.code} {no_room.reason}"
        about = {"meeting": meeting, "kind": "refused", "by": OPERATOR.value, "text": text}
        self._tell(now_ns, "control", presenter, **about)
        return None

    def show_content(self, viewer: ParticipantCall, now_ns: int) -> None:
        """Let a call see the content channel of its meeting."""
        presenter = self._presenters.get(viewer.meeting)
        shown = None if presenter == viewer.participant else presenter
        self._watch("content", viewer.participant, shown, now_ns)

    def show_again(self, viewer: ParticipantCall, now_ns: int) -> None:
        """Set the sources of a call again after its terms changed."""
        for kind, source in list(viewer.sees.items()):
            self._watch(kind, viewer.participant, source, now_ns)

    def _watch(self, kind: Kind, viewer: str, source: str | None, now_ns: int) -> None:
        call = self._standing(viewer)
        seen = None if source is None else self._standing(source)
        if call is not None:
            call.sees[kind] = source
            self._plane.watch(kind, call.row, NOBODY if seen is None else seen.row, now_ns)

    def _standing(self, participant: str) -> ParticipantCall | None:
        call = self._participants.of(participant)
        return call if call is not None and call.standing else None


class Controls:
    """The control room's way into the meetings."""

    def __init__(
        self,
        agent: UserAgent,
        plane: MediaPlane,
        participants: ParticipantCalls,
        rooms: Rooms,
        conference_effects: ConferenceEffects,
        tell: Tell,
    ) -> None:
        self._tell = tell
        self._agent = agent
        self._plane = plane
        self._participants = participants
        self._rooms = rooms
        self._effects = conference_effects

    def informed(self, info: InfoReceived, now_ns: int) -> None:
        """An INFO came: a command, or a request for a key frame (RFC 5168)."""
        call = self._participants.get(info.call)
        content_type = info.content_type.partition(";")[0].strip().lower()
        code, reason = 200, "OK"
        accept = ""
        if call is None:
            code, reason = 481, "No such call"
        elif not content_type and not info.body:
            pass  # some devices ask so whether the call still stands (RFC 6086 §4.2.2)
        elif content_type == CONTROL_TYPE:
            self._commanded(call, info, now_ns)
            return
        elif (wanted := wants_full_picture(info.content_type, info.body)) is None:
            code, reason = 415, "Unsupported Media Type"
            accept = f"{CONTROL_TYPE}, {MEDIA_CONTROL_TYPE}"
        elif wanted:
            self._plane.key_frame_wanted(call.row, "video", now_ns, now_ns)
        self._agent.answer_info(info.request_key, code, reason, now_ns / 1e6, accept)

    def at_console(self, command: Command, meeting: str, now_ns: int) -> Answer:
        """A command of the technician at the MCU's console (Art. 2)."""
        answer, effects = self._rooms.command(OPERATOR, command, now_ns / 1e6, meeting)
        self._effects.carry_out(effects, now_ns)
        return answer

    def ask_key_frames(self, now_ns: int) -> None:
        """Ask for key frames by INFO where an endpoint does not take RTCP's requests.

        While one has no answer none follows: each is repeated for 32 s, to whatever Contact the
        caller has named.
        """
        for row, _ in self._plane.take_key_requests(now_ns):
            call = self._participants.in_row(row)
            if call is None or not call.standing:
                continue
            if not self._agent.is_informing(call.call):
                self._agent.info(call.call, MEDIA_CONTROL_TYPE, FULL_PICTURE, now_ns / 1e6)

    def hear(self, now_ns: int) -> None:
        """Let the picture follow the voice under an open floor."""
        power = self._plane.bank.power
        powers = {c.participant: float(power[c.row]) for c in self._participants if c.standing}
        self._effects.carry_out(self._rooms.voice(powers, now_ns / 1e6), now_ns)

    def _commanded(self, call: ParticipantCall, info: InfoReceived, now_ns: int) -> None:
        """Take a command in an INFO. The answer to a query goes back in an INFO of ours."""
        now_ms = now_ns / 1e6
        try:
            command = commands.parse(info.body)
        except commands.CommandError as error:
            self._agent.answer_info(info.request_key, 400, str(error), now_ms)
            return
        answer, effects = self._rooms.command(call.participant, command, now_ms)
        if isinstance(answer, CommandRefused):
            self._agent.answer_info(info.request_key, answer.code, answer.reason, now_ms)
        else:
            self._agent.answer_info(info.request_key, 200, "OK", now_ms)
            if isinstance(answer, SpeakerQueue | MeetingState):
                self._agent.info(call.call, CONTROL_TYPE, answer.as_json(), now_ms)
        self._effects.carry_out(effects, now_ns)
        if isinstance(command, RequestToSpeak | Withdraw):
            # the queue has changed: the chair's technician passes requests on (Art. 15(2)c)
            queue = self._rooms[call.meeting].read_queue(now_ms)
            self.tell_chair(call.meeting, queue.as_json(), now_ms)
        if isinstance(command, ReportInterruption) and isinstance(answer, CommandAccepted):
            report = command.model_dump(exclude={"command"})
            report["participant"] = command.participant or call.participant
            body = json.dumps({"interruption": report}, ensure_ascii=False).encode()
            self.tell_chair(call.meeting, body, now_ms, but=call)

    def end_presentation(self, call: ParticipantCall, now_ns: int) -> None:
        """Take the content channel from a presenter that cannot send in it any more."""
        if self._effects.presenter_of(call.meeting) == call.participant:
            stop = Present(command="present")
            _, effects = self._rooms.command(call.participant, stop, now_ns / 1e6)
            self._effects.carry_out(effects, now_ns)

    def tell_chair(
        self, meeting: str, body: bytes, now_ms: float, but: ParticipantCall | None = None
    ) -> None:
        """Send an INFO to the chair's technician, unless the call is `but`."""
        chair = self._participants.of(self._rooms[meeting].meeting.chair)
        if chair is not None and chair.standing and chair.meeting == meeting and chair is not but:
            self._agent.info(chair.call, CONTROL_TYPE, body, now_ms)
