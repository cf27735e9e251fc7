"""One meeting running: participants come, are heard and seen, lose their line and come back.

Pure: times are parameters, and every method returns the `Effect`s that its owner carries out, in
order. What is heard and seen comes first, then calls, then the log. The words conference and
participant are those of RFC 4353.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from giaoban.mcu_sim.conference import control
from giaoban.mcu_sim.conference.commands import Answer, Command, SpeakerQueue
from giaoban.mcu_sim.conference.effects import (
    ALREADY_CONNECTED,
    DROPPED_BY_CHAIR,
    HAS_ENDED,
    NOT_A_MEMBER,
    By,
    Decision,
    DialOut,
    Effect,
    JoinAccepted,
    LogEntry,
)
from giaoban.mcu_sim.conference.floor import VoiceSwitch
from giaoban.mcu_sim.conference.meeting import Meeting
from giaoban.mcu_sim.conference.state import ConferenceState
from giaoban.mcu_sim.conference.view import View

REPORT_DUE = "is back; cause, remedy and expected time have not been reported"


class Conference:
    """One meeting of one device.

    `open_room`: made on demand, and over when the last participant has left; another meeting then
    waits for its next participant with everything as at its beginning.
    """

    def __init__(self, meeting: Meeting, open_room: bool = False) -> None:
        self.meeting = meeting
        self.open_room = open_room
        self._state = ConferenceState(meeting)
        self._voice = VoiceSwitch()
        self._view = View(meeting)

    @property
    def ended(self) -> bool:
        """Over: nobody gets in any more."""
        return self._state.ended

    @property
    def live(self) -> tuple[str, ...]:
        """Participants whose line stands, in the order they came."""
        return tuple(self._state.live)

    def read_queue(self, now_ms: float) -> SpeakerQueue:
        """The requests to speak as the answer to a command."""
        return control.read_queue(self._state, now_ms)

    def __contains__(self, participant: str) -> bool:
        """Return whether the participant has a place, live or lost."""
        return participant in self._state.places

    def is_live(self, participant: str) -> bool:
        """Return whether the participant has a place and its line stands."""
        return self._state.is_live(participant)

    def admits(self, participant: str) -> Decision:
        """Return the decision of `join` without a change."""
        state = self._state
        if state.ended:
            return HAS_ENDED
        if not self.meeting.admits(participant):
            return NOT_A_MEMBER
        if self.is_live(participant):
            return ALREADY_CONNECTED
        if participant in state.dropped:
            return DROPPED_BY_CHAIR
        return JoinAccepted(self.meeting.id, rejoined=participant in state.places)

    def join(self, participant: str, contact: str | None = None) -> tuple[Decision, list[Effect]]:
        """A participant's call is up. Without `JoinAccepted` nothing has changed.

        One that had lost its line is at its place again; if nobody has reported meanwhile why, the
        log asks for it. `contact`: where the MCU can call it back if the meeting has no address of
        it.
        """
        decision = self.admits(participant)
        if not isinstance(decision, JoinAccepted):
            return decision, []
        kind = "rejoined" if decision.rejoined else "joined"
        logged = [self._logged(kind, participant, by=participant)]
        self._state.enter(participant, contact)
        if participant in self._state.unreported:
            logged.append(self._logged("report-due", participant, REPORT_DUE))
        return decision, self._settle([*logged])

    def left(self, participant: str) -> list[Effect]:
        """The participant has hung up, or gives up the place of a lost line: the place is gone.

        For one without a place nothing happens: a call that was ended here ends later there.
        """
        if participant not in self._state.places:
            return []
        was_live = self._state.is_live(participant)
        self._state.vacate(participant)
        logged = self._logged("left", participant, by=participant)
        return self._settle([logged, *self._emptied(was_live)])

    def lost(self, participant: str) -> list[Effect]:
        """The participant's line is away without a word: its place is kept, if it has one."""
        if not self._state.is_live(participant):
            return []
        self._state.lose(participant)
        return self._settle([self._logged("lost", participant)])

    def dial(self, participant: str) -> list[Effect]:
        """Call a member that is neither here nor being called."""
        state = self._state
        uri = state.addresses.get(participant)
        waits = not state.is_live(participant) and participant not in state.dialling
        if uri is None or not waits or state.ended:
            return []
        state.dialling.add(participant)
        return [DialOut(self.meeting.id, participant, uri), self._logged("dialled", participant)]

    def dial_failed(self, participant: str, reason: str) -> list[Effect]:
        """A call the MCU made was not answered, or was refused."""
        if participant not in self._state.dialling:
            return []
        self._state.dialling.discard(participant)
        return [self._logged("dial-failed", participant, reason)]

    def voice(self, powers: Mapping[str, float], now_ms: float) -> list[Effect]:
        """What the microphones give: under an open floor the speaker may change.

        `powers`: participant → mean square of its last 16-bit samples; others' are passed over.
        """
        if self.meeting.floor != "open":
            return []
        heard = {who: powers[who] for who in self._view.heard if who in powers}
        speaker = self._voice.hear(heard, now_ms, self._view.speaker)
        if speaker is None:
            return []
        self._state.speakers.spoke(speaker)
        return self._settle([])

    def command(
        self,
        by: By,
        command: Command,
        now_ms: float,
        busy: Container[str] = (),
        registered: control.AddressOf = control.no_address,
    ) -> tuple[Answer, list[Effect]]:
        """A command of a participant or of the console.

        `busy`: those who sit in another meeting and are not called away from it. `registered`:
        where else than at the meeting's addresses somebody can be called.
        """
        had_live, had_places = not self._state.is_waiting, bool(self._state.places)
        answer, effects = control.carry_out(self._state, by, command, now_ms, busy, registered)
        if had_places and not self.ended:
            effects += self._emptied(had_live)  # the console may have dropped the last one
        return answer, self._settle(effects)

    def end(self, reason: str) -> list[Effect]:
        """End the meeting: its time is over, or the device stops."""
        return [] if self.ended else self._settle(control.end(self._state, "", reason))

    def _emptied(self, was_live: bool) -> list[Effect]:
        """What follows when a place was given up and no line stands.

        While all lines are lost the places are kept: then the one given up was not live.
        """
        if not self._state.is_waiting or (self._state.places and not was_live):
            return []
        if self.open_room:
            return control.end(self._state, "", "The last participant has left")
        before = self._state
        self._state = ConferenceState(
            self.meeting,
            dialling=before.dialling,
            addresses=before.addresses,
        )
        self._voice = VoiceSwitch()
        return [self._logged("waiting", "", "the last participant has left")]

    def _settle(self, effects: list[Effect]) -> list[Effect]:
        return [*self._view.follow(self._state), *effects]

    def _logged(self, kind: str, on: str, text: str = "", by: str = "") -> LogEntry:
        return LogEntry(self.meeting.id, kind, by, on, text)
