"""Who is heard: the floor of one meeting (Art. 15(2)a, c; the words are those of RFC 4376).

Under floor "chair" the chair and the speakers it called are heard; under "open" everybody is.
Nobody muted is heard under either. Who may give which command is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FloorMode = Literal["chair", "open"]


@dataclass(frozen=True, slots=True)
class Request:
    """One participant's wish to speak, and when it was made."""

    participant: str
    at_ms: float


class Floor:
    """Requests, called speakers and closed microphones, by participant id.

    A microphone is closed by the technicians of the chair, by the participant itself, or by both.
    One that the participant closed is opened by nobody else: its room may be talking privately.
    """

    def __init__(self, mode: FloorMode, chair: str) -> None:
        self.mode = mode
        self._chair = chair
        self._queue: dict[str, Request] = {}
        self._called: list[str] = []
        self._muted: set[str] = set()
        self._self_muted: set[str] = set()
        self.stirred: set[str] = set()
        """Who may be heard, or not be heard, unlike before; the owner empties it."""

    @property
    def queue(self) -> tuple[Request, ...]:
        """Requests to speak, first come first; each participant once."""
        return tuple(self._queue.values())

    @property
    def called(self) -> tuple[str, ...]:
        """The called speakers, the newest last; empty under floor "open"."""
        return tuple(self._called)

    def request(self, participant: str, now_ms: float) -> bool:
        """Put a request at the end of the queue. False if it stands there already."""
        if participant in self._queue:
            return False
        self._queue[participant] = Request(participant, now_ms)
        return True

    def withdraw(self, participant: str) -> bool:
        """Take a request back. False if there was none."""
        return self._queue.pop(participant, None) is not None

    def call(self, participant: str, also: bool = False) -> None:
        """Open the participant's microphone and take its request off the queue.

        Under floor "chair" it becomes the called speaker; the earlier ones are closed again
        unless `also`.
        """
        self.withdraw(participant)
        self._muted.discard(participant)
        self.stirred.add(participant)
        if self.mode == "open":
            return
        self.stirred.update(self._called)
        kept = [speaker for speaker in self._called if also and speaker != participant]
        self._called = [*kept, participant]

    def end(self, participant: str) -> bool:
        """End a called speech. False if the participant was not called."""
        if participant not in self._called:
            return False
        self._called.remove(participant)
        self.stirred.add(participant)
        return True

    def mute(self, participant: str, by_itself: bool) -> None:
        """Close a microphone."""
        (self._self_muted if by_itself else self._muted).add(participant)
        self.stirred.add(participant)

    def unmute(self, participant: str, by_itself: bool) -> None:
        """Open what the same side had closed."""
        (self._self_muted if by_itself else self._muted).discard(participant)
        self.stirred.add(participant)

    def muted(self, participant: str) -> bool:
        """Closed by the technicians."""
        return participant in self._muted

    def self_muted(self, participant: str) -> bool:
        """Closed by the participant itself."""
        return participant in self._self_muted

    def has_floor(self, participant: str) -> bool:
        """Whether the participant may speak if its microphone is not closed."""
        return self.mode == "open" or participant == self._chair or participant in self._called

    def heard(self, participant: str) -> bool:
        """Whether the participant is heard while its line stands."""
        closed = participant in self._muted or participant in self._self_muted
        return self.has_floor(participant) and not closed

    def forget(self, participant: str) -> None:
        """The participant has given up its place: nothing of it stays."""
        self.withdraw(participant)
        self.end(participant)
        self._muted.discard(participant)
        self._self_muted.discard(participant)
        self.stirred.add(participant)
