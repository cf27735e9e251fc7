"""Decisions of a conference on calls, and the effects that it has.

A `Decision` answers a participant's call. An `Effect` is carried out by the owner of sockets, calls
and media, in order. Effects are changes only: a new call is not heard, has no source and no picture
until an effect gives it one; all of them end with the call.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from giaoban.mcu_sim.conference.commands import BUSY, FORBIDDEN, NOT_FOUND


@dataclass(frozen=True, slots=True)
class JoinAccepted:
    """It is in. `rejoined`: back at the place it had before its line was lost."""

    meeting: str
    rejoined: bool = False


class JoinRefused(NamedTuple):
    """It is not in, and why, as its call is answered (RFC 3261 §21)."""

    code: int
    reason: str


ALREADY_CONNECTED = JoinRefused(BUSY, "This bridge is in the meeting already")
"""Its earlier call to the same meeting still stands. If that call's media is silent, tell its line
`lost` and let it join again."""
UNKNOWN_MEETING = JoinRefused(NOT_FOUND, "No such meeting")
HAS_ENDED = JoinRefused(NOT_FOUND, "This meeting has ended")
NOT_A_MEMBER = JoinRefused(FORBIDDEN, "Not a member of this meeting")
"""The meeting has a list of members and it is not on it."""
DROPPED_BY_CHAIR = JoinRefused(FORBIDDEN, "Dropped by the chair; wait to be called again")
"""The chair's technician has put it out; it comes back when it is redialled."""


def busy_elsewhere(meeting: str) -> JoinRefused:
    """It is live in another meeting: a participant sits in one at a time."""
    return JoinRefused(BUSY, f"This bridge is in the meeting {meeting}")


Decision = JoinAccepted | JoinRefused


class Operator(enum.Enum):
    """The technician at the MCU's own console (Art. 2, 15(2)); no name from the network is it."""

    OPERATOR = "operator"


OPERATOR = Operator.OPERATOR

By = str | Operator
"""Who gives a command: a participant's id, or the console."""


@dataclass(frozen=True, slots=True)
class SetAudible:
    """The participant's audio goes into the mix of the others, or no longer."""

    participant: str
    heard: bool


@dataclass(frozen=True, slots=True)
class SelectSource:
    """Switched video: the viewer gets the source's picture; None: no picture."""

    viewer: str
    source: str | None


@dataclass(frozen=True, slots=True)
class SetLayout:
    """Continuous presence: the viewer's picture. `cells` in the order of the layout's cells."""

    viewer: str
    layout: str
    cells: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class SetPresenter:
    """Give the meeting's content channel to a participant; None: take it back."""

    meeting: str
    participant: str | None


@dataclass(frozen=True, slots=True)
class DialOut:
    """Call the participant; when it answers, it joins the meeting; if not, `dial_failed`."""

    meeting: str
    participant: str
    uri: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the participant's call, or the call that is being made to it."""

    participant: str
    reason: str


@dataclass(frozen=True, slots=True)
class MeetingEnded:
    """The meeting is over, or an open room is empty and gone."""

    meeting: str


@dataclass(frozen=True, slots=True)
class InterruptionReport:
    """Cause and remedy of a bridge's interruption (Art. 16(2)d), with the time in minutes."""

    cause: str
    remedy: str
    expected_min: float


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the events file: a command or change, its giver and its subject.

    `meeting` is None if the giver is in no meeting; `by` is a participant, "operator", or "" for a
    change without a command.
    """

    meeting: str | None
    kind: str
    by: str
    on: str
    text: str
    report: InterruptionReport | None = None


Effect = (
    SetAudible
    | SelectSource
    | SetLayout
    | SetPresenter
    | DialOut
    | HangUp
    | MeetingEnded
    | LogEntry
)


def name_of(by: By) -> str:
    """The word for who gave a command in `LogEntry`."""
    return by if isinstance(by, str) else by.value
