"""Commands on a running meeting: the right to give them, and the changes they make.

The technicians of the chair bridge (Art. 15) and at the MCU's console (Art. 18(3), 21(3)) give
every command, a branch's technician those of `OWN`, about its own bridge (Art. 16). The MCU tells
them apart by the call that a command comes in. A command without the right is refused and logged.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NoReturn

from giaoban.mcu_sim.conference.commands import (
    BAD_COMMAND,
    BUSY,
    FORBIDDEN,
    NOT_FOUND,
    Answer,
    CallToSpeak,
    Command,
    CommandAccepted,
    CommandRejected,
    Drop,
    EndMeeting,
    EndSpeech,
    Layout,
    MeetingState,
    Mute,
    MuteAll,
    Present,
    ReadQueue,
    ReadState,
    Redial,
    ReportInterruption,
    RequestToSpeak,
    SpeakerQueue,
    Unmute,
    Withdraw,
    subject,
)
from giaoban.mcu_sim.conference.effects import (
    By,
    DialOut,
    Effect,
    HangUp,
    InterruptionReport,
    LogEntry,
    MeetingEnded,
    name_of,
)
from giaoban.mcu_sim.conference.state import ConferenceState

OWN = ("request-to-speak", "withdraw", "mute", "unmute", "report-interruption")
"""Commands that a branch's technician may give about its own bridge."""


class _CommandRefusal(Exception):  # noqa: N818 - an answer, not an error
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


AddressOf = Callable[[str], str | None]
"""Where a participant has registered to be called, None if it has not."""


def no_address(_participant: str) -> None:
    """Nobody has registered."""


def carry_out(
    state: ConferenceState,
    by: By,
    command: Command,
    now_ms: float,
    busy: Container[str],
    registered: AddressOf,
) -> tuple[Answer, list[Effect]]:
    """Do what a command asks for, or nothing.

    The effects are those beyond what is heard and seen: calls to make and to end, and the log.
    `busy`: those who sit in another meeting of the device.
    """
    try:
        why = why_not(state, by, command)
        if why is not None:
            raise _CommandRefusal(FORBIDDEN, why)
        return _CommandExecution(state, by, now_ms, busy, registered).do(command)
    except _CommandRefusal as no:
        return refuse(state.meeting.id, by, command, no.code, no.reason)


def refuse(
    meeting: str | None, by: By, command: Command, code: int, reason: str
) -> tuple[Answer, list[Effect]]:
    """The answer to a command that is not carried out, and its line in the log."""
    text = f"{command.command}: {code} {reason}"
    return CommandRejected(code, reason), [
        LogEntry(meeting, "refused", name_of(by), subject(command), text)
    ]


def read_queue(state: ConferenceState, now_ms: float) -> SpeakerQueue:
    """The requests to speak: how long each has waited, and who is called."""
    waiting = [(request.participant, now_ms - request.at_ms) for request in state.floor.queue]
    return SpeakerQueue(tuple(waiting), state.floor.called)


def end(state: ConferenceState, by: str, reason: str) -> list[Effect]:
    """End a meeting: everybody's call, and the calls that are being made."""
    gone = [*state.live, *sorted(state.dialling)]
    effects: list[Effect] = [HangUp(who, reason) for who in gone]
    for who in list(state.places):
        state.vacate(who)
    state.dialling.clear()
    state.ended = True
    name = state.meeting.id
    return [*effects, LogEntry(name, "ended", by, "", reason), MeetingEnded(name)]


def why_not(state: ConferenceState, by: By, command: Command) -> str | None:
    """Return the reason why somebody may not give a command, None if it may."""
    if not isinstance(by, str):
        return None  # the console
    if not state.is_live(by):
        return "only a participant of the meeting gives it commands"
    if by == state.meeting.chair:
        return None
    if isinstance(command, Present) and _is_own_content(state, by, command):
        return None
    if command.command not in OWN:
        return "only the chair's technician may do this"
    if subject(command) not in ("", by):
        return "a branch may not adjust another bridge"
    return None


def _is_own_content(state: ConferenceState, by: str, command: Present) -> bool:
    """Return whether a branch stops presenting, or wants to present under an open floor while no
    other does."""
    if command.participant is None:
        return state.presenting == by
    free = state.presenting in (None, by)
    return command.participant == by and state.floor.mode == "open" and free


