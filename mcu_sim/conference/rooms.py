"""All meetings of one device, and the participants of each.

A participant sits in one meeting at a time; several meetings run side by side (Art. 3(2), 18(3)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from giaoban.mcu_sim.conference import control
from giaoban.mcu_sim.conference.commands import FORBIDDEN, NOT_FOUND, Answer, Command
from giaoban.mcu_sim.conference.conference import Conference
from giaoban.mcu_sim.conference.effects import (
    UNKNOWN_MEETING,
    By,
    Decision,
    Effect,
    JoinAccepted,
    busy_elsewhere,
)
from giaoban.mcu_sim.conference.meeting import Meetings


class Rooms:
    """The meetings of a file, by their ids, and the open rooms that bridges make.

    `registered`: the address of a participant at a time, in the device's registrar.
    """

    def __init__(
        self,
        meetings: Meetings,
        registered: Callable[[str, float], str | None],
    ) -> None:
        self._meetings = meetings
        self._uri_of = registered
        self._conferences = {one.id: Conference(one) for one in meetings.meeting}

    def __iter__(self) -> Iterator[Conference]:
        """Every meeting: those of the file in its order, then the open rooms."""
        return iter(self._conferences.values())

    def __getitem__(self, meeting: str) -> Conference:
        """A meeting by its id; `KeyError` if there is none."""
        return self._conferences[meeting]

    def dial(self) -> list[Effect]:
        """Call the members of the meetings with `dial = "out"`."""
        return [
            effect
            for name, conference in self._conferences.items()
            if conference.meeting.dial == "out"
            for member in conference.meeting.roster
            if not self._sits_elsewhere(member, name)
            for effect in conference.dial(member)
        ]

    def admits(self, meeting: str, participant: str) -> Decision:
        """Return the decision of `join` without a change."""
        return self._decide(self._find(meeting, participant), participant)

    def join(
        self, meeting: str, participant: str, contact: str | None = None
    ) -> tuple[Decision, list[Effect]]:
        """A participant's call to a meeting is up. Without `JoinAccepted` nothing has changed.

        A participant that joins another meeting than the one in which its line was lost gives up
        its place there. `contact`: see `Conference.join`.
        """
        conference = self._find(meeting, participant)
        decision = self._decide(conference, participant)
        if conference is None or not isinstance(decision, JoinAccepted):
            return decision, []
        effects: list[Effect] = []
        home = self._home(participant)
        if home is not None and home is not conference:
            effects += self._leave(home, participant)
        self._conferences[meeting] = conference
        _, joined = conference.join(participant, contact)
        return decision, [*effects, *joined]

    def left(self, participant: str) -> list[Effect]:
        """Take a participant out that has hung up (`Conference.left`): only if its call holds the
        place, not one that was refused or replaced."""
        home = self._home(participant)
        return [] if home is None else self._leave(home, participant)

    def lost(self, participant: str) -> list[Effect]:
        """The participant's line is away without a word; see `Conference.lost`."""
        home = self._home(participant)
        return [] if home is None else home.lost(participant)

    def dial_failed(self, meeting: str, participant: str, reason: str) -> list[Effect]:
        """A call made for `DialOut` came to nothing."""
        conference = self._conferences.get(meeting)
        return [] if conference is None else conference.dial_failed(participant, reason)

    def voice(self, powers: Mapping[str, float], now_ms: float) -> list[Effect]:
        """What the microphones of all meetings give; see `Conference.voice`."""
        return [
            effect
            for conference in self._conferences.values()
            for effect in conference.voice(powers, now_ms)
        ]

    def command(
        self, by: By, command: Command, now_ms: float, meeting: str | None = None
    ) -> tuple[Answer, list[Effect]]:
        """A command of a participant to the meeting it sits in, or of the console to `meeting`."""
        home = self._home(by) if isinstance(by, str) else self._conferences.get(meeting or "")
        if home is None:
            if isinstance(by, str):
                reason = "only a participant of a meeting gives it commands"
                return control.refuse(None, by, command, FORBIDDEN, reason)
            return control.refuse(None, by, command, NOT_FOUND, "no such meeting")
        busy = {who for one in self if one is not home for who in one.live}
        answer, effects = home.command(
            by, command, now_ms, busy, lambda who: self._uri_of(who, now_ms)
        )
        self._tidy(home)
        return answer, effects

    def _home(self, participant: str) -> Conference | None:
        return next((one for one in self._conferences.values() if participant in one), None)

    def _sits_elsewhere(self, participant: str, meeting: str) -> str | None:
        home = self._home(participant)
        if home is None or home.meeting.id == meeting or not home.is_live(participant):
            return None
        return home.meeting.id

    def _find(self, meeting: str, participant: str) -> Conference | None:
        """A meeting that is there, or the room that a call of this participant opens."""
        if meeting in self._conferences or self._meetings.open_rooms is None:
            return self._conferences.get(meeting)
        made = self._meetings.open_rooms.meeting(meeting, participant)
        return None if made is None else Conference(made, open_room=True)

    def _decide(self, conference: Conference | None, participant: str) -> Decision:
        if conference is None:
            return UNKNOWN_MEETING
        name = conference.meeting.id
        decision = conference.admits(participant)
        elsewhere = self._sits_elsewhere(participant, name)
        if elsewhere is not None and isinstance(decision, JoinAccepted):
            return busy_elsewhere(elsewhere)
        return decision

    def _leave(self, home: Conference, participant: str) -> list[Effect]:
        effects = home.left(participant)
        self._tidy(home)
        return effects

    def _tidy(self, conference: Conference) -> None:
        name = conference.meeting.id
        if conference.ended and conference.open_room:
            del self._conferences[name]
