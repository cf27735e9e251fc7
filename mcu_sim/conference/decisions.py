"""What a participant that calls a meeting is told.

`code` is the SIP answer that says the same (RFC 3261 §21), `reason` one line for people.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Joined:
    """It is in. `rejoined`: back at the place it had before its line was lost."""

    meeting: str
    rejoined: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """It is live in another meeting: a participant sits in one at a time."""

    meeting: str
    code: int = 486

    @property
    def reason(self) -> str:
        return f"This bridge is in the meeting {self.meeting}"


@dataclass(frozen=True, slots=True)
class AlreadyIn:
    """Its earlier call to the same meeting still stands.

    If that call's media is silent, tell its line `lost` and let it join again.
    """

    participant: str
    code: int = 486

    @property
    def reason(self) -> str:
        return "This bridge is in the meeting already"


@dataclass(frozen=True, slots=True)
class UnknownMeeting:
    """No such meeting, or it is not open yet, or over."""

    reason: str = "No such meeting"
    code: int = 404


@dataclass(frozen=True, slots=True)
class NotAMember:
    """The meeting has a list of members and it is not on it."""

    reason: str = "Not a member of this meeting"
    code: int = 403


@dataclass(frozen=True, slots=True)
class Dropped:
    """The chair's technician has put it out; it comes back when it is redialled."""

    reason: str = "Dropped by the chair; wait to be called again"
    code: int = 403


Decision = Joined | Busy | AlreadyIn | UnknownMeeting | NotAMember | Dropped