class _CommandExecution:
    """One command being carried out by somebody who may."""

    def __init__(
        self,
        state: ConferenceState,
        by: By,
        now_ms: float,
        busy: Container[str],
        registered: AddressOf,
    ) -> None:
        self.state = state
        self.floor = state.floor
        self.by = by
        self.now_ms = now_ms
        self.busy = busy
        self.registered = registered

    def do(self, command: Command) -> tuple[Answer, list[Effect]]:
        match command:
            case RequestToSpeak():
                return self._request(self._self_or(command.participant))
            case Withdraw():
                return self._withdraw(self._self_or(command.participant))
            case CallToSpeak():
                return self._call(command.participant, command.also)
            case EndSpeech():
                return self._end_speech(command.participant)
            case Mute():
                return self._mute(self._self_or(command.participant))
            case Unmute():
                return self._unmute(self._self_or(command.participant))
            case MuteAll():
                return self._mute_all()
            case Layout():
                return self._layout(command)
            case Drop():
                return self._drop(command.participant)
            case Redial():
                return self._redial(command.participant)
            case Present():
                return self._present(command.participant)
            case EndMeeting():
                effects = end(self.state, name_of(self.by), "The meeting has ended")
                return CommandAccepted("the meeting has ended"), effects
            case ReadQueue():
                return read_queue(self.state, self.now_ms), []
            case ReadState():
                return self._state(), []
            case ReportInterruption():
                return self._report(command)

    def _done(self, kind: str, on: str, text: str) -> tuple[Answer, list[Effect]]:
        return CommandAccepted(text), [
            LogEntry(self.state.meeting.id, kind, name_of(self.by), on, text)
        ]

    def _self_or(self, participant: str | None) -> str:
        if participant is not None:
            return participant
        if isinstance(self.by, str):
            return self.by
        text = "participant: is missing, the console has no place of its own"
        raise _CommandRefusal(BAD_COMMAND, text)

    def _absent(self, who: str) -> NoReturn:
        known = who in self.state.meeting.roster or who in self.state.addresses
        raise _CommandRefusal(
            NOT_FOUND, f"{who} is {'not in' if known else 'unknown to'} this meeting"
        )

    def _check_place(self, who: str) -> None:
        if who not in self.state.places:
            self._absent(who)

    def _check_live(self, who: str) -> None:
        self._check_place(who)
        if not self.state.is_live(who):
            raise _CommandRefusal(NOT_FOUND, f"{who} has lost its line")

    def _request(self, who: str) -> tuple[Answer, list[Effect]]:
        self._check_place(who)
        if who in self.floor.called:
            return CommandAccepted(f"{who} has been called to speak"), []
        if self.floor.mode == "chair" and who == self.state.meeting.chair:
            return CommandAccepted(f"{who} is the chair and speaks without being called"), []
        if not self.floor.request(who, self.now_ms):
            return CommandAccepted(f"{who} is in the queue already"), []
        return self._done("request-to-speak", who, f"{who} is in the queue")

    def _withdraw(self, who: str) -> tuple[Answer, list[Effect]]:
        self._check_place(who)
        if not self.floor.withdraw(who):
            return CommandAccepted(f"{who} is not in the queue"), []
        return self._done("withdraw", who, f"{who} has left the queue")

    def _call(self, who: str, also: bool) -> tuple[Answer, list[Effect]]:
        self._check_live(who)
        if self.floor.mode == "chair" and who == self.state.meeting.chair:
            raise _CommandRefusal(
                BAD_COMMAND, f"{who} is the chair and speaks without being called"
            )
        self.floor.call(who, also)
        self.state.settle_presenter()
        closed = self.floor.self_muted(who)
        text = f"{who} is called to speak" + (", but has muted itself" if closed else "")
        return self._done("call-to-speak", who, text)

    def _end_speech(self, who: str) -> tuple[Answer, list[Effect]]:
        self._check_place(who)
        if not self.floor.end(who):
            raise _CommandRefusal(NOT_FOUND, f"{who} has not been called to speak")
        self.state.settle_presenter()
        return self._done("end-speech", who, f"the speech of {who} has ended")

    def _mute(self, who: str) -> tuple[Answer, list[Effect]]:
        self._check_place(who)
        self.floor.mute(who, by_itself=who == self.by)
        return self._done("muted", who, f"{who} is muted")

    def _unmute(self, who: str) -> tuple[Answer, list[Effect]]:
        self._check_place(who)
        own, chair = who == self.by, who == self.state.meeting.chair
        if own and not chair and self.floor.muted(who):
            raise _CommandRefusal(FORBIDDEN, "the chair's technician has muted it")
        if not own and self.floor.self_muted(who) and not self.floor.muted(who):
            raise _CommandRefusal(
                FORBIDDEN, f"{who} has muted itself and opens its microphone itself"
            )
        if own:
            self.floor.unmute(who, by_itself=True)
        if chair or not own:
            self.floor.unmute(who, by_itself=False)
        text = f"{who} is not muted"
        if self.floor.self_muted(who):
            text = f"{who} is still muted by itself"
        elif not self.floor.has_floor(who):
            text += ", and is heard when it is called to speak"
        return self._done("unmuted", who, text)

    def _mute_all(self) -> tuple[Answer, list[Effect]]:
        for who in self.state.places:
            if who != self.state.meeting.chair:
                self.floor.mute(who, by_itself=False)
        return self._done("muted", "", "all but the chair are muted")

    def _layout(self, command: Layout) -> tuple[Answer, list[Effect]]:
        if self.state.meeting.video == "switched":
            raise _CommandRefusal(
                BAD_COMMAND, "this meeting's video is switched, it has no layouts"
            )
        self.state.layout = command.layout
        return self._done("layout", "", f"all get layout {command.layout}")

    def _state(self) -> MeetingState:
        state, live = self.state, self.state.live
        return MeetingState(
            state.meeting.id,
            connected=tuple(live),
            lost=tuple(who for who, place in state.places.items() if not place.live),
            heard=tuple(who for who in live if self.floor.heard(who)),
            called=self.floor.called,
            unreported=tuple(state.unreported),
        )

    def _report(self, command: ReportInterruption) -> tuple[Answer, list[Effect]]:
        who = self._self_or(command.participant)
        if who not in self.state.meeting.roster:  # a member may not have come in at all
            self._check_place(who)
        self.state.unreported.pop(who, None)
        report = InterruptionReport(command.cause, command.remedy, command.expected_min)
        text = (
            f"cause: {report.cause}; remedy: {report.remedy}; "
            f"expected to be repaired in {report.expected_min:g} min"
        )
        return CommandAccepted("the report is in the log"), [
            LogEntry(self.state.meeting.id, "interruption", name_of(self.by), who, text, report)
        ]

    def _drop(self, who: str) -> tuple[Answer, list[Effect]]:
        if who == self.by:
            raise _CommandRefusal(BAD_COMMAND, "one's own call is hung up, not dropped")
        if who not in self.state.places and who not in self.state.dialling:
            self._absent(who)
        reason = "Dropped by the chair"
        calls = self.state.is_live(who) or who in self.state.dialling
        hang_up: list[Effect] = [HangUp(who, reason)] if calls else []
        self.state.dialling.discard(who)
        if who in self.state.places:
            self.state.vacate(who)
        self.state.dropped.add(who)
        answer, logged = self._done("dropped", who, f"{who} is dropped")
        return answer, [*hang_up, *logged]

    def _redial(self, who: str) -> tuple[Answer, list[Effect]]:
        state = self.state
        if state.is_live(who):
            raise _CommandRefusal(BUSY, f"{who} is connected; drop it before it is redialled")
        if who in state.dialling:
            raise _CommandRefusal(BUSY, f"{who} is being called")
        uri = state.addresses.get(who)
        if uri is None and state.meeting.admits(who):
            uri = self.registered(who)
        if uri is None and who not in state.dropped:
            if who in state.meeting.roster or who in state.places:
                raise _CommandRefusal(
                    NOT_FOUND, f"the MCU has no address of {who}; it has to call in"
                )
            self._absent(who)
        if who in self.busy:
            raise _CommandRefusal(BUSY, f"{who} is in another meeting")
        state.dropped.discard(who)
        if uri is None:
            return self._done("redial", who, f"{who} has no address, but may call in again")
        state.dialling.add(who)
        answer, logged = self._done("redial", who, f"{who} is being called")
        return answer, [DialOut(state.meeting.id, who, uri), *logged]

    def _present(self, who: str | None) -> tuple[Answer, list[Effect]]:
        if who is None:
            self.state.presenter = None
            return self._done("present", "", "nobody presents")
        self._check_live(who)
        if not self.floor.has_floor(who):
            raise _CommandRefusal(FORBIDDEN, f"{who} has not been called to speak")
        self.state.presenter = who
        return self._done("present", who, f"{who} presents")
